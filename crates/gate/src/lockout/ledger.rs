//! The accounts of one kind, in order of what they owe.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use skybridge_domain::time::Timestamp;

use super::LockoutTerms;

/// Accounts by holder. An account is the moment at which it is whole again, in nanoseconds.
#[derive(Debug)]
pub(super) struct Ledger<K> {
    accounts: HashMap<K, u64>,
    /// The same, the one that owes least first: what may be forgotten is found without a search.
    by_moment: BTreeSet<(u64, K)>,
    /// Shared by those for whom there is no room.
    others: u64,
    interval: u64,
    failures: u64,
    room: usize,
}

impl<K: Copy + Eq + Hash + Ord> Ledger<K> {
    pub(super) fn new(terms: LockoutTerms, room: usize) -> Self {
        Self {
            accounts: HashMap::new(),
            by_moment: BTreeSet::new(),
            others: 0,
            interval: u64::try_from(terms.refill.as_nanos()).unwrap_or(u64::MAX).max(1),
            failures: u64::from(terms.failures.max(1)),
            room,
        }
    }

    /// Until when the holder's account is closed; `None` if it takes a failure now.
    pub(super) fn closed_until(&self, holder: &K, now: Timestamp) -> Option<Timestamp> {
        let account = match self.accounts.get(holder) {
            Some(account) => *account,
            None if self.has_room(now) => return None,
            None => self.others,
        };
        let opens = self.within_reach(account, now).saturating_sub(self.tolerance());
        (opens > now.as_nanos()).then(|| Timestamp::from_nanos(opens))
    }

    /// Charges one failure to the holder, whose account is not closed.
    pub(super) fn charge(&mut self, holder: K, now: Timestamp) {
        let standing = self.accounts.get(&holder).copied();
        if standing.is_none() && !self.make_room(now) {
            self.others = self.charged(self.others, now);
            return;
        }
        if let Some(account) = standing {
            self.by_moment.remove(&(account, holder));
        }
        let account = self.charged(standing.unwrap_or(0), now);
        self.accounts.insert(holder, account);
        self.by_moment.insert((account, holder));
    }

    /// Forgets the holder's failures. Gives whether there were any.
    pub(super) fn forget(&mut self, holder: &K, now: Timestamp) -> bool {
        let Some(account) = self.accounts.remove(holder) else { return false };
        self.by_moment.remove(&(account, *holder));
        account > now.as_nanos()
    }

    fn charged(&self, account: u64, now: Timestamp) -> u64 {
        self.within_reach(account, now).max(now.as_nanos()).saturating_add(self.interval)
    }

    /// No account can owe more than all of its failures at once; one that does was written by a clock that has
    /// stepped back since, and would be closed for as long.
    fn within_reach(&self, account: u64, now: Timestamp) -> u64 {
        account.min(now.as_nanos().saturating_add(self.interval.saturating_mul(self.failures)))
    }

    /// How far ahead of the present an account may be and still take a failure.
    fn tolerance(&self) -> u64 {
        self.interval.saturating_mul(self.failures - 1)
    }

    fn has_room(&self, now: Timestamp) -> bool {
        self.accounts.len() < self.room || self.forgettable(now).is_some()
    }

    /// The account that owes least, unless it is closed.
    fn forgettable(&self, now: Timestamp) -> Option<(u64, K)> {
        let (account, holder) = *self.by_moment.first()?;
        let open = account.saturating_sub(self.tolerance()) <= now.as_nanos();
        open.then_some((account, holder))
    }

    fn make_room(&mut self, now: Timestamp) -> bool {
        if self.accounts.len() < self.room {
            return true;
        }
        let Some(least) = self.forgettable(now) else { return false };
        self.by_moment.remove(&least);
        self.accounts.remove(&least.1);
        true
    }
}
