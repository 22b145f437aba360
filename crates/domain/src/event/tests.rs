//! The chain breaks when anything in it is altered, and its hashes can be computed by anyone.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn booking(text: &str) -> BookingId {
    BookingId::parse(text).unwrap()
}

fn this() -> BookingId {
    booking("0190b3a8-7c1d-8f00-8000-0123456789ab")
}

fn history() -> Vec<Event> {
    let at = Timestamp::from_millis;
    let (id, key) = (this(), Actor::key("0123456789ab"));
    let created =
        Event::first(&id, at(1_805_016_413_589), key.clone(), Fact::Created { document_sha256: [0xa5; 32] });
    let confirmed = created.next(&id, at(1_805_016_500_000), key, Fact::Confirmed);
    let reason = CancelReason::new("\"Müller\" \\ \u{1f600}").unwrap();
    let cancelled = confirmed.next(
        &id,
        at(1_805_016_600_001),
        Actor::operator(),
        Fact::Cancelled { reason: Some(reason) },
    );
    vec![created, confirmed, cancelled]
}

fn wire(event: &Event) -> serde_json::Value {
    serde_json::to_value(event.on_wire(this())).unwrap()
}

#[test]
fn events_are_sent_in_one_shape() {
    let sent = serde_json::to_string(&history()[2].on_wire(this())).unwrap();
    let [created, confirmed, cancelled] = &history()[..] else { panic!() };
    assert_eq!(
        sent,
        format!(
            r#"{{"event_id":"0190b3a8-7c1d-8f00-8000-0123456789ab.3","booking_id":"0190b3a8-7c1d-8f00-8000-0123456789ab","sequence":3,"type":"booking.cancelled","occurred_at":"2027-03-14T09:30:00.001Z","actor":"operator","data":{{"status":"CANCELLED","reason":"\"Müller\" \\ 😀"}},"previous_hash":"{}","hash":"{}"}}"#,
            wire::Hex(confirmed.hash()),
            wire::Hex(cancelled.hash()),
        )
    );
    let data = |event| wire(event)["data"].clone();
    assert_eq!(data(created), serde_json::json!({ "status": "CREATED", "document_sha256": "a5".repeat(32) }));
    assert_eq!(data(confirmed), serde_json::json!({ "status": "CONFIRMED" }));
    assert_eq!(wire(created)["previous_hash"], "0".repeat(64));
    assert_eq!(wire(created)["actor"], "key:0123456789ab");
}

#[test]
fn anyone_can_compute_the_hash_from_what_was_sent() {
    for event in history() {
        // Sorted by name, serde_json's compact form is that of RFC 8785 for what events hold.
        let sent = serde_json::to_string(&event.on_wire(this())).unwrap();
        let mut sent: BTreeMap<String, serde_json::Value> = serde_json::from_str(&sent).unwrap();
        let hash = sent.remove("hash").unwrap();
        let data: BTreeMap<String, serde_json::Value> = serde_json::from_value(sent["data"].clone()).unwrap();
        sent.insert("data".to_owned(), serde_json::to_value(data).unwrap());
        let canonical = serde_json::to_string(&sent).unwrap();
        assert_eq!(hash, wire::Hex(&Sha256::digest(canonical).into()).to_string());
    }
}

/// Computed with the Python lines of the module's documentation, not with this program.
#[test]
fn the_hashes_are_the_ones_of_the_first_release() {
    let hashes: Vec<_> = history().iter().map(|event| wire::Hex(event.hash()).to_string()).collect();
    assert_eq!(
        hashes,
        [
            "7041cb1ed77b3e8d71b1b40e8e43c25716952f45f5727e59bc64238cd8f9ed7b",
            "c026695f3f9e17d45ff5c1a8e5961ff20717d6c68cdd1d59e3a17291c2d53c0f",
            "712c8af73682da82d2f29b3f0946b48678e3c6821803363d832aad7292ca86d6",
        ]
    );
}

#[test]
fn an_honest_history_holds_and_no_other() {
    let honest = history();
    let broken = |events: &[Event]| verify_chain(&this(), events).unwrap_err();
    assert_eq!(verify_chain(&this(), &honest), Ok(()));
    assert_eq!(verify_chain(&this(), &[]), Ok(()));
    let swapped = [honest[0].clone(), honest[2].clone(), honest[1].clone()];
    assert_eq!(broken(&swapped), BrokenChain::Sequence { expected: 2, found: 3 });
    assert_eq!(broken(&honest[1..]), BrokenChain::Sequence { expected: 1, found: 2 });
    let other = booking("0190b3a8-7c1d-8f00-8000-0123456789ac");
    assert_eq!(verify_chain(&other, &honest), Err(BrokenChain::Hash { sequence: 1 }));
}

#[test]
fn a_rewritten_beginning_does_not_fit_what_follows() {
    let honest = history();
    let forged = Event::first(&this(), honest[0].occurred_at(), Actor::operator(), honest[0].fact().clone());
    let events = [forged, honest[1].clone(), honest[2].clone()];
    assert_eq!(verify_chain(&this(), &events), Err(BrokenChain::Link { sequence: 2 }));
}

#[test]
fn facts_are_read_back_from_their_names() {
    for event in history() {
        let (document, reason) = match event.fact().clone() {
            Fact::Created { document_sha256 } => (Some(document_sha256), None),
            Fact::Confirmed => (None, None),
            Fact::Cancelled { reason } => (None, reason),
        };
        assert_eq!(Fact::from_stored(event.fact().name(), document, reason).as_ref(), Some(event.fact()));
    }
    assert_eq!(Fact::from_stored("booking.created", None, None), None);
    assert_eq!(Fact::from_stored("booking.confirmed", Some([0; 32]), None), None);
    assert_eq!(Fact::from_stored("booking.lost", None, None), None);
}

#[test]
fn actors_and_reasons_have_bounds() {
    assert_eq!(Actor::parse("key:0123456789ab"), Ok(Actor::key("0123456789ab")));
    assert_eq!(Actor::parse("operator"), Ok(Actor::operator()));
    for text in ["", "a b", "é", "a\n", &"x".repeat(129)] {
        assert_eq!(Actor::parse(text), Err(InvalidActor), "{text:?}");
    }
    assert_eq!(Actor::key(&"x y\n".repeat(500)).as_str().len(), Actor::CHARS_MAX);
    for text in ["", "two\nlines", "\u{7f}", &"é".repeat(201)] {
        assert_eq!(CancelReason::new(text), Err(InvalidCancelReason), "{text:?}");
    }
    assert!(CancelReason::new(&"é".repeat(200)).is_ok());
}

#[test]
fn a_full_history_of_the_largest_events_fits_a_record() {
    let at = Timestamp::from_millis(u64::from(u32::MAX) * 1000);
    let reason = CancelReason::new(&"\u{10ffff}".repeat(CancelReason::CHARS_MAX)).unwrap();
    let fact = Fact::Cancelled { reason: Some(reason) };
    let event = Event::first(&this(), at, Actor::key(&"x".repeat(200)), fact);
    let bytes = serde_json::to_string(&event.on_wire(this())).unwrap().len();
    assert!(Event::EVENTS_MAX * bytes < 200_000, "{bytes}");
}

/// Alters one byte of one event: which field, which byte of it, and by which bits.
fn altered(mut parts: EventParts, field: u8, at: prop::sample::Index, bits: u8) -> EventParts {
    let byte = at.index(32);
    match field {
        0 => parts.sequence ^= u64::from(bits) << (8 * at.index(8)),
        1 => {
            let millis = parts.occurred_at.as_millis() ^ (u64::from(bits) << (8 * at.index(5)));
            parts.occurred_at = Timestamp::from_millis(millis);
        }
        2 => {
            parts.actor =
                Actor::parse(&format!("{}{}", parts.actor.as_str(), char::from(b'a' + bits % 26))).unwrap();
        }
        3 => parts.previous_hash[byte] ^= bits,
        4 => parts.hash[byte] ^= bits,
        _ => match &mut parts.fact {
            Fact::Created { document_sha256 } => document_sha256[byte] ^= bits,
            Fact::Confirmed => parts.fact = Fact::Cancelled { reason: None },
            Fact::Cancelled { reason } => *reason = None,
        },
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_altered_byte_breaks_the_chain(which in 0..3_usize, field in 0..6_u8, at: prop::sample::Index, bits in 1..=255_u8) {
        let mut events = history();
        events[which] = Event::from_parts(altered(events[which].clone().into_parts(), field, at, bits));
        prop_assert!(verify_chain(&this(), &events).is_err());
    }
}
