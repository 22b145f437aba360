//! What can be wrong with a configuration, in sentences that name the key, the value and what is right.

use std::fmt;
use std::path::PathBuf;

use super::layers::{Kind, Source};

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not TOML: {message}", path = path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// What the parser says, with line and column.
        message: String,
    },
    /// There is no such key.
    #[error("`{key}` ({origin}) is not a key; `skybridge config show` lists the keys there are")]
    UnknownKey {
        /// As the file has it.
        key: String,
        /// Where it stands.
        origin: Source,
    },
    /// The value of a key is not one that it takes.
    #[error("`{key}` ({origin}) is {given}, but must be {wanted}")]
    WrongValue {
        /// Which.
        key: String,
        /// Where the value comes from.
        origin: Source,
        /// The value, quoted.
        given: String,
        /// What is right.
        wanted: String,
    },
}

impl Fault {
    /// The file writes a number where text belongs, or the reverse.
    pub(crate) fn wrong_kind(key: String, wanted: Kind, origin: Source) -> Self {
        let wanted = match wanted {
            Kind::Text => "text in quotes",
            Kind::Number => "a whole number without quotes",
            Kind::List => "a list of texts, such as [\"a\", \"b\"]",
        };
        Self::WrongValue { key, origin, given: "of another kind".to_owned(), wanted: wanted.to_owned() }
    }
}

/// Everything that is wrong, at once.
#[derive(Debug)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "the configuration is wrong: {one}"),
            many => {
                write!(f, "the configuration is wrong in {} places:", many.len())?;
                many.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for Faults {}
