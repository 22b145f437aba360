//! Views of a text: as it was sent, with encodings undone, and as a shell would read it.
//!
//! An attack is written for the program that will read it at last, and on the way there others undo an encoding
//! each. Which ones nobody can know here, so they are all undone, again and again while that changes anything
//! (`%2527` is a quote after two), and both ends are searched: undoing can also hide what is in plain sight.
//!
//! Each step returns the text it was given when it has nothing to change, and never makes it longer, so views are
//! bounded by the text and an ordinary remark is borrowed throughout.

mod decode;
mod entities;
mod fold;
mod percent;
mod shell;
mod tidy;

use std::borrow::Cow;

use crate::traits::Traits;

/// A text in up to four views; one is absent where another shows all that it would.
#[derive(Debug)]
pub(crate) struct Views<'a> {
    /// As it was sent.
    pub(crate) sent: Option<&'a str>,
    /// With encodings undone, where comments or line ends came to light that the next one has no more.
    pub(crate) decoded: Option<String>,
    /// With encodings undone, characters folded, comments and white space turned into one space each.
    pub(crate) plain: Option<String>,
    /// The last of those before with what a shell takes out taken out.
    pub(crate) shell: Option<String>,
}

impl<'a> Views<'a> {
    pub(crate) fn of(sent: &'a str, traits: Traits) -> Self {
        let decode::Decoded { text: decoded, was_encoded } = decode::decode(sent, traits);
        // What was decoded may be anything, so only a text that needed no decoding is judged by its first bytes.
        let traits = if matches!(decoded, Cow::Owned(_)) { Traits::of(&decoded) } else { traits };
        let tidied = if traits.may_be_untidy() { tidy::tidy(&decoded) } else { None };
        let plain = tidied.as_deref().unwrap_or(&decoded);
        let shell = if traits.may_be_quoted() { shell::unquote(plain) } else { None };
        let changed = plain != sent;
        let sent = (!changed || was_encoded || hides(sent)).then_some(sent);
        let keeps_decoded = matches!(decoded, Cow::Owned(_)) && tidied.is_some() && hides(&decoded);
        match (tidied, decoded) {
            (None, Cow::Borrowed(_)) => Self { sent, decoded: None, plain: None, shell },
            (None, Cow::Owned(plain)) => Self { sent, decoded: None, plain: changed.then_some(plain), shell },
            (plain, decoded) => {
                Self { sent, decoded: keeps_decoded.then(|| decoded.into_owned()), plain, shell }
            }
        }
    }

    /// Every view that rules of all kinds read.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        [self.sent, self.decoded.as_deref(), self.plain.as_deref()].into_iter().flatten()
    }
}

/// The text with its encodings undone; borrowed if there is nothing to undo.
pub(crate) fn decoded(text: &str, traits: Traits) -> Cow<'_, str> {
    decode::decode(text, traits).text
}

/// Whether tidying takes away something that a rule may ask for: comments, and the ends of lines. Folded characters
/// and joined spaces hide nothing.
fn hides(text: &str) -> bool {
    text.contains("/*") || text.contains("*/") || text.contains(['\n', '\r'])
}

#[cfg(test)]
mod tests;
