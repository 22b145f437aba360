//! The rules, ready to search: anchors for all of them, and each rule's patterns from the first time they are needed.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

use crate::anchors::{Anchors, RuleSet};
use crate::budget::Meter;
use crate::rules::{self, Detector, RuleText};
use crate::{Family, Profile, RuleId, injection};

/// The most that the automaton of one rule may take, built and in its cache.
const REGEX_BYTES_MAX: usize = 2 * 1024 * 1024;

/// One rule, ready to search.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    pub(crate) text: &'static RuleText,
    regex: OnceLock<Regex>,
}

impl Rule {
    pub(crate) fn family(&self) -> Family {
        self.text.family
    }

    /// Where in `view` the rule matches first.
    pub(crate) fn find(&self, view: &str) -> Option<Range<usize>> {
        match self.text.detector {
            Detector::Patterns => self.regex().find(view.as_bytes()).map(|found| found.range()),
            Detector::Sqli => injection::sqli(view),
            Detector::Xss => injection::xss(view),
        }
    }

    pub(crate) fn asks_libinjection(&self) -> bool {
        self.text.detector != Detector::Patterns
    }

    /// Is there nothing left to be made before its first search?
    fn is_ready(&self) -> bool {
        self.text.detector != Detector::Patterns || self.regex.get().is_some()
    }

    fn make_ready(&self) {
        self.regex();
    }

    fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| {
            let patterns: Vec<String> =
                self.text.patterns.iter().map(|pattern| format!("(?:{pattern})")).collect();
            RegexBuilder::new(&patterns.join("|"))
                .case_insensitive(true)
                .unicode(false)
                .size_limit(REGEX_BYTES_MAX)
                .dfa_size_limit(REGEX_BYTES_MAX)
                .build()
                .unwrap_or_else(|error| {
                    panic!("a test builds every rule that is compiled in: {}: {error}", self.id)
                })
        })
    }
}

/// All built-in rules. They do not change while the program runs, so every screen shares them.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) rules: Vec<Rule>,
    pub(crate) anchors: Anchors,
    /// The rules that read a text as a shell would.
    shell: RuleSet,
    /// The rules that ask libinjection.
    opinions: RuleSet,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::new);

impl Engine {
    /// The engine, built by the first who asks.
    pub(crate) fn get() -> &'static Self {
        &ENGINE
    }

    fn new() -> Self {
        let texts = rules::all();
        assert!(texts.len() <= RuleSet::MAX, "a set of rules has a bit for each");
        let (mut shell, mut opinions) = (RuleSet::default(), RuleSet::default());
        let asks = |rule: &&RuleText| rule.detector != Detector::Patterns;
        texts.iter().enumerate().filter(|(_, rule)| asks(rule)).for_each(|(at, _)| opinions.insert(at));
        texts.iter().enumerate().filter(|(_, rule)| rule.shell).for_each(|(at, _)| shell.insert(at));
        Self {
            anchors: Anchors::new(texts),
            shell,
            opinions,
            rules: texts
                .iter()
                .map(|text| Rule { id: RuleId::new(&text.id), text, regex: OnceLock::new() })
                .collect(),
        }
    }

    /// The rules that this profile has asked: all of them, but libinjection only where its points can decide or where
    /// the profile names the rule.
    pub(crate) fn wanted_by(&self, profile: &Profile) -> RuleSet {
        let mut wanted = RuleSet::all();
        if profile.threshold > injection::POINTS {
            self.opinions
                .iter()
                .filter(|at| !profile.names(&self.rules[*at].id))
                .for_each(|at| wanted.take_out(at));
        }
        wanted
    }

    /// The rules among `wanted` that match `view` are handed to `found`, until it returns false or time is up; says
    /// whether time is left.
    pub(crate) fn search(
        &self,
        view: View<'_>,
        wanted: &RuleSet,
        meter: &mut Meter,
        mut found: impl FnMut(usize, &Rule, Range<usize>) -> bool,
    ) -> bool {
        let text = view.text();
        let mut candidates = self.anchors.rules_in(text);
        candidates.keep(wanted);
        if matches!(view, View::Shell(_)) {
            candidates.keep(&self.shell);
        }
        for at in candidates.iter() {
            let rule = &self.rules[at];
            if !rule.is_ready() {
                meter.uncounted(|| rule.make_ready());
            }
            if !meter.has_time() {
                return false;
            }
            if let Some(range) = rule.find(text)
                && !found(at, rule, range)
            {
                break;
            }
        }
        true
    }
}

/// A text as the engine is to read it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View<'a> {
    /// For every rule.
    Text(&'a str),
    /// For the rules that read as a shell would.
    Shell(&'a str),
}

impl<'a> View<'a> {
    pub(crate) const fn text(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Shell(text) => text,
        }
    }
}
