use std::time::Duration;

use proptest::prelude::*;
use skybridge_screen::{Action, Budget, Exceptions, Profile, Screen, card_data};

use super::corpus::{attacks, hostile};
use super::{default_screen, inspect, remark};

#[test]
fn long_texts_of_every_hostile_shape_are_read_to_their_end() {
    let screen = default_screen();
    for (unit, text) in hostile(64 * 1024) {
        let verdict = inspect(&screen, &text);
        assert!(verdict.hits.iter().all(|hit| hit.excerpt.chars().count() < 128), "{unit}");
        let _ = card_data(&text);
    }
}

#[test]
fn what_is_beyond_the_budget_is_not_read_and_told() {
    let attack = "' union select password from users --";
    let mut profile = Profile::default();
    profile.budget = Budget { bytes: 100, time: Duration::MAX };
    let refusing = Screen::new(profile.clone(), None);
    let verdict = refusing.inspect([remark(&"a".repeat(80)), remark(attack)], Exceptions::NONE);
    assert!(verdict.overrun && verdict.is_blocked() && verdict.hits.is_empty());
    profile.overrun = skybridge_screen::Overrun::Count;
    let counting = Screen::new(profile, None);
    let verdict = counting.inspect([remark(&"a".repeat(80)), remark(attack)], Exceptions::NONE);
    assert!(verdict.overrun && verdict.action == Action::Pass);
    let verdict = counting.inspect([remark(&"a".repeat(20)), remark(attack)], Exceptions::NONE);
    assert!(!verdict.overrun && verdict.is_blocked());
}

#[test]
fn no_time_is_no_search() {
    let mut profile = Profile::default();
    profile.budget.time = Duration::ZERO;
    let attack = remark("' union select password from users --");
    let verdict = Screen::new(profile, None).inspect([attack], Exceptions::NONE);
    assert!(verdict.overrun && verdict.is_blocked() && verdict.hits.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_screen_panic(text in any::<String>()) {
        inspect(&default_screen(), &text);
        let _ = card_data(&text);
    }

    #[test]
    fn no_bytes_make_the_screen_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        inspect(&default_screen(), &text);
        let _ = card_data(&text);
    }

    #[test]
    fn no_mixture_of_signs_makes_the_screen_panic(text in "([%&#\\\\$'\"`<>/*(){}\\[\\];|=+~^!?@,.:_ \t\r\n-]|[a-fux0-9]|ｆ|\u{200b}|é|ѕ|%u|%c0|&lt;|&#x|select|union|/\\*|\\*/|--|\\$\\{){0,60}") {
        inspect(&default_screen(), &text);
        let _ = card_data(&text);
    }

    /// An attack is found if what came before it left room for it in the budget, and otherwise an overrun is told: no
    /// text is read in part.
    #[test]
    fn what_is_read_is_within_the_budget(lengths in proptest::collection::vec(0_usize..60, 0..6), bytes in 1_usize..200) {
        let mut profile = Profile::default();
        profile.budget = Budget { bytes, time: Duration::MAX };
        let screen = Screen::new(profile, None);
        let attack = "1 union select password from users";
        let before: Vec<String> = lengths.iter().map(|length| "é, ".repeat(*length)).collect();
        let texts = before.iter().map(|text| remark(text)).chain([remark(attack)]);
        let verdict = screen.inspect(texts, Exceptions::NONE);
        let needed = before.iter().map(String::len).sum::<usize>() + attack.len();
        prop_assert_eq!(verdict.overrun, needed > bytes);
        prop_assert_eq!(verdict.hits.is_empty(), needed > bytes);
        prop_assert!(verdict.is_blocked());
    }

    #[test]
    fn attacks_cut_and_joined_make_no_panic(first in 0_usize..1575, second in 0_usize..1575, cut in 0_usize..60) {
        let all = attacks();
        let begin: String = all[first].payload.chars().take(cut).collect();
        let end: String = all[second].payload.chars().skip(cut / 2).take(200).collect();
        inspect(&default_screen(), &format!("{begin}{end}"));
    }
}
