//! What may be shown of a text that was refused: its shape.
//!
//! Letters become `x` and digits `0`, so that nothing of a passenger is left; signs stay, since attacks are made of
//! them, and so do the rule's own words, which are in the rule file for everyone to read.

use std::ops::Range;

use crate::boundary;

/// Characters shown before and behind what matched.
const AROUND: usize = 12;
/// Characters shown of what matched.
const MATCH_MAX: usize = 64;

/// The shape of `text` around what matched at `found`, with the rule's own `words` in clear.
pub(crate) fn excerpt(text: &str, found: Range<usize>, words: &[&[String]]) -> String {
    let start = boundary::floor(text, found.start);
    let end = boundary::ceil(text, found.end);
    let before = &text[..start];
    let begin = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let mut out = String::new();
    if begin > 0 {
        out.push('…');
    }
    before[begin..].chars().for_each(|character| out.push(masked(character)));
    let matched: &str = &text[start..end];
    let shown = matched.char_indices().nth(MATCH_MAX).map_or(matched, |(at, _)| &matched[..at]);
    write_shape(shown, words, &mut out);
    if shown.len() < matched.len() {
        out.push('…');
        return out;
    }
    let mut after = text[end..].chars();
    after.by_ref().take(AROUND).for_each(|character| out.push(masked(character)));
    if after.next().is_some() {
        out.push('…');
    }
    out
}

/// The shape of what matched, with the rule's own `words` in clear.
fn write_shape(matched: &str, words: &[&[String]], out: &mut String) {
    let mut at = 0;
    while at < matched.len() {
        let rest = &matched[at..];
        let begins = |anchor: &&String| {
            rest.get(..anchor.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(anchor))
        };
        let length = match words.iter().copied().flatten().filter(begins).map(String::len).max() {
            Some(length) if length > 0 => {
                out.push_str(&rest[..length]);
                length
            }
            _ => {
                let character = rest.chars().next().unwrap_or_default();
                out.push(masked(character));
                character.len_utf8().max(1)
            }
        };
        at += length;
    }
}

fn masked(character: char) -> char {
    if character.is_alphabetic() {
        'x'
    } else if character.is_numeric() {
        '0'
    } else if character.is_whitespace() {
        ' '
    } else if character.is_ascii_punctuation() {
        character
    } else {
        // Control characters, emoji and marks: nothing that a log or a terminal would act on.
        '·'
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn nothing_of_the_surroundings_is_in_clear() {
        let text = "Jürgen O'Neill 12B' union select card from guests -- Åsa";
        let start = text.find("union").unwrap();
        let rule = rules::all().iter().find(|rule| rule.id == "sql-union-select").unwrap();
        assert_eq!(
            excerpt(text, start..start + 12, &[&rule.anchors, &rule.words]),
            "…'xxxxx 00x' union xxxxxx xxxx xxxx x…"
        );
    }

    #[test]
    fn any_range_of_any_text_has_a_shape() {
        for text in ["", "é", "東京\u{200f}\u{7}", "a"] {
            for start in 0..=text.len() {
                for end in start..=text.len() {
                    excerpt(text, start..end, &[]);
                }
            }
        }
        let long = "y".repeat(500);
        assert_eq!(excerpt(&long, 100..400, &[]).chars().count(), 1 + AROUND + MATCH_MAX + 1);
    }
}
