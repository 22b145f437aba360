//! The screen: every text of a request in, one verdict out.

use std::ops::Range;

use crate::anchors::RuleSet;
use crate::budget::Meter;
use crate::engine::{Engine, Rule, View};
use crate::excerpt::excerpt;
use crate::injection;
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
    /// Takes time linear in the texts, up to the profile's budget; allocates nothing for texts without encodings,
    /// comments, line ends and hits. Never panics, whatever the texts are.
    pub fn inspect<'a>(&self, texts: impl IntoIterator<Item = Text<'a>>, except: &Exceptions) -> Verdict {
        let mut inspection = Inspection {
            screen: self,
            except,
            meter: Meter::new(self.profile.budget),
            verdict: Verdict::pass(),
            seen: Vec::new(),
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
    /// Texts that were searched already. Passengers of one family share a name, and retries a reference.
    seen: Vec<(crate::Field, &'a str)>,
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
        if self.seen.contains(&(text.field, text.value)) {
            return Progress::Further;
        }
        if self.search(text, traits) == Progress::Ended {
            return Progress::Ended;
        }
        if !traits.is_word() {
            self.seen.push((text.field, text.value));
        }
        Progress::Further
    }

    /// Searches every view of one text; each rule is told of once.
    fn search(&mut self, text: Text<'a>, traits: Traits) -> Progress {
        let engine = Engine::get();
        let views = Views::of(text.value, traits);
        let all = views.texts().map(View::Text).chain(views.shell.as_deref().map(View::Shell));
        let mut wanted = RuleSet::all();
        if self.screen.profile.threshold > injection::POINTS {
            wanted.remove(&engine.opinions);
        }
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
            if !has_time {
                return self.overrun();
            }
            if score >= u32::from(self.screen.profile.threshold) {
                self.verdict.action = Action::Block;
                return Progress::Ended;
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
