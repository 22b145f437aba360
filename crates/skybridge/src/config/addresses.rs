//! The `[screening.addresses]` section: lists of networks, rules on rates, penalties.

use std::path::PathBuf;
use std::time::Duration;

use skybridge_gate::{AddressTerms, Counted, PenaltyTerms, RateRule, ScreenMode};

use super::{Fault, Reader};
use crate::duration;

/// The section.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    pub(crate) terms: AddressTerms,
    pub(crate) files: AddressFiles,
}

/// The files that list networks; `None` where there is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct AddressFiles {
    pub(crate) block: Option<PathBuf>,
    pub(crate) allow: Option<PathBuf>,
}

impl AddressFiles {
    /// Is any named?
    pub(crate) fn are_named(&self) -> bool {
        self.block.is_some() || self.allow.is_some()
    }
}

const MODES: &str = "\"block\", \"count\" or \"off\"";

/// Reads the section; of the proxies, [`http.trusted_proxies`](super::Http::trusted_proxies) knows.
pub(super) fn read(reader: &mut Reader<'_>) -> Addresses {
    let terms = AddressTerms {
        lists: reader.take("screening.addresses.lists", ScreenMode::parse, MODES),
        rate: reader.take("screening.addresses.rate", ScreenMode::parse, MODES),
        counted: reader.take("screening.addresses.rate_counts", counted, "\"strangers\" or \"everybody\""),
        rules: reader.take(
            "screening.addresses.rate_limits",
            rules,
            "a list of 1 to 4 rules such as [\"6000/60s\"]: 10 to 100000000 requests in 10s to 10m",
        ),
        penalties: penalties(reader),
        proxies: Vec::new(),
    };
    let file = "the path of a file, or empty";
    let files = AddressFiles {
        block: reader.take("screening.addresses.block_file", path, file),
        allow: reader.take("screening.addresses.allow_file", path, file),
    };
    Addresses { terms, files }
}

fn penalties(reader: &mut Reader<'_>) -> PenaltyTerms {
    let penalties = PenaltyTerms {
        first: reader.duration("screening.addresses.penalty"),
        longest: reader.duration("screening.addresses.penalty_max"),
        memory: reader.duration("screening.addresses.penalty_memory"),
    };
    if penalties.first > penalties.longest || penalties.longest > Duration::from_secs(7 * 86_400) {
        let key = "screening.addresses.penalty_max";
        let entry = reader.layers.get(key);
        reader.faults.push(Fault::WrongValue {
            key: key.to_owned(),
            origin: entry.source.clone(),
            given: format!("{:?}", entry.text),
            wanted: "at least as long as screening.addresses.penalty, and at most 7d".to_owned(),
        });
    }
    penalties
}

fn counted(text: &str) -> Option<Counted> {
    match text {
        "strangers" => Some(Counted::Strangers),
        "everybody" => Some(Counted::Everybody),
        _ => None,
    }
}

fn rules(text: &str) -> Option<Vec<RateRule>> {
    let rules: Vec<RateRule> = text.split(',').map(|rule| rule_of(rule.trim())).collect::<Option<_>>()?;
    (rules.len() <= AddressTerms::RULES_MAX).then_some(rules)
}

fn rule_of(text: &str) -> Option<RateRule> {
    let (limit, window) = text.split_once('/')?;
    RateRule::new(limit.trim().parse().ok()?, duration::parse(window).ok()?).ok()
}

fn path(text: &str) -> Option<Option<PathBuf>> {
    Some((!text.is_empty()).then(|| PathBuf::from(text)))
}
