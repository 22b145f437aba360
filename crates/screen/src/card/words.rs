//! What is said around a number about what it is.

use crate::boundary;

/// How far before a number a word may stand that says what it is, in bytes.
const BEFORE: usize = 24;
/// How far behind it.
const BEHIND: usize = 12;

/// Words for a card, as parts of words; the short ones stand alone.
const CARD: [&str; 15] = [
    "card",
    "visa",
    "amex",
    "american express",
    "maestro",
    "master",
    "credit",
    "debit",
    "kredit",
    "carte",
    "karte",
    "tarjeta",
    "carta",
    "cartão",
    "kart",
];
const CARD_ALONE: [&str; 4] = ["cc", "pan", "cb", "mc"];
/// Words for what else has thirteen digits: tickets, vouchers and telephones.
const OTHER: [&str; 17] = [
    "tkt", "ticket", "tkne", "tkna", "billet", "emd", "ctc", "tel", "phone", "mob", "cell", "call",
    "whatsapp", "fax", "sms", "gsm", "handy",
];
/// Marks of a frequent flyer's number.
const FREQUENT_FLYER: [&str; 5] = ["fqtv", "fqts", "fqtr", "fqtu", "frequent flyer"];

/// What the text around a number says that it is.
pub(super) struct Words {
    /// A word for a card is near.
    pub(super) card: bool,
    /// A word for a ticket or a telephone is nearer before the number than one for a card.
    pub(super) other: bool,
    /// A plus sign stands directly before it.
    pub(super) plus: bool,
    /// A frequent flyer's mark stands directly before it, with an airline's code between or none.
    pub(super) frequent_flyer: bool,
}

impl Words {
    /// The words around the number at `at` of this length.
    pub(super) fn around(text: &str, at: usize, length: usize) -> Self {
        let before = &text[boundary::ceil(text, at.saturating_sub(BEFORE))..at];
        let behind = &text[at + length..boundary::ceil(text, text.len().min(at + length + BEHIND))];
        let card = last_card_word(before);
        let other = OTHER.iter().filter_map(|word| places(before, word).last()).max();
        Self {
            card: card.is_some() || last_card_word(behind).is_some(),
            other: other > card,
            plus: before.strip_suffix(' ').unwrap_or(before).ends_with('+'),
            frequent_flyer: ends_with_frequent_flyer(before),
        }
    }
}

fn last_card_word(text: &str) -> Option<usize> {
    let parts = CARD.iter().filter_map(|word| places(text, word).last());
    let alone =
        CARD_ALONE.iter().filter_map(|word| places(text, word).filter(|at| is_alone(text, *at, word)).last());
    parts.chain(alone).max()
}

/// Where the word stands, in whatever case.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let windows = text.as_bytes().windows(word.len()).enumerate();
    windows.filter(|(_, part)| part.eq_ignore_ascii_case(word.as_bytes())).map(|(at, _)| at)
}

fn is_alone(text: &str, at: usize, word: &str) -> bool {
    let is_letter = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic);
    !at.checked_sub(1).is_some_and(is_letter) && !is_letter(at + word.len())
}

/// `FQTV `, `FQTV SB`, `frequent flyer SB `.
fn ends_with_frequent_flyer(text: &str) -> bool {
    let text = text.strip_suffix([' ', ':']).unwrap_or(text);
    let airline = text.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    let without =
        if airline == 2 { text[..text.len() - 2].trim_end_matches([' ', ':', '/', '-']) } else { text };
    FREQUENT_FLYER.iter().any(|mark| {
        without.len().checked_sub(mark.len()).is_some_and(|at| places(without, mark).any(|place| place == at))
    })
}
