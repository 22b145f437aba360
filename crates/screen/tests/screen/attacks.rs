use skybridge_screen::card_data;

use super::corpus::{
    Attack, EVASIONS, attacks, awkward, honest, near_attacks, unseen_attacks, unseen_honest,
};
use super::{default_screen, inspect};

/// How many of a thousand are caught.
fn share(texts: &[Attack]) -> usize {
    let screen = default_screen();
    1000 * texts.iter().filter(|attack| inspect(&screen, &attack.payload).is_blocked()).count() / texts.len()
}

#[test]
fn known_attacks_are_refused() {
    let mut texts = attacks();
    let all = share(&texts);
    assert!(all >= 800, "{all} of 1,000 lines, with the plain words among them");
    texts.retain(|attack| !attack.is_one_word());
    let more_than_words = share(&texts);
    assert!(more_than_words >= 950, "{more_than_words} of 1,000 that are more than a plain word");
}

#[test]
fn honest_bookings_are_let_in() {
    let screen = default_screen();
    let refused: Vec<_> = honest()
        .into_iter()
        .filter(|text| inspect(&screen, &text.value).is_blocked())
        .map(|text| text.value)
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn awkward_remarks_are_let_in() {
    let screen = default_screen();
    let texts = awkward();
    assert!(texts.len() > 1_600);
    let refused: Vec<_> = texts.iter().filter(|text| inspect(&screen, text).is_blocked()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn attacks_by_those_who_had_not_seen_the_rules_or_sought_their_gaps_are_refused() {
    let screen = default_screen();
    let (texts, near) = (unseen_attacks(), near_attacks());
    assert!(texts.len() == 300 && near.len() > 500);
    let missed: Vec<_> =
        texts.iter().chain(&near).filter(|attack| !inspect(&screen, &attack.text).is_blocked()).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Honest texts that hold what an attack holds: an address inside a network, a page's markup, a command and its path.
const REFUSED_ALTHOUGH_HONEST: [&str; 5] = [
    "Cat in cabin (AVML? no, PETC); cat /etc. all vaccinated",
    "http://192.168.1.20/intranet/tariffs.pdf (our office server)",
    "Our portal http://localhost:8080 is down, send by mail pls",
    "<div>Kind regards</div> <a href=\"https://www.agency.example\">Agency</a>",
    "<img src=\"logo.png\" alt=\"Agency logo\"> Best regards, Tui Team",
];

#[test]
fn honest_texts_by_someone_who_had_not_seen_the_rules_are_let_in_but_for_five() {
    let screen = default_screen();
    let texts = unseen_honest();
    assert_eq!(texts.len(), 500);
    let mut refused: Vec<_> = texts.iter().map(|text| text.text.as_str()).collect();
    refused.retain(|text| inspect(&screen, text).is_blocked());
    refused.sort_unstable();
    let mut known = REFUSED_ALTHOUGH_HONEST;
    known.sort_unstable();
    assert_eq!(refused, known);
}

#[test]
fn honest_texts_hold_no_card_data() {
    let bookings = honest().into_iter().filter(|text| text.pointer != "phone").map(|text| text.value);
    let unseen = unseen_honest().into_iter().map(|text| text.text);
    let found: Vec<_> =
        bookings.chain(awkward()).chain(unseen).filter(|text| card_data(text).is_some()).collect();
    assert!(found.is_empty(), "{found:#?}");
}

fn is_base64(text: &str) -> bool {
    text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[test]
fn an_attack_in_disguise_is_caught_as_often_as_in_plain() {
    let screen = default_screen();
    let mut texts: Vec<_> = attacks().into_iter().map(|attack| attack.payload).collect();
    texts.sort();
    texts.dedup();
    // Values that are decoded on their way already would be other texts.
    texts.retain(|text| !text.contains(['%', '\\', '&', '\n', '\r']) && inspect(&screen, text).is_blocked());
    let plain: Vec<_> = texts.iter().step_by(texts.len() / 200).take(200).collect();
    assert_eq!(plain.len(), 200);
    let mut lost = Vec::new();
    for (name, evade) in EVASIONS {
        // Base64 in another case is other bytes, and no attack.
        let is_other = |text: &str| name.contains("case") && is_base64(text);
        let disguised = plain.iter().filter(|text| !is_other(text));
        let missed: Vec<_> = disguised.filter(|text| !inspect(&screen, &evade(text)).is_blocked()).collect();
        lost.extend(missed.into_iter().map(|text| format!("{name}: {text}")));
    }
    assert!(lost.is_empty(), "{} missed:\n{}", lost.len(), lost.join("\n"));
}
