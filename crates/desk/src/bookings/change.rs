//! Taking a booking a step further.

use skybridge_domain::booking::{Booking, InvalidTransition, Transition};
use skybridge_domain::event::Actor;
use skybridge_domain::id::BookingId;
use skybridge_gate::Permit;
use skybridge_store::{CommitError, StoreError, Version, Write};

use super::record_of;
use crate::Desk;

/// The steps that a caller may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// CREATED becomes CONFIRMED.
    Confirm,
    /// CREATED or CONFIRMED becomes CANCELLED.
    Cancel,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The caller has no such booking.
    #[error("the agency has no such booking")]
    NotFound,
    /// The booking is at a version that the caller does not expect.
    #[error("the booking is at version {standing}")]
    VersionMismatch {
        /// The version it is at.
        standing: Version,
    },
    /// The booking's status does not allow the step.
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// The store could not do it. If the outcome is unknown, the same request settles it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    /// Takes `step` on the caller's booking `id`, if `expects` its version. A step that was already taken gives
    /// the booking as it stands.
    ///
    /// # Errors
    /// When there is no such booking, its version or status does not allow it, or the store could not do it.
    pub async fn change_booking(
        &self,
        permit: &Permit,
        id: BookingId,
        step: Step,
        expects: impl Fn(Version) -> bool,
    ) -> Result<Booking, ChangeError> {
        // Whoever loses a race decides again on what won it. The lifecycle has few steps, so this ends.
        loop {
            let booking = self.find_booking(permit, id).await?.ok_or(ChangeError::NotFound)?;
            let standing = booking.version();
            let transition = self.step(permit, booking.clone(), step);
            match transition {
                Ok(Transition::AlreadySo(booking)) => return Ok(booking),
                _ if !expects(standing) => return Err(ChangeError::VersionMismatch { standing }),
                Err(refused) => return Err(refused.into()),
                Ok(Transition::Done(changed)) => {
                    let write = Write::replace(record_of(changed.clone()), standing);
                    match self.commit_for_call(write).await {
                        Ok(()) => return Ok(changed),
                        Err(CommitError::ConditionFailed { .. }) => {}
                        Err(CommitError::Store(error)) => return Err(error.into()),
                    }
                }
            }
        }
    }

    fn step(&self, permit: &Permit, booking: Booking, step: Step) -> Result<Transition, InvalidTransition> {
        let actor = Actor::key(permit.caller().key_id().as_str());
        match step {
            Step::Confirm => booking.confirm(self.clock.now(), actor),
            Step::Cancel => booking.cancel(self.clock.now(), actor, None),
        }
    }
}
