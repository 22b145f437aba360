//! Free text of the agency: its own reference and its remarks.

use compact_str::CompactString;

use super::value::{WrongValue, text_field};

text_field!(AgencyReference, Remarks);

/// The agency's own name for the booking: 1 to 64 ASCII letters, digits, spaces and `- _ . / # : +`, with no space
/// at either end. Need not be unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgencyReference(CompactString);

impl AgencyReference {
    /// The longest reference, in characters.
    pub const CHARS_MAX: usize = 64;
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[A-Za-z0-9_./#:+-]([A-Za-z0-9_./#:+ -]{0,62}[A-Za-z0-9_./#:+-])?$";

    /// Takes `text` as a reference.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./#:+ ".contains(&byte))
            && !text.starts_with(' ')
            && !text.ends_with(' ');
        let refused = "must be a reference of 1 to 64 ASCII letters, digits, spaces and - _ . / # : + that neither \
                       begins nor ends with a space";
        if fits { Ok(Self(CompactString::from(text))) } else { Err(WrongValue::says(refused)) }
    }

    /// The reference's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the agency wants the airline to know: 0 to 2000 characters of any script, lines and tabs included, but no
/// other control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Remarks(String);

impl Remarks {
    /// The longest text, in characters (Unicode scalar values).
    pub const CHARS_MAX: usize = 2000;
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

    /// Takes `text` as remarks.
    ///
    /// # Errors
    /// When it is longer than [`Self::CHARS_MAX`] or holds a control character other than line feed, carriage
    /// return and tab.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        if text.chars().count() > Self::CHARS_MAX {
            return Err(WrongValue::says("must be a text of at most 2000 characters"));
        }
        if text.contains(|character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        {
            return Err(WrongValue::says(
                "must be a text without control characters other than line feed, carriage return and tab",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The remarks' text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
