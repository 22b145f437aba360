//! Plans, agencies and keys as records, and back. Listed networks are in `networks.rs`.
//!
//! Ids: `plan#NAME`, `agency#NAME`, `key#ID`, `network#CIDR` (and `change-log`, see there). Listings: one partition per kind, in order of name; keys in order
//! of their agency's name, so that the keys of one agency stand together.

use ipnet::IpNet;
use skybridge_domain::agency::{
    Agency, AgencyName, Demands, Reason, Requirement, RuleName, ScreeningException, Standing,
};
use skybridge_domain::certificate::{Fingerprint, PinnedCertificate};
use skybridge_domain::key::{Algorithm, Ed25519PublicKey, Key, KeyId, Mode, PepperId, Proof, Scopes};
use skybridge_domain::plan::{Plan, PlanName, Quota, Rate};
use skybridge_domain::time::Timestamp;
use skybridge_store::{self as store, Attributes, Listing, Record, StoreError, Table, Value, Version};

use crate::attribute::{self, Unreadable, damaged};
use crate::partners::PlanEntry;
use crate::partners::networks::NetworkRecord;

/// What can be kept among the partners.
pub(super) trait Kept: Sized {
    /// The partition that lists all of its kind.
    const PARTITION: &'static str;

    fn key(&self) -> store::Key;
    /// Its place within the partition.
    fn sort(&self) -> String;
    fn attributes(&self) -> Attributes;
    fn read(attributes: &Attributes) -> Result<Self, Unreadable>;

    /// The record at `version`.
    fn record(&self, version: Version) -> Record {
        let listing = Listing { partition: Self::PARTITION.to_owned(), sort: self.sort() };
        Record { key: self.key(), version, listing: Some(listing), attributes: self.attributes() }
    }
}

/// A partner of any kind.
pub(super) enum Partner {
    Plan(PlanEntry),
    Agency(Agency),
    Key(Key),
    Network(NetworkRecord),
}

impl Partner {
    /// What `record` holds; its id says of which kind it is. None of a kind that this program does not know: the change
    /// log is no partner, and a later program may keep others.
    pub(super) fn of(record: &Record) -> Result<Option<Self>, StoreError> {
        let attributes = &record.attributes;
        let read = match record.key.id.split_once('#') {
            Some(("plan", _)) => PlanEntry::read(attributes).map(Self::Plan),
            Some(("agency", _)) => Agency::read(attributes).map(Self::Agency),
            Some(("key", _)) => Key::read(attributes).map(Self::Key),
            Some(("network", _)) => NetworkRecord::read(attributes).map(Self::Network),
            _ => return Ok(None),
        };
        read.map(Some).map_err(|error| damaged(&record.key, error))
    }
}

pub(super) fn plan_key(name: &PlanName) -> store::Key {
    store::Key::new(Table::Partners, format!("plan#{name}"))
}

pub(super) fn agency_key(name: &AgencyName) -> store::Key {
    store::Key::new(Table::Partners, format!("agency#{name}"))
}

pub(super) fn key_key(id: KeyId) -> store::Key {
    store::Key::new(Table::Partners, format!("key#{id}"))
}

impl Kept for PlanEntry {
    const PARTITION: &'static str = "plans";

    fn key(&self) -> store::Key {
        plan_key(self.plan.name())
    }

    fn sort(&self) -> String {
        self.plan.name().to_string()
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::with_capacity(8)
            .with("name", self.plan.name().as_str())
            .with("rate", self.plan.rate().to_string())
            .with("burst", u64::from(self.plan.burst()))
            .with("created_at", self.created_at.as_millis())
            .with("updated_at", self.updated_at.as_millis());
        if let Some(quota) = self.plan.quota() {
            attributes.set("quota", quota.to_string());
        }
        if let Some(in_flight) = self.plan.in_flight() {
            attributes.set("in_flight", u64::from(in_flight));
        }
        let routes = self.plan.routes();
        if !routes.is_empty() {
            let routes: Vec<Value> = routes.iter().map(|rule| Value::S(rule.to_string())).collect();
            attributes.set("routes", routes);
        }
        attributes
    }

    fn read(attributes: &Attributes) -> Result<Self, Unreadable> {
        let count = |number: u64, name| u32::try_from(number).map_err(|_| Unreadable(name));
        let in_flight = attribute::number_if_any(attributes, "in_flight")?;
        let plan = Plan::new(
            attribute::parsed(attributes, "name", |text| PlanName::new(text).ok())?,
            attribute::parsed(attributes, "rate", |text| Rate::parse(text).ok())?,
            count(attribute::number(attributes, "burst")?, "burst")?,
            attribute::parsed_if_any(attributes, "quota", |text| Quota::parse(text).ok())?,
            in_flight.map(|number| count(number, "in_flight")).transpose()?,
        );
        let routes = match attributes.list("routes") {
            Some(_) => texts(attributes, "routes", |text| text.parse().ok())?,
            None => Vec::new(),
        };
        let plan = plan.map_err(|_| Unreadable("burst"))?;
        Ok(Self {
            plan: plan.with_routes(routes).map_err(|_| Unreadable("routes"))?,
            created_at: attribute::moment(attributes, "created_at")?,
            updated_at: attribute::moment(attributes, "updated_at")?,
        })
    }
}

impl Kept for Agency {
    const PARTITION: &'static str = "agencies";

    fn key(&self) -> store::Key {
        agency_key(&self.name)
    }

    fn sort(&self) -> String {
        self.name.to_string()
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::with_capacity(4)
            .with("name", self.name.as_str())
            .with("plan", self.plan.as_str())
            .with("created_at", self.created_at.as_millis());
        if let Standing::Suspended { at } = self.standing {
            attributes.set("suspended_at", at.as_millis());
        }
        if self.demands.requirement != Requirement::None {
            attributes.set("requires", self.demands.requirement.as_str());
        }
        if !self.demands.certificates.is_empty() {
            let pinned = self.demands.certificates.iter();
            let texts =
                pinned.map(|one| Value::S(format!("{}@{}", one.fingerprint, one.pinned_at.as_millis())));
            attributes.set("certificates", texts.collect::<Vec<_>>());
        }
        if !self.exceptions.is_empty() {
            let texts = self.exceptions.iter().map(|one| Value::S(exception_text(one)));
            attributes.set("screening_exceptions", texts.collect::<Vec<_>>());
        }
        attributes
    }

    fn read(attributes: &Attributes) -> Result<Self, Unreadable> {
        let suspended = attribute::number_if_any(attributes, "suspended_at")?.map(Timestamp::from_millis);
        Ok(Self {
            name: attribute::parsed(attributes, "name", |text| AgencyName::new(text).ok())?,
            plan: attribute::parsed(attributes, "plan", |text| PlanName::new(text).ok())?,
            standing: suspended.map_or(Standing::Active, |at| Standing::Suspended { at }),
            created_at: attribute::moment(attributes, "created_at")?,
            demands: Demands {
                requirement: attribute::parsed_if_any(attributes, "requires", Requirement::parse)?
                    .unwrap_or_default(),
                certificates: match attributes.get("certificates") {
                    None => Vec::new(),
                    Some(_) => texts(attributes, "certificates", pinned)?,
                },
            },
            exceptions: match attributes.get("screening_exceptions") {
                None => Vec::new(),
                Some(_) => texts(attributes, "screening_exceptions", exception)?,
            },
        })
    }
}

impl Kept for Key {
    const PARTITION: &'static str = "keys";

    fn key(&self) -> store::Key {
        key_key(self.id)
    }

    fn sort(&self) -> String {
        format!("{}#{:013}#{}", self.agency, self.created_at.as_millis(), self.id)
    }

    fn attributes(&self) -> Attributes {
        let texts = |texts: Vec<String>| Value::L(texts.into_iter().map(Value::S).collect());
        let mut attributes = Attributes::with_capacity(14)
            .with("key_id", self.id.as_str())
            .with("agency", self.agency.as_str())
            .with("mode", self.mode.as_str())
            .with("scopes", texts(self.scopes.iter().map(|scope| scope.to_string()).collect()))
            .with("allowed_cidrs", texts(self.allowed_cidrs.iter().map(IpNet::to_string).collect()))
            .with("created_at", self.created_at.as_millis());
        if let Some(name) = &self.name {
            attributes.set("name", name.as_str());
        }
        // A key without an algorithm is an API key, as all were before there were others.
        if let Some(algorithm) = self.proof.algorithm() {
            attributes.set("algorithm", algorithm.as_str());
        }
        if let Some(pepper_id) = self.proof.pepper_id() {
            attributes.set("pepper_id", pepper_id.as_str());
        }
        match &self.proof {
            Proof::Secret { hash, .. } => attributes.set("secret_hash", hash.to_vec()),
            Proof::Ed25519(public_key) => attributes.set("public_key", public_key.as_bytes().to_vec()),
            Proof::HmacSha256 { .. } => {}
        }
        for (name, moment) in [
            ("expires_at", self.expires_at),
            ("revoked_at", self.revoked_at),
            ("rotated_at", self.rotated_at),
        ] {
            if let Some(moment) = moment {
                attributes.set(name, moment.as_millis());
            }
        }
        for (name, id) in [("replaced_by", self.replaced_by), ("rotated_from", self.rotated_from)] {
            if let Some(id) = id {
                attributes.set(name, id.as_str());
            }
        }
        attributes
    }

    fn read(attributes: &Attributes) -> Result<Self, Unreadable> {
        let moment =
            |name| attribute::number_if_any(attributes, name).map(|at| at.map(Timestamp::from_millis));
        Ok(Self {
            id: attribute::parsed(attributes, "key_id", KeyId::parse)?,
            agency: attribute::parsed(attributes, "agency", |text| AgencyName::new(text).ok())?,
            mode: attribute::parsed(attributes, "mode", Mode::parse)?,
            name: attributes.text("name").map(str::to_owned),
            scopes: texts(attributes, "scopes", |text| text.parse().ok())?.into_iter().collect::<Scopes>(),
            allowed_cidrs: texts(attributes, "allowed_cidrs", |text| text.parse().ok())?,
            proof: proof(attributes)?,
            created_at: attribute::moment(attributes, "created_at")?,
            expires_at: moment("expires_at")?,
            revoked_at: moment("revoked_at")?,
            rotated_at: moment("rotated_at")?,
            replaced_by: attribute::parsed_if_any(attributes, "replaced_by", KeyId::parse)?,
            rotated_from: attribute::parsed_if_any(attributes, "rotated_from", KeyId::parse)?,
        })
    }
}

fn proof(attributes: &Attributes) -> Result<Proof, Unreadable> {
    let bytes = |name: &'static str| -> Result<[u8; 32], Unreadable> {
        attributes.bytes(name).and_then(|bytes| bytes.try_into().ok()).ok_or(Unreadable(name))
    };
    let pepper_id = || attribute::parsed(attributes, "pepper_id", PepperId::parse);
    match attribute::parsed_if_any(attributes, "algorithm", Algorithm::parse)? {
        None => Ok(Proof::Secret { hash: bytes("secret_hash")?, pepper_id: pepper_id()? }),
        Some(Algorithm::Ed25519) => Ok(Proof::Ed25519(Ed25519PublicKey::new(bytes("public_key")?))),
        Some(Algorithm::HmacSha256) => Ok(Proof::HmacSha256 { pepper_id: pepper_id()? }),
    }
}

/// A certificate as text: its fingerprint, and when it was pinned.
fn pinned(text: &str) -> Option<PinnedCertificate> {
    let (fingerprint, pinned_at) = text.split_once('@')?;
    let pinned_at = Timestamp::from_millis(pinned_at.parse().ok()?);
    Some(PinnedCertificate { fingerprint: Fingerprint::parse(fingerprint).ok()?, pinned_at })
}

/// An exception as text: the rule, from when and until when, the reason.
fn exception_text(exception: &ScreeningException) -> String {
    let ScreeningException { rule, until, granted_at, reason } = exception;
    format!("{rule}@{}@{}@{reason}", granted_at.as_millis(), until.as_millis())
}

fn exception(text: &str) -> Option<ScreeningException> {
    let mut parts = text.splitn(4, '@');
    let rule = RuleName::parse(parts.next()?)?;
    let mut moment = || Some(Timestamp::from_millis(parts.next()?.parse().ok()?));
    let (granted_at, until) = (moment()?, moment()?);
    Some(ScreeningException { rule, until, granted_at, reason: Reason::parse(parts.next()?)? })
}

/// The list of texts under `name`, each as `parse` reads it.
fn texts<T>(
    attributes: &Attributes,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Unreadable> {
    let list = attributes.list(name).ok_or(Unreadable(name))?;
    list.iter()
        .map(|value| match value {
            Value::S(text) => parse(text).ok_or(Unreadable(name)),
            _ => Err(Unreadable(name)),
        })
        .collect()
}
