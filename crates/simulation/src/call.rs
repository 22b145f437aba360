//! One call: who asks what, and what it is told.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use skybridge_desk::bookings::{
    BookingFilter, ChangeError, CreateError, Creation, CreationRequest, ListBookings, ListError, Step,
};
use skybridge_desk::{AdmissionError, Desk};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::{Booking, CreateOperation, Status};
use skybridge_domain::id::BookingId;
use skybridge_domain::key::Mode;
use skybridge_domain::operation::Operation;
use skybridge_gate::Permit;
use skybridge_store::StoreError;

use crate::scene;
use crate::story::Story;

/// More than any story books.
const PAGE: usize = 1000;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Create {
        key: u8,
        body: usize,
    },
    CreateWithoutKey,
    Confirm {
        key: u8,
    },
    Cancel {
        key: u8,
    },
    Read {
        key: u8,
    },
    List,
    /// Reads a booking that is not the caller's: another agency's, or of the other mode.
    ReadAnothers {
        agency: usize,
        key: u8,
    },
}

/// A booking as callers are shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Shown {
    pub(crate) body: usize,
    pub(crate) status: Status,
    pub(crate) version: u64,
}

impl Shown {
    pub(crate) fn of(booking: &Booking) -> Self {
        let body = (0..).find(|body| scene::document(*body) == *booking.document());
        let body = body.expect("nothing else is booked");
        Self { body, status: booking.status(), version: booking.version() }
    }
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Created(BookingId, Shown),
    Replayed(Shown),
    KeyReused,
    Changed(Shown),
    /// The booking's status does not allow the step.
    TooLate,
    Found(Shown),
    NotFound,
    Listed(Vec<(BookingId, Shown)>),
    /// Nothing was done.
    NotDone,
}

/// Who calls, and where.
pub(crate) struct Visit {
    pub(crate) desk: Arc<Desk>,
    pub(crate) story: Rc<RefCell<Story>>,
    /// The call's place in the story.
    pub(crate) call: usize,
    /// The text of the caller's key.
    pub(crate) key: String,
    pub(crate) agency: AgencyName,
    pub(crate) mode: Mode,
    /// Whose booking is meant where it is not the caller's own.
    pub(crate) another: Option<(AgencyName, Mode)>,
    pub(crate) ask: Ask,
}

/// Makes the call.
pub(crate) async fn make(visit: Visit) {
    let Visit { desk, story, call, .. } = &visit;
    let operation = Operation::new("GET /any").expect("it is an operation");
    let home = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let caller = desk.gate().authenticate(&visit.key, home, desk.now()).expect("the key is good");
    let permit = match desk.admit(&caller, &operation).await {
        Ok(permit) => permit,
        Err(AdmissionError::Refused(refused)) => return story.borrow_mut().refused(*call, refused.refusal),
        Err(AdmissionError::Overloaded(_) | AdmissionError::Store(_)) => {
            return story.borrow_mut().turned_away(*call);
        }
    };
    story.borrow_mut().admitted(*call);
    let answer = visit.perform(&permit).await;
    // In one step: the place in flight is free when the caller is told.
    drop(permit);
    match answer {
        Ok(answer) => story.borrow_mut().answered(*call, answer),
        Err(StoreError::OutcomeUnknown(_)) => story.borrow_mut().left_open(*call),
        Err(StoreError::Overloaded | StoreError::Unavailable(_)) => {
            story.borrow_mut().answered(*call, Answer::NotDone);
        }
        Err(error) => panic!("no story has this: {error:?}"),
    }
}

impl Visit {
    async fn perform(&self, permit: &Permit) -> Result<Answer, StoreError> {
        let id = |key| scene::booking_id(&self.agency, self.mode, key);
        match self.ask {
            Ask::Create { key, body } => self.create(permit, Some(key), body).await,
            Ask::CreateWithoutKey => self.create(permit, None, 0).await,
            Ask::Confirm { key } => self.change(permit, id(key), Step::Confirm).await,
            Ask::Cancel { key } => self.change(permit, id(key), Step::Cancel).await,
            Ask::Read { key } => self.read(permit, id(key)).await,
            Ask::List => self.list(permit).await,
            Ask::ReadAnothers { key, .. } => {
                let (agency, mode) = self.another.as_ref().expect("it says whose");
                self.read(permit, scene::booking_id(agency, *mode, key)).await
            }
        }
    }

    async fn create(&self, permit: &Permit, key: Option<u8>, body: usize) -> Result<Answer, StoreError> {
        let request = CreationRequest {
            operation: CreateOperation::Create,
            idempotency_key: key.map(scene::idempotency_key),
            document: scene::document(body),
        };
        match self.desk.create_booking(permit, request).await {
            Ok(Creation::Created(booking)) => Ok(Answer::Created(booking.id(), Shown::of(&booking))),
            Ok(Creation::Replayed(booking)) => Ok(Answer::Replayed(Shown::of(&booking))),
            Err(CreateError::KeyReused { .. }) => Ok(Answer::KeyReused),
            Err(CreateError::Store(error)) => Err(error),
        }
    }

    async fn change(&self, permit: &Permit, id: BookingId, step: Step) -> Result<Answer, StoreError> {
        match self.desk.change_booking(permit, id, step, |_| true).await {
            Ok(booking) => Ok(Answer::Changed(Shown::of(&booking))),
            Err(ChangeError::NotFound) => Ok(Answer::NotFound),
            Err(ChangeError::InvalidTransition(_)) => Ok(Answer::TooLate),
            Err(ChangeError::Store(error)) => Err(error),
            Err(ChangeError::VersionMismatch { .. }) => panic!("any version is expected"),
        }
    }

    async fn read(&self, permit: &Permit, id: BookingId) -> Result<Answer, StoreError> {
        let found = self.desk.find_booking(permit, id).await?;
        Ok(found.map_or(Answer::NotFound, |booking| Answer::Found(Shown::of(&booking))))
    }

    async fn list(&self, permit: &Permit) -> Result<Answer, StoreError> {
        let all = ListBookings { filter: BookingFilter::default(), limit: PAGE, cursor: None };
        match self.desk.list_bookings(permit, &all).await {
            Ok(page) => {
                let shown = page.bookings.iter().map(|booking| (booking.id(), Shown::of(booking)));
                Ok(Answer::Listed(shown.collect()))
            }
            Err(ListError::Store(error)) => Err(error),
            Err(ListError::InvalidCursor(_)) => panic!("there is no cursor"),
        }
    }
}
