//! Finding security codes: three or four digits behind a word that says what they are.

use super::number::digit;

/// Words for the code. Where a space is, the text may have up to two of space, hyphen, dot and underscore, or nothing.
const WORDS: [&str; 27] = [
    "c v v2",
    "c v v",
    "c v c2",
    "c v c",
    "c v n",
    "c v d",
    "c a v2",
    "security code",
    "security number",
    "card code",
    "verification code",
    "verification value",
    "sicherheits code",
    "sicherheits nummer",
    "kartenprüf nummer",
    "kartenpruef nummer",
    "prüf ziffer",
    "cryptogramme",
    "código de seguridad",
    "codigo de seguridad",
    "código de segurança",
    "codigo de seguranca",
    "code de sécurité",
    "code de securite",
    "codice di sicurezza",
    "güvenlik kodu",
    "veiligheids code",
];
/// Words that may also mean something else: digits must follow at once.
const AMBIGUOUS: [&str; 2] = ["c s c", "c i d"];

/// What those words begin with, in small letters: few words of a remark do.
const INITIALS: [char; 6] = ['c', 'g', 'k', 'p', 's', 'v'];

/// How many characters may stand between the word and the digits: `cvv (on the back): 123`, `CVC is 123`.
const BETWEEN_MAX: usize = 16;
/// How many, if they are nothing but signs and [`FILLERS`].
const FILLED_MAX: usize = 48;
/// Words that say where the code is, and that it is one.
const FILLERS: [&str; 22] = [
    "code", "number", "no", "nr", "num", "is", "on", "the", "of", "back", "front", "reverse", "side", "card",
    "my", "our", "his", "her", "digit", "digits", "which", "reads",
];

pub(super) fn is_in(text: &str) -> bool {
    if !text.chars().any(|character| digit(character).is_some()) {
        return false;
    }
    let mut in_word = false;
    text.char_indices().any(|(at, character)| {
        let begins = character.is_alphabetic() && !in_word;
        in_word = character.is_alphabetic();
        begins && may_begin_word(character) && is_code(&text[at..])
    })
}

fn may_begin_word(character: char) -> bool {
    character.to_lowercase().any(|small| INITIALS.contains(&small))
}

/// Whether the text begins with a word for the code and goes on with one.
fn is_code(text: &str) -> bool {
    let behind = |word: &&str| behind(text, word);
    WORDS.iter().filter_map(behind).any(|rest| code_follows(rest, BETWEEN_MAX))
        || AMBIGUOUS.iter().filter_map(behind).any(|rest| code_follows(rest, 0))
}

/// What is behind the word, if the text begins with it and it ends there.
fn behind<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = text;
    let mut dotted = false;
    for wanted in word.chars() {
        if wanted == ' ' {
            for _ in 0..2 {
                dotted |= rest.starts_with('.');
                rest = rest.strip_prefix([' ', '-', '.', '_']).unwrap_or(rest);
            }
            continue;
        }
        let found = rest.chars().next().filter(|found| found.to_lowercase().eq([wanted]))?;
        rest = &rest[found.len_utf8()..];
    }
    let rest = if dotted { rest.strip_prefix('.').unwrap_or(rest) } else { rest };
    (!rest.starts_with(char::is_alphabetic)).then_some(rest)
}

/// Whether three or four digits come next, with little between: few characters, or words that say only where it is.
fn code_follows(text: &str, between_max: usize) -> bool {
    let Some((nth, (at, _))) = text
        .char_indices()
        .take(FILLED_MAX + 1)
        .enumerate()
        .find(|(_, (_, character))| digit(*character).is_some())
    else {
        return false;
    };
    let between = &text[..at];
    let digits = text[at..].chars().take(5).take_while(|character| digit(*character).is_some()).count();
    (3..=4).contains(&digits)
        && !between.contains(['.', ';', '\n'])
        && (nth <= between_max || between.split(|c: char| !c.is_alphabetic()).all(is_filler))
}

fn is_filler(word: &str) -> bool {
    word.is_empty() || FILLERS.iter().any(|filler| filler.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_begins_with_an_initial() {
        for word in WORDS.iter().chain(&AMBIGUOUS) {
            assert!(word.chars().next().is_some_and(may_begin_word), "{word}");
        }
    }
}
