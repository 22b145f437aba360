//! Exceptions from screening, per agency: granted until a moment, for a reason; taken back; forgotten once they ended.

use std::time::Duration;

use skybridge_domain::agency::{Agency, AgencyName, Reason, RuleName, ScreeningException};

use super::PartnerError;
use crate::Desk;
use crate::audit::Operator;

impl Desk {
    /// Has `rule` not applied to the agency's texts from now on, for as long as `lasts`. One that is granted already is
    /// replaced: its end and its reason are then these. Exceptions that have ended are forgotten on the way.
    ///
    /// # Errors
    /// When there is no such agency, it has as many exceptions as it may, or the store does not take it.
    pub async fn except_from_screening(
        &self,
        operator: &Operator,
        name: &AgencyName,
        rule: RuleName,
        lasts: Duration,
        reason: Reason,
    ) -> Result<Agency, PartnerError> {
        let now = self.clock.now().whole_millis();
        let granted =
            ScreeningException { rule, until: now.plus(lasts).whole_millis(), granted_at: now, reason };
        let detail = format!("from {} until {}: {}", granted.rule, granted.until, granted.reason);
        self.change_agency(operator, name, "agency.screening-excepted", detail, |mut agency| {
            agency.exceptions.retain(|one| one.holds(now) && one.rule != granted.rule);
            if agency.exceptions.len() >= ScreeningException::PER_AGENCY_MAX {
                return Err(PartnerError::TooManyExceptions(name.clone()));
            }
            agency.exceptions.push(granted.clone());
            Ok(Some(agency))
        })
        .await
    }

    /// Has `rule` applied to the agency's texts again from now on. Taking back what is not granted changes nothing.
    ///
    /// # Errors
    /// When there is no such agency, or the store does not take it.
    pub async fn screen_again(
        &self,
        operator: &Operator,
        name: &AgencyName,
        rule: &RuleName,
    ) -> Result<Agency, PartnerError> {
        let now = self.clock.now();
        self.change_agency(operator, name, "agency.screened-again", format!("for {rule}"), |mut agency| {
            let granted = agency.exceptions.iter().any(|one| one.rule == *rule && one.holds(now));
            agency.exceptions.retain(|one| one.holds(now) && one.rule != *rule);
            Ok(granted.then_some(agency))
        })
        .await
    }
}
