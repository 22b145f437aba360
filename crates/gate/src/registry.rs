//! Who is known: agencies, their plans and keys, as one immutable whole.
//!
//! A change makes a new registry and swaps it in; a request that is under way keeps the one it saw. What an agency
//! has used lives in its [`Pace`], which the old and the new registry share: rotating a key or changing a plan
//! never gives back what was spent.

use std::collections::HashMap;
use std::sync::Arc;

use skybridge_domain::agency::{Agency, AgencyName, Standing};
use skybridge_domain::key::{Key, KeyId};
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;

use crate::pepper::Peppers;
use crate::throttle::{Pace, Post, Terms};

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
    agencies: HashMap<AgencyName, Arc<Pace>>,
    keys: HashMap<KeyId, Arc<Credential>>,
}

/// A key, with what has to be known of its agency.
///
/// In this order in memory: with many agencies a request's time goes into waiting for memory, and the way from the
/// count of references to the pace is then within one cache line.
#[repr(C)]
pub(crate) struct Credential {
    /// How much the agency used; shared with its other keys, and with the registries before and after.
    pub(crate) pace: Arc<Pace>,
    /// Where the key's pepper stands among [`Peppers`]; `None` if it is not there, and the key cannot be checked.
    pub(crate) pepper: Option<usize>,
    /// The agency's standing.
    pub(crate) standing: Standing,
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
        Self::build(partners, peppers, |name, terms| {
            Arc::new(Pace::unknown(name.clone(), terms, Arc::clone(post), now))
        })
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
        let mut adopted = Vec::new();
        let built = Self::build(partners, peppers, |name, terms| match self.agencies.get(name) {
            Some(known) => {
                adopted.push((Arc::clone(known), terms));
                Arc::clone(known)
            }
            None => Arc::new(Pace::unknown(name.clone(), terms, Arc::clone(post), now)),
        })?;
        for (pace, terms) in adopted {
            pace.adopt(terms, now);
        }
        Ok(built)
    }

    fn build(
        partners: Partners,
        peppers: &Peppers,
        mut pace_of: impl FnMut(&AgencyName, Arc<Terms>) -> Arc<Pace>,
    ) -> Result<Self, RegistryError> {
        let plans: HashMap<PlanName, Arc<Terms>> =
            partners.plans.into_iter().map(|plan| (plan.name().clone(), Arc::new(Terms::of(plan)))).collect();
        let mut agencies = HashMap::with_capacity(partners.agencies.len());
        let mut standings = HashMap::with_capacity(partners.agencies.len());
        for Agency { name, plan, standing, .. } in partners.agencies {
            let Some(terms) = plans.get(&plan) else {
                return Err(RegistryError::PlanUnknown { agency: name, plan });
            };
            let pace = pace_of(&name, Arc::clone(terms));
            standings.insert(name.clone(), standing);
            agencies.insert(name, pace);
        }
        let mut keys = HashMap::with_capacity(partners.keys.len());
        for key in partners.keys {
            let (Some(pace), Some(standing)) = (agencies.get(&key.agency), standings.get(&key.agency)) else {
                return Err(RegistryError::AgencyUnknown { key: key.id, agency: key.agency });
            };
            let (pace, standing) = (Arc::clone(pace), *standing);
            let pepper = peppers.position(&key.pepper_id);
            keys.insert(key.id, Arc::new(Credential { pace, pepper, standing, key }));
        }
        Ok(Self { agencies, keys })
    }

    pub(crate) fn credential(&self, id: &KeyId) -> Option<&Arc<Credential>> {
        self.keys.get(id)
    }

    pub(crate) fn pace_of(&self, agency: &AgencyName) -> Option<&Arc<Pace>> {
        self.agencies.get(agency)
    }

    pub(crate) fn keys_without_pepper(&self) -> usize {
        self.keys.values().filter(|credential| credential.pepper.is_none()).count()
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
