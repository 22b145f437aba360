//! Leave to carry out one call.

use std::sync::Arc;

use super::{Account, PaceSnapshot, Post};
use crate::Caller;

/// A place among the calls that the node has taken on.
#[derive(Debug)]
pub(super) struct Place(Arc<Post>);

impl Place {
    /// Takes it. Is the call the only one that its agency has under way?
    pub(super) fn taken(post: &Arc<Post>, is_first: bool) -> Self {
        post.load.begin(is_first);
        Self(Arc::clone(post))
    }
}

/// Leave to carry out one call: who calls, and that the plan allows it. Only the gate makes one.
///
/// Holds one of the agency's places in flight until it is dropped, so drop it when the call is answered.
#[derive(Debug)]
pub struct Permit {
    caller: Caller,
    place: Place,
    pace: PaceSnapshot,
    renewal_due: bool,
    route_due: Option<Account>,
}

impl Permit {
    /// The place in flight is already taken.
    pub(super) fn new(
        caller: Caller,
        place: Place,
        pace: PaceSnapshot,
        renewal_due: bool,
        route_due: Option<Account>,
    ) -> Self {
        Self { caller, place, pace, renewal_due, route_due }
    }

    /// The accounts whose lease is running low, so that somebody should take more for them now, ahead of need. Said to
    /// one caller at a time: until a [`renewal`](Account::renewal) is written, found nothing, or was said to have
    /// failed, no other is told.
    pub fn renewals_due(&self) -> impl Iterator<Item = Account> {
        let of_plan = self.renewal_due.then(|| Account(Arc::clone(self.caller.pace())));
        of_plan.into_iter().chain(self.route_due.clone())
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// How the plan stood once this call was counted.
    #[must_use]
    pub fn pace(&self) -> &PaceSnapshot {
        &self.pace
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let is_last = self.caller.pace().lock().leave();
        self.place.0.load.end(is_last);
    }
}
