//! Which rules only count in free text.
//!
//! CRS looks for attacks where a form's field is expected. People's remarks are full of its words: *select two seats*,
//! *curl iron & wget bag*, *insert into group "Smith & Sons"*. Which of its rules misfire is found out when they are
//! read, by trying: each rule is asked of a list of honest remarks (`honest.txt`), and of sentences built like such
//! remarks out of *seat*, *bag* and the rule's own words, those in texts which it matches that are also ordinary ones
//! (`ordinary.txt`). A rule that matches one of them only counts. So a rule is judged by what it does and not by its
//! number, and a later version of CRS with other rules is judged likewise.

use super::compile::Compiled;
use super::engine::matches_plainly;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Remarks as people write them, with the signs and the words that attacks have too.
const HONEST: &str = include_str!("honest.txt");
/// Words that a traveller or an agent may well write, with those among them that are also commands or keywords.
const ORDINARY: &str = include_str!("ordinary.txt");
/// How people put two words and the usual signs together.
const SENTENCES: &[&str] = &[
    "Please {a} two seats and {b} the rest by Friday, thanks.",
    "{a} {b}",
    "{b}, {a}: see above; {a} and {b} as agreed",
    "{a} & {b} bag allowed?",
    "{a}; {b} into group \"Smith & Sons\"",
    "If {a} > 3h then {b} -- thanks",
    "Balance = {a} - {b}; name = {b}.pdf",
    "{a} (2) and {b} (99 kg) carried",
    "His {a}'s note reads: '{b} the crew'",
    "{a}/{b}, {a} -> {b} | {a} + {b}",
    "\"{a}\" {b}: from home to {a}",
    "Call {a} @ 12:30, #{b} 42, 50% off * {a}",
    "{a}\n{b}\n- {a} {b}.",
    "{a}: gate 12\n{b}: Mr Smith",
    "({a}) ({b}) (12)",
    "<({a})>: {b} <3, or {a} > (2)",
];
/// Words of one rule that are tried.
const WORDS_MAX: usize = 80;

/// The honest text that a rule matches, if it matches one: then it only counts.
pub(super) fn misfires_on(rule: &Compiled) -> Option<String> {
    let misfires = |text: &str| matches_plainly(rule, text.as_bytes());
    if let Some(remark) = HONEST.lines().find(|remark| misfires(remark)) {
        return Some(remark.to_owned());
    }
    let own = rule.question.need.own_words.iter().map(String::as_str);
    let words: Vec<&str> = own.filter(|word| ordinary().contains(word)).collect();
    // Spread over the whole of a long list.
    let step = words.len().div_ceil(WORDS_MAX).max(1);
    let tried: Vec<&str> = words.into_iter().step_by(step).chain(["seat", "bag"]).collect();
    let pairs = tried.iter().zip(tried.iter().cycle().skip(1));
    pairs
        .flat_map(|(first, second)| SENTENCES.iter().map(move |sentence| spelled(sentence, first, second)))
        .find(|text| misfires(text))
}

fn ordinary() -> &'static BTreeSet<&'static str> {
    static WORDS: OnceLock<BTreeSet<&str>> = OnceLock::new();
    WORDS.get_or_init(|| ORDINARY.split_ascii_whitespace().collect())
}

fn spelled(sentence: &str, first: &str, second: &str) -> String {
    sentence.replace("{a}", first).replace("{b}", second)
}
