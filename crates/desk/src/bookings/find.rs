//! Looking at a booking.

use skybridge_domain::booking::Booking;
use skybridge_domain::id::BookingId;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_gate::Permit;
use skybridge_store::StoreError;

use super::{booking_of, key_of};
use crate::Desk;

impl Desk {
    /// The caller's booking `id`; `None` if there is none, or it is another agency's or of the other mode. The
    /// same look-up and the same answer, so nobody learns which ids exist.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn find_booking(&self, permit: &Permit, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let caller = permit.caller();
        let found = self.any_booking(id).await?;
        Ok(found.filter(|booking| booking.agency() == caller.agency() && booking.mode() == caller.mode()))
    }

    /// The booking that the caller's `key` made: did it happen?
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn find_by_key(
        &self,
        permit: &Permit,
        key: &IdempotencyKey,
    ) -> Result<Option<Booking>, StoreError> {
        let id = BookingId::named_by(permit.caller().agency(), permit.caller().mode(), key);
        self.find_booking(permit, id).await
    }

    /// Booking `id`, whoever's it is: for the airline itself.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn any_booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        self.store.get(&key_of(id)).await?.as_ref().map(booking_of).transpose()
    }
}
