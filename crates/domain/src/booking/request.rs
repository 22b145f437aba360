//! The body of a request that creates a booking.

use super::details::Details;
use super::member::{Members, Shape};
use crate::fault::{Fault, FaultKind, Faults, Path};
use crate::json::{self, Json, JsonError, NotJson};

/// What a caller sent to create a booking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookingRequest {
    /// The member `agency` as the caller wrote it. Whether it is the caller's own name is for the desk to see.
    pub agency: Option<String>,
    /// Everything else.
    pub details: Details,
}

impl BookingRequest {
    /// The members that only the server writes. In a request they are faults like unknown ones, but told apart.
    pub const SET_BY_SERVER: [&'static str; 6] =
        ["booking_id", "status", "version", "created_at", "updated_at", "available_actions"];

    const SHAPE: Shape = Shape {
        what: "a booking",
        members: &["agency", "agency_reference", "segments", "passengers", "contact", "price", "remarks"],
        set_by_server: &Self::SET_BY_SERVER,
    };

    /// Reads `body`, which is not empty (an empty body is the caller's to take for `{}`).
    ///
    /// # Errors
    /// When it is not JSON, or has faults: then all of them are told.
    pub fn read(body: &[u8]) -> Result<Self, RequestRefusal> {
        let json = json::read(body)?;
        let mut faults = Faults::default();
        match Self::read_members(&json, &mut faults) {
            Some(request) if faults.is_empty() => Ok(request),
            _ => Err(RequestRefusal::Faults(faults.into_list())),
        }
    }

    fn read_members(json: &Json<'_>, faults: &mut Faults) -> Option<Self> {
        let root = Path::Root;
        let mut members = Members::of(json, &root, faults)?;
        let agency = match members.take("agency") {
            None => None,
            Some(Json::Text(name)) => Some(name.clone().into_owned()),
            Some(other) => {
                faults.invalid(&root.member("agency"), format!("must be a string, not {}", other.kind()));
                None
            }
        };
        let details = Details::read(&mut members, faults);
        members.finish(&Self::SHAPE, faults);
        Some(Self { agency, details: details? })
    }
}

/// Why a body does not make a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestRefusal {
    /// It is not a JSON document.
    NotJson(NotJson),
    /// It is one, with these faults: all of them, at most [`Faults::LISTED_MAX`], at least one.
    Faults(Vec<Fault>),
}

impl RequestRefusal {
    /// Which class of refusal it is as a whole. Duplicate names outweigh everything, since what such a body means
    /// depends on who reads it; a wrong value outweighs an unknown field.
    #[must_use]
    pub fn class(&self) -> RefusalClass {
        let Self::Faults(faults) = self else {
            return RefusalClass::NotJson;
        };
        let any = |kind| faults.iter().any(|fault| fault.kind == kind);
        if any(FaultKind::DuplicateMember) {
            RefusalClass::DuplicateMember
        } else if any(FaultKind::Invalid) {
            RefusalClass::Invalid
        } else {
            RefusalClass::UnknownField
        }
    }
}

impl From<JsonError> for RequestRefusal {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotJson(refused) => Self::NotJson(refused),
            JsonError::DuplicateMembers(faults) => Self::Faults(faults),
        }
    }
}

/// What a refused request is refused as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalClass {
    /// The body is not a JSON document.
    NotJson,
    /// A member name stands twice in an object.
    DuplicateMember,
    /// There are members that a request must not have, and nothing else is wrong.
    UnknownField,
    /// A value is missing or wrong.
    Invalid,
}
