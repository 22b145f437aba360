//! Which of a node's writes of a record took place.
//!
//! A write whose outcome is unknown may take place even later: until the record has another version than the one that
//! it replaces. So all attempts are remembered until then, and the serial number of the share that stands in the
//! record tells which one it was.

use skybridge_domain::plan::QuotaWindow;

use super::bucket::Share;

/// How many attempts on one version are remembered. Many fail in a row only while the store is away; should one of
/// those forgotten take place after all, what it took counts as spent.
const PENDING_MAX: usize = 16;

/// A share as this node wrote it, and how things stood here then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) serial: u64,
    pub(super) tokens: u64,
    /// What had been spent by then: the difference to now came out of this share.
    pub(super) spent: u64,
    pub(super) generation: u64,
    /// The quota's window that the tokens are counted in, if they are counted.
    pub(super) window: Option<QuotaWindow>,
}

/// What is known of this node's share in the record.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// Counts attempts to write.
    serial: u64,
    /// The last one that is known to have taken place.
    recorded: Option<Mark>,
    /// Attempts on the version that is known, of which one may have taken place, or may yet.
    pending: Vec<Mark>,
}

impl Marks {
    /// The number of the next attempt.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Did this run ever try to write?
    pub(super) fn ever_tried(&self) -> bool {
        self.serial > 0
    }

    /// An attempt begins.
    pub(super) fn attempt(&mut self, mark: Mark) {
        if self.pending.len() == PENDING_MAX {
            self.pending.remove(0);
        }
        self.pending.push(mark);
    }

    /// Is it open whether an attempt took place?
    pub(super) fn is_open(&self) -> bool {
        !self.pending.is_empty()
    }

    /// An attempt took place; so none of the others on that version did. `false` if that is known already.
    pub(super) fn written(&mut self, serial: u64) -> bool {
        let written = self.pending.iter().find(|mark| mark.serial == serial).copied();
        if written.is_some() {
            self.recorded = written;
            self.pending.clear();
        }
        written.is_some()
    }

    /// The record has another version, and `share` in it. Returns the attempt that it is of, if that can be told.
    pub(super) fn found(&mut self, share: Option<&Share>) -> Option<Mark> {
        let pending = std::mem::take(&mut self.pending);
        self.recorded = match share {
            Some(share) => pending.into_iter().chain(self.recorded).find(|mark| mark.serial == share.serial),
            // It lapsed, and another dropped it. If anything was open, it cannot be told what the share was then, and
            // what of the quota was given back already.
            None => self.recorded.filter(|_| pending.is_empty()),
        };
        self.recorded
    }

    /// Nothing of this node's is in the record any more.
    pub(super) fn cleared(&mut self) {
        self.recorded = None;
    }
}
