use proptest::prelude::*;

use super::*;
use crate::id::Randomness;

/// Bytes that count up from a seed: each key another one.
struct Counting(u8);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for (at, byte) in (0_u8..).zip(bytes) {
            *byte = self.0.wrapping_mul(37).wrapping_add(at.wrapping_mul(11));
        }
    }
}

fn some_key() -> ApiKey {
    ApiKey::generate(Mode::Live, &Counting(3))
}

#[test]
fn a_key_reads_back_as_the_one_that_was_made() {
    for mode in [Mode::Live, Mode::Test] {
        let key = ApiKey::generate(mode, &Counting(9));
        let presented = PresentedKey::parse(key.reveal()).unwrap();
        assert_eq!((presented.id, presented.mode), (key.id(), mode));
        assert_eq!(presented.secret(), key.present().secret());
        assert_eq!(presented.secret().len(), 43);
    }
}

#[test]
fn only_reveal_tells_the_secret() {
    let key = some_key();
    let secret = std::str::from_utf8(key.present().secret()).unwrap();
    for told in [format!("{key:?}"), format!("{:?}", key.present())] {
        assert!(!told.contains(secret) && told.contains(key.id().as_str()), "{told}");
    }
    assert!(key.reveal().contains(secret));
}

#[test]
fn every_single_wrong_character_is_refused() {
    let right = some_key().reveal().to_owned();
    for at in 0..right.len() {
        for wrong in b'!'..=b'~' {
            let mut bytes = right.clone().into_bytes();
            if std::mem::replace(&mut bytes[at], wrong) == wrong {
                continue;
            }
            let typo = String::from_utf8(bytes).unwrap();
            let refusal = PresentedKey::parse(&typo).unwrap_err();
            let by_checksum = at >= 9 && at != right.len() - 7;
            assert_eq!(refusal == MalformedKey::Checksum, by_checksum, "position {at}: {refusal}");
        }
    }
}

#[test]
fn neighbours_that_changed_places_are_refused() {
    let right = some_key().reveal().to_owned();
    for at in 0..right.len() - 1 {
        let mut bytes = right.clone().into_bytes();
        bytes.swap(at, at + 1);
        let typo = String::from_utf8(bytes).unwrap();
        assert!(typo == right || PresentedKey::parse(&typo).is_err(), "position {at}");
    }
}

#[test]
fn a_text_that_is_no_key_says_why() {
    let key = some_key().reveal().to_owned();
    let forged = |body: &str| format!("{body}_{}", checksum_of(body));
    let secret = "s".repeat(43);
    for (text, why) in [
        (String::new(), MalformedKey::Prefix),
        ("Bearer".to_owned(), MalformedKey::Prefix),
        (key.replace("sbk_live", "sbk_prod"), MalformedKey::Prefix),
        ("sbk_liv\u{e9}_".to_owned(), MalformedKey::Prefix),
        (format!("{key} "), MalformedKey::Length),
        (key[..71].to_owned(), MalformedKey::Length),
        (forged(&format!("sbk_live_AAAA-AAAAAAA_{secret}")), MalformedKey::Id),
        (forged(&format!("sbk_live_AAAAAAAAAAA\u{e9}{secret}")), MalformedKey::Id),
        (forged(&format!("sbk_live_AAAAAAAAAAAA_{}.", &secret[..42])), MalformedKey::Secret),
        (forged(&format!("sbk_live_AAAAAAAAAAAAx{secret}")), MalformedKey::Separator),
    ] {
        assert_eq!(PresentedKey::parse(&text).unwrap_err(), why, "{text}");
    }
}

fn checksum_of(body: &str) -> String {
    let mut digits = [0; 6];
    base62::encode(u128::from(crc32fast::hash(body.as_bytes())), &mut digits);
    String::from_utf8(digits.to_vec()).unwrap()
}

#[test]
fn a_key_expires_and_is_revoked_at_the_very_moment() {
    let at = Timestamp::from_millis;
    let mut key = Key {
        id: KeyId::from_random([1; 16]),
        agency: AgencyName::new("PartnerCo").unwrap(),
        mode: Mode::Live,
        name: None,
        scopes: Scopes::ALL,
        allowed_cidrs: vec![],
        proof: Proof::Secret { hash: [0; 32], pepper_id: PepperId::parse("1").unwrap() },
        created_at: at(0),
        expires_at: Some(at(100)),
        revoked_at: None,
        replaced_by: None,
        rotated_at: None,
        rotated_from: None,
    };
    assert_eq!(key.state(at(99)), KeyState::Active);
    assert_eq!(key.state(at(100)), KeyState::Expired);
    key.revoked_at = Some(at(50));
    assert_eq!(key.state(at(49)), KeyState::Active);
    assert_eq!(key.state(at(50)), KeyState::Revoked);
    assert_eq!(key.state(at(100)), KeyState::Revoked);
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in ".{0,90}", tail in "[0-9A-Za-z_é]{60,70}") {
        prop_assert!(PresentedKey::parse(&text).is_err());
        let shaped = format!("sbk_live_{tail}");
        prop_assert!(PresentedKey::parse(&shaped).is_err());
    }

    #[test]
    fn ids_are_read_back(bytes: [u8; 16]) {
        let id = KeyId::from_random(bytes);
        prop_assert_eq!(KeyId::parse(id.as_str()), Some(id));
    }
}
