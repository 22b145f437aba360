//! Building everything before the first request, and proving that it works.

use std::time::Duration;

use crate::engine::{Engine, Rule};
use crate::{CanaryFailure, Exceptions, Family, Field, Pointer, Profile, RuleId, Screen, Text};

/// What does not work although it is compiled in: the program must not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarmFailure {
    /// A rule does not match a text that it is there for.
    #[error("rule {rule} does not catch its example {example:?}")]
    Misses {
        /// The rule.
        rule: RuleId,
        /// The text.
        example: String,
    },
    /// A rule matches a text that it must let pass.
    #[error("rule {rule} catches the honest text {example:?}")]
    Catches {
        /// The rule.
        rule: RuleId,
        /// The text.
        example: String,
    },
    /// A family has no example that is refused by the default profile.
    #[error("no example of the family {0} is refused")]
    Family(Family),
    /// The directory of CRS does not do what it is for.
    #[error(transparent)]
    Crs(#[from] CanaryFailure),
}

impl Screen {
    /// Builds the automata, fills their caches and tries every rule on its examples and every family on its canary.
    /// Takes some tens of milliseconds the first time.
    ///
    /// # Errors
    ///
    /// If a rule does not do what its examples say, or a family refuses nothing.
    pub fn warm(&self) -> Result<(), WarmFailure> {
        if let Some(crs) = &self.crs {
            crs.self_test()?;
        }
        let engine = Engine::get();
        engine.anchors.make_fast();
        for rule in &engine.rules {
            let matches = |example: &String| finds(rule, example);
            let text = rule.text;
            if let Some(example) = text.catches.iter().find(|example| !matches(example)) {
                return Err(WarmFailure::Misses { rule: rule.id.clone(), example: example.clone() });
            }
            if let Some(example) = text.passes.iter().find(|example| matches(example)) {
                return Err(WarmFailure::Catches { rule: rule.id.clone(), example: example.clone() });
            }
        }
        let default = Self::new(unhurried(), None);
        let refuses = |family: Family| {
            engine
                .rules
                .iter()
                .filter(|rule| rule.family() == family)
                .flat_map(|rule| &rule.text.catches)
                .any(|example| default.inspect([remark(example)], Exceptions::NONE).is_blocked())
        };
        match Family::ALL.into_iter().filter(|family| *family != Family::Crs).find(|family| !refuses(*family))
        {
            Some(family) => Err(WarmFailure::Family(family)),
            None => Ok(()),
        }
    }

    /// Bytes of the tables that are built whole, without the patterns of the rules and their caches.
    #[must_use]
    pub fn tables_bytes() -> usize {
        Engine::get().anchors.memory()
    }
}

/// The default without a limit of time: automata are being built here, perhaps on a machine that is busy starting.
fn unhurried() -> Profile {
    let mut profile = Profile::default();
    profile.budget.time = Duration::MAX;
    profile
}

/// Whether the rule matches some view of the text, and has an anchor in it.
fn finds(rule: &Rule, text: &str) -> bool {
    let mut profile = unhurried();
    // No other rule may end the search before this one is asked, nor may it go unasked.
    profile.threshold = if rule.asks_libinjection() { 1 } else { u8::MAX };
    let everything = Screen::new(profile, None);
    everything.inspect([remark(text)], Exceptions::NONE).hits.iter().any(|hit| hit.rule == rule.id)
}

fn remark(value: &str) -> Text<'_> {
    Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value }
}
