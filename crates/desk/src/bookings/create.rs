//! Making a booking, exactly once.
//!
//! The idempotency key names the booking, so making it is one conditional put: "this record, unless there is
//! one". Whether the put finds a record decides everything: none, and the booking is made; one made by the same
//! request, and its answer is given again; one made by another, and the request is refused. Twins in flight meet
//! at that one record; so do a retry after a lost answer, and a retry after a crash.

use skybridge_domain::booking::{Booking, CreateOperation, Document, NewBooking};
use skybridge_domain::event::Actor;
use skybridge_domain::id::BookingId;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_gate::Permit;
use skybridge_store::{CommitError, StoreError, Write};

use super::{booking_of, record_of};
use crate::Desk;

/// What a caller asks to be booked.
#[derive(Debug)]
pub struct CreationRequest {
    /// The operation that was called.
    pub operation: CreateOperation,
    /// The caller's own name for the request, if it shall be safe to repeat.
    pub idempotency_key: Option<IdempotencyKey>,
    /// What to book.
    pub document: Document,
}

/// What came of it.
#[derive(Debug)]
pub enum Creation {
    /// The booking was made.
    Created(Booking),
    /// The same request made it before; here is the booking as it stands now.
    Replayed(Booking),
}

/// Why no booking was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The key names the booking of another request.
    #[error("the idempotency key names booking {booking_id}, which another request made")]
    KeyReused {
        /// That booking.
        booking_id: BookingId,
    },
    /// The store could not do it. If the outcome is unknown, the same request settles it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    /// Makes the booking that `request` asks for, or finds it made.
    ///
    /// # Errors
    /// When the key belongs to another request, or the store could not do it.
    pub async fn create_booking(
        &self,
        permit: &Permit,
        request: CreationRequest,
    ) -> Result<Creation, CreateError> {
        let booking = self.new_booking(permit, request);
        let (id, operation, fingerprint) =
            (booking.id(), booking.origin().operation, booking.origin().fingerprint);
        // The record is the booking's second form, so one of the two has to be a copy.
        let record = record_of(booking.clone());
        match self.commit_for_call(Write::create(record)).await {
            Ok(()) => Ok(Creation::Created(booking)),
            Err(CommitError::ConditionFailed { standing: Some(standing), .. }) => {
                let standing = booking_of(&standing)?;
                if standing.is_made_by(operation, &fingerprint) {
                    Ok(Creation::Replayed(standing))
                } else {
                    Err(CreateError::KeyReused { booking_id: id })
                }
            }
            Err(CommitError::ConditionFailed { standing: None, .. }) => {
                let source = "a put that requires absence failed without a record in its way";
                Err(StoreError::Unavailable(source.into()).into())
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// The booking that this very request made before, if it did. Makes nothing: it is asked where a request would be
    /// refused today that was taken then, and whose retry is owed its original answer.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn booking_made_by(
        &self,
        permit: &Permit,
        request: &CreationRequest,
    ) -> Result<Option<Booking>, StoreError> {
        let Some(key) = &request.idempotency_key else { return Ok(None) };
        let standing = self.find_by_key(permit, key).await?;
        let fingerprint = request.document.fingerprint();
        Ok(standing.filter(|booking| booking.is_made_by(request.operation, &fingerprint)))
    }

    fn new_booking(&self, permit: &Permit, request: CreationRequest) -> Booking {
        let caller = permit.caller();
        let id = match &request.idempotency_key {
            Some(key) => BookingId::named_by(caller.agency(), caller.mode(), key),
            None => BookingId::from_random(self.randomness.id_bytes()),
        };
        let new = NewBooking {
            id,
            agency: caller.agency().clone(),
            mode: caller.mode(),
            document: request.document,
            operation: request.operation,
            idempotency_key: request.idempotency_key,
        };
        Booking::create(new, self.clock.now(), Actor::key(caller.key_id().as_str()))
    }
}
