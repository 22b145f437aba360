//! Plans: set one, list them.

use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;
use skybridge_store::Write;

use super::record::{Kept, plan_key};
use super::{ATTEMPTS_MAX, Attempt, Change, PartnerError, all_kept};
use crate::Desk;
use crate::audit::Operator;

/// A plan, and when it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEntry {
    /// The plan.
    pub plan: Plan,
    /// When it was first set.
    pub created_at: Timestamp,
    /// When it was last set.
    pub updated_at: Timestamp,
}

impl Desk {
    /// Sets `plan`: a new one, or in place of the one of that name. It holds at once for every agency on it;
    /// what they have used stays used.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn set_plan(&self, operator: &Operator, plan: Plan) -> Result<PlanEntry, PartnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let now = self.clock.now().whole_millis();
            let standing = self.kept::<PlanEntry>(&plan_key(plan.name())).await?;
            let created_at = standing.as_ref().map_or(now, |(entry, _)| entry.created_at);
            let entry = PlanEntry { plan: plan.clone(), created_at, updated_at: now };
            let (action, write) = match standing {
                None => ("plan.created", Write::create(entry.record(1))),
                Some((_, version)) => ("plan.changed", Write::replace(entry.record(version + 1), version)),
            };
            let subject = format!("plan {}", plan.name());
            let attempt = self
                .commit_changes(operator, [Change::new(action, subject, terms(&plan))], vec![write])
                .await?;
            if matches!(attempt, Attempt::Done) {
                return Ok(entry);
            }
        }
        Err(PartnerError::Contended)
    }

    /// All plans, by name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn plans(&self) -> Result<Vec<PlanEntry>, PartnerError> {
        Ok(all_kept(&*self.store, None, None).await?)
    }

    /// The plan called `name`.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn plan(&self, name: &PlanName) -> Result<PlanEntry, PartnerError> {
        let standing = self.kept::<PlanEntry>(&plan_key(name)).await?;
        standing.map(|(entry, _)| entry).ok_or_else(|| PartnerError::PlanNotFound(name.clone()))
    }
}

/// What a plan says, for the audit trail.
fn terms(plan: &Plan) -> String {
    let quota = plan.quota().map_or("none".to_owned(), |quota| quota.to_string());
    let in_flight = plan.in_flight().map_or("unlimited".to_owned(), |count| count.to_string());
    let routes: String = plan.routes().iter().map(|rule| format!(", {rule}")).collect();
    format!("rate {}, burst {}, quota {quota}, in-flight {in_flight}{routes}", plan.rate(), plan.burst())
}
