//! A cursor goes on with the list that gave it, and with no other.

use skybridge_desk::audit::AuditError;
use skybridge_desk::bookings::{BookingFilter, CreationRequest, ListBookings, ListError};
use skybridge_domain::booking::{CreateOperation, Details};
use skybridge_domain::key::Mode;

use crate::kit::{Counter, agency, plain};

/// A cursor of the audit trail and one of agency A's live bookings.
async fn counter_and_cursors() -> (Counter, String, String) {
    let counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await;
    let permit = counter.desk.admit(&counter.authenticate(&key.text).unwrap(), &plain()).await.unwrap();
    for _ in 0..2 {
        let document = Details::default().document();
        let request = CreationRequest { operation: CreateOperation::Lesson, idempotency_key: None, document };
        counter.desk.create_booking(&permit, request).await.unwrap();
    }
    let of_audit = counter.desk.audit(1, None).await.unwrap().next_cursor.unwrap();
    let of_bookings = counter.desk.list_bookings(&permit, &one(None)).await.unwrap().next_cursor.unwrap();
    (counter, of_audit, of_bookings)
}

fn one(cursor: Option<String>) -> ListBookings {
    ListBookings { filter: BookingFilter::default(), limit: 1, cursor }
}

#[tokio::test]
async fn the_audit_trail_goes_on_from_its_own_cursor_only() {
    let (counter, of_audit, of_bookings) = counter_and_cursors().await;
    assert_eq!(counter.desk.audit(9, Some(&of_audit)).await.unwrap().entries.len(), 2);
    let refused = counter.desk.audit(9, Some(&of_bookings)).await.unwrap_err();
    assert!(matches!(refused, AuditError::InvalidCursor(_)), "{refused}");
}

#[tokio::test]
async fn bookings_go_on_from_a_cursor_of_the_same_agency_and_mode_only() {
    let (counter, of_audit, of_bookings) = counter_and_cursors().await;
    counter.agency("B").await;
    let list = async |name, mode, cursor: &str| {
        counter.desk.list_of(&agency(name), mode, &one(Some(cursor.to_owned()))).await
    };
    assert_eq!(list("A", Mode::Live, &of_bookings).await.unwrap().bookings.len(), 1);
    for (name, mode, cursor) in
        [("B", Mode::Live, &of_bookings), ("A", Mode::Test, &of_bookings), ("A", Mode::Live, &of_audit)]
    {
        let refused = list(name, mode, cursor).await.unwrap_err();
        assert!(matches!(refused, ListError::InvalidCursor(_)), "{name} {mode:?}: {refused}");
    }
}
