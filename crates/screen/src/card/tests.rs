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
    ] {
        assert_eq!(card_data(text), Some(CardFinding::Number(issuer)), "{text}");
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
        "call +4111111111111111",
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
        "",
    ] {
        assert_eq!(card_data(text), None, "{text}");
    }
}

#[test]
fn few_ticket_numbers_look_like_cards() {
    // Every airline code, a hundred tickets each.
    let tickets = (1..=999_u64).flat_map(|airline| {
        (0..100).map(move |nth| {
            format!("{airline:03}{:010}", (nth * 7_919_117_u64 + airline * 31) % 10_000_000_000)
        })
    });
    let hit = |text: &String| card_data(text).is_some();
    let bare = tickets.clone().filter(hit).count();
    // Luhn spares nine in ten, the first digit nine in ten of the rest.
    assert!(bare <= 1_100, "{bare} of 99,900 bare ticket numbers");
    let labelled = tickets.map(|ticket| format!("TKNE {ticket}")).filter(hit).count();
    assert_eq!(labelled, 0);
}
