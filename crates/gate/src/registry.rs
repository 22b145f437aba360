//! Who is known: agencies, their plans and keys, as one immutable whole.
//!
//! A change makes a new registry and swaps it in; a request that is under way keeps the one it saw. What an agency
//! has used lives in its [`Pace`], which the old and the new registry share: rotating a key or changing a plan
//! never gives back what was spent.

use std::collections::HashMap;
use std::sync::Arc;

use skybridge_domain::agency::{Agency, AgencyName, Demands, ScreeningException, Standing};
use skybridge_domain::key::{Key, KeyId};
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;

use crate::last_use::LastUse;
use crate::pepper::Peppers;
use crate::throttle::{Pace, PlanTerms, Post, Rule, Terms};

/// Everything that the gate has to know about the airline's partners.
#[derive(Debug, Clone, Default)]
pub struct Partners {
    /// The plans that agencies are on. Of two with one name, the latter counts; so below.
    pub plans: Vec<Plan>,
    /// The agencies, suspended ones too. None may be left out later: what it used would be forgotten.
    pub agencies: Vec<Agency>,
    /// Their keys. Those expired or revoked may be left out: they are answered like unknown ones.
    pub keys: Vec<Key>,
}

/// The partners, ready for look-up.
pub(crate) struct Registry {
    agencies: HashMap<AgencyName, Known>,
    keys: HashMap<KeyId, Arc<Credential>>,
}

/// An agency.
struct Known {
    pace: Arc<Pace>,
    standing: Standing,
    demands: Arc<Demands>,
    /// What of screening is not applied to its texts; `None` if all of it is.
    exceptions: Option<Arc<[ScreeningException]>>,
    /// The rules for routes in its plan; `None` if it has none.
    rules: Option<Arc<Vec<Rule>>>,
}

/// A key, with what has to be known of its agency.
///
/// In this order in memory: with many agencies a request's time goes into waiting for memory, and the way from the
/// count of references to the pace is then within one cache line.
#[repr(C)]
pub(crate) struct Credential {
    /// How much the agency used; shared with its other keys, and with the registries before and after.
    pub(crate) pace: Arc<Pace>,
    /// The rules for routes in the agency's plan; `None` if it has none.
    pub(crate) rules: Option<Arc<Vec<Rule>>>,
    /// Where the key's pepper stands among [`Peppers`]; `None` if it is not there, and a key that needs one cannot be
    /// checked.
    pub(crate) pepper: Option<usize>,
    /// The agency's standing.
    pub(crate) standing: Standing,
    /// What the agency's callers must come with.
    pub(crate) demands: Arc<Demands>,
    /// What of screening is not applied to the agency's texts; `None` if all of it is.
    pub(crate) exceptions: Option<Arc<[ScreeningException]>>,
    /// When it was last used; shared with the registries before and after.
    pub(crate) last_use: Arc<LastUse>,
    pub(crate) key: Key,
}

impl Registry {
    /// The first registry of a run.
    pub(crate) fn first(
        partners: Partners,
        peppers: &Peppers,
        post: &Arc<Post>,
        now: Timestamp,
    ) -> Result<Self, RegistryError> {
        Self::build(partners, peppers, &mut Paces { before: None, post, now, adopted: Vec::new() })
    }

    /// The registry that follows this one: paces are shared, and take the new terms at once.
    pub(crate) fn replaced_by(
        &self,
        partners: Partners,
        peppers: &Peppers,
        post: &Arc<Post>,
        now: Timestamp,
    ) -> Result<Self, RegistryError> {
        // Built whole before any pace learns new terms: a registry that fails to build must change nothing.
        let mut paces = Paces { before: Some(self), post, now, adopted: Vec::new() };
        let built = Self::build(partners, peppers, &mut paces)?;
        let mut time = now;
        for (pace, terms) in paces.adopted {
            // An agency's routes come after it.
            if pace.is_of_route() {
                pace.adopt(terms, time);
            } else {
                time = pace.adopt(terms, now);
            }
        }
        Ok(built)
    }

    fn build(partners: Partners, peppers: &Peppers, paces: &mut Paces<'_>) -> Result<Self, RegistryError> {
        let plans: HashMap<PlanName, PlanTerms> =
            partners.plans.into_iter().map(|plan| (plan.name().clone(), PlanTerms::of(plan))).collect();
        let mut agencies = HashMap::with_capacity(partners.agencies.len());
        for Agency { name, plan, standing, demands, exceptions, .. } in partners.agencies {
            let Some(terms) = plans.get(&plan) else {
                return Err(RegistryError::PlanUnknown { agency: name, plan });
            };
            let pace = paces.of_agency(&name, &terms.whole);
            let rules = terms.rules(|route, own| paces.of_route(&pace, route, own));
            let exceptions = (!exceptions.is_empty()).then(|| exceptions.into());
            agencies.insert(name, Known { pace, standing, demands: Arc::new(demands), exceptions, rules });
        }
        let mut keys = HashMap::with_capacity(partners.keys.len());
        for key in partners.keys {
            let Some(Known { pace, standing, demands, exceptions, rules }) = agencies.get(&key.agency) else {
                return Err(RegistryError::AgencyUnknown { key: key.id, agency: key.agency });
            };
            let (pace, standing, rules) = (Arc::clone(pace), *standing, rules.clone());
            let exceptions = exceptions.clone();
            let pepper = key.proof.pepper_id().and_then(|id| peppers.position(id));
            let demands = Arc::clone(demands);
            let last_use = paces.last_use_of(&key.id);
            keys.insert(
                key.id,
                Arc::new(Credential { pace, rules, pepper, standing, demands, exceptions, last_use, key }),
            );
        }
        Ok(Self { agencies, keys })
    }

    pub(crate) fn credential(&self, id: &KeyId) -> Option<&Arc<Credential>> {
        self.keys.get(id)
    }

    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Arc<Credential>> {
        self.keys.values()
    }

    pub(crate) fn pace_of(&self, agency: &AgencyName) -> Option<&Arc<Pace>> {
        self.agencies.get(agency).map(|known| &known.pace)
    }

    /// The rules for routes in the agency's plan.
    pub(crate) fn rules_of(&self, agency: &AgencyName) -> &[Rule] {
        self.agencies.get(agency).and_then(|known| known.rules.as_ref()).map_or(&[], |rules| rules)
    }

    pub(crate) fn keys_without_pepper(&self) -> usize {
        let needs_one = |known: &&Arc<Credential>| known.key.proof.pepper_id().is_some();
        self.keys.values().filter(needs_one).filter(|known| known.pepper.is_none()).count()
    }
}

/// Where the paces of a new registry come from: those of the one before, if it had them.
struct Paces<'a> {
    before: Option<&'a Registry>,
    post: &'a Arc<Post>,
    now: Timestamp,
    /// Paces from before, and the terms that they are to take once everything fits together.
    adopted: Vec<(Arc<Pace>, Arc<Terms>)>,
}

impl Paces<'_> {
    fn of_agency(&mut self, name: &AgencyName, terms: &Arc<Terms>) -> Arc<Pace> {
        match self.before.and_then(|registry| registry.pace_of(name)) {
            Some(known) => self.adopt(Arc::clone(known), terms),
            None => {
                let post = Arc::clone(self.post);
                Arc::new(Pace::unknown(name.clone(), Arc::clone(terms), post, self.now))
            }
        }
    }

    fn of_route(&mut self, agency: &Pace, route: &Operation, terms: &Arc<Terms>) -> Arc<Pace> {
        match agency.of_route(route) {
            Some(known) => self.adopt(known, terms),
            None => agency.add_route(route, Arc::clone(terms), Arc::clone(self.post), self.now),
        }
    }

    fn last_use_of(&self, id: &KeyId) -> Arc<LastUse> {
        let known = self.before.and_then(|registry| registry.credential(id));
        known.map(|known| Arc::clone(&known.last_use)).unwrap_or_default()
    }

    fn adopt(&mut self, pace: Arc<Pace>, terms: &Arc<Terms>) -> Arc<Pace> {
        self.adopted.push((Arc::clone(&pace), Arc::clone(terms)));
        pace
    }
}

/// Why partners do not make a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// An agency is on a plan that is not there.
    #[error("agency {agency} is on plan {plan}, which does not exist")]
    PlanUnknown {
        /// The agency.
        agency: AgencyName,
        /// The plan that it names.
        plan: PlanName,
    },
    /// A key belongs to an agency that is not there.
    #[error("key {key} belongs to agency {agency}, which does not exist")]
    AgencyUnknown {
        /// The key.
        key: KeyId,
        /// The agency that it names.
        agency: AgencyName,
    },
}
