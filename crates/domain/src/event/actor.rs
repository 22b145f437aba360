//! Who did something to a booking, and why.

use compact_str::CompactString;

/// Who did something: `key:<id of the key>` for an agency, `operator` for the airline's own people. Never a
/// secret: a key's id is its public part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor(CompactString);

impl Actor {
    /// The longest text, in characters.
    pub const CHARS_MAX: usize = 128;

    /// The agency that holds the key with this id. What an id may not hold is left out.
    #[must_use]
    pub fn key(id: &str) -> Self {
        let room = Self::CHARS_MAX - "key:".len();
        let id: CompactString = id.chars().filter(char::is_ascii_graphic).take(room).collect();
        Self(compact_str::format_compact!("key:{id}"))
    }

    /// The airline.
    #[must_use]
    pub fn operator() -> Self {
        Self(CompactString::const_new("operator"))
    }

    /// Reads what [`as_str`](Self::as_str) gave: 1 to [`Self::CHARS_MAX`] printable ASCII characters.
    ///
    /// # Errors
    /// When the text is not of that form.
    pub fn parse(text: &str) -> Result<Self, InvalidActor> {
        let fits =
            (1..=Self::CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(CompactString::from(text))) } else { Err(InvalidActor) }
    }

    /// The text in records and answers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored text is not an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an actor is 1 to 128 printable ASCII characters")]
pub struct InvalidActor;

/// Why a booking was cancelled: one line of 1 to 200 characters, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CancelReason(String);

impl CancelReason {
    /// The longest reason, in characters (Unicode scalar values).
    pub const CHARS_MAX: usize = 200;

    /// Takes `text` as a reason.
    ///
    /// # Errors
    /// When it is empty, too long, or holds a control character.
    pub fn new(text: &str) -> Result<Self, InvalidCancelReason> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.chars().count()) && !text.contains(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidCancelReason) }
    }

    /// The reason's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one line of 1 to 200 characters without control characters")]
pub struct InvalidCancelReason;
