//! Texts that people write.

use std::sync::LazyLock;
use std::time::Duration;

use skybridge_screen::{Action, Exceptions, Field, Mode, Pointer, Profile, Screen, Text, Verdict, card_data};

/// The built-in rules, with no clock that decides.
static SCREEN: LazyLock<Screen> = LazyLock::new(|| {
    let mut profile = Profile::default();
    profile.budget.time = Duration::from_secs(3600);
    Screen::new(profile, None)
});

/// A text gets one verdict, whenever it is asked for; only hits refuse it; and no excerpt shows a run of its digits. A
/// card's number is found in any text that has it between other words.
pub(crate) fn text(data: &[u8]) {
    let Ok(value) = std::str::from_utf8(data) else { return };
    for field in Field::ALL {
        let [once, again] = [inspected(field, value), inspected(field, value)];
        assert_eq!((once.action, &once.hits), (again.action, &again.hits));
        assert!(!once.overrun || value.len() > 1024, "the budget ended within {} bytes", value.len());
        let blocking = once.hits.iter().any(|hit| hit.mode == Mode::Block);
        assert!(once.action == Action::Pass || blocking || once.overrun, "{once:?}");
        for hit in &once.hits {
            assert_eq!(hit.field, field);
            let digits = hit.excerpt.as_bytes().windows(4).filter(|run| run.iter().all(u8::is_ascii_digit));
            assert!(digits.into_iter().all(|run| run == b"0000"), "{:?}", hit.excerpt);
        }
    }
    let found = card_data(value);
    assert_eq!(found.is_some(), card_data(value).is_some());
    assert!(found.is_none() || value.chars().any(char::is_numeric), "{value:?}");
    let card = card_number(data);
    for text in [card.clone(), format!("pay {card} please"), grouped(&card)] {
        assert!(card_data(&text).is_some(), "{text}");
    }
}

fn inspected(field: Field, value: &str) -> Verdict {
    SCREEN.inspect([Text { field, pointer: Pointer::Of("/text"), value }], Exceptions::NONE)
}

/// A number as Visa's cards have it, with digits of `data`: 16, the last by Luhn's rule.
fn card_number(data: &[u8]) -> String {
    let chosen = data.iter().map(|byte| u32::from(byte % 10)).chain(std::iter::repeat(1)).take(14);
    let digits: Vec<u32> = std::iter::once(4).chain(chosen).collect();
    let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
        (0, twice) => twice / 10 + twice % 10,
        _ => *digit,
    };
    let sum: u32 = digits.iter().enumerate().map(doubled).sum();
    let check = (10 - sum % 10) % 10;
    digits.iter().chain([&check]).map(|digit| char::from_digit(*digit, 10).expect("it is below 10")).collect()
}

fn grouped(card: &str) -> String {
    [&card[..4], &card[4..8], &card[8..12], &card[12..]].join(" ")
}
