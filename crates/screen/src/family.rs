//! The families of attack that rules belong to.

use std::fmt;

use serde::Deserialize;

/// What an attack is aimed at. A rule belongs to one family, and a profile sets modes by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Statements and fragments of SQL.
    Sql,
    /// Markup and script for a browser.
    Xss,
    /// Commands of a Unix shell or of Windows.
    Command,
    /// Ways out of a directory, and files that only an intruder asks for.
    Path,
    /// Expressions that a template engine would evaluate.
    Template,
    /// Look-ups in a directory of names, as in Log4Shell.
    Jndi,
    /// Addresses that make the server call itself, its neighbours or a stranger.
    Ssrf,
    /// Objects that do harm while they are read back.
    Deserialisation,
    /// Source text of PHP, JavaScript, Java, Python, Ruby or Perl.
    Code,
    /// Lines that would begin a header or a command of another protocol.
    Protocol,
    /// Operators of LDAP, XPath and document stores.
    Lookup,
    /// Rules read from a directory of the OWASP Core Rule Set.
    Crs,
}

impl Family {
    /// Every family, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Sql,
        Self::Xss,
        Self::Command,
        Self::Path,
        Self::Template,
        Self::Jndi,
        Self::Ssrf,
        Self::Deserialisation,
        Self::Code,
        Self::Protocol,
        Self::Lookup,
        Self::Crs,
    ];

    /// The name in profiles, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Xss => "xss",
            Self::Command => "command",
            Self::Path => "path",
            Self::Template => "template",
            Self::Jndi => "jndi",
            Self::Ssrf => "ssrf",
            Self::Deserialisation => "deserialisation",
            Self::Code => "code",
            Self::Protocol => "protocol",
            Self::Lookup => "lookup",
            Self::Crs => "crs",
        }
    }

    /// The family of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == name)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
