//! The bucket that all nodes share: an agency's record in the store.
//!
//! A plan's rate and burst are one bucket, kept as GCRA keeps it: `tat` is the moment at which the bucket is full
//! again, and its distance from now, the **debt**, is an interval (I) for each call that has not been refilled. A
//! call fits if the debt is at most `fill`, burst times I, with it.
//!
//! Nodes take **leases** out of it: tokens that one conditional write moves from the bucket to a node, which spends
//! them from memory. The record names for each node what it held when it last wrote ([`Share`]). A taken token is
//! debt from then on; but *the debt of tokens that are held does not drain*, until the node writes that they are
//! spent, or they lapse. So with `H` tokens held in all:
//!
//! ```text
//! debt(now) = max(tat - now, H * I)
//! ```
//!
//! | what happens | what the record does |
//! |---|---|
//! | time passes | `tat` becomes at least `now + H * I` |
//! | a node takes `k` | `tat += k * I`, its share grows by `k`; only if the debt is then at most `fill` |
//! | a node says that it spent `s` | its share shrinks by `s`: that debt drains from now on |
//! | a node gives back `u` | its share shrinks by `u`, `tat -= u * I` |
//! | a share's time is over | it counts as spent at that moment |
//!
//! # Why the plan holds
//!
//! Let `G` be the debt of the calls that were really admitted, on all nodes together, as an all-knowing GCRA would
//! keep it, and `h <= H` the tokens that are really still held. Then always **`G + h * I <= debt`**:
//!
//! - A call out of a lease adds I to `G` and takes it from `h * I`. Taking and giving back change both sides alike;
//!   saying what was spent changes neither.
//! - Time: while `G > 0` the left side falls as fast as time passes, and the right never faster. When `G = 0` the left
//!   side is `h * I`, and the right at least `H * I`.
//! - A share that lapsed is not spent any more, so `h` falls at once; the right side only begins to drain.
//!
//! As nothing is taken unless `debt <= fill` then, and in between the left side never grows, `G <= fill` at every
//! call: the calls of all nodes together are just what one gate with this plan would have admitted, in any window at
//! most `burst + rate * window`.
//!
//! **A node that is alone** on the record may take tokens beyond `fill`, a second of the rate at most: it knows `G`
//! itself, exactly, and admits a call only if `G` is at most `fill` with it. Nobody else can take anything before the
//! debt, with all that it holds, is at most `fill` again; so what holds for many holds when a second node comes. That
//! is how a sole node costs one write for many calls even if the plan's burst is 1.
//!
//! **A call that has to wait for its lease** counts from when it asked: of nodes that share, its own token is written
//! down as spent at once. Otherwise every slow plan would have its bucket full of tokens that are held by nobody.
//!
//! **Clocks** that are apart by `e` can see more drained than is, by `e`; in any window that is at most `rate * e`
//! calls more. Time in the record never goes back, so it follows the fastest clock, and `e` counts once.
//!
//! # The quota
//!
//! Taken tokens are counted in `quota_reserved` at once, and what is given back is taken off. A share that lapsed by
//! time stays counted until its node, should it still be there, writes what it did not spend. So the quota is never
//! exceeded, whatever the clocks say; what dead nodes held of it is lost, at most a hundredth of what was left.

use std::sync::Arc;

use skybridge_domain::time::Timestamp;

/// What is durable of how much an agency has used: its record in the store, field for field.
///
/// Kept as plain numbers so that any store can hold it. Moments are nanoseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The latest moment that any node had seen when this was written.
    pub seen: Timestamp,
    /// When the bucket is full again (GCRA's theoretical arrival time), all held tokens counted.
    pub tat: Timestamp,
    /// Nanoseconds per call that `tat` was computed with: the plan may be another when this is read.
    pub interval_nanos: u64,
    /// The quota's window that `quota_reserved` belongs to; start and end are equal if there never was a quota.
    pub quota_window_start: Timestamp,
    /// Its end.
    pub quota_window_end: Timestamp,
    /// How much of the window's quota counts as used, all held tokens included.
    pub quota_reserved: u64,
    /// What nodes hold, at most [`Bucket::SHARES_MAX`]. Written and renewed by the node that it names, dropped by
    /// whoever writes when its time is over.
    pub shares: Vec<Share>,
}

impl Bucket {
    /// How many nodes can hold tokens of one agency at a time. A node that finds the list full takes no lease, but
    /// one token for one call.
    pub const SHARES_MAX: usize = 64;
}

/// What one node holds of a bucket, as of its own last write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The name of the node.
    pub node: Arc<str>,
    /// Counts the node's attempts to write this record, so that it finds out which of them took place.
    pub serial: u64,
    /// Tokens that it had not spent.
    pub tokens: u64,
    /// Until when it may spend them.
    pub until: Timestamp,
}

/// An agency's record as it was found in the store.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The record's version; 0 if there is no record.
    pub version: u64,
    /// What it says; `None` if there is no record.
    pub bucket: Option<Bucket>,
}
