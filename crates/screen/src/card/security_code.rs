//! Finding security codes: three or four digits behind a word that says what they are.

use super::number::digit;

/// Words for the code. The shorter ones must stand alone.
const WORDS: [&str; 14] = [
    "cvv2",
    "cvv",
    "cvc2",
    "cvc",
    "cvn",
    "cav2",
    "security code",
    "card code",
    "verification code",
    "verification value",
    "sicherheitscode",
    "kartenprüfnummer",
    "prüfziffer",
    "cryptogramme",
];

/// How many characters may stand between the word and the digits: `cvv (on the back): 123`, `CVC is 123`.
const BETWEEN_MAX: usize = 16;

pub(super) fn is_in(text: &str) -> bool {
    if !text.chars().any(|character| digit(character).is_some()) {
        return false;
    }
    WORDS.iter().any(|word| positions(text, word).any(|end| code_follows(&text[end..])))
}

/// Where each appearance of the word ends, as a word of its own.
fn positions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    (0..bytes.len())
        .filter(move |at| {
            bytes.get(*at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        })
        .filter(move |at| !at.checked_sub(1).is_some_and(is_letter) && !is_letter(at + word.len()))
        .map(move |at| at + word.len())
}

/// Whether three or four digits come next, with little between.
fn code_follows(text: &str) -> bool {
    let mut digits = 0;
    for (nth, character) in text.chars().enumerate() {
        match digit(character) {
            Some(_) => digits += 1,
            None if digits > 0 => break,
            None if nth < BETWEEN_MAX && !matches!(character, '.' | ';' | '\n') => {}
            None => return false,
        }
    }
    (3..=4).contains(&digits)
}
