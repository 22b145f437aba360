//! What is done with what is found: modes by rule, family and field, the threshold, the budget.

mod parse;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Budget, Family, Field, RuleId};

pub use parse::InvalidProfile;

/// What is done when a rule matches. The order is that of strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is not looked for.
    Off,
    /// It is told in the verdict, and adds nothing towards the threshold.
    Count,
    /// Its score counts towards the threshold.
    Block,
}

impl Mode {
    /// The name in profiles, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Count => "count",
            Self::Block => "block",
        }
    }
}

/// What is done with a request whose texts could not all be read within the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overrun {
    /// It is refused.
    Refuse,
    /// It is let in and told of.
    Count,
}

/// How strict a [`crate::Screen`] is.
///
/// A rule's mode is its own where the profile names it, else its family's, else `Block`; and never stricter than the
/// mode of the field, nor than the profile's own. The default blocks everything everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The strictest mode of all.
    pub mode: Mode,
    /// The sum of the scores in one text from which on it is refused.
    pub threshold: u8,
    /// How much is looked at.
    pub budget: Budget,
    /// What happens when that was not enough.
    pub overrun: Overrun,
    rules: BTreeMap<RuleId, Mode>,
    families: BTreeMap<Family, Mode>,
    fields: BTreeMap<Field, Mode>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            mode: Mode::Block,
            threshold: 5,
            budget: Budget::default(),
            overrun: Overrun::Refuse,
            rules: BTreeMap::new(),
            families: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// What is done when `rule` of `family` matches a text in `field`.
    #[must_use]
    pub fn mode_of(&self, rule: &RuleId, family: Family, field: Field) -> Mode {
        let own = self.rules.get(rule).or_else(|| self.families.get(&family)).copied().unwrap_or(Mode::Block);
        own.min(self.mode_in(field))
    }

    /// Whether the profile says what is to be done with this very rule.
    pub(crate) fn names(&self, rule: &RuleId) -> bool {
        self.rules.contains_key(rule)
    }

    /// The strictest mode in this kind of field.
    #[must_use]
    pub fn mode_in(&self, field: Field) -> Mode {
        self.fields.get(&field).copied().unwrap_or(Mode::Block).min(self.mode)
    }

    /// The same profile, nowhere stricter than `mode`.
    #[must_use]
    pub fn at_most(mut self, mode: Mode) -> Self {
        self.mode = self.mode.min(mode);
        self
    }
}

#[cfg(test)]
mod tests;
