//! What a node keeps in mind about an agency besides the bucket: how it stands with the record, and what it took.

use std::sync::Arc;

use skybridge_domain::time::Timestamp;

use super::load::Load;
use super::marks::Marks;
use super::node::Node;

/// This node, and when it began.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) node: Node,
    /// Whatever a former run of this node spent, it spent before.
    pub(super) began: u64,
    /// What the node has taken on.
    pub(crate) load: Load,
}

impl Post {
    pub(crate) fn new(node: Node, now: Timestamp) -> Self {
        Self { began: now.as_nanos(), load: Load::new(node.capacity), node }
    }
}

/// How things stand between this node and the record.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) post: Arc<Post>,
    /// The version of the record that the pool follows from; `None` when the record has to be read.
    pub(super) version: Option<u64>,
    /// When the record was read or written last.
    pub(super) learned_at: u64,
    /// Until when there is nothing to be had of the bucket, as far as is known, and who asks is told when.
    pub(super) dry: Option<Dry>,
    /// Counts what voids leases: another plan, another quota window, giving back. Tokens taken before are given back.
    pub(super) generation: u64,
    /// What is known of this node's share in the record.
    pub(super) marks: Marks,
    /// How much was taken last, when, and how much had been spent by then: what demand is measured by.
    pub(super) last_take: LastTake,
    /// What had been spent, and when, as of the last look for idle leases that found it changed, or the last taking.
    pub(super) needed: (u64, u64),
    /// No renewal is worth while before this moment.
    pub(super) renew_from: u64,
    /// Does the record say anything else than what was used? Taken back only once one that does not is written.
    pub(super) unsettled: bool,
}

/// What is known of a bucket that has nothing for now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dry {
    /// Not before this moment the store is asked again.
    pub(super) until: u64,
    /// When there is something again, should nobody give anything back; if that cannot be said, when this node looks
    /// again. It is what callers are told.
    pub(super) told: u64,
    /// How many tokens there are then.
    pub(super) tokens: u64,
    /// How many were too many now. Who needs fewer may find them.
    pub(super) least: u64,
}

/// The last taking.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LastTake {
    pub(super) at: u64,
    /// What was aimed at; there may not have been so much.
    pub(super) aim: u64,
    /// What was held right after it.
    pub(super) size: u64,
    pub(super) spent: u64,
    /// What the waiting call took of it, where that is not counted in what is spent.
    pub(super) paid: u64,
}

impl Book {
    pub(super) fn new(post: Arc<Post>) -> Self {
        Self {
            post,
            version: None,
            learned_at: 0,
            dry: None,
            generation: 0,
            marks: Marks::default(),
            last_take: LastTake::default(),
            needed: (0, 0),
            renew_from: 0,
            unsettled: false,
        }
    }
}
