//! The lifecycle: `CREATED -> CONFIRMED -> CANCELLED` and `CREATED -> CANCELLED`.

use std::fmt;

use super::Booking;
use crate::event::Fact;
use crate::time::Timestamp;

/// Where a booking stands. Each state carries what is true only in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was made.
    Created,
    /// The agency has confirmed it.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// It is off, for good.
    Cancelled {
        /// When.
        at: Timestamp,
        /// When it had been confirmed before, if it had.
        confirmed_at: Option<Timestamp>,
    },
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Created => Status::Created,
            Self::Confirmed { .. } => Status::Confirmed,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// The state after `fact` happened at `at`. The whole lifecycle stands in this one table.
    pub(super) fn after(self, fact: &Fact, at: Timestamp) -> Result<Self, InvalidTransition> {
        match (self, fact) {
            (Self::Created, Fact::Confirmed) => Ok(Self::Confirmed { at }),
            (Self::Created, Fact::Cancelled { .. }) => Ok(Self::Cancelled { at, confirmed_at: None }),
            (Self::Confirmed { at: confirmed }, Fact::Cancelled { .. }) => {
                Ok(Self::Cancelled { at, confirmed_at: Some(confirmed) })
            }
            (from, fact) => Err(InvalidTransition { from: from.status(), to: fact.status() }),
        }
    }
}

/// The word for a state, as it is stored and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// `CREATED`
    Created,
    /// `CONFIRMED`
    Confirmed,
    /// `CANCELLED`
    Cancelled,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Confirmed, Self::Cancelled];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Confirmed => "CONFIRMED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// What can be done with a booking that stands here.
    #[must_use]
    pub const fn available_actions(self) -> &'static [Action] {
        match self {
            Self::Created => &[Action::Confirm, Action::Cancel],
            Self::Confirmed => &[Action::Cancel],
            Self::Cancelled => &[],
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Something that can be done with a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// `confirm`
    Confirm,
    /// `cancel`
    Cancel,
}

impl Action {
    /// The word, which is also the last step of the route that does it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
        }
    }
}

impl serde::Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What came of asking for a transition that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Transition {
    /// It took place: here is the booking with one event more, to be committed.
    Done(Booking),
    /// The booking already stood there: here it is, unchanged; there is nothing to commit.
    AlreadySo(Booking),
}

impl Transition {
    /// The booking as it stands now.
    #[must_use]
    pub fn booking(&self) -> &Booking {
        match self {
            Self::Done(booking) | Self::AlreadySo(booking) => booking,
        }
    }

    /// The booking as it stands now, by value.
    #[must_use]
    pub fn into_booking(self) -> Booking {
        match self {
            Self::Done(booking) | Self::AlreadySo(booking) => booking,
        }
    }
}

/// The lifecycle has no such transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a booking that is {from} cannot become {to}")]
pub struct InvalidTransition {
    /// Where the booking stands.
    pub from: Status,
    /// Where it was to go.
    pub to: Status,
}
