//! What all values of a booking's fields have in common.

use std::borrow::Cow;

/// A value that its field does not take. Displays as the end of a sentence that begins with the field:
/// `must be an IATA airport code, three letters such as CMH`. Never repeats the value itself, which may be
/// somebody's personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongValue(Cow<'static, str>);

impl WrongValue {
    pub(crate) const fn says(detail: &'static str) -> Self {
        Self(Cow::Borrowed(detail))
    }

    pub(crate) fn says_at_length(detail: String) -> Self {
        Self(Cow::Owned(detail))
    }

    pub(crate) fn into_detail(self) -> String {
        self.0.into_owned()
    }
}

/// A field that is a JSON string in the contract.
pub(crate) trait TextField: Sized {
    fn from_text(text: &str) -> Result<Self, WrongValue>;
}

/// Joins a type's own `new` and `as_str` to the traits that go with them.
macro_rules! text_field {
    ($($name:ident),+) => {$(
        impl crate::booking::value::TextField for $name {
            fn from_text(text: &str) -> Result<Self, crate::booking::value::WrongValue> {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}
pub(crate) use text_field;

/// Short codes of ASCII characters, held in place.
pub(crate) fn ascii_code(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("codes are ASCII by construction")
}
