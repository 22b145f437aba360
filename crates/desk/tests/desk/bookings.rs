//! Bookings whose callers meet.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;

use skybridge_desk::bookings::{BookingFilter, ChangeError, Creation, CreationRequest, ListBookings, Step};
use skybridge_domain::booking::{BookingRequest, CreateOperation, Status};
use skybridge_domain::id::BookingId;
use skybridge_domain::key::Mode;
use skybridge_gate::Permit;
use skybridge_store::Table;

use crate::kit::{Counter, plain};
use crate::rigged_store::Call;

async fn permit(counter: &Counter) -> Permit {
    let key = counter.issue_key("A", None).await.unwrap().text;
    counter.desk.admit(&counter.authenticate(&key).unwrap(), &plain()).await.unwrap()
}

async fn booked(counter: &Counter, permit: &Permit) -> BookingId {
    let request = CreationRequest {
        operation: CreateOperation::Create,
        idempotency_key: None,
        document: BookingRequest::read(b"{}").unwrap().details.document(),
    };
    match counter.desk.create_booking(permit, request).await.unwrap() {
        Creation::Created(booking) => booking.id(),
        Creation::Replayed(booking) => panic!("{booking:?} was there before"),
    }
}

#[tokio::test]
async fn a_step_that_loses_a_race_decides_again_on_what_won_it() {
    for (slow, fast, stands) in [
        (Step::Confirm, Step::Cancel, Status::Cancelled),
        (Step::Cancel, Step::Confirm, Status::Cancelled),
        (Step::Confirm, Step::Confirm, Status::Confirmed),
    ] {
        let counter = Counter::open("50", 100).await;
        counter.agency("A").await;
        let permit = Arc::new(permit(&counter).await);
        let id = booked(&counter, &permit).await;

        let hold = counter.store.hold(Call::Commit, Table::Bookings, 1);
        let (desk, slow_permit) = (Arc::clone(&counter.desk), Arc::clone(&permit));
        let losing = tokio::spawn(async move { desk.change_booking(&slow_permit, id, slow, |_| true).await });
        hold.reached().await;
        counter.desk.change_booking(&permit, id, fast, |_| true).await.unwrap();
        hold.let_go();

        let answer = losing.await.unwrap();
        let standing = counter.desk.find_booking(&permit, id).await.unwrap().unwrap();
        assert_eq!(standing.status(), stands);
        standing.verify_history().unwrap();
        match answer {
            Ok(answered) => assert_eq!(answered, standing, "what was answered is what stands"),
            Err(ChangeError::InvalidTransition(_)) => {
                assert_eq!(
                    (slow, fast),
                    (Step::Confirm, Step::Cancel),
                    "only a confirmation can come too late"
                );
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_list_of_all_bookings_lets_others_have_their_turn_at_each_agency() {
    let counter = Counter::open("50", 100).await;
    for name in ["A", "B", "C"] {
        counter.agency(name).await;
    }
    let list = ListBookings { filter: BookingFilter::default(), limit: 10, cursor: None };
    let mut listing = pin!(counter.desk.list_all(Mode::Live, &list));
    let mut turns = 0;
    let turn = |context: &mut Context<'_>| {
        turns += 1;
        listing.as_mut().poll(context)
    };
    assert!(poll_fn(turn).await.unwrap().bookings.is_empty());
    assert_eq!(turns, 4);
}
