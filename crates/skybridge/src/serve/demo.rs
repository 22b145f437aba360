//! `serve --demo`: an agency to try things with, created once.
//!
//! Each step is skipped when it was taken already, so a start that was cut off half-way is completed by the next.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde_json::{Value, json};
use skybridge_desk::Desk;
use skybridge_desk::audit::Operator;
use skybridge_desk::partners::{KeyRequest, PartnerError};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::{Mode, Scope};
use skybridge_domain::plan::{Plan, PlanName, Quota, Rate};

const AGENCY: &str = "PartnerCo";

/// What the demonstration found or made. It holds a secret, so it has no `Debug`.
pub(super) enum Demo {
    /// The agency's key was made just now, and this is its text.
    Created { key: String },
    /// The agency has its key from an earlier start.
    Found,
}

impl Demo {
    /// Creates what is missing of plan, agency and key.
    pub(super) async fn set_up(desk: &Desk) -> anyhow::Result<Self> {
        let operator = Operator::program();
        let agency = AgencyName::new(AGENCY).expect("the demonstration's agency has a name");
        let plan = plan();
        match desk.plan(plan.name()).await {
            Err(PartnerError::PlanNotFound(_)) => drop(desk.set_plan(&operator, plan.clone()).await?),
            standing => drop(standing?),
        }
        match desk.agency(&agency).await {
            Err(PartnerError::AgencyNotFound(_)) => {
                desk.create_agency(&operator, agency.clone(), plan.name().clone()).await?;
            }
            standing => drop(standing?),
        }
        if !desk.keys_of(&agency).await?.is_empty() {
            return Ok(Self::Found);
        }
        let request = KeyRequest {
            mode: Mode::Live,
            name: Some("demo".to_owned()),
            scopes: Scope::ALL.into_iter().collect(),
            allowed_cidrs: Vec::new(),
            expires_in: None,
        };
        let issued =
            desk.issue_key(&operator, &agency, request).await.context("the demo key was not made")?;
        Ok(Self::Created { key: issued.text.reveal().to_owned() })
    }

    /// What to do next, for people.
    pub(super) fn told(&self, scheme: &str, public: SocketAddr) -> String {
        match self {
            Self::Created { key } => format!(
                "\nAgency {AGENCY} on plan demo. Its key is shown this once:\n\n  {key}\n\n\
                 Make a booking:\n\n  curl -si -X POST {scheme}://{public}/booking -H 'x-api-key: {key}' \
                 -d '{{\"agency\":\"{AGENCY}\"}}'\n\nRead on: {scheme}://{public}/docs"
            ),
            Self::Found => format!(
                "\nAgency {AGENCY} is there from an earlier start; its key was printed when it was created.\n\
                 Make another:  skybridge key create {AGENCY}"
            ),
        }
    }

    /// The same for machines.
    pub(super) fn as_json(&self) -> Value {
        match self {
            Self::Created { key } => json!({ "agency": AGENCY, "created": true, "key": key }),
            Self::Found => json!({ "agency": AGENCY, "created": false, "key": null }),
        }
    }
}

/// The plan that the contract states.
fn plan() -> Plan {
    let name = PlanName::new("demo").expect("the demonstration's plan has a name");
    let rate = Rate::parse("50").expect("50 is a rate");
    let quota = Quota::parse("100000/day").expect("100000/day is a quota");
    Plan::new(name, rate, 100, Some(quota), Some(50)).expect("the demonstration's plan is one")
}

/// How to begin on an empty store, for people.
pub(super) const FIRST_STEPS: &str = "\nThere is no agency yet. Create the first one:\n\
     \x20 skybridge plan set basic --rate 10 --burst 20 --quota 10000/day\n\
     \x20 skybridge agency create PartnerCo --plan basic\n\
     \x20 skybridge key create PartnerCo";
