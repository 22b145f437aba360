//! The rules, ready to search: anchors for all of them, and each rule's patterns from the first time they are needed.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Look;

use crate::anchors::{Anchors, RuleSet, is_sign};
use crate::budget::Meter;
use crate::places::{Asking, Places, Signs};
use crate::rules::{self, Detector, RuleText};
use crate::{Family, Profile, RuleId, injection, needed};

/// The most that the automaton of one rule may take, built and in its cache.
const REGEX_BYTES_MAX: usize = 2 * 1024 * 1024;

/// One rule, ready to search.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    pub(crate) text: &'static RuleText,
    /// What it asks for before its patterns are tried.
    asking: Asking,
    patterns: OnceLock<Patterns>,
}

/// The patterns of a rule, by how much of a text they have to read.
#[derive(Debug)]
struct Patterns {
    /// Those that can only match from the text's beginning on. Each ends its reading where it can no longer match.
    from_start: Option<Group>,
    /// Those that can only match up to the text's end: they read what is in reach of it.
    to_end: Option<Group>,
    /// The others: they read the stretches around the rule's anchors.
    anywhere: Option<Group>,
}

/// Some patterns of a rule, as one automaton.
#[derive(Debug)]
struct Group {
    regex: Regex,
    /// For each pattern: of each of these sets it needs a character to match.
    needed: Vec<Vec<Signs>>,
}

impl Group {
    /// The first match in `input`, which has no other characters of ASCII than `signs`.
    fn find(&self, signs: Signs, input: Input<'_>) -> Option<Range<usize>> {
        let may_match = self.needed.iter().any(|needed| needed.iter().all(|set| set.meet(signs)));
        if may_match { self.regex.find(input).map(|found| found.range()) } else { None }
    }
}

impl Rule {
    fn new((rule, text): (usize, &'static RuleText)) -> Self {
        let single: String =
            text.anchors.iter().filter(|anchor| is_sign(anchor)).map(String::as_str).collect();
        let asking = Asking {
            rule,
            reach: text.reach,
            anchors: Signs::of(single.as_bytes()),
            signs: Signs::of(text.signs.as_bytes()),
        };
        Self { id: RuleId::new(&text.id), text, asking, patterns: OnceLock::new() }
    }

    pub(crate) fn family(&self) -> Family {
        self.text.family
    }

    /// Whether `places` of a text have what the rule cannot match without.
    pub(crate) fn is_concerned(&self, places: &Places) -> bool {
        places.concern(&self.asking)
    }

    /// Where in `view` the rule matches, at or near one of its places.
    pub(crate) fn find(&self, view: &str, places: &Places) -> Option<Range<usize>> {
        match self.text.detector {
            Detector::Patterns => self.find_patterns(view, places),
            Detector::Sqli => injection::sqli(view),
            Detector::Xss => injection::xss(view),
        }
    }

    fn find_patterns(&self, view: &str, places: &Places) -> Option<Range<usize>> {
        let patterns = self.patterns();
        let from_start =
            || patterns.from_start.as_ref()?.find(places.signs(), Input::new(view).anchored(Anchored::Yes));
        let near_anchors = || {
            let group = patterns.anywhere.as_ref()?;
            let mut stretches = places.stretches(self.asking);
            stretches
                .find_map(|stretch| group.find(places.signs_of(&stretch), Input::new(view).range(stretch)))
        };
        let to_end = || {
            let end = view.len().saturating_sub(2 * self.asking.reach)..view.len();
            patterns.to_end.as_ref()?.find(places.signs_of(&end), Input::new(view).range(end))
        };
        from_start().or_else(near_anchors).or_else(to_end)
    }

    /// Whether the rule matches anywhere in `view`, read whole.
    #[cfg(test)]
    pub(crate) fn matches_somewhere(&self, view: &str) -> bool {
        match self.text.detector {
            Detector::Patterns => {
                let patterns = self.patterns();
                let all = [&patterns.from_start, &patterns.anywhere, &patterns.to_end];
                all.into_iter().flatten().any(|group| group.regex.is_match(view))
            }
            Detector::Sqli => injection::sqli(view).is_some(),
            Detector::Xss => injection::xss(view).is_some(),
        }
    }

    pub(crate) fn asks_libinjection(&self) -> bool {
        self.text.detector != Detector::Patterns
    }

    /// Is there nothing left to be made before its first search?
    fn is_ready(&self) -> bool {
        self.text.detector != Detector::Patterns || self.patterns.get().is_some()
    }

    fn make_ready(&self) {
        self.patterns();
    }

    fn patterns(&self) -> &Patterns {
        self.patterns.get_or_init(|| {
            let patterns: Vec<_> = self.text.patterns.iter().map(|text| Pattern::read(text)).collect();
            let within = |bounds| self.group(patterns.iter().filter(|pattern| pattern.bounds == bounds));
            Patterns {
                from_start: within(Bounds::FromStart),
                to_end: within(Bounds::ToEnd),
                anywhere: within(Bounds::None),
            }
        })
    }

    /// One automaton over these patterns.
    fn group<'p>(&self, patterns: impl Iterator<Item = &'p Pattern<'p>>) -> Option<Group> {
        let (texts, needed): (Vec<_>, Vec<_>) =
            patterns.map(|pattern| (format!("(?:{})", pattern.text), pattern.needed.clone())).unzip();
        if texts.is_empty() {
            return None;
        }
        let regex = Regex::builder()
            .syntax(syntax())
            .configure(
                Regex::config()
                    .utf8_empty(false)
                    .nfa_size_limit(Some(REGEX_BYTES_MAX))
                    .hybrid_cache_capacity(REGEX_BYTES_MAX),
            )
            .build(&texts.join("|"));
        let regex = regex.unwrap_or_else(|error| {
            panic!("a test builds every rule that is compiled in: {}: {error}", self.id)
        });
        Some(Group { regex, needed })
    }
}

/// How patterns are read: on bytes, without regard to case.
fn syntax() -> syntax::Config {
    syntax::Config::new().case_insensitive(true).unicode(false).utf8(false)
}

/// Where alone a pattern can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bounds {
    FromStart,
    ToEnd,
    None,
}

/// A pattern, and what its syntax tells.
struct Pattern<'p> {
    text: &'p str,
    bounds: Bounds,
    /// Of each of these sets it needs a character to match.
    needed: Vec<Signs>,
}

impl<'p> Pattern<'p> {
    fn read(text: &'p str) -> Self {
        let Ok(hir) = syntax::parse_with(text, &syntax()) else {
            return Self { text, bounds: Bounds::None, needed: Vec::new() };
        };
        let properties = hir.properties();
        let bounds = if properties.look_set_prefix().contains(Look::Start) {
            Bounds::FromStart
        } else if properties.look_set_suffix().contains(Look::End) {
            Bounds::ToEnd
        } else {
            Bounds::None
        };
        Self { text, bounds, needed: needed::sets(&hir).iter().filter_map(Signs::of_set).collect() }
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
    /// The rules that have anchors of a single sign, and those signs.
    on_signs: RuleSet,
    anchor_signs: Signs,
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
        let rules: Vec<Rule> = texts.iter().enumerate().map(Rule::new).collect();
        let on_sign =
            rules.iter().map(|rule| rule.asking).filter(|asking| asking.anchors != Signs::default());
        let (mut on_signs, mut anchor_signs) = (RuleSet::default(), Signs::default());
        for asking in on_sign {
            on_signs.insert(asking.rule);
            anchor_signs = anchor_signs.and(asking.anchors);
        }
        Self { anchors: Anchors::new(texts), shell, opinions, on_signs, anchor_signs, rules }
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
        let places = self.anchors.places_in(text);
        let mut candidates = places.marked();
        if places.have(self.anchor_signs) {
            candidates.extend(&self.on_signs);
        }
        candidates.keep(wanted);
        if matches!(view, View::Shell(_)) {
            candidates.keep(&self.shell);
        }
        for (at, rule) in candidates.iter().map(|at| (at, &self.rules[at])) {
            if !rule.is_concerned(&places) {
                continue;
            }
            if !rule.is_ready() {
                meter.uncounted(|| rule.make_ready());
            }
            if !meter.has_time() {
                return false;
            }
            if let Some(range) = rule.find(text, &places)
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
