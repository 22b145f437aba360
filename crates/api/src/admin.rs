//! The admin listener's routes: plans, agencies, keys, addresses, bookings, use, audit, metrics. For the airline, never for
//! agencies; bound to the loopback address unless an operator says otherwise.
//!
//! Everything under `/admin/v1` needs the bearer token that lies in the data directory. Health and metrics are
//! open, as the tools that poll them expect.

mod addresses;
mod agencies;
mod audit;
mod bookings;
mod demands;
mod keys;
mod plans;
mod refuse;
mod request;
mod screening;
mod signing_keys;
mod status;
mod token;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use http::header::{self, HeaderValue};
use skybridge_desk::Desk;
use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;
use skybridge_gate::Lockout;

use crate::draining::Draining;
use crate::pipeline::{Exchange, RequestIds, run};
use crate::problem::{Code, ErrorStyle, Refusal};
use crate::public::health;
use crate::screening::Screening;

pub use token::AdminToken;

/// What stands behind the admin listener.
pub(crate) struct Office {
    pub(crate) desk: Arc<Desk>,
    request_ids: RequestIds,
    settings: Settings,
    /// What plans can have rules for; read from the API's description when the first plan has one.
    paced: OnceLock<Vec<Operation>>,
}

/// What the admin listener is told by the program.
pub struct Settings {
    /// Opens `/admin/v1`.
    pub token: AdminToken,
    /// The name of the store, for `status`.
    pub store: &'static str,
    /// When the program started.
    pub started_at: Timestamp,
    /// Tells when the program begins to shut down.
    pub draining: Draining,
    /// The metrics as Prometheus reads them.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    /// What the public listener does with texts; its findings are shown here.
    pub screening: Arc<Screening>,
    /// Counts keys and signatures that are not taken, for the public listener.
    pub lockout: Arc<Lockout>,
    /// Routes under `/admin/v1` that only some stores have, such as backup. They stand behind the token too.
    pub maintenance: Router,
}

/// The admin listener's router.
pub fn router(desk: Arc<Desk>, mut settings: Settings) -> Router {
    let maintenance = std::mem::take(&mut settings.maintenance);
    let request_ids = RequestIds::new(desk.randomness());
    let office = Arc::new(Office { request_ids, desk, settings, paced: OnceLock::new() });
    Router::new()
        .route("/admin/v1/status", get(status::status))
        .route("/admin/v1/plans", get(plans::list_plans))
        .route("/admin/v1/plans/{name}", put(plans::set_plan))
        .route("/admin/v1/addresses", get(addresses::list_networks))
        .route(
            "/admin/v1/addresses/{network}",
            get(addresses::show_address).put(addresses::list_network).delete(addresses::unlist_network),
        )
        .route("/admin/v1/addresses/{network}/forgive", post(addresses::forgive_address))
        .route("/admin/v1/penalties", get(addresses::list_penalties))
        .route("/admin/v1/agencies", get(agencies::list_agencies).post(agencies::create_agency))
        .route("/admin/v1/agencies/{name}", get(agencies::show_agency))
        .route("/admin/v1/agencies/{name}/suspend", post(agencies::suspend_agency))
        .route("/admin/v1/agencies/{name}/resume", post(agencies::resume_agency))
        .route("/admin/v1/agencies/{name}/plan", put(agencies::put_agency_on_plan))
        .route("/admin/v1/agencies/{name}/usage", get(agencies::show_usage))
        .route("/admin/v1/agencies/{name}/keys", get(keys::list_keys).post(keys::issue_key))
        .route(
            "/admin/v1/agencies/{name}/signing-keys",
            get(signing_keys::list_signing_keys).post(signing_keys::issue_signing_key),
        )
        .route("/admin/v1/agencies/{name}/requirement", put(demands::require_of_agency))
        .route("/admin/v1/agencies/{name}/certificates", post(demands::pin_certificate))
        .route("/admin/v1/agencies/{name}/certificates/{sha256}", delete(demands::unpin_certificate))
        .route("/admin/v1/agencies/{name}/screening-exceptions", post(screening::except_agency))
        .route(
            "/admin/v1/agencies/{name}/screening-exceptions/{rule}",
            delete(screening::screen_agency_again),
        )
        .route("/admin/v1/screening", get(screening::show_screening))
        .route("/admin/v1/screening/refusals", get(screening::list_refusals))
        .route("/admin/v1/screening/exceptions", get(screening::list_exceptions))
        .route("/admin/v1/signing-keys/{key_id}/rotate", post(signing_keys::rotate_signing_key))
        .route("/admin/v1/keys/{key_id}/rotate", post(keys::rotate_key))
        .route("/admin/v1/keys/{key_id}/revoke", post(keys::revoke_key))
        .route("/admin/v1/bookings", get(bookings::list_bookings))
        .route("/admin/v1/bookings/{booking_id}", get(bookings::show_booking))
        .route("/admin/v1/audit", get(audit::list_entries))
        .route("/metrics", get(status::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(status::readyz))
        .with_state(Arc::clone(&office))
        .merge(maintenance)
        .fallback(unserved)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(office, pipeline))
}

/// Every request of the admin listener comes through here: named, checked against the token, answered.
async fn pipeline(State(office): State<Arc<Office>>, request: Request, next: Next) -> Response {
    let exchange = Exchange::begin(&office.request_ids, office.desk.now(), &request);
    let guarded = request.uri().path().starts_with("/admin/");
    let allowed = if guarded { office.settings.token.check(request.headers()) } else { Ok(()) };
    let outcome = match allowed {
        Ok(()) => run(next, request).await,
        Err(refusal) => Err(refusal),
    };
    let time = office.desk.now().since(exchange.begun_at());
    let mut answer = exchange.finish(outcome, time, ErrorStyle::Problem);
    // Keys are shown here once; no cache may show them again.
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

async fn unserved() -> Refusal {
    Refusal::new(Code::NotFound, "There is nothing at this path of the admin API.")
}

async fn wrong_method() -> Refusal {
    Refusal::new(Code::MethodNotAllowed, "This path of the admin API is served with another method.")
}
