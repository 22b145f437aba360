//! Reading a profile from TOML.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::{Mode, Overrun, Profile};
use crate::{Budget, Family, Field, rules};

/// Why a text is no profile. Every message names what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum InvalidProfile {
    /// It is no TOML, or has a key or a value that profiles do not have.
    #[error("the profile cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A rule that does not exist.
    #[error("[rules] names {0:?}, which is no rule; `skybridge screen rules` lists them")]
    Rule(String),
    /// A family that does not exist.
    #[error("[families] names {0:?}; there are {known}", known = names(Family::ALL.map(Family::as_str)))]
    Family(String),
    /// A kind of field that does not exist.
    #[error("[fields] names {0:?}; there are {known}", known = names(Field::ALL.map(Field::as_str)))]
    Field(String),
    /// A threshold that every text reaches.
    #[error("threshold must be at least 1: at 0 every text would be refused")]
    Threshold,
    /// A budget in which nothing can be read.
    #[error("budget.{0} must be at least 1: at 0 no text could be read")]
    Budget(&'static str),
}

fn names<const N: usize>(names: [&str; N]) -> String {
    names.join(", ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileText {
    mode: Option<Mode>,
    threshold: Option<u8>,
    overrun: Option<Overrun>,
    #[serde(default)]
    budget: BudgetText,
    #[serde(default)]
    rules: BTreeMap<String, Mode>,
    #[serde(default)]
    families: BTreeMap<String, Mode>,
    #[serde(default)]
    fields: BTreeMap<String, Mode>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetText {
    bytes: Option<usize>,
    time_us: Option<u64>,
}

impl Profile {
    /// The profile of this text; what it does not mention is as in the default.
    ///
    /// # Errors
    ///
    /// If the text is no TOML, or names a rule, family, field, mode or key that does not exist.
    pub fn parse(text: &str) -> Result<Self, InvalidProfile> {
        let text: ProfileText = toml::from_str(text)?;
        let default = Self::default();
        let threshold = text.threshold.unwrap_or(default.threshold);
        if threshold == 0 {
            return Err(InvalidProfile::Threshold);
        }
        Ok(Self {
            mode: text.mode.unwrap_or(default.mode),
            threshold,
            budget: budget(&text.budget)?,
            overrun: text.overrun.unwrap_or(default.overrun),
            rules: named(text.rules, |name| rules::id_named(name).ok(), InvalidProfile::Rule)?,
            families: named(text.families, Family::named, InvalidProfile::Family)?,
            fields: named(text.fields, Field::named, InvalidProfile::Field)?,
        })
    }
}

fn budget(text: &BudgetText) -> Result<Budget, InvalidProfile> {
    let default = Budget::default();
    match (text.bytes, text.time_us) {
        (Some(0), _) => Err(InvalidProfile::Budget("bytes")),
        (_, Some(0)) => Err(InvalidProfile::Budget("time_us")),
        (bytes, time_us) => Ok(Budget {
            bytes: bytes.unwrap_or(default.bytes),
            time: time_us.map_or(default.time, Duration::from_micros),
        }),
    }
}

/// The modes with the things that their names stand for.
fn named<T: Ord>(
    modes: BTreeMap<String, Mode>,
    find: impl Fn(&str) -> Option<T>,
    unknown: impl Fn(String) -> InvalidProfile,
) -> Result<BTreeMap<T, Mode>, InvalidProfile> {
    modes
        .into_iter()
        .map(|(name, mode)| match find(&name) {
            Some(found) => Ok((found, mode)),
            None => Err(unknown(name)),
        })
        .collect()
}
