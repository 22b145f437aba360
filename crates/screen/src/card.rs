//! Card numbers and security codes: what no text of a booking may hold.
//!
//! A number is one if its digits pass Luhn's check, begin as an issuer's numbers do and are as many, and are grouped
//! as people group them. Ticket numbers are what travel texts are full of: thirteen digits, of which one in ten passes
//! Luhn by chance. They are spared where they are written as tickets are (three digits, then ten; or a word such as
//! TKT before them), and since only Visa ever issued thirteen digits, only those that begin with 4 are looked at.

mod issuer;
mod number;
mod security_code;

pub use issuer::Issuer;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardFinding {
    /// A number that is in an issuer's range and passes Luhn's check.
    Number(Issuer),
    /// Three or four digits behind a word such as `CVV`.
    SecurityCode,
}

/// The first card number or security code in the text. Allocates nothing; a text without three digits in a row, or
/// thirteen in all, costs one look at its bytes.
#[must_use]
pub fn card_data(text: &str) -> Option<CardFinding> {
    number::find(text)
        .map(CardFinding::Number)
        .or_else(|| security_code::is_in(text).then_some(CardFinding::SecurityCode))
}

#[cfg(test)]
mod tests;
