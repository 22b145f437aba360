//! Screening: the one place where the texts of a request meet the engine.
//!
//! It stands between the schema and the use case. Before it a request is a booking or it is refused as none, so only
//! texts that may hold anything are left to look at (`texts`); behind it something is stored. Card data comes first,
//! because nothing that follows, not even a note of what was found, may hold a card's number.
//!
//! **A retry gets its original answer.** Rules and profiles change, and a booking that was taken yesterday may be refused
//! today. Its retry, under the same key, is owed the answer of then. So texts are looked at first, which costs the many
//! that pass nothing more, and only a request that would be refused asks the store whether it made its booking before
//! ([`Desk::booking_made_by`](skybridge_desk::Desk::booking_made_by)). The price is one read for each refusal.
//!
//! Nothing here waits: the engine is immutable, and the only locks are taken when something was found.

mod recent;
mod refuse;
mod report;
mod samples;
mod tally;
mod texts;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};
use skybridge_domain::booking::Details;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_domain::time::Timestamp;
use skybridge_gate::Caller;
use skybridge_screen::{
    Action, Crs, CrsReport, Exceptions, Mode, Overrun, Screen, Text, Verdict, builtin_rules, card_data,
};

pub(crate) use recent::Entry;
use recent::Recent;
use report::{FINDINGS_MAX, Finding};
pub(crate) use report::{Report, attach, of_outcome};
pub use samples::{Sample, SampleSink, SampledText};
use tally::Tally;
pub(crate) use texts::{BODY_TEXTS, KEY_INSPECTED_UNLESS, KEY_TEXT, QUERY_TEXTS};

use crate::problem::{Code, Refusal};

/// What becomes of what the signatures find. Card data is refused whatever is chosen here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signatures {
    /// Requests are refused, as the profile says.
    #[default]
    Block,
    /// Nobody is refused; it is only noted, logged and counted.
    Count,
    /// Texts are not looked at.
    Off,
}

impl Signatures {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Block, Self::Count, Self::Off];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Count => "count",
            Self::Off => "off",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signatures| signatures.name() == text)
    }
}

/// What the operator chose.
#[derive(Default)]
pub struct Terms {
    /// What becomes of findings.
    pub signatures: Signatures,
    /// What a refused caller is told to do, in place of [`Screening::ADVICE`].
    pub advice: Option<String>,
    /// Who takes samples of texts, if somebody does.
    pub samples: Option<Arc<dyn SampleSink>>,
    /// What became of each rule of the rule set, if one was read.
    pub rule_set: Option<CrsReport>,
}

/// The engine, and what is done with what it finds. One for the process, shared by both listeners.
pub struct Screening {
    screen: Screen,
    terms: Terms,
    tally: Tally,
    recent: Recent,
}

impl Default for Screening {
    /// The built-in rules and profile.
    fn default() -> Self {
        Self::new(Screen::new(skybridge_screen::Profile::default(), None), Terms::default())
    }
}

impl std::fmt::Debug for Screening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screening").field("signatures", &self.terms.signatures).finish_non_exhaustive()
    }
}

impl Screening {
    /// What a refused caller is told to do unless the operator words it otherwise.
    pub const ADVICE: &str = "If it is an honest booking, write it in other words, or tell the airline and quote this request's id.";

    /// Screening by `screen`, on `terms`. Cheap: the engine makes its automata when it first needs them, or when
    /// [`Screen::warm`] is called. Registers its metrics with the recorder that is installed now.
    #[must_use]
    pub fn new(screen: Screen, terms: Terms) -> Self {
        Self { screen, terms, tally: Tally::register(), recent: Recent::default() }
    }

    /// Is there a rule, or a family of rules, of that name?
    pub(crate) fn knows(&self, name: &str) -> bool {
        // Any number could be a rule of some rule set; of this one it is if it is there.
        let numbered = name.bytes().all(|byte| byte.is_ascii_digit());
        let loaded =
            || self.screen.crs().is_some_and(|crs| crs.rules().iter().any(|rule| rule.name.as_str() == name));
        Exceptions::named([name]).is_ok() && (!numbered || loaded())
    }

    /// What is loaded, for operators.
    pub(crate) fn described(&self) -> Value {
        let mut described = described(&self.screen, self.terms.rule_set.as_ref());
        described["signatures"] = json!(self.terms.signatures.name());
        described
    }

    /// What was found lately.
    pub(crate) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Looks at the free texts of a booking and at the key that names it. What was found but does not refuse the request
    /// is to be put on its answer ([`attach`]).
    pub(crate) fn look_at_booking(
        &self,
        details: &Details,
        key: Option<&IdempotencyKey>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<Arc<Report>>, Refusal> {
        self.look(texts::of_booking(details, key), caller, now)
    }

    /// Looks at the free texts of a query that chooses among bookings.
    pub(crate) fn look_at_query(
        &self,
        agency_reference: Option<&str>,
        cursor: Option<&str>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<Arc<Report>>, Refusal> {
        self.look(texts::of_query(agency_reference, cursor), caller, now)
    }

    fn look<'a>(
        &self,
        texts: impl Iterator<Item = Text<'a>> + Clone,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<Arc<Report>>, Refusal> {
        let cards = texts.clone().filter_map(|text| card_data(text.value).map(|found| (text, found)));
        if let Some(refusal) = refuse::cards(cards) {
            return Err(refusal);
        }
        if self.terms.signatures == Signatures::Off {
            return Ok(None);
        }
        let verdict = self.screen.inspect(texts.clone(), &exceptions(caller, now));
        self.sample(texts, &verdict, caller, now);
        self.judge(&verdict)
    }

    /// From the engine's verdict to ours.
    fn judge(&self, verdict: &Verdict) -> Result<Option<Arc<Report>>, Refusal> {
        if verdict.hits.is_empty() && !verdict.overrun {
            return Ok(None);
        }
        let counts_only = self.terms.signatures == Signatures::Count;
        let report = Arc::new(report(verdict, counts_only));
        if counts_only || verdict.action == Action::Pass {
            return Ok(Some(report));
        }
        Err(refuse::screened(report, self.terms.advice.as_deref().unwrap_or(Self::ADVICE)))
    }

    /// Counts what was found in a request, and remembers it for the operator.
    pub(crate) fn note(&self, entry: Entry, code: Option<Code>) {
        // For those who have no access log, as the function has none.
        tracing::info!(
            request_id = entry.request_id,
            agency = entry.agency,
            rules = entry.findings.labels(),
            places = entry.findings.places(),
            code = entry.code,
            "screening found something"
        );
        if code == Some(Code::CardData) {
            self.tally.count_card();
        } else {
            self.tally.count(&entry.findings, code.is_some());
        }
        self.recent.remember(entry);
    }

    fn sample<'a>(
        &self,
        texts: impl Iterator<Item = Text<'a>>,
        verdict: &Verdict,
        caller: &Caller,
        now: Timestamp,
    ) {
        let Some(sink) = &self.terms.samples else { return };
        if !verdict.hits.is_empty() || sink.wants() {
            sink.take(Sample::of(texts, verdict, caller.agency(), now));
        }
    }
}

/// What `screen` has loaded, for operators: `{"threshold":5,"rules":[…],…}`.
#[must_use]
pub fn described(screen: &Screen, rule_set: Option<&CrsReport>) -> Value {
    let profile = screen.profile();
    let own = builtin_rules().map(|rule| {
        json!({ "rule": rule.id, "family": rule.family.as_str(), "score": rule.score, "why": rule.why })
    });
    let read = screen.crs().map_or(&[][..], Crs::rules).iter().map(|rule| {
        let mode = if rule.misfires_on.is_some() { "count" } else { "block" };
        json!({ "rule": rule.name.as_str(), "family": "crs", "score": rule.score, "why": rule.message, "at_most": mode })
    });
    json!({
        "threshold": profile.threshold,
        "budget": { "bytes": profile.budget.bytes, "microseconds": profile.budget.time.as_micros() },
        "overrun": match profile.overrun { Overrun::Refuse => "refuse", Overrun::Count => "count" },
        "rules": own.chain(read).collect::<Vec<_>>(),
        "rule_set": rule_set.map(rule_set_described),
    })
}

/// What became of each rule of a rule set: every one is in exactly one list.
fn rule_set_described(report: &CrsReport) -> Value {
    let with_reason = |rules: &[(u32, String)]| -> Vec<Value> {
        rules.iter().map(|(id, why)| json!({ "rule": id, "why": why })).collect()
    };
    let above = report.above_level.iter().map(|(id, level)| json!({ "rule": id, "level": level }));
    let unreadable =
        report.unreadable.iter().map(|(file, line, why)| json!({ "file": file, "line": line, "why": why }));
    json!({
        "version": report.version,
        "paranoia": report.paranoia,
        "honoured": report.honoured,
        "only_counted": with_reason(&report.only_counted),
        "not_honoured": with_reason(&report.not_honoured),
        "above_level": above.collect::<Vec<_>>(),
        "unreadable": unreadable.collect::<Vec<_>>(),
        "missing_files": report.missing_files,
    })
}

/// What is not applied to the caller's texts. An agency without exceptions costs nothing. A rule that was excepted and is
/// not loaded any more is not applied anyway.
fn exceptions(caller: &Caller, now: Timestamp) -> Cow<'static, Exceptions> {
    if caller.exceptions().is_empty() {
        return Cow::Borrowed(Exceptions::NONE);
    }
    let held = caller.exceptions().iter().filter(|one| one.holds(now)).map(|one| one.rule.as_str());
    let loaded = held.filter(|name| Exceptions::named([*name]).is_ok());
    Cow::Owned(Exceptions::named(loaded).expect("each of them is known"))
}

fn report(verdict: &Verdict, counts_only: bool) -> Report {
    // What has a request refused comes first, so that what only counts cannot crowd it out.
    let (blocking, counting): (Vec<_>, Vec<_>) = verdict.hits.iter().partition(|hit| hit.mode == Mode::Block);
    let findings = blocking.into_iter().chain(counting).take(FINDINGS_MAX).map(|hit| Finding {
        rule: hit.rule.to_string(),
        family: hit.family.to_string(),
        mode: if counts_only { "count" } else { hit.mode.as_str() },
        score: hit.score,
        field: hit.field.as_str(),
        place: hit.pointer.clone(),
        excerpt: hit.excerpt.clone(),
    });
    Report { findings: findings.collect(), overrun: verdict.overrun }
}
