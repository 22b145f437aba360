//! An agency: a partner that may come to the counter.

use std::fmt;
use std::sync::Arc;

use crate::plan::PlanName;
use crate::time::Timestamp;

/// The name of an agency; it is also its identity, so it never changes.
///
/// 1 to 64 characters: ASCII letters, digits, space, `.`, `_` and `-`, beginning and ending with a letter or
/// digit. Upper and lower case are told apart. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyName(Arc<str>);

impl AgencyName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 64;
    /// What a name looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?$";

    /// Takes `text` as a name.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, InvalidAgencyName> {
        let bytes = text.as_bytes();
        let edges = [bytes.first(), bytes.last()];
        let fits = text.len() <= Self::CHARS_MAX
            && edges.iter().all(|edge| edge.is_some_and(u8::is_ascii_alphanumeric))
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b" ._-".contains(byte));
        if fits { Ok(Self(text.into())) } else { Err(InvalidAgencyName) }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgencyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not the name of an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an agency's name takes 1 to 64 letters, digits, spaces, dots, underscores or hyphens, and begins and ends \
     with a letter or digit"
)]
pub struct InvalidAgencyName;

/// An agency, as the airline keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its name and identity.
    pub name: AgencyName,
    /// The plan that paces it.
    pub plan: PlanName,
    /// Whether it may come in.
    pub standing: Standing,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Whether an agency may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// It may not, since then, until it is resumed.
    Suspended {
        /// When it was suspended.
        at: Timestamp,
    },
}
