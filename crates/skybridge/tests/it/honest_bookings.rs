//! 2,000 honest bookings: names in 26 locales, surnames such as Null, remarks that look like attacks.

use serde_json::Value;

use crate::kit::App;
use crate::kit::bodies::honest;

#[tokio::test]
async fn all_are_accepted_and_come_back_equal() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    for (number, body) in honest().into_iter().enumerate() {
        let made = agency.book(&format!("honest-{number}"), &body).await.expect(201);
        assert_same(&made.json(), &body);
        let shown = agency.get(&format!("/v1/bookings/{}", made.booking_id())).await.expect(200);
        assert_eq!(shown.body, made.body);
    }
}

/// Every member that was sent stands in the booking, equal.
pub(crate) fn assert_same(booking: &Value, sent: &Value) {
    for (member, value) in sent.as_object().unwrap() {
        assert_eq!(&booking[member], value, "{member}");
    }
}
