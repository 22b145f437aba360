//! Who may come in.

use skybridge_domain::agency::Standing;
use skybridge_domain::key::{ApiKey, Key, MalformedKey, Mode, PepperId, Proof, Scope, Scopes};
use skybridge_gate::{AuthenticationRefusal, Gate, Node, Partners, Peppers, RegistryError};

use crate::kit::{HOME, NOON, Seeded, agency, at, peppers, plan, record_of};

fn gate_with(keys: Vec<Key>) -> Gate {
    let partners = Partners { plans: vec![plan("10 10 - -")], agencies: vec![agency("PartnerCo")], keys };
    Gate::new(peppers(), partners, Node::sole(), at(NOON)).unwrap()
}

fn refusal(gate: &Gate, key: &str) -> AuthenticationRefusal {
    gate.authenticate(key, HOME, at(NOON)).unwrap_err()
}

/// The text of a key with `key`'s id and another secret.
fn impostor(key: &ApiKey) -> ApiKey {
    struct SameId(Seeded);
    impl skybridge_domain::id::Randomness for SameId {
        fn fill(&self, bytes: &mut [u8]) {
            self.0.fill(bytes);
            if bytes.len() == 32 {
                bytes[0] ^= 1;
            }
        }
    }
    let impostor = ApiKey::generate(Mode::Live, &SameId(Seeded(1)));
    assert_eq!(impostor.id(), key.id());
    impostor
}

fn no_hash(pepper: &str) -> Proof {
    Proof::Secret { hash: [0; 32], pepper_id: PepperId::parse(pepper).unwrap() }
}

#[test]
fn a_good_key_tells_who_calls() {
    let key = ApiKey::generate(Mode::Test, &Seeded(1));
    let gate = gate_with(vec![Key { scopes: Scopes::from_iter([Scope::BookingsRead]), ..record_of(&key) }]);
    let caller = gate.authenticate(key.reveal(), HOME, at(NOON)).unwrap();
    assert_eq!(caller.agency().as_str(), "PartnerCo");
    assert_eq!((caller.mode(), caller.key_id()), (Mode::Test, key.id()));
    assert_eq!(caller.require(Scope::BookingsRead), Ok(()));
    let missing = caller.require(Scope::BookingsWrite).unwrap_err();
    assert_eq!(missing.to_string(), "The key lacks the scope bookings:write.");
}

#[test]
fn whatever_is_wrong_with_a_key_it_is_unknown() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let good = record_of(&key);
    let same_secret_in_test_mode = ApiKey::generate(Mode::Test, &Seeded(1));
    assert_eq!(same_secret_in_test_mode.id(), key.id());
    for (why, record, presented) in [
        ("never made", record_of(&ApiKey::generate(Mode::Live, &Seeded(2))), key.reveal()),
        ("expired", Key { expires_at: Some(at(NOON)), ..good.clone() }, key.reveal()),
        ("revoked", Key { revoked_at: Some(at(NOON)), ..good.clone() }, key.reveal()),
        ("another secret", good.clone(), impostor(&key).reveal()),
        ("another mode", good.clone(), same_secret_in_test_mode.reveal()),
        ("hash lost", Key { proof: no_hash("1"), ..good.clone() }, key.reveal()),
        ("pepper lost", Key { proof: no_hash("gone"), ..good.clone() }, key.reveal()),
    ] {
        assert_eq!(refusal(&gate_with(vec![record]), presented), AuthenticationRefusal::KeyUnknown, "{why}");
    }
}

#[test]
fn every_bit_of_a_secrets_hash_is_compared() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let good = record_of(&key);
    let Proof::Secret { hash, pepper_id } = good.proof.clone() else { panic!("an API key has a secret") };
    for bit in 0..256 {
        let (mut hash, pepper_id) = (hash, pepper_id.clone());
        hash[bit / 8] ^= 1 << (bit % 8);
        let gate = gate_with(vec![Key { proof: Proof::Secret { hash, pepper_id }, ..good.clone() }]);
        assert_eq!(refusal(&gate, key.reveal()), AuthenticationRefusal::KeyUnknown, "bit {bit}");
    }
}

#[test]
fn a_key_that_is_off_the_list_is_unknown_from_the_next_request_on() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let gate = gate_with(vec![record_of(&key)]);
    assert!(gate.authenticate(key.reveal(), HOME, at(NOON)).is_ok());
    let partners =
        Partners { plans: vec![plan("10 10 - -")], agencies: vec![agency("PartnerCo")], keys: vec![] };
    gate.replace(partners, at(NOON)).unwrap();
    assert_eq!(refusal(&gate, key.reveal()), AuthenticationRefusal::KeyUnknown);
}

#[test]
fn a_key_is_not_told_from_an_unknown_one_by_its_address_or_agency() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let elsewhere = vec!["198.51.100.0/24".parse().unwrap()];
    let revoked = Key { allowed_cidrs: elsewhere, revoked_at: Some(at(0)), ..record_of(&key) };
    assert_eq!(refusal(&gate_with(vec![revoked.clone()]), key.reveal()), AuthenticationRefusal::KeyUnknown);
    let suspended = Standing::Suspended { at: at(0) };
    let agency = skybridge_domain::agency::Agency { standing: suspended, ..agency("PartnerCo") };
    let partners = Partners { plans: vec![plan("1 1 - -")], agencies: vec![agency], keys: vec![revoked] };
    let gate = Gate::new(peppers(), partners, Node::sole(), at(NOON)).unwrap();
    assert_eq!(refusal(&gate, key.reveal()), AuthenticationRefusal::KeyUnknown);
}

#[test]
fn a_mistyped_key_is_malformed_whether_it_is_known_or_not() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let typo = key.reveal().replacen("sbk_live_", "sbk_test_", 1);
    for keys in [vec![], vec![record_of(&key)]] {
        let refused = refusal(&gate_with(keys), &typo);
        assert_eq!(refused, AuthenticationRefusal::KeyMalformed(MalformedKey::Checksum));
    }
}

#[test]
fn a_key_may_be_bound_to_addresses() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let allowed = ["192.0.2.0/24", "2001:db8::/32"].map(|cidr| cidr.parse().unwrap()).to_vec();
    let gate = gate_with(vec![Key { allowed_cidrs: allowed, ..record_of(&key) }]);
    for (source, may) in [
        ("192.0.2.255", true),
        ("::ffff:192.0.2.255", true),
        ("2001:db8::1", true),
        ("192.0.3.0", false),
        ("::ffff:192.0.3.0", false),
        ("2001:db9::1", false),
    ] {
        let answer = gate.authenticate(key.reveal(), source.parse().unwrap(), at(NOON));
        let expected = if may { None } else { Some(AuthenticationRefusal::AddressNotAllowed) };
        assert_eq!(answer.err(), expected, "{source}");
    }
}

#[test]
fn a_suspended_agency_stays_out() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let gate = gate_with(vec![record_of(&key)]);
    let suspended = Standing::Suspended { at: at(NOON) };
    let partners = Partners {
        plans: vec![plan("1 1 - -")],
        agencies: vec![skybridge_domain::agency::Agency { standing: suspended, ..agency("PartnerCo") }],
        keys: vec![record_of(&key)],
    };
    gate.replace(partners, at(NOON)).unwrap();
    assert_eq!(refusal(&gate, key.reveal()), AuthenticationRefusal::AgencySuspended);
}

#[test]
fn a_key_that_the_gateway_vouches_for_needs_no_secret_and_no_pepper() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let gate = gate_with(vec![Key { proof: no_hash("gone"), ..record_of(&key) }]);
    let caller = gate.authenticate_vouched(key.id(), Mode::Live, HOME, at(NOON)).unwrap();
    assert_eq!((caller.agency().as_str(), caller.key_id()), ("PartnerCo", key.id()));
}

#[test]
fn a_gateway_cannot_vouch_for_a_key_that_does_not_hold() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let good = record_of(&key);
    let elsewhere = vec!["198.51.100.0/24".parse().unwrap()];
    for (record, mode, refused) in [
        (record_of(&ApiKey::generate(Mode::Live, &Seeded(2))), Mode::Live, AuthenticationRefusal::KeyUnknown),
        (Key { expires_at: Some(at(NOON)), ..good.clone() }, Mode::Live, AuthenticationRefusal::KeyUnknown),
        (Key { revoked_at: Some(at(NOON)), ..good.clone() }, Mode::Live, AuthenticationRefusal::KeyUnknown),
        (good.clone(), Mode::Test, AuthenticationRefusal::KeyUnknown),
        (Key { allowed_cidrs: elsewhere, ..good }, Mode::Live, AuthenticationRefusal::AddressNotAllowed),
    ] {
        let answer = gate_with(vec![record]).authenticate_vouched(key.id(), mode, HOME, at(NOON));
        assert_eq!(answer.unwrap_err(), refused);
    }
    let suspended = Standing::Suspended { at: at(NOON) };
    let agencies = vec![skybridge_domain::agency::Agency { standing: suspended, ..agency("PartnerCo") }];
    let partners = Partners { plans: vec![plan("1 1 - -")], agencies, keys: vec![record_of(&key)] };
    let gate = Gate::new(peppers(), partners, Node::sole(), at(NOON)).unwrap();
    let answer = gate.authenticate_vouched(key.id(), Mode::Live, HOME, at(NOON));
    assert_eq!(answer.unwrap_err(), AuthenticationRefusal::AgencySuspended);
}

#[test]
fn keys_hashed_under_an_older_pepper_still_work() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let rotated = format!("2:{}\n{}", "ab".repeat(32), peppers().reveal());
    let partners = Partners {
        plans: vec![plan("1 1 - -")],
        agencies: vec![agency("PartnerCo")],
        keys: vec![record_of(&key)],
    };
    let open = |text: &str| {
        Gate::new(Peppers::parse(text).unwrap(), partners.clone(), Node::sole(), at(NOON)).unwrap()
    };
    let gate = open(&rotated);
    assert_eq!((gate.peppers().current_id().as_str(), gate.keys_without_pepper()), ("2", 0));
    assert!(gate.authenticate(key.reveal(), HOME, at(NOON)).is_ok());

    let forgotten = open(rotated.lines().next().unwrap());
    assert_eq!(forgotten.keys_without_pepper(), 1);
    assert_eq!(refusal(&forgotten, key.reveal()), AuthenticationRefusal::KeyUnknown);
}

#[test]
fn partners_that_do_not_fit_together_change_nothing() {
    let key = ApiKey::generate(Mode::Live, &Seeded(1));
    let gate = gate_with(vec![record_of(&key)]);
    let no_plan = Partners { plans: vec![], agencies: vec![agency("PartnerCo")], keys: vec![] };
    let no_agency = Partners { plans: vec![], agencies: vec![], keys: vec![record_of(&key)] };
    let refused = gate.replace(no_plan, at(NOON)).unwrap_err();
    assert_eq!(refused.to_string(), "agency PartnerCo is on plan plan, which does not exist");
    let refused = gate.replace(no_agency, at(NOON)).unwrap_err();
    assert!(matches!(refused, RegistryError::AgencyUnknown { .. }), "{refused}");
    assert!(gate.authenticate(key.reveal(), HOME, at(NOON)).is_ok());
}
