//! The life of a booking.

use proptest::prelude::*;

use crate::agency::AgencyName;
use crate::booking::*;
use crate::event::{Actor, BrokenChain, CancelReason, Event, EventParts, Fact};
use crate::id::BookingId;
use crate::idempotency::IdempotencyKey;
use crate::key::Mode;
use crate::time::Timestamp;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn agency_key() -> Actor {
    Actor::key("0123456789ab")
}

fn created() -> Booking {
    let (agency, key) = (AgencyName::new("PartnerCo").unwrap(), IdempotencyKey::new("k-1").unwrap());
    let details = BookingRequest::read(br#"{"remarks":"first"}"#).unwrap().details;
    let new = NewBooking {
        id: BookingId::named_by(&agency, Mode::Live, &key),
        agency,
        mode: Mode::Live,
        document: details.document(),
        operation: CreateOperation::Create,
        idempotency_key: Some(key),
    };
    Booking::create(new, Timestamp::from_nanos(1_000_999_999), agency_key())
}

fn done(transition: Result<Transition, InvalidTransition>) -> Booking {
    match transition {
        Ok(Transition::Done(booking)) => booking,
        other => panic!("{other:?}"),
    }
}

fn reason(text: &str) -> Option<CancelReason> {
    Some(CancelReason::new(text).unwrap())
}

#[test]
fn a_created_booking_is_at_version_1() {
    let booking = created();
    assert_eq!(
        (booking.state(), booking.status().as_str(), booking.version()),
        (State::Created, "CREATED", 1)
    );
    assert_eq!((booking.created_at(), booking.updated_at()), (at(1000), at(1000)));
    assert_eq!(booking.available_actions(), [Action::Confirm, Action::Cancel]);
    assert_eq!(
        booking.events()[0].fact(),
        &Fact::Created { document_sha256: booking.document().fingerprint() }
    );
    assert_eq!(booking.origin().answer_format, 1);
    assert_eq!(booking.verify_history(), Ok(()));
}

#[test]
fn confirm_then_cancel() {
    let confirmed = done(created().confirm(at(2000), agency_key()));
    assert_eq!(confirmed.state(), State::Confirmed { at: at(2000) });
    assert_eq!(
        (confirmed.version(), confirmed.updated_at(), confirmed.created_at()),
        (2, at(2000), at(1000))
    );
    assert_eq!(confirmed.available_actions(), [Action::Cancel]);
    let cancelled = done(confirmed.cancel(at(3000), Actor::operator(), reason("no show")));
    assert_eq!(cancelled.state(), State::Cancelled { at: at(3000), confirmed_at: Some(at(2000)) });
    assert_eq!((cancelled.version(), cancelled.events().len()), (3, 3));
    assert!(cancelled.available_actions().is_empty());
    assert_eq!(cancelled.verify_history(), Ok(()));
}

#[test]
fn a_created_booking_can_be_cancelled() {
    let cancelled = done(created().cancel(at(2000), agency_key(), None));
    assert_eq!(cancelled.state(), State::Cancelled { at: at(2000), confirmed_at: None });
}

#[test]
fn what_is_already_so_changes_nothing() {
    let confirmed = done(created().confirm(at(2000), agency_key()));
    assert_eq!(
        confirmed.clone().confirm(at(9000), Actor::operator()),
        Ok(Transition::AlreadySo(confirmed.clone()))
    );
    let cancelled = done(confirmed.cancel(at(3000), agency_key(), reason("first")));
    let again = cancelled.clone().cancel(at(9000), agency_key(), reason("second"));
    assert_eq!(again, Ok(Transition::AlreadySo(cancelled)));
}

#[test]
fn a_cancelled_booking_cannot_be_confirmed() {
    let cancelled = done(created().cancel(at(2000), agency_key(), None));
    let refused = cancelled.confirm(at(3000), agency_key()).unwrap_err();
    assert_eq!(refused, InvalidTransition { from: Status::Cancelled, to: Status::Confirmed });
    assert_eq!(refused.to_string(), "a booking that is CANCELLED cannot become CONFIRMED");
}

#[test]
fn a_clock_that_was_set_back_makes_no_history_that_runs_backwards() {
    let confirmed = done(created().confirm(at(10), agency_key()));
    assert_eq!((confirmed.updated_at(), confirmed.state()), (at(1000), State::Confirmed { at: at(1000) }));
}

#[test]
fn a_booking_shows_itself_as_it_was_created() {
    let fresh = created();
    let cancelled =
        done(done(fresh.clone().confirm(at(2000), agency_key())).cancel(at(3000), agency_key(), None));
    assert_eq!(cancelled.as_created(), fresh.view());
    assert_eq!(fresh.as_created(), fresh.view());
    let now = cancelled.view();
    assert_eq!((now.status, now.version, now.updated_at), (Status::Cancelled, 3, at(3000)));
}

#[test]
fn the_same_request_is_known_by_operation_and_fingerprint() {
    let booking = created();
    let same = booking.document().fingerprint();
    assert!(booking.is_made_by(CreateOperation::Create, &same));
    assert!(!booking.is_made_by(CreateOperation::Lesson, &same));
    assert!(!booking.is_made_by(CreateOperation::Create, &[7; 32]));
}

#[test]
fn words_are_read_back() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
    }
    for operation in [CreateOperation::Lesson, CreateOperation::Create] {
        assert_eq!(CreateOperation::parse(operation.as_str()), Some(operation));
    }
    assert_eq!((Status::parse("created"), CreateOperation::parse("")), (None, None));
}

/// Parts of a cancelled booking, changed by `change`.
fn damaged(change: impl FnOnce(&mut BookingParts)) -> Result<Booking, ImpossibleBooking> {
    let booking = done(done(created().confirm(at(2000), agency_key())).cancel(at(3000), agency_key(), None));
    let mut parts = booking.into_parts();
    change(&mut parts);
    Booking::from_parts(parts)
}

fn with_event(parts: &mut BookingParts, index: usize, change: impl FnOnce(&mut EventParts)) {
    let mut event = parts.events[index].clone().into_parts();
    change(&mut event);
    parts.events[index] = Event::from_parts(event);
}

#[test]
fn parts_that_no_booking_could_have_come_to_are_refused() {
    use ImpossibleBooking as Why;
    assert!(damaged(|_| {}).is_ok());
    assert_eq!(damaged(|parts| parts.version = 2), Err(Why::Version { version: 2, events: 3 }));
    let lived = Status::Cancelled;
    assert_eq!(
        damaged(|parts| parts.status = Status::Created),
        Err(Why::Status { recorded: Status::Created, lived })
    );
    assert_eq!(damaged(|parts| parts.events.clear()), Err(Why::NoCreation));
    assert_eq!(damaged(|parts| drop(parts.events.remove(0))), Err(Why::NoCreation));
    assert_eq!(damaged(|parts| drop(parts.events.remove(1))), Err(Why::Order { sequence: 3 }));
    assert_eq!(damaged(|parts| parts.events.swap(1, 2)), Err(Why::Order { sequence: 3 }));
    assert!(damaged(|parts| drop(parts.events.pop())).is_err());
    let repeated = |parts: &mut BookingParts| parts.events = vec![parts.events[0].clone(); 65];
    assert_eq!(damaged(repeated), Err(Why::TooManyEvents { events: 65 }));
    let earlier = |parts: &mut BookingParts| with_event(parts, 2, |event| event.occurred_at = at(1));
    assert_eq!(damaged(earlier), Err(Why::Order { sequence: 3 }));
    let twice = |parts: &mut BookingParts| with_event(parts, 2, |event| event.fact = Fact::Confirmed);
    assert_eq!(damaged(twice), Err(Why::Order { sequence: 3 }));
}

#[test]
fn an_altered_document_is_noticed() {
    let altered = damaged(|parts| {
        let text = parts.document.as_str().replace("first", "furst");
        parts.document = Document::from_stored(text).unwrap();
    });
    assert_eq!(altered.unwrap().verify_history(), Err(BrokenChain::Document));
}

#[derive(Debug, Clone)]
enum Step {
    Confirm,
    Cancel(Option<String>),
    StoreAndLoad,
}

fn any_step() -> impl Strategy<Value = (Step, u64)> {
    let reason = prop::option::of("[^\\p{Cc}]{1,200}");
    let step = prop_oneof![Just(Step::Confirm), reason.prop_map(Step::Cancel), Just(Step::StoreAndLoad)];
    (step, 0..5_000_u64)
}

/// The status that the lifecycle of the contract has after `step`, if it has one: the model.
fn model(status: Status, step: &Step) -> Option<Status> {
    match (status, step) {
        (status, Step::StoreAndLoad) => Some(status),
        (Status::Cancelled, Step::Confirm) => None,
        (_, Step::Confirm) => Some(Status::Confirmed),
        (_, Step::Cancel(_)) => Some(Status::Cancelled),
    }
}

fn take(booking: Booking, step: &Step, now: Timestamp) -> Result<Booking, InvalidTransition> {
    match step {
        Step::Confirm => booking.confirm(now, agency_key()).map(Transition::into_booking),
        Step::Cancel(why) => {
            let why = why.as_deref().map(|why| CancelReason::new(why).unwrap());
            booking.cancel(now, Actor::operator(), why).map(Transition::into_booking)
        }
        Step::StoreAndLoad => Ok(Booking::from_parts(booking.into_parts()).unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_transitions_leaves_the_lifecycle(steps in prop::collection::vec(any_step(), 0..8)) {
        let mut booking = created();
        for (step, now) in steps {
            let (before, expected) = (booking.clone(), model(booking.status(), &step));
            match take(booking, &step, at(now)) {
                Ok(after) => {
                    prop_assert_eq!(Some(after.status()), expected);
                    let changed = after.status() != before.status();
                    prop_assert_eq!(after.version(), before.version() + u64::from(changed));
                    prop_assert_eq!(after == before, !changed);
                    booking = after;
                }
                Err(refused) => {
                    prop_assert_eq!(expected, None);
                    prop_assert_eq!(refused.from, before.status());
                    booking = before.clone();
                }
            }
            prop_assert_eq!(booking.version(), booking.events().len() as u64);
            prop_assert!(booking.updated_at() >= before.updated_at());
            prop_assert_eq!(booking.verify_history(), Ok(()));
            prop_assert_eq!(Booking::from_parts(booking.clone().into_parts()), Ok(booking.clone()));
        }
    }
}
