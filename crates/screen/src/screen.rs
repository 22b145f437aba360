//! The screen: every text of a request in, one verdict out.

use std::ops::Range;

use crate::anchors::RuleSet;
use crate::budget::Meter;
use crate::engine::{Engine, Rule, View};
use crate::excerpt::excerpt;
use crate::normal::Views;
use crate::traits::Traits;
use crate::{Action, Crs, Exceptions, Hit, Mode, Overrun, Profile, Text, Verdict};

/// Screens texts by one profile. Does not change once it is made; share it by `Arc`.
#[derive(Debug)]
pub struct Screen {
    pub(crate) profile: Profile,
    pub(crate) crs: Option<Crs>,
}

impl Screen {
    /// A screen with this profile, with the rules of CRS beside the built-in ones where they are given.
    ///
    /// Builds nothing yet: what the rules need is built when the first text needs it, or by [`Self::warm`].
    #[must_use]
    pub const fn new(profile: Profile, crs: Option<Crs>) -> Self {
        Self { profile, crs }
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The rules of CRS beside the built-in ones, if a directory was read.
    #[must_use]
    pub const fn crs(&self) -> Option<&Crs> {
        self.crs.as_ref()
    }

    /// What is to be done with a request that has these texts, by an agency with these exceptions.
    ///
    /// Takes time linear in the texts, up to the profile's budget. Allocates nothing for texts in which there is nothing
    /// to undo (encodings, look-alikes, comments, line ends, runs of spaces, quotes and `$` in several words) and
    /// nothing is found, once the patterns that are asked are built. Never panics, whatever the texts are.
    pub fn inspect<'a>(&self, texts: impl IntoIterator<Item = Text<'a>>, except: &Exceptions) -> Verdict {
        let mut inspection = Inspection {
            screen: self,
            except,
            meter: Meter::new(self.profile.budget),
            verdict: Verdict::pass(),
            seen: Seen::default(),
        };
        for text in texts {
            if inspection.read(text) == Progress::Ended {
                break;
            }
        }
        inspection.verdict
    }
}

/// The work on one request.
struct Inspection<'a, 's> {
    screen: &'s Screen,
    except: &'s Exceptions,
    meter: Meter,
    verdict: Verdict,
    seen: Seen<'a>,
}

/// The last texts that were searched: passengers of one family share a name. A fixed place for a few, so that keeping
/// them costs no allocation; one that was pushed out is searched again.
#[derive(Default)]
struct Seen<'a> {
    texts: [Option<(crate::Field, &'a str)>; 8],
    next: usize,
}

impl<'a> Seen<'a> {
    fn has(&self, text: Text<'_>) -> bool {
        self.texts.iter().flatten().any(|seen| *seen == (text.field, text.value))
    }

    fn keep(&mut self, text: Text<'a>) {
        self.texts[self.next] = Some((text.field, text.value));
        self.next = (self.next + 1) % self.texts.len();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Further,
    Ended,
}

impl<'a> Inspection<'a, '_> {
    fn read(&mut self, text: Text<'a>) -> Progress {
        if self.screen.profile.mode_in(text.field) == Mode::Off {
            return Progress::Further;
        }
        if !self.meter.takes(text.value.len()) {
            return self.overrun();
        }
        let traits = Traits::of(text.value);
        if traits.is_word() && !Engine::get().anchors.may_be_in_word(text.value.len()) {
            return self.search_crs(text, 0);
        }
        if self.seen.has(text) {
            return Progress::Further;
        }
        if self.search(text, traits) == Progress::Ended {
            return Progress::Ended;
        }
        if !traits.is_word() {
            self.seen.keep(text);
        }
        Progress::Further
    }

    /// Searches every view of one text; each rule is told of once.
    fn search(&mut self, text: Text<'a>, traits: Traits) -> Progress {
        let engine = Engine::get();
        let views = Views::of(text.value, traits);
        let all = views.texts().map(View::Text).chain(views.shell.as_deref().map(View::Shell));
        let mut wanted = engine.wanted_by(&self.screen.profile);
        let mut score = 0;
        for view in all {
            let mut hits = RuleSet::default();
            let Self { screen, except, meter, verdict, .. } = self;
            let has_time = engine.search(view, &wanted, meter, |at, rule, range| {
                if let Some(hit) = hit(&screen.profile, except, text, view.text(), rule, range) {
                    hits.insert(at);
                    score += if hit.mode == Mode::Block { u32::from(hit.score) } else { 0 };
                    verdict.hits.push(hit);
                }
                true
            });
            // An attack that was found stays one when time is up behind it: the caller is told no, not "once more".
            if score >= u32::from(self.screen.profile.threshold) {
                self.verdict.action = Action::Block;
                return Progress::Ended;
            }
            if !has_time {
                return self.overrun();
            }
            wanted.remove(&hits);
        }
        self.search_crs(text, score)
    }

    /// Asks the rules of CRS, if there are any, of a text with this score.
    fn search_crs(&mut self, text: Text<'a>, score: u32) -> Progress {
        let Self { screen, except, meter, verdict, .. } = self;
        let Some(crs) = &screen.crs else { return Progress::Further };
        let found = crs.inspect(text, &screen.profile, except, meter, (score, &mut verdict.hits));
        if found.score >= u32::from(screen.profile.threshold) {
            verdict.action = Action::Block;
            return Progress::Ended;
        }
        if found.has_time { Progress::Further } else { self.overrun() }
    }

    fn overrun(&mut self) -> Progress {
        self.verdict.overrun = true;
        if self.screen.profile.overrun == Overrun::Refuse {
            self.verdict.action = Action::Block;
        }
        Progress::Ended
    }
}

/// What is told of a match, unless the profile or the agency's exceptions have the rule off.
fn hit(
    profile: &Profile,
    except: &Exceptions,
    text: Text<'_>,
    view: &str,
    rule: &Rule,
    range: Range<usize>,
) -> Option<Hit> {
    let mode = profile.mode_of(&rule.id, rule.family(), text.field);
    if mode == Mode::Off || except.cover(&rule.id, rule.family()) {
        return None;
    }
    Some(Hit {
        rule: rule.id.clone(),
        family: rule.family(),
        mode,
        score: rule.text.score,
        field: text.field,
        pointer: text.pointer.to_string(),
        excerpt: excerpt(view, range, &[&rule.text.anchors, &rule.text.words]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Field, Pointer};

    /// The verdict on one remark, if there is time for so many rules.
    fn with_time_for(rules: u32, value: &str) -> Verdict {
        let screen = Screen::new(Profile::default(), None);
        let mut meter = Meter::new(Budget::default());
        meter.asks_left = Some(rules);
        let verdict = Verdict::pass();
        let except = Exceptions::NONE;
        let mut inspection = Inspection { screen: &screen, except, meter, verdict, seen: Seen::default() };
        inspection.read(Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value });
        inspection.verdict
    }

    #[test]
    fn an_attack_that_was_found_is_no_overrun() {
        let verdicts: Vec<_> = (0..20)
            .map(|rules| with_time_for(rules, "' or 1=1; drop table users; <script>alert(1)"))
            .collect();
        assert!(verdicts[0].overrun && verdicts[0].hits.is_empty());
        for verdict in &verdicts {
            assert!(verdict.is_blocked());
            assert_eq!(verdict.overrun, verdict.hits.is_empty(), "{:?}", verdict.hits);
        }
        let found: Vec<_> = verdicts.iter().map(|verdict| verdict.hits.len()).collect();
        let all = found[19];
        assert!(found.iter().any(|hits| (1..all).contains(hits)), "time ended behind a hit: {found:?}");
    }
}
