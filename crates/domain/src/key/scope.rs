//! What a key may do.

use std::fmt;
use std::str::FromStr;

/// One thing that a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Create, confirm and cancel bookings.
    BookingsWrite,
    /// Read bookings and what happened to them.
    BookingsRead,
    /// Set up webhooks.
    WebhooksManage,
    /// Read what the agency used of its plan.
    UsageRead,
}

impl Scope {
    /// All of them, which is what a key gets unless it is told otherwise.
    pub const ALL: [Self; 4] =
        [Self::BookingsWrite, Self::BookingsRead, Self::WebhooksManage, Self::UsageRead];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookingsWrite => "bookings:write",
            Self::BookingsRead => "bookings:read",
            Self::WebhooksManage => "webhooks:manage",
            Self::UsageRead => "usage:read",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or_else(|| UnknownScope { text: text.to_owned() })
    }
}

/// The text names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a scope; there are bookings:write, bookings:read, webhooks:manage and usage:read")]
pub struct UnknownScope {
    /// What was given.
    pub text: String,
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// No scope at all: the key proves who calls, and may do nothing.
    pub const NONE: Self = Self(0);
    /// Every scope there is.
    pub const ALL: Self = Self(
        Scope::BookingsWrite.bit()
            | Scope::BookingsRead.bit()
            | Scope::WebhooksManage.bit()
            | Scope::UsageRead.bit(),
    );

    /// Is `scope` among them?
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::ALL
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_sets_hold_what_they_were_given() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            let alone = Scopes::from_iter([scope]);
            assert_eq!(alone.iter().collect::<Vec<_>>(), [scope]);
            assert!(Scopes::ALL.contains(scope) && !Scopes::NONE.contains(scope));
        }
        assert_eq!(Scopes::from_iter(Scope::ALL), Scopes::default());
        assert!("bookings".parse::<Scope>().is_err());
    }
}
