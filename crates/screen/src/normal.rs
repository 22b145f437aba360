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

/// A text in up to three views; those that would not differ from the one before are absent.
#[derive(Debug)]
pub(crate) struct Views<'a> {
    /// As it was sent.
    pub(crate) sent: &'a str,
    /// With encodings undone, characters folded, comments and white space turned into one space each.
    pub(crate) plain: Option<String>,
    /// The one before it with what a shell takes out taken out.
    pub(crate) shell: Option<String>,
}

impl<'a> Views<'a> {
    pub(crate) fn of(sent: &'a str, traits: Traits) -> Self {
        let decoded = if traits.may_be_encoded() { decode::decode(sent) } else { Cow::Borrowed(sent) };
        // What was decoded may be anything, so only a text that needed no decoding is judged by its first bytes.
        let traits = if matches!(decoded, Cow::Owned(_)) { Traits::of(&decoded) } else { traits };
        let plain = if traits.may_be_untidy() { tidy::tidy(decoded) } else { decoded };
        let shell = if traits.may_be_quoted() { shell::unquote(&plain) } else { None };
        let plain = match plain {
            Cow::Owned(text) if text != sent => Some(text),
            Cow::Owned(_) | Cow::Borrowed(_) => None,
        };
        Self { sent, plain, shell }
    }
}

#[cfg(test)]
mod tests;
