//! The texts of a request, and where each stands.

use std::fmt;

use serde::Deserialize;

/// One text to look at.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// What kind of field it is; profiles set modes by it.
    pub field: Field,
    /// Where it stands in the request, for the one who reads the refusal.
    pub pointer: Pointer<'a>,
    /// The text as the handler will see it: after JSON or the query's encoding has been undone once.
    pub value: &'a str,
}

/// A kind of field that holds text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Free text of a booking.
    Remarks,
    /// The agency's own reference.
    AgencyReference,
    /// A passenger's given name.
    GivenName,
    /// A passenger's family name.
    FamilyName,
    /// An address of electronic mail.
    Email,
    /// A telephone number.
    Phone,
    /// The key that makes a retry safe.
    IdempotencyKey,
    /// A value of the query.
    Query,
    /// A header that is kept or logged.
    Header,
    /// The path of the request.
    Path,
    /// Any other text.
    Other,
}

impl Field {
    /// Every kind of field, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Remarks,
        Self::AgencyReference,
        Self::GivenName,
        Self::FamilyName,
        Self::Email,
        Self::Phone,
        Self::IdempotencyKey,
        Self::Query,
        Self::Header,
        Self::Path,
        Self::Other,
    ];

    /// The name in profiles, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remarks => "remarks",
            Self::AgencyReference => "agency_reference",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::IdempotencyKey => "idempotency_key",
            Self::Query => "query",
            Self::Header => "header",
            Self::Path => "path",
            Self::Other => "other",
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a text stands, written only when something was found there: a request without hits allocates no pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer<'a> {
    /// As it is to be shown: a JSON pointer such as `/remarks`, the name of a header or of a query parameter.
    Of(&'a str),
    /// A member of an item of a list: `/passengers/3/given_name`.
    Item {
        /// The list, without slashes: `passengers`.
        list: &'a str,
        /// Counted from 0, as JSON pointers are.
        index: usize,
        /// The member, without slashes: `given_name`.
        member: &'a str,
    },
}

impl<'a> From<&'a str> for Pointer<'a> {
    fn from(pointer: &'a str) -> Self {
        Self::Of(pointer)
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(pointer) => f.write_str(pointer),
            Self::Item { list, index, member } => write!(f, "/{list}/{index}/{member}"),
        }
    }
}
