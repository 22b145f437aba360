//! The edges of every field's type, and that the published patterns say the same as the types.

use proptest::prelude::*;
use regex::Regex;

use super::super::value::TextField;
use crate::booking::*;

fn takes<T: TextField>(text: &str) -> bool {
    T::from_text(text).is_ok()
}

/// Every text of `good` is taken, none of `bad`.
fn check<T: TextField>(good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(takes::<T>(text), "{text:?} is refused");
    }
    for text in bad {
        assert!(!takes::<T>(text), "{text:?} is taken");
    }
}

#[test]
fn flights() {
    check::<CarrierCode>(
        &["SB", "9W", "U2"],
        &["", "S", "SBA", "99", "sb", "S ", "S-", "É1", "ＳＢ", "SB\n"],
    );
    check::<FlightNumber>(
        &["1", "951", "0951", "9999", "951A", "1Z"],
        &["", "A", "10000", "951a", "951AA", "9 1", "-1", "A951", "٩٥١", "12345A", "1\n"],
    );
    check::<AirportCode>(&["CMH", "JFK"], &["", "CM", "CMHX", "cmh", "CM1", "ÄÖÜ", "CMH "]);
    check::<Cabin>(&["ECONOMY", "PREMIUM_ECONOMY", "BUSINESS", "FIRST"], &["", "economy", "COACH", "FIRST "]);
    check::<BookingClass>(&["Y", "F"], &["", "y", "YY", "1", "É"]);
}

#[test]
fn dates() {
    check::<Date>(
        &["1900-01-01", "2199-12-31", "2024-02-29", "2000-02-29", "2027-03-14"],
        &[
            "1899-12-31",
            "2200-01-01",
            "2027-02-29",
            "1900-02-29",
            "2027-13-01",
            "2027-00-01",
            "2027-01-00",
            "2027-01-32",
            "2027-04-31",
            "2027-3-14",
            "20270314",
            "2027-03-14T00:00:00Z",
            "14-03-2027",
            "2027/03/14",
            "+2027-03-14",
            "-027-03-14",
            " 2027-03-14",
            "2027-03-14 ",
            "２０２７-03-14",
            "2027-W11-7",
            "",
        ],
    );
    for text in ["1900-01-01", "2199-12-31", "2027-10-09"] {
        assert_eq!(Date::new(text).unwrap().to_string(), text);
    }
    assert!(Date::new("2027-03-14").unwrap() < Date::new("2027-10-01").unwrap());
}

#[test]
fn passengers() {
    check::<PassengerType>(&["ADT", "CHD", "INF", "INS"], &["", "adt", "YTH", "ADT "]);
    check::<Title>(
        &["MR", "Ms", "Dr.", "Prof. Dr.", "A", &"M".repeat(20)],
        &["", " MR", "MR ", "M-R", "M/R", "Señor", "MR\t", "M1", " ", &"M".repeat(21)],
    );
}

#[test]
fn names() {
    let longest = "é".repeat(64);
    check::<PersonName>(
        &[
            "O'Neill",
            "O’Brien",
            "Jean-Luc",
            "van der Berg",
            "Null",
            "Li",
            "X",
            "John Jr., Esq.",
            "Jennifer 8.",
            "李小龍",
            "山田　太郎",
            "محمد",
            "מֹשֶׁה",
            "अमिताभ",
            "สมชาย",
            "Ngô Đình",
            "Müller˜",
            "می‌خواهم",
            "क्‍ष",
            "Łukasz",
            "e\u{301}",
            "\u{e9}",
            "\u{fffd}",
            "𠮷野",
            "\u{1f600}",
            "a\u{a0}b",
            &longest,
        ],
        &["", " ", " Ana", "Ana ", "\u{a0}Ana", "Ana\u{3000}", "\u{2003}Ana", &"x".repeat(65)],
    );
    let refused = "!\"#$%&()*+/:;<=>?@[\\]^_`{|}~\0\t\n\r\u{1b}\u{7f}\u{80}\u{85}\u{9f}\u{200b}\u{2028}\u{2029}\
                   \u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{e000}\u{f8ff}\u{fdd0}\u{fdef}\u{feff}\u{fffe}\
                   \u{ffff}\u{1fffe}\u{1ffff}\u{e0001}\u{e007f}\u{effff}\u{f0000}\u{100000}\u{10ffff}";
    for character in refused.chars() {
        assert!(!takes::<PersonName>(&format!("A{character}b")), "{character:?} is taken");
    }
    for character in "\u{a1}\u{200c}\u{200d}\u{200e}\u{202f}\u{205f}\u{2070}\u{d7ff}\u{f900}\u{fffd}".chars()
    {
        assert!(takes::<PersonName>(&format!("A{character}b")), "{character:?} is refused");
    }
    let said = |name: &str| PersonName::new(name).unwrap_err().to_string();
    assert!(said("Ana\u{202e}b").contains("the character U+202E,"));
    assert!(said("<Ana>").contains("the character '<',"));
}

#[test]
fn contacts() {
    let local = "l".repeat(64);
    let longest = format!("{local}@{}.example", "d".repeat(63));
    check::<Email>(
        &["ops@partner.example", "a.b+c@x.co", "o'neill@x.ie", "jörg@straße.example", "1@2.de", &longest],
        &[
            "",
            "ops",
            "ops@",
            "@x.co",
            "a@b",
            "a@@x.co",
            "a b@x.co",
            "\"a b\"@x.co",
            "\"a\"@x.co",
            "a@[127.0.0.1]",
            "Ana <a@x.co>",
            "a@x..co",
            "a@.x.co",
            "a@x.co.",
            ".a@x.co",
            "a.@x.co",
            "a..b@x.co",
            "a@x.co\n",
            "a@-x.co",
            " a@x.co",
            "a@x.co ",
            "a@x.co\r\nBcc: b@x.co",
            "a,b@x.co",
            "a@x.co,b@x.co",
            "a@x_y.co",
            "a(c)@x.co",
            "a@x'y.co",
            "a@x/y.co",
            "a@x-.co",
            "a\u{202e}b@x.co",
            "a@x\u{2066}.co",
            "a\u{feff}@x.co",
            "a@x\u{a0}.co",
            &format!("l{longest}"),
            &format!("a@{}", "d.".repeat(127)),
            &format!("a@{}co", "d.".repeat(126)),
        ],
    );
    check::<PhoneNumber>(
        &["+16145550100", "+1234567", "+123456789012345"],
        &[
            "",
            "+",
            "16145550100",
            "+0123456789",
            "+123456",
            "+1234567890123456",
            "+1 614 555 0100",
            "+1614-555",
            "+١٢٣٤٥٦٧",
        ],
    );
}

#[test]
fn prices() {
    check::<Amount>(
        &["0", "0.00", "199.00", "4822", "12.500", "999999999999.9999"],
        &[
            "",
            ".",
            "0.",
            ".5",
            "00",
            "01",
            "00.50",
            "-1",
            "+1",
            "1e3",
            "1,000",
            "1.00000",
            "1.0.0",
            " 1",
            "1 ",
            "NaN",
            "1000000000000",
            "0x10",
            "١",
            "1_0",
        ],
    );
    check::<Currency>(
        &["USD", "JPY", "BHD", "CLF", "EUR"],
        &["", "usd", "US", "USDX", "ABC", "XAU", "XAG", "XDR", "XTS", "XXX", "840"],
    );
    let price = |amount, currency| Price::new(Amount::new(amount).unwrap(), Currency::new(currency).unwrap());
    for (amount, currency) in
        [("199.00", "USD"), ("4822", "JPY"), ("12.500", "BHD"), ("0.0001", "CLF"), ("0.00", "EUR")]
    {
        assert!(price(amount, currency).is_ok(), "{amount} {currency}");
    }
    for (amount, currency, said) in [
        ("199", "USD", "must have 2 decimals, as USD has"),
        ("199.0", "USD", "must have 2 decimals, as USD has"),
        ("199.000", "USD", "must have 2 decimals, as USD has"),
        ("4822.00", "JPY", "must have no decimals, as JPY has"),
        ("12.50", "BHD", "must have 3 decimals, as BHD has"),
    ] {
        assert_eq!(price(amount, currency).unwrap_err().to_string(), said);
    }
}

#[test]
fn no_currency_has_more_decimals_than_an_amount_may() {
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    let currencies: Vec<_> =
        codes.filter_map(|code| Currency::new(std::str::from_utf8(&code).unwrap()).ok()).collect();
    assert!(currencies.len() > 150);
    assert!(currencies.iter().all(|currency| currency.decimals() <= Amount::DECIMALS_MAX));
}

#[test]
fn notes() {
    check::<AgencyReference>(
        &["PO-12345", "a", "A_b./#:+ z", &"r".repeat(64)],
        &["", " a", "a ", " ", "a\tb", "a'b", "é", "a\"b", "a\\b", "<a>", &"r".repeat(65)],
    );
    check::<Remarks>(
        &["", "wheelchair at gate", "a\nb\r\nc\td", "<b> \" \\ '; --", "\u{202e}", &"é".repeat(2000)],
        &["\0", "\u{8}", "\u{b}", "\u{c}", "\u{1b}[31m", "\u{7f}", "\u{85}", "\u{9b}", &"x".repeat(2001)],
    );
}

type Takes = fn(&str) -> bool;

/// The published pattern of each type, whether it says all that the type does, and the type.
fn published() -> Vec<(Regex, bool, Takes)> {
    let exact = |pattern, takes: Takes| (Regex::new(pattern).unwrap(), true, takes);
    let wider = |pattern, takes: Takes| (Regex::new(pattern).unwrap(), false, takes);
    vec![
        exact(CarrierCode::PATTERN, takes::<CarrierCode>),
        exact(FlightNumber::PATTERN, takes::<FlightNumber>),
        exact(AirportCode::PATTERN, takes::<AirportCode>),
        exact(BookingClass::PATTERN, takes::<BookingClass>),
        exact(Title::PATTERN, takes::<Title>),
        exact(PhoneNumber::PATTERN, takes::<PhoneNumber>),
        exact(Amount::PATTERN, takes::<Amount>),
        exact(AgencyReference::PATTERN, takes::<AgencyReference>),
        exact(Remarks::PATTERN, takes::<Remarks>),
        wider(Date::PATTERN, takes::<Date>),
        wider(Currency::PATTERN, takes::<Currency>),
        wider(PersonName::PATTERN, takes::<PersonName>),
    ]
}

#[test]
fn the_pattern_of_names_is_exact_within_the_basic_plane() {
    let pattern = Regex::new(PersonName::PATTERN).unwrap();
    for character in (0..=0xffff).filter_map(char::from_u32) {
        for name in [format!("{character}"), format!("a{character}b"), format!("a{character}")] {
            assert_eq!(pattern.is_match(&name), takes::<PersonName>(&name), "{name:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_type_takes_matches_its_pattern(text in prop_oneof![
        "\\PC{0,6}", "[A-Z0-9]{0,5}", "[0-9.]{0,8}", "[0-9]{1,3}\\.[0-9]{1,5}", "\\+[0-9]{5,16}", "[A-Za-z. -]{0,22}",
        "[12][0-9]{3}-[0-9]{2}-[0-9]{2}", "[A-Za-z0-9_./#:+ '-]{0,66}",
    ]) {
        for (pattern, exact, takes) in published() {
            let matches = pattern.is_match(&text);
            prop_assert!(if exact { takes(&text) == matches } else { matches || !takes(&text) }, "{} {:?}", pattern, text);
        }
    }

    #[test]
    fn any_text_is_taken_as_it_is_or_refused(text in any::<String>()) {
        if let Ok(name) = PersonName::new(&text) {
            prop_assert_eq!(name.as_str(), text.as_str());
        }
        if let Ok(remarks) = Remarks::new(&text) {
            prop_assert_eq!(remarks.as_str(), text.as_str());
        }
        let _ = (Date::new(&text), Email::new(&text), Amount::new(&text), FlightNumber::new(&text));
    }
}
