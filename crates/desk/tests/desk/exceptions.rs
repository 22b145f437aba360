//! An agency's exceptions from screening: they reach every process, end, survive restarts, stay within their bound.

use std::time::Duration;

use skybridge_desk::partners::PartnerError;
use skybridge_domain::agency::{Agency, AgencyName, Reason, RuleName, ScreeningException};
use skybridge_domain::key::ApiKey;
use skybridge_store::Table;

use crate::kit::{Counter, agency};
use crate::rigged_store::Call;

const DAY: Duration = Duration::from_secs(86_400);

fn rule(name: &str) -> RuleName {
    RuleName::parse(name).unwrap()
}

impl Counter {
    async fn except(&self, name: &AgencyName, rule_name: &str, reason: &str) -> Result<Agency, PartnerError> {
        let reason = Reason::parse(reason).unwrap();
        self.desk.except_from_screening(&self.operator, name, rule(rule_name), DAY, reason).await
    }

    /// The rules that are not applied now, as the gate tells them with a caller.
    fn excepted(&self, key: &ApiKey) -> Vec<String> {
        let (caller, now) = (self.authenticate(key).unwrap(), self.desk.now());
        let held = caller.exceptions().iter().filter(|one| one.holds(now));
        held.map(|one| one.rule.to_string()).collect()
    }
}

#[tokio::test]
async fn an_exception_holds_on_every_process_until_it_ends() {
    let mut here = Counter::open("50", 100).await;
    let key = here.agency("A").await.text;
    let there = here.beside().await;
    let name = agency("A");
    here.except(&name, "xss", "asked by the agency, @2027 tests").await.unwrap();
    assert_eq!(here.excepted(&key), ["xss"], "at once on the process that granted it");
    assert!(there.excepted(&key).is_empty());
    there.desk.refresh_roster(Duration::ZERO).await.unwrap();
    assert_eq!(there.excepted(&key), ["xss"], "and everywhere with the next look at the change log");

    here.crash().await;
    let kept = here.desk.agency(&name).await.unwrap().exceptions;
    assert_eq!(kept[0].reason.as_str(), "asked by the agency, @2027 tests");
    assert_eq!(kept[0].until, kept[0].granted_at.plus(DAY));
    here.advance(DAY - Duration::from_millis(1));
    assert_eq!(here.excepted(&key), ["xss"]);
    here.advance(Duration::from_millis(1));
    assert!(here.excepted(&key).is_empty(), "it ended, and nobody had to do anything");
}

#[tokio::test]
async fn exceptions_are_taken_back_replaced_and_audited() {
    let here = Counter::open("50", 100).await;
    let key = here.agency("A").await.text;
    let name = agency("A");
    here.except(&name, "xss", "first").await.unwrap();
    here.except(&name, "sqli", "second").await.unwrap();
    here.advance(Duration::from_secs(1));
    let replaced = here.except(&name, "xss", "third").await.unwrap();
    assert_eq!(replaced.exceptions.len(), 2, "one rule has one exception");
    assert_eq!(replaced.exceptions[1].reason.as_str(), "third");
    here.desk.screen_again(&here.operator, &name, &rule("sqli")).await.unwrap();
    assert_eq!(here.excepted(&key), ["xss"]);
    // Again: nothing to change, no entry.
    here.desk.screen_again(&here.operator, &name, &rule("sqli")).await.unwrap();
    let entries = here.desk.audit(10, None).await.unwrap().entries;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.subject.as_str())).collect();
    assert_eq!(told[0], ("agency.screened-again", "agency A"));
    assert_eq!(told[1], ("agency.screening-excepted", "agency A"));
    assert!(entries[1].detail.starts_with("from xss until 2027-01-02T12:00:01"), "{}", entries[1].detail);
    assert!(entries[1].detail.ends_with(": third"));
    assert_eq!(told.iter().filter(|(action, _)| *action == "agency.screened-again").count(), 1);
    let nobody = here.except(&agency("Nobody"), "xss", "why").await;
    assert!(matches!(nobody, Err(PartnerError::AgencyNotFound(_))), "{nobody:?}");
}

#[tokio::test]
async fn two_at_once_do_not_exceed_what_an_agency_may_have() {
    let here = Counter::open("50", 100).await;
    here.agency("A").await;
    let there = here.beside().await;
    let name = agency("A");
    for number in 1..ScreeningException::PER_AGENCY_MAX {
        here.except(&name, &format!("rule-{number}"), "filling").await.unwrap();
    }
    let hold = here.store.hold(Call::Commit, Table::Partners, 1);
    let meanwhile = async {
        hold.reached().await;
        there.except(&name, "theirs", "faster").await.unwrap();
        hold.let_go();
    };
    let (ours, ()) = tokio::join!(here.except(&name, "ours", "slower"), meanwhile);
    assert!(matches!(ours, Err(PartnerError::TooManyExceptions(_))), "{ours:?}");
    // Those that ended count no more, and go.
    here.advance(DAY);
    assert_eq!(here.except(&name, "ours", "again").await.unwrap().exceptions.len(), 1);
}
