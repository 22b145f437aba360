//! Rules for routes, as an agency's calls meet them.
//!
//! A route that has a rate of its own has a [`Pace`] of its own, and so a record of its own in `limits`. It is made
//! when the agency first has such a rule and kept for as long as the process runs: a rule that is taken away and put
//! back finds used what was used.

use std::sync::Arc;

use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, RouteRule};

use super::terms::Terms;
use super::{Account, Pace};

/// A plan and its rules, with what throttling needs of them computed once. Shared by all agencies that are on it.
pub(crate) struct PlanTerms {
    /// The plan's own limits.
    pub(crate) whole: Arc<Terms>,
    rules: Vec<RuleTerms>,
}

struct RuleTerms {
    operation: Operation,
    cost: u32,
    own: Option<Arc<Terms>>,
}

/// One agency's rule for one operation.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(super) operation: Operation,
    /// How many calls one counts as.
    pub(super) cost: u32,
    /// How much of the operation's own bucket is used, if it has one.
    pub(super) pace: Option<Arc<Pace>>,
}

/// A rule for a route, and the account of its own bucket.
#[derive(Debug, Clone)]
pub struct RouteTerms {
    /// The route's operation.
    pub operation: Operation,
    /// How many calls one counts as.
    pub cost: u32,
    /// The account of the bucket that only this operation's calls take from, if there is one.
    pub account: Option<Account>,
}

impl PlanTerms {
    pub(crate) fn of(plan: Plan) -> Self {
        let rules = plan.routes().iter().map(|rule| RuleTerms::of(&plan, rule)).collect();
        Self { whole: Arc::new(Terms::of(plan)), rules }
    }

    /// The rules for an agency, whose paces `pace_of` gives. `None` if there are none, as in most plans: then a call
    /// does not look for any.
    pub(crate) fn rules(
        &self,
        mut pace_of: impl FnMut(&Operation, &Arc<Terms>) -> Arc<Pace>,
    ) -> Option<Arc<Vec<Rule>>> {
        let rule = |terms: &RuleTerms| Rule {
            operation: terms.operation.clone(),
            cost: terms.cost,
            pace: terms.own.as_ref().map(|own| pace_of(&terms.operation, own)),
        };
        let rules: Vec<Rule> = self.rules.iter().map(rule).collect();
        (!rules.is_empty()).then(|| Arc::new(rules))
    }
}

impl RuleTerms {
    fn of(plan: &Plan, rule: &RouteRule) -> Self {
        let own = Terms::of_route(plan, rule).map(Arc::new);
        Self { operation: rule.operation.clone(), cost: rule.cost, own }
    }
}

impl Rule {
    pub(crate) fn terms(&self) -> RouteTerms {
        RouteTerms {
            operation: self.operation.clone(),
            cost: self.cost,
            account: self.pace.as_ref().map(|pace| Account(Arc::clone(pace))),
        }
    }
}
