//! Agencies, plans and keys for the gate's benchmarks.

use std::net::{IpAddr, Ipv4Addr};

use skybridge_domain::agency::{Agency, AgencyName, Demands, Standing};
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{ApiKey, Key, Mode, PepperId, Proof, Scopes};
use skybridge_domain::plan::{Plan, PlanName, Quota, Rate};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Gate, Node, Partners, Peppers};

pub(crate) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const NOW: u64 = 1_805_025_600_000_000_000;

/// Bytes that look random and follow from a number (splitmix64).
pub(crate) struct Seeded(pub(crate) u64);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let salt = bytes.len() as u64;
        for (at, chunk) in (1_u64..).zip(bytes.chunks_mut(8)) {
            let mut word = (self.0 * 1_000 + salt * 10 + at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(word ^ word >> 31).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A gate that knows so many agencies, and a key of each.
pub(crate) fn open(agencies: u64) -> (Gate, Vec<ApiKey>) {
    let peppers = Peppers::new(PepperId::parse("1").expect("an id"), [7; 32]);
    let plan_name = PlanName::new("wide").expect("a name");
    let rate = Rate::parse("1000000").expect("a rate");
    let quota = Quota::parse("999999999999/day").expect("a quota");
    let plan = Plan::new(plan_name.clone(), rate, 1_000_000, Some(quota), Some(100)).expect("a plan");
    let mut partners = Partners { plans: vec![plan], ..Partners::default() };
    let mut keys = Vec::new();
    for number in 0..agencies {
        let name = AgencyName::new(&format!("agency-{number}")).expect("a name");
        let key = ApiKey::generate(Mode::Live, &Seeded(number));
        partners.keys.push(record(&key, &name, &peppers));
        let created_at = Timestamp::from_nanos(NOW);
        partners.agencies.push(Agency {
            name,
            plan: plan_name.clone(),
            standing: Standing::Active,
            created_at,
            demands: Demands::default(),
            exceptions: Vec::new(),
        });
        keys.push(key);
    }
    let gate = Gate::new(peppers, partners, Node::sole(), Timestamp::from_nanos(NOW))
        .expect("partners fit together");
    (gate, keys)
}

fn record(key: &ApiKey, agency: &AgencyName, peppers: &Peppers) -> Key {
    let hashed = peppers.hash(key.present());
    Key {
        id: key.id(),
        agency: agency.clone(),
        mode: Mode::Live,
        name: None,
        scopes: Scopes::ALL,
        allowed_cidrs: vec![],
        proof: Proof::Secret { hash: hashed.hash, pepper_id: hashed.pepper_id },
        created_at: Timestamp::from_nanos(NOW),
        expires_at: None,
        revoked_at: None,
        replaced_by: None,
        rotated_at: None,
        rotated_from: None,
    }
}
