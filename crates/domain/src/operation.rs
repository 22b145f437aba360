//! What an agency can ask for, by name.

use std::fmt;
use std::sync::Arc;

/// An operation of the API, named as API Gateway names a route: method and path, `POST /v1/bookings`. What varies in
/// a path stands in braces, as the API's description has it: `GET /v1/bookings/{booking_id}`.
///
/// At most 64 characters: a method in capitals, one space, and a path of visible ASCII without `"` and `\`, so that
/// it can stand in a header's quoted string as it is. Which operations there are is the API's to say. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(Arc<str>);

impl Operation {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 64;

    /// Takes `text` as an operation's name.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn new(text: &str) -> Result<Self, InvalidOperation> {
        if is_operation(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidOperation { text: text.to_owned() })
        }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_operation(text: &str) -> bool {
    let Some((method, path)) = text.split_once(' ') else { return false };
    let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    text.len() <= Operation::CHARS_MAX
        && !method.is_empty()
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
        && path.starts_with('/')
        && path.bytes().all(visible)
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an operation's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a route: give method and path, such as \"POST /v1/bookings\"")]
pub struct InvalidOperation {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_a_method_and_a_path() {
        let longest = format!("GET /{}", "a".repeat(59));
        for text in ["POST /booking", "GET /v1/bookings/{booking_id}", "GET /", &longest] {
            assert_eq!(Operation::new(text).unwrap().to_string(), text);
        }
        let too_long = format!("{longest}a");
        for text in ["", "POST", "POST ", "POST booking", "post /booking", " /booking", "GET  /", &too_long] {
            assert!(Operation::new(text).is_err(), "{text:?}");
        }
        for text in ["GET /a b", "GET /\"", "GET /\\", "GET /\u{e9}", "GET /a\n"] {
            assert_eq!(Operation::new(text), Err(InvalidOperation { text: text.to_owned() }));
        }
    }
}
