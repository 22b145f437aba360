//! Bookings whose callers meet.

use std::sync::Arc;

use skybridge_desk::bookings::{ChangeError, Creation, CreationRequest, Step};
use skybridge_domain::booking::{BookingRequest, CreateOperation, Status};
use skybridge_domain::id::BookingId;
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
