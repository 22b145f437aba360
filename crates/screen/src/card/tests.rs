use super::*;

#[test]
fn numbers_of_every_issuer_are_found_however_they_are_written() {
    for (text, issuer) in [
        ("4111111111111111", Issuer::Visa),
        ("pay with 4111 1111 1111 1111 exp 12/29", Issuer::Visa),
        ("4111-1111-1111-1111", Issuer::Visa),
        ("4111.1111.1111.1111", Issuer::Visa),
        ("4111 - 1111 - 1111 - 1111", Issuer::Visa),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", Issuer::Visa),
        ("41 11 11 11 11 11 11 11", Issuer::Visa),
        ("4111\u{a0}1111\u{a0}1111\u{a0}1111", Issuer::Visa),
        ("４１１１１１１１１１１１１１１１", Issuer::Visa),
        ("٤١١١١١١١١١١١١١١١", Issuer::Visa),
        ("④②④②④②④②④②④②④②④②", Issuer::Visa),
        ("⁴²⁴²⁴²⁴²⁴²⁴²⁴²⁴²", Issuer::Visa),
        ("4111\u{200b}1111\u{200b}1111\u{200b}1111", Issuer::Visa),
        ("card:4222222222222", Issuer::Visa),
        ("seat 12 4111 1111 1111 1111", Issuer::Visa),
        ("5555555555554444", Issuer::Mastercard),
        ("2223003122003222", Issuer::Mastercard),
        ("3782 822463 10005", Issuer::AmericanExpress),
        ("30569309025904", Issuer::DinersClub),
        ("3056 930902 5904", Issuer::DinersClub),
        ("6011111111111117", Issuer::Discover),
        ("3530111333300000", Issuer::Jcb),
        ("6200000000000005", Issuer::UnionPay),
        ("maestro card 6759649826438453", Issuer::Maestro),
        ("4222222222222 (visa)", Issuer::Visa),
        ("call me, then charge card 4222222222222", Issuer::Visa),
        ("4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}11 1111 1111 1111", Issuer::Visa),
    ] {
        assert_eq!(card_data(text), Some(CardFinding::Number(issuer)), "{text}");
    }
}

#[test]
fn words_for_tickets_and_plus_signs_open_no_way_for_a_card() {
    for text in [
        "ticket paid with 4111111111111111",
        "Issue ticket, charge 5500 0000 0000 0004",
        "EMD paid 4111-1111-1111-1111",
        "miles + cash 4111111111111111",
        "2 adults + 1 child, 4111111111111111",
        "Fare 199 + tax 20 to 4111 1111 1111 1111",
        "tkt4111111111111111",
        "cash +4111111111111111",
        "tax + 378282246310005",
        "FQTV given, now 4111111111111111",
        "FQTV SB card 4111111111111111",
        "call 4111 1111 1111 1111",
    ] {
        assert!(matches!(card_data(text), Some(CardFinding::Number(_))), "{text}");
    }
}

#[test]
fn a_number_is_found_behind_any_count_of_others() {
    for (before, count) in
        [("12 ", 60), ("1234 ", 60), ("1234567 ", 60), ("12-", 40), ("9", 161), ("1 ", 4_000)]
    {
        let text = format!("{} 4111 1111 1111 1111", before.repeat(count));
        assert!(card_data(&text).is_some(), "{count} of {before:?}");
    }
}

#[test]
fn any_sign_parts_a_number_and_so_do_several() {
    for sign in ",;:*|\\#~='\"+()[]{}<>@!?%&$^`•…→€".chars() {
        for between in [sign.to_string(), format!(" {sign} "), format!("{sign}{sign}")] {
            let text = ["4111", "1111", "1111", "1111"].join(&between);
            assert!(card_data(&text).is_some(), "{text}");
        }
    }
    for text in [
        "4111    1111    1111    1111",
        "4111(1111)1111(1111)",
        "4111 11111111 1111",
        "411111 1111111111",
        "4111 111111 111111",
        "41111111 11111111 12/27",
        "41111111-11111111",
        "41111 11111 11111 1",
        "4111 1111 1111 1111 1227",
        "4111 1111 1111 1111, 12/27, 123",
        "3782,822463,10005",
    ] {
        assert!(card_data(text).is_some(), "{text}");
    }
}

#[test]
fn encodings_hide_no_card() {
    for text in [
        "4111&#32;1111&#32;1111&#32;1111",
        "4111%201111%201111%201111",
        "4111%25201111%25201111%25201111",
        "%34%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31",
        "4111\\u00201111\\u00201111\\u00201111",
        "cvv%20123",
    ] {
        assert!(card_data(text).is_some(), "{text}");
    }
}

#[test]
fn telephone_numbers_and_lists_are_spared() {
    for text in [
        "SSR CTCM SB HK1/4917212345672",
        "OSI SB CTCM 4222222222222",
        "call 4222222222222",
        "4222222222222",
        "whatsapp 4222222222222, not by card",
        "debit memo to follow, tel 4222222222222",
        "paid by card, ticket 4222222222222",
        "rooms 4057 4157 4247 4347 4400",
        "rooms 4012 4057 4157 4247 4347 4400",
        "flights SB4057/4157/4247/4347",
        "1254012345678-79",
        "23112026 30112026",
        "4495-20260615-0684",
        "51234567, 51234568",
    ] {
        assert_eq!(card_data(text), None, "{text}");
    }
}

#[test]
fn security_codes_are_found() {
    for text in [
        "cvv 123",
        "CVC: 1234",
        "cvv2=999",
        "cvv is 123",
        "security code 123",
        "Security Code (back): 123",
        "Kartenprüfnummer 123",
        "CVV１２３",
        "CSC 123",
        "CID 1234",
        "CID: 1234",
        "security-code 123",
        "securitycode 123",
        "c.v.v. 123",
        "C V V 123",
        "código de seguridad 123",
        "CÓDIGO DE SEGURIDAD: 123",
        "cvc code on back is number 123",
        "Kartenprüf-Nummer: 123",
    ] {
        assert_eq!(card_data(text), Some(CardFinding::SecurityCode), "{text}");
    }
}

#[test]
fn honest_numbers_are_spared() {
    for text in [
        "ticket 4222222222222",
        "TKT 4212400000008",
        "125-4012345678",
        "e-tickets 1254012345678 1254012345679 1254012345680",
        "OSI YY CTCM 447700900123",
        "call +4222222222222 or + 4222222222222",
        "DOCS P/GBR/123456789/GBR/12JUL80/M/20DEC29",
        "FQTV SB4111111111111111",
        "4111111111111112",
        "0000000000000000",
        "41111111111111111111111",
        "order 6759649826438453",
        "cvv will follow by phone 614 555 0101",
        "CVC terminal, gate 12",
        "my cv 2024",
        "security code is with the guest",
        "CID desk on floor 123",
        "send the cvv. 123 Main Street",
        "acid 123",
        "",
    ] {
        assert_eq!(card_data(text), None, "{text}");
    }
}

#[test]
fn no_ticket_number_looks_like_a_card() {
    // Every airline code, a hundred tickets each.
    let tickets = (1..=999_u64).flat_map(|airline| {
        (0..100).map(move |nth| {
            format!("{airline:03}{:010}", (nth * 7_919_117_u64 + airline * 31) % 10_000_000_000)
        })
    });
    let hit = |text: &String| card_data(text).is_some();
    let bare = tickets.clone().filter(hit).count();
    assert_eq!(bare, 0);
    let labelled = tickets.map(|ticket| format!("TKNE {ticket}")).filter(hit).count();
    assert_eq!(labelled, 0);
}

#[test]
fn a_security_code_is_found_in_digits_of_any_form() {
    for text in ["CVV 123", "CVV ①②③", "cvc ¹²³", "CVV １２３"] {
        assert_eq!(card_data(text), Some(CardFinding::SecurityCode), "{text}");
    }
}

#[test]
fn what_is_taken_for_no_digit_unseen_is_none() {
    for character in (char::MIN..=char::MAX).filter(|character| !character.is_ascii()) {
        assert_eq!(is_numeric(character), character.is_numeric(), "{:x}", u32::from(character));
    }
}
