//! Letting a call in: the gate decides, and the records that nodes share leases by are read and written here.
//!
//! The gate admits calls out of a lease: tokens that the agency's record counts as used already. When a lease is used
//! up, one caller of the agency takes the next while the others of that agency wait for it; most calls meet a lease
//! with something left and touch no storage. Nothing is read before an agency's first call.
//!
//! When the store is away, calls go on out of what is held, until it is spent or lapses. That is told once in the
//! log, and by the gauge `skybridge_limits_store_away` for as long as it lasts.

mod leases;
mod record;
mod report;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::operation::Operation;
use skybridge_gate::{Account, Admission, Caller, LeaseRequest, Overloaded, PaceSnapshot, Permit, Refused};
use skybridge_store::StoreError;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::Desk;
pub(crate) use leases::Leases;
use leases::Written;

/// Why a call was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The process carries no more calls now.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The plan does not allow it now.
    #[error("the plan does not allow the call")]
    Refused(Refused),
    /// No lease could be taken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How an agency's plan stands.
#[derive(Debug, Clone)]
pub struct Usage {
    /// The limits of the whole plan.
    pub plan: PaceSnapshot,
    /// What the plan says of routes, in order of their operations.
    pub routes: Vec<RouteUsage>,
}

/// What a plan says of a route, and how that stands.
#[derive(Debug, Clone)]
pub struct RouteUsage {
    /// The route's operation.
    pub operation: Operation,
    /// How many calls one counts as.
    pub cost: u32,
    /// The limits of the route's own, if it has any.
    pub own: Option<PaceSnapshot>,
}

/// One turn per agency: whoever holds it reads and writes its records. Grows with the agencies, never beyond them.
#[derive(Default)]
pub(crate) struct Turns {
    by_agency: Mutex<HashMap<AgencyName, Arc<AsyncMutex<()>>>>,
}

impl Turns {
    async fn take(&self, agency: &AgencyName) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.by_agency.lock().unwrap_or_else(PoisonError::into_inner);
            match turns.get(agency) {
                Some(turn) => Arc::clone(turn),
                None => Arc::clone(turns.entry(agency.clone()).or_default()),
            }
        };
        turn.lock_owned().await
    }

    /// The agencies that anybody had the turn of: all whose records this process may have written.
    fn taken(&self) -> Vec<AgencyName> {
        self.by_agency.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

/// How often one call goes for a lease. It is seldom more than two or three times, and each time another node of
/// those that share the store got one.
const ROUNDS_MAX: usize = 32;

impl Desk {
    /// Asks for one call of `operation` by `caller`: rate, burst, quota and calls in flight, and what the plan says of
    /// the route, in one step.
    ///
    /// # Errors
    /// When the process or the plan does not allow it (it then counts against nothing), or no lease could be taken.
    pub async fn admit(&self, caller: &Caller, operation: &Operation) -> Result<Permit, AdmissionError> {
        let now = self.clock.now();
        self.gate.room_for(caller, now)?;
        match self.gate.admit(caller, operation, now) {
            Admission::Admitted(permit) => {
                for account in permit.renewals_due() {
                    self.leases.renew_ahead(account);
                }
                Ok(permit)
            }
            Admission::Refused(refused) => Err(AdmissionError::Refused(refused)),
            Admission::LeaseNeeded(_) => self.admit_in_turn(caller, operation).await,
        }
    }

    async fn admit_in_turn(&self, caller: &Caller, operation: &Operation) -> Result<Permit, AdmissionError> {
        let begun = self.clock.now();
        let _turn = self.leases.turns.take(caller.agency()).await;
        for _ in 0..ROUNDS_MAX {
            // Whoever had the turn before may have taken a lease that is enough for this call too.
            match self.gate.admit(caller, operation, self.clock.now()) {
                Admission::Admitted(permit) => return Ok(permit),
                Admission::Refused(refused) => return Err(AdmissionError::Refused(refused)),
                Admission::LeaseNeeded(request) => {
                    // Who waited behind others for a store that is not there does not wait for it once more.
                    self.leases.in_patience(begun)?;
                    if let Some(permit) = self.take_lease(&request).await? {
                        return Ok(permit);
                    }
                }
            }
        }
        Err(StoreError::Overloaded.into())
    }

    /// Tries once to take a lease for the call. `None`: the gate knows more now, and is to be asked again.
    async fn take_lease(&self, request: &LeaseRequest) -> Result<Option<Permit>, StoreError> {
        let account = request.account();
        self.leases.bring_up_to_date(&account).await?;
        let Some(draft) = request.draft(self.clock.now()) else { return Ok(None) };
        match self.leases.write(&account, &draft).await? {
            Written::Yes => Ok(request.granted(draft, self.clock.now())),
            Written::No => Ok(None),
        }
    }

    /// Gives back all that this process holds, so that records say exactly what was used. For a graceful stop; a call
    /// that is let in meanwhile, because it outlasted the drain, takes a lease as ever.
    ///
    /// # Errors
    /// When the store does not take it. Nothing is granted twice then either: what is on record counts more as
    /// used, not less.
    pub async fn settle_limits(&self) -> Result<(), StoreError> {
        self.leases.settle(self.accounts_where(Account::is_unsettled)).await
    }

    /// Gives back leases that no call needed for some seconds, or whose time is nearly over, so that other nodes can
    /// have them. A server calls it about every second; a function can leave it to its leases' lapsing. Nothing
    /// lapses in a store of one machine, and nothing is done there.
    ///
    /// # Errors
    /// When the store does not take it; then they lapse.
    pub async fn return_idle_leases(&self) -> Result<(), StoreError> {
        if !self.gate.node().shares() {
            return Ok(());
        }
        let now = self.clock.now();
        self.leases.settle(self.accounts_where(|account| account.is_idle(now))).await
    }

    /// How far the limits of any agency that called here are ahead of this machine's clock: some node's clock was, or
    /// this one was set back. They stand still for so long. Nothing is read for it.
    #[must_use]
    pub fn limits_ahead(&self) -> Duration {
        let now = self.clock.now();
        let accounts = self.accounts_where(|_| true);
        accounts.iter().map(|account| account.ahead_of(now)).max().unwrap_or_default()
    }

    fn accounts_where(&self, fits: impl Fn(&Account) -> bool) -> Vec<Account> {
        let taken = self.leases.turns.taken();
        taken.iter().flat_map(|agency| self.gate.accounts(agency)).filter(|account| fits(account)).collect()
    }

    /// How the agency's plan stands; `None` if there is no such agency. Where nodes share the store it is read there,
    /// so it is what all of them used and hold; a sole process knows it, once it has read the record.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn usage(&self, agency: &AgencyName) -> Result<Option<Usage>, StoreError> {
        let Some(account) = self.gate.account(agency) else { return Ok(None) };
        let plan = self.pace_of(&account).await?;
        let mut routes = Vec::new();
        for rule in self.gate.rules_of(agency) {
            let own = match &rule.account {
                Some(account) => Some(self.pace_of(account).await?),
                None => None,
            };
            routes.push(RouteUsage { operation: rule.operation, cost: rule.cost, own });
        }
        Ok(Some(Usage { plan, routes }))
    }

    async fn pace_of(&self, account: &Account) -> Result<PaceSnapshot, StoreError> {
        if self.gate.node().shares() || account.must_read() {
            let recorded = self.leases.read(account).await?;
            return Ok(account.pace_by(recorded, self.clock.now()));
        }
        Ok(account.pace(self.clock.now()))
    }
}
