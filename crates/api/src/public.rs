//! The public listener's routes: one file per operation, and the pipeline in front of all of them.

mod booking_history;
mod cancel_booking;
mod change_booking;
mod confirm_booking;
mod create_booking;
mod documentation;
mod find_by_key;
mod get_booking;
pub(crate) mod health;
mod lesson_booking;
pub(crate) mod list_bookings;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use skybridge_desk::Desk;
use skybridge_domain::operation::Operation;
use skybridge_gate::{Lockout, Nonces, SignatureTerms};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::draining::Draining;
use crate::openapi;
pub use crate::pipeline::{ClientCertificate, GatewayRequestId, SourceAddress, VouchedKey};
use crate::pipeline::{Doorkeeper, Entrances, RequestIds, pipeline};
use crate::problem::{Code, ErrorStyle, Refusal};
use crate::screening::Screening;
pub use crate::signature::Origin as PublicUrl;
use crate::tally::Tally;

/// What stands behind the public listener.
pub(crate) struct Door {
    pub(crate) desk: Arc<Desk>,
    pub(crate) entrances: Entrances,
    pub(crate) request_ids: RequestIds,
    pub(crate) body_deadline: Duration,
    pub(crate) draining: Draining,
    pub(crate) errors: ErrorStyle,
    pub(crate) tally: Tally,
    pub(crate) doorkeeper: Doorkeeper,
    pub(crate) nonces: Nonces,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) screening: Arc<Screening>,
}

/// What the operator may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a body may take to arrive.
    pub body_deadline: Duration,
    /// Tells when the program begins to shut down.
    pub draining: Draining,
    /// Counts keys and signatures that are not taken. The admin listener forgives them.
    pub lockout: Arc<Lockout>,
    /// How refusals look.
    pub errors: ErrorStyle,
    /// When signed requests are taken, and how many are remembered.
    pub signatures: SignatureTerms,
    /// The address under which callers know the service, as they sign it; the Host that they send, if there is none.
    pub public_url: Option<PublicUrl>,
    /// What is done with the texts of requests. The admin listener shows what it found.
    pub screening: Arc<Screening>,
}

impl Default for Options {
    /// What `serve` does if nobody chooses.
    fn default() -> Self {
        Self {
            body_deadline: Duration::from_secs(30),
            draining: Draining::default(),
            lockout: Arc::default(),
            errors: ErrorStyle::default(),
            signatures: SignatureTerms::default(),
            public_url: None,
            screening: Arc::default(),
        }
    }
}

/// The public listener's router. The peer's address is expected as
/// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) in the request's extensions, unless a [`SourceAddress`]
/// says better; a [`ClientCertificate`] is there if the caller has proven to hold one.
pub fn router(desk: Arc<Desk>, options: Options) -> Router {
    Routes::described().before(desk, options)
}

/// The public routes with nothing behind them yet: what takes time and needs no desk, for whoever has something to wait
/// for meanwhile.
#[derive(Debug)]
pub struct Routes {
    routes: Router<Arc<Door>>,
    entrances: Entrances,
}

impl Routes {
    /// The routes, as the API is described.
    #[must_use]
    pub fn described() -> Self {
        let (routes, described) = operations().split_for_parts();
        Self { routes, entrances: Entrances::of(&described) }
    }

    /// Puts them before `desk`: see [`router`].
    pub fn before(self, desk: Arc<Desk>, options: Options) -> Router {
        let nonces = if desk.gate().node().shares() {
            Nonces::beside_others(options.signatures)
        } else {
            Nonces::sole(options.signatures, desk.now())
        };
        let door = Arc::new(Door {
            nonces,
            public_url: options.public_url,
            screening: options.screening,
            entrances: self.entrances,
            request_ids: RequestIds::new(desk.randomness()),
            body_deadline: options.body_deadline,
            draining: options.draining,
            errors: options.errors,
            tally: Tally::register(),
            doorkeeper: Doorkeeper::register(options.lockout),
            desk,
        });
        self.routes
            // Never reached: the pipeline has refused what no operation serves. They keep axum's own texts away.
            .fallback(unserved)
            .method_not_allowed_fallback(unserved)
            .layer(from_fn_with_state(Arc::clone(&door), pipeline))
            .with_state(door)
    }
}

/// The OpenAPI document: exactly the operations that [`router`] serves.
#[must_use]
pub fn openapi() -> serde_json::Value {
    openapi::complete(operations().into_openapi())
}

/// The operations that take a key, and so are paced: what a plan can have rules for.
pub(crate) fn paced_operations() -> Vec<Operation> {
    Entrances::of(&operations().into_openapi()).paced()
}

fn operations() -> OpenApiRouter<Arc<Door>> {
    OpenApiRouter::new()
        .routes(routes!(lesson_booking::lesson_booking))
        .routes(routes!(create_booking::create_booking, list_bookings::list_bookings))
        .routes(routes!(get_booking::get_booking))
        .routes(routes!(confirm_booking::confirm_booking))
        .routes(routes!(cancel_booking::cancel_booking))
        .routes(routes!(booking_history::booking_history))
        .routes(routes!(find_by_key::find_by_key))
        .routes(routes!(usage::usage))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(documentation::openapi_json))
        .routes(routes!(documentation::docs))
        .routes(routes!(documentation::docs_script))
        .routes(routes!(documentation::error_page))
}

async fn unserved() -> Refusal {
    Refusal::new(Code::NotFound, "There is nothing at this path. GET /openapi.json lists every operation.")
}
