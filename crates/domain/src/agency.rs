//! An agency: a partner that may come to the counter.

mod exception;

use std::fmt;
use std::sync::Arc;

pub use exception::{Reason, RuleName, ScreeningException};

use crate::certificate::{Fingerprint, PinnedCertificate};
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
    /// What its callers must come with.
    pub demands: Demands,
    /// What of screening is not applied to its texts, oldest first; some may have ended.
    pub exceptions: Vec<ScreeningException>,
}

/// What an agency's callers must come with, beyond a key that is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands {
    /// What is required.
    pub requirement: Requirement,
    /// The certificates that count as the agency's, oldest first; several, so that one can follow another.
    pub certificates: Vec<PinnedCertificate>,
}

impl Demands {
    /// How many certificates an agency may have pinned.
    pub const CERTIFICATES_MAX: usize = 16;

    /// Is this certificate pinned?
    #[must_use]
    pub fn pins(&self, fingerprint: &Fingerprint) -> bool {
        self.certificates.iter().any(|pinned| pinned.fingerprint == *fingerprint)
    }
}

/// Which of the ways to prove oneself an agency must use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Requirement {
    /// Any: an API key is enough, and so is a signature.
    #[default]
    None,
    /// Each request is signed.
    Signature,
    /// Each connection comes with a pinned certificate.
    Certificate,
    /// Both.
    Both,
}

impl Requirement {
    /// The word in records and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Signature => "signature",
            Self::Certificate => "certificate",
            Self::Both => "both",
        }
    }

    /// The requirement that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::None, Self::Signature, Self::Certificate, Self::Both];
        all.into_iter().find(|requirement| requirement.as_str() == word)
    }

    /// Must requests be signed?
    #[must_use]
    pub const fn is_of_signature(self) -> bool {
        matches!(self, Self::Signature | Self::Both)
    }

    /// Must connections come with a certificate?
    #[must_use]
    pub const fn is_of_certificate(self) -> bool {
        matches!(self, Self::Certificate | Self::Both)
    }
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
