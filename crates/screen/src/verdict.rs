//! What the screen says of a request.

use crate::{Family, Field, Mode, RuleId};

/// What is to be done with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Let it in. There may be hits all the same: counted ones, or too few for the threshold.
    Pass,
    /// Refuse it.
    Block,
}

/// What the screen found in the texts of one request.
#[derive(Debug)]
pub struct Verdict {
    /// What is to be done.
    pub action: Action,
    /// The rules that matched, in the order they were found; empty (and not allocated) for nearly every honest
    /// request. Once a text is to be refused nothing further is looked at, so these are not all that could be found.
    pub hits: Vec<Hit>,
    /// The budget ended before all texts were read. The profile says whether that refuses the request, and `action`
    /// has it already.
    pub overrun: bool,
}

impl Verdict {
    pub(crate) const fn pass() -> Self {
        Self { action: Action::Pass, hits: Vec::new(), overrun: false }
    }

    /// Whether the request is to be refused.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.action == Action::Block
    }
}

/// One rule that matched one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which rule.
    pub rule: RuleId,
    /// Its family.
    pub family: Family,
    /// What the profile does with it in this field: `Block` adds its score, `Count` only tells.
    pub mode: Mode,
    /// What it adds towards the threshold.
    pub score: u8,
    /// The kind of field.
    pub field: Field,
    /// Where the text stands in the request.
    pub pointer: String,
    /// The shape of what matched, with every letter and digit masked but the rule's own words: safe to log.
    pub excerpt: String,
}
