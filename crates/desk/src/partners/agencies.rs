//! Agencies: create, suspend, resume, put on another plan.

use std::time::Duration;

use skybridge_domain::agency::{Agency, AgencyName, Demands, Standing};
use skybridge_domain::plan::PlanName;
use skybridge_store::{StoreError, Write};

use super::record::{Kept, agency_key};
use super::{ATTEMPTS_MAX, Attempt, Change, PartnerError, all_kept};
use crate::Desk;
use crate::audit::Operator;

impl Desk {
    /// Creates the agency `name` on plan `plan`.
    ///
    /// # Errors
    /// When there is one already, there is no such plan, or the store does not take it.
    pub async fn create_agency(
        &self,
        operator: &Operator,
        name: AgencyName,
        plan: PlanName,
    ) -> Result<Agency, PartnerError> {
        self.plan(&plan).await?;
        let created_at = self.clock.now().whole_millis();
        let (demands, exceptions) = (Demands::default(), Vec::new());
        let agency = Agency { name, plan, standing: Standing::Active, created_at, demands, exceptions };
        let detail = format!("on plan {}", agency.plan);
        for _ in 0..ATTEMPTS_MAX {
            if self.kept::<Agency>(&agency_key(&agency.name)).await?.is_some() {
                // It may be another process's, or one whose outcome was unknown.
                self.refresh_roster(Duration::ZERO).await?;
                return Err(PartnerError::AgencyExists(agency.name));
            }
            let writes = vec![Write::create(agency.record(1))];
            let subject = subject(&agency.name);
            let attempt = self
                .commit_changes(operator, [Change::new("agency.created", subject, detail.clone())], writes)
                .await?;
            if matches!(attempt, Attempt::Done) {
                return Ok(agency);
            }
        }
        Err(PartnerError::Contended)
    }

    /// All agencies, by name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn agencies(&self) -> Result<Vec<Agency>, PartnerError> {
        Ok(all_kept(&*self.store, None, None).await?)
    }

    /// The names of all agencies from `first` on, in order.
    pub(crate) async fn agencies_from(&self, first: Option<&str>) -> Result<Vec<AgencyName>, StoreError> {
        let agencies: Vec<Agency> = all_kept(&*self.store, first.map(str::to_owned), None).await?;
        Ok(agencies.into_iter().map(|agency| agency.name).collect())
    }

    /// The agency called `name`.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn agency(&self, name: &AgencyName) -> Result<Agency, PartnerError> {
        let standing = self.kept(&agency_key(name)).await?;
        standing.map(|(agency, _)| agency).ok_or_else(|| PartnerError::AgencyNotFound(name.clone()))
    }

    /// Refuses the agency from now on. Suspending it again changes nothing.
    ///
    /// # Errors
    /// When there is no such agency, or the store does not take it.
    pub async fn suspend_agency(
        &self,
        operator: &Operator,
        name: &AgencyName,
    ) -> Result<Agency, PartnerError> {
        let at = self.clock.now().whole_millis();
        self.change_agency(operator, name, "agency.suspended", String::new(), |agency| {
            let active = agency.standing == Standing::Active;
            Ok(active.then_some(Agency { standing: Standing::Suspended { at }, ..agency }))
        })
        .await
    }

    /// Lets a suspended agency in again. Resuming an active one changes nothing.
    ///
    /// # Errors
    /// When there is no such agency, or the store does not take it.
    pub async fn resume_agency(
        &self,
        operator: &Operator,
        name: &AgencyName,
    ) -> Result<Agency, PartnerError> {
        self.change_agency(operator, name, "agency.resumed", String::new(), |agency| {
            let suspended = agency.standing != Standing::Active;
            Ok(suspended.then_some(Agency { standing: Standing::Active, ..agency }))
        })
        .await
    }

    /// Puts the agency on `plan`, at once; what it has used stays used.
    ///
    /// # Errors
    /// When there is no such agency or plan, or the store does not take it.
    pub async fn put_agency_on_plan(
        &self,
        operator: &Operator,
        name: &AgencyName,
        plan: &PlanName,
    ) -> Result<Agency, PartnerError> {
        self.plan(plan).await?;
        self.change_agency(operator, name, "agency.plan-changed", format!("to plan {plan}"), |agency| {
            let other = agency.plan != *plan;
            Ok(other.then(|| Agency { plan: plan.clone(), ..agency }))
        })
        .await
    }

    /// Changes the agency as `change` says; `None` means that there is nothing to change. What `change` refuses it
    /// refuses of the very version that it would replace: one that changed meanwhile is asked about anew.
    pub(super) async fn change_agency(
        &self,
        operator: &Operator,
        name: &AgencyName,
        action: &str,
        detail: String,
        change: impl Fn(Agency) -> Result<Option<Agency>, PartnerError>,
    ) -> Result<Agency, PartnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let (standing, version) = self
                .kept::<Agency>(&agency_key(name))
                .await?
                .ok_or_else(|| PartnerError::AgencyNotFound(name.clone()))?;
            let Some(changed) = change(standing.clone())? else {
                // It may be another process's change, or one whose outcome was unknown.
                self.refresh_roster(Duration::ZERO).await?;
                return Ok(standing);
            };
            let writes = vec![Write::replace(changed.record(version + 1), version)];
            let attempt = self
                .commit_changes(operator, [Change::new(action, subject(name), detail.clone())], writes)
                .await?;
            if matches!(attempt, Attempt::Done) {
                return Ok(changed);
            }
        }
        Err(PartnerError::Contended)
    }
}

fn subject(name: &AgencyName) -> String {
    format!("agency {name}")
}
