//! Rules and families that are switched off for one agency.

use crate::{Family, RuleId, UnknownRule, rules};

/// What is not looked for in one agency's requests. Empty for nearly all, and then it costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions {
    rules: Vec<RuleId>,
    families: Vec<Family>,
}

impl Exceptions {
    /// None: every rule of the profile applies.
    pub const NONE: &'static Self = &Self { rules: Vec::new(), families: Vec::new() };

    /// The exceptions of these names, each a rule (`sql-union-select`, or the number of a rule of CRS) or a family
    /// (`sql`).
    ///
    /// # Errors
    ///
    /// If a name is neither.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownRule> {
        let mut exceptions = Self::default();
        for name in names {
            match Family::named(name) {
                Some(family) => exceptions.families.push(family),
                None => exceptions.rules.push(rules::id_named(name)?),
            }
        }
        Ok(exceptions)
    }

    pub(crate) fn cover(&self, rule: &RuleId, family: Family) -> bool {
        self.families.contains(&family) || self.rules.contains(rule)
    }
}
