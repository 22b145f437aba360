//! Leases from outside: what has to be read and written so that a gate can admit.
//!
//! Whoever stores records goes through one [`Account`] at a time: if it [must be read](Account::must_read), read the
//! record and let the account [learn](Account::learn) it; take a draft; write its [`bucket`](Draft::bucket) on the
//! condition that the record still has the version that it [replaces](Draft::replaces); then say that it is written.
//! When another node was faster, learn the record that stood in the way, and take another draft. When it is open
//! whether it was written, read and learn the record: the account finds out.
//!
//! Between taking a draft and writing it, no other draft of the account may be taken.
//!
//! An agency has one account, and one more for each route that has a rate of its own. Each has its own record.

use std::sync::Arc;
use std::time::Duration;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;

use super::bucket::{Bucket, Recorded};
use super::call::{Call, Side};
use super::drafts::{self, Grant};
use super::{Pace, PaceSnapshot, Permit, Subject};

/// What one agency holds and has used, at this gate: in all, or of one route that has a rate of its own. Cheap to
/// clone; all clones are of one account.
#[derive(Debug, Clone)]
pub struct Account(pub(super) Arc<Pace>);

/// A record to write for an account.
#[derive(Debug)]
#[must_use = "a draft takes effect once it is written"]
pub struct Draft {
    pace: Arc<Pace>,
    draft: drafts::Draft,
}

impl Draft {
    /// Whose record it is.
    #[must_use]
    pub fn agency(&self) -> &AgencyName {
        &self.pace.subject.agency
    }

    /// What the record is to say.
    #[must_use]
    pub fn bucket(&self) -> &Bucket {
        &self.draft.bucket
    }

    /// The version of the record that it is to replace, with the next one; 0 if there must be none.
    #[must_use]
    pub fn replaces(&self) -> u64 {
        self.draft.replaces
    }

    /// The route whose record it is; `None` for the agency's own.
    #[must_use]
    pub fn route(&self) -> Option<&Operation> {
        self.pace.subject.route.as_ref()
    }

    /// How many tokens it takes, those of the call included.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.draft.taken
    }

    /// The draft is written. For drafts that no call waits for; see [`LeaseRequest::granted`].
    pub fn written(self) -> Grant {
        self.pace.lock().written(&self.draft)
    }
}

impl Account {
    /// Whose it is.
    #[must_use]
    pub fn agency(&self) -> &AgencyName {
        &self.0.subject.agency
    }

    /// The route whose account it is; `None` for the agency's own.
    #[must_use]
    pub fn route(&self) -> Option<&Operation> {
        self.0.subject.route.as_ref()
    }

    /// Must the record be read before a draft is taken?
    #[must_use]
    pub fn must_read(&self) -> bool {
        self.0.lock().must_read()
    }

    /// Takes note of the record, as it was read or stood in the way of a draft.
    pub fn learn(&self, recorded: Recorded, now: Timestamp) {
        self.0.lock().learn(recorded, now);
    }

    /// More tokens on top of those that are held, so that calls need not wait. `None` if there is nothing to be had
    /// now.
    pub fn renewal(&self, now: Timestamp) -> Option<Draft> {
        let draft = self.0.lock().draft_renewal(now)?;
        Some(Draft { pace: Arc::clone(&self.0), draft })
    }

    /// The renewal failed. The next one is due from `moment` on.
    pub fn renewal_failed(&self, moment: Timestamp) {
        self.0.lock().renew_from(moment.as_nanos());
    }

    /// Everything that is held given back, so that the record says exactly what was used. `None` when it does
    /// already. The tokens are not spent any more even if the draft is never written.
    pub fn settlement(&self, now: Timestamp) -> Option<Draft> {
        let draft = self.0.lock().draft_settlement(now)?;
        Some(Draft { pace: Arc::clone(&self.0), draft })
    }

    /// Does the record say anything else than what was used?
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.0.lock().book.unsettled
    }

    /// Is a lease held that had better be given back than lapse: one that no call needed for a while, or whose time
    /// is nearly over? Leases of a sole node do not lapse.
    #[must_use]
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.0.lock().is_idle(now)
    }

    /// How far the time that the limits have seen is ahead of `now`: for as long, nothing is refilled.
    #[must_use]
    pub fn ahead_of(&self, now: Timestamp) -> Duration {
        self.0.lock().time().since(now)
    }

    /// How many tokens are held.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.lock().pool.own
    }

    /// How the plan stands at `now`, as far as this node knows. Counts nothing.
    #[must_use]
    pub fn pace(&self, now: Timestamp) -> PaceSnapshot {
        self.0.snapshot(now)
    }

    /// How the plan stands, should the record be `recorded`. Changes nothing.
    #[must_use]
    pub fn pace_by(&self, recorded: Recorded, now: Timestamp) -> PaceSnapshot {
        let mut state = self.0.lock().clone();
        state.learn(recorded, now);
        state.snapshot(now)
    }
}

/// A call that the plan may allow, but for which no tokens are held.
#[derive(Debug)]
pub struct LeaseRequest {
    call: Call,
    lacking: Side,
}

impl LeaseRequest {
    pub(super) fn new(call: Call, lacking: Side) -> Self {
        Self { call, lacking }
    }

    /// The account that the lease is for: the agency's, or that of one of its routes.
    #[must_use]
    pub fn account(&self) -> Account {
        self.call.account(self.lacking)
    }

    /// What to write so that the call can be admitted. `None` when there is nothing to be had, or the call can do
    /// without: ask the gate again. Beside other nodes, the call counts from `now` on.
    pub fn draft(&self, now: Timestamp) -> Option<Draft> {
        let draft = self.call.draft(self.lacking, now)?;
        Some(Draft { pace: self.account().0, draft })
    }

    /// The draft is written: the call is admitted. `None` when the draft was not about tokens, the call needs others
    /// too, or something came between: ask the gate again.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a draft is granted once")]
    pub fn granted(&self, draft: Draft, now: Timestamp) -> Option<Permit> {
        self.call.granted(self.lacking, &draft.draft, now)
    }
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Subject { agency, route, .. } = &*self.subject;
        match route {
            Some(route) => write!(f, "Pace({agency}, {route})"),
            None => write!(f, "Pace({agency})"),
        }
    }
}
