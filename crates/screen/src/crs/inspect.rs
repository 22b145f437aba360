//! The directory's rules as the screen asks them: modes, exceptions, budget and hits are those of built-in rules.

use super::{Crs, CrsRule, Place};
use crate::budget::Meter;
use crate::excerpt::excerpt;
use crate::{Exceptions, Family, Field, Hit, Mode, Pointer, Profile, Text};

/// What the rules said of one text.
pub(crate) struct Found {
    /// The sum of the scores that count.
    pub(crate) score: u32,
    /// Whether all of them could be asked within the budget.
    pub(crate) has_time: bool,
}

impl Crs {
    /// Asks the rules of one text that has `score` already, and stops once it has reached the profile's threshold.
    pub(crate) fn inspect(
        &self,
        text: Text<'_>,
        profile: &Profile,
        except: &Exceptions,
        meter: &mut Meter,
        (score, hits): (u32, &mut Vec<Hit>),
    ) -> Found {
        let mut found = Found { score, has_time: true };
        let Some(place) = place(&text) else { return found };
        let before = hits.len();
        let mut has_time = true;
        let go_on = || {
            has_time = meter.has_time();
            has_time
        };
        self.find(place, text.value.as_bytes(), go_on, |rule| {
            // With `multiMatch` a rule may match at several steps; it is told of once.
            if !hits[before..].iter().any(|hit| hit.rule == rule.name)
                && let Some(hit) = hit(rule, text, profile, except)
            {
                found.score += if hit.mode == Mode::Block { u32::from(hit.score) } else { 0 };
                hits.push(hit);
            }
            found.score < u32::from(profile.threshold)
        });
        found.has_time = has_time;
        found
    }
}

/// Where CRS would see the text. The path of a request is none of its arguments.
fn place<'a>(text: &Text<'a>) -> Option<Place<'a>> {
    match (text.field, text.pointer) {
        (Field::Path, _) => None,
        (Field::Header, Pointer::Of(name)) => Some(Place::Header(name)),
        (Field::Header, Pointer::Item { .. }) => Some(Place::Header("")),
        (Field::Query, Pointer::Of(name)) => Some(Place::Argument(name)),
        (_, Pointer::Item { member, .. }) => Some(Place::Argument(member)),
        (field, Pointer::Of(_)) => Some(Place::Argument(field.as_str())),
    }
}

/// A rule that misfires on honest remarks adds its score only if the profile names it.
fn hit(rule: &CrsRule, text: Text<'_>, profile: &Profile, except: &Exceptions) -> Option<Hit> {
    let named = profile.names(&rule.name);
    let allowed = if rule.misfires_on.is_some() && !named { Mode::Count } else { Mode::Block };
    let mode = profile.mode_of(&rule.name, Family::Crs, text.field).min(allowed);
    if mode == Mode::Off || except.cover(&rule.name, Family::Crs) {
        return None;
    }
    Some(Hit {
        rule: rule.name.clone(),
        family: Family::Crs,
        mode,
        score: rule.score,
        field: text.field,
        pointer: text.pointer.to_string(),
        // Where in a text a rule matched is not known once it has been transformed: the whole of it is masked.
        excerpt: excerpt(text.value, 0..text.value.len(), &[]),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Action, Screen};

    const SCORE: &str = "setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'";

    fn screen(profile: &str) -> Screen {
        let rules = format!(
            "SecRule ARGS \"@rx ~~zq\\d\" \"id:999001,phase:2,block,t:lowercase,tag:'attack-x',{SCORE}\"\n\
             SecRule ARGS \"@rx seats\" \"id:999002,phase:2,block,tag:'attack-x',{SCORE}\"\n"
        );
        let files = BTreeMap::from([("1.conf".to_owned(), rules.into_bytes())]);
        let mut profile = Profile::parse(profile).unwrap();
        profile.budget.time = std::time::Duration::MAX;
        let screen = Screen::new(profile, Some(Crs::read(&files).unwrap().0));
        screen.warm().unwrap();
        screen
    }

    fn hits(
        screen: &Screen,
        except: &Exceptions,
        field: Field,
        value: &str,
    ) -> (Action, Vec<(String, Mode)>) {
        let verdict = screen.inspect([Text { field, pointer: Pointer::Of("/remarks"), value }], except);
        (verdict.action, verdict.hits.iter().map(|hit| (hit.rule.to_string(), hit.mode)).collect())
    }

    #[test]
    fn a_rule_of_the_directory_refuses_and_one_that_misfires_counts() {
        let screen = screen("");
        let of = |field, value| hits(&screen, Exceptions::NONE, field, value);
        assert_eq!(of(Field::Remarks, "a ~~ZQ1"), (Action::Block, vec![("999001".to_owned(), Mode::Block)]));
        assert_eq!(of(Field::Remarks, "two seats"), (Action::Pass, vec![("999002".to_owned(), Mode::Count)]));
        assert_eq!(of(Field::GivenName, "seats"), (Action::Pass, vec![("999002".to_owned(), Mode::Count)]));
        assert_eq!(of(Field::Path, "~~zq1"), (Action::Pass, vec![]));
    }

    #[test]
    fn profiles_and_exceptions_rule_over_the_directory() {
        let of = |profile: &str, value| hits(&screen(profile), Exceptions::NONE, Field::Remarks, value);
        assert_eq!(of("families = { crs = \"count\" }", "~~zq1").0, Action::Pass);
        assert_eq!(of("rules = { 999001 = \"off\" }", "~~zq1"), (Action::Pass, vec![]));
        assert_eq!(of("rules = { 999002 = \"block\" }", "two seats").0, Action::Block);
        let except = Exceptions::named(["999001"]).unwrap();
        assert_eq!(hits(&screen(""), &except, Field::Remarks, "~~zq1"), (Action::Pass, vec![]));
    }

    #[test]
    fn a_budget_that_ends_among_the_rules_is_an_overrun() {
        let mut screen = screen("");
        screen.profile.budget.time = std::time::Duration::ZERO;
        let inspect = |value| {
            screen.inspect(
                [Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value }],
                Exceptions::NONE,
            )
        };
        assert!(inspect("a ~~zq1").overrun);
        // Nothing has to be run for this one, so nothing is late.
        assert!(!inspect("hello there").overrun);
    }
}
