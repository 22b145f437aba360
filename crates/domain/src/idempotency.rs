//! The caller's own name for a request.

/// The value of an `Idempotency-Key` header: 1 to 255 printable ASCII characters, chosen by the caller.
///
/// Source: draft-ietf-httpapi-idempotency-key-header. The header carries a structured-field string
/// (`"8e03978e"`, RFC 9651 section 3.3.3); the bare form without quotes is accepted and means the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The longest key, in characters.
    pub const CHARS_MAX: usize = 255;

    /// Takes the text of a key as it is, without quotes.
    ///
    /// # Errors
    /// When it is empty, longer than [`Self::CHARS_MAX`], or holds anything but printable ASCII.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidIdempotencyKey> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidIdempotencyKey::Empty);
        }
        if text.len() > Self::CHARS_MAX {
            return Err(InvalidIdempotencyKey::TooLong);
        }
        if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(InvalidIdempotencyKey::NotPrintable);
        }
        Ok(Self(text))
    }

    /// Reads a header value: `"quoted"` with `\"` and `\\` escaped, or bare.
    ///
    /// # Errors
    /// As [`Self::new`]; also when the quotes or escapes are not well-formed.
    pub fn parse_header(value: &[u8]) -> Result<Self, InvalidIdempotencyKey> {
        let text = std::str::from_utf8(value).map_err(|_| InvalidIdempotencyKey::NotPrintable)?;
        let text = text.trim_matches([' ', '\t']);
        let Some(rest) = text.strip_prefix('"') else {
            return Self::new(text);
        };
        let mut key = String::with_capacity(rest.len());
        let mut chars = rest.chars();
        loop {
            match chars.next() {
                Some('\\') => match chars.next() {
                    Some(escaped @ ('"' | '\\')) => key.push(escaped),
                    _ => return Err(InvalidIdempotencyKey::Malformed),
                },
                Some('"') if chars.as_str().is_empty() => return Self::new(key),
                Some('"') | None => return Err(InvalidIdempotencyKey::Malformed),
                Some(plain) => key.push(plain),
            }
        }
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdempotencyKey {
    /// There is nothing between the quotes, or nothing at all.
    #[error("The Idempotency-Key is empty; it takes 1 to 255 printable ASCII characters.")]
    Empty,
    /// More than 255 characters.
    #[error("The Idempotency-Key is longer than 255 characters.")]
    TooLong,
    /// A control character, or one outside ASCII.
    #[error("The Idempotency-Key holds a character that is not printable ASCII.")]
    NotPrintable,
    /// An opening quote without its closing one, or a backslash before another character.
    #[error("The Idempotency-Key begins with a quote but is not a structured-field string (RFC 9651).")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_name_the_same_key() {
        let bare = IdempotencyKey::parse_header(b"8e03978e-40d5").unwrap();
        assert_eq!(IdempotencyKey::parse_header(b" \"8e03978e-40d5\"").unwrap(), bare);
        assert_eq!(IdempotencyKey::parse_header(br#""a\"b\\c""#).unwrap().as_str(), r#"a"b\c"#);
    }

    #[test]
    fn what_is_not_a_key_says_why() {
        use InvalidIdempotencyKey::{Empty, Malformed, NotPrintable, TooLong};
        let long = "k".repeat(256);
        for (value, why) in [
            (&b""[..], Empty),
            (b"\"\"", Empty),
            (long.as_bytes(), TooLong),
            ("clé".as_bytes(), NotPrintable),
            (b"\xff", NotPrintable),
            (b"a\tb", NotPrintable),
            (b"\"open", Malformed),
            (b"\"a\"b", Malformed),
            (b"\"a\\n\"", Malformed),
        ] {
            assert_eq!(IdempotencyKey::parse_header(value), Err(why), "{value:?}");
        }
        assert!(IdempotencyKey::parse_header("k".repeat(255).as_bytes()).is_ok());
    }
}
