//! `/admin/v1/addresses` and `/admin/v1/penalties`: which networks are listed, and which addresses are held back.
//!
//! The list is one for all nodes. Penalties are of the node that is asked: each counts what comes to it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use skybridge_desk::partners::NetworkOrder;
use skybridge_domain::agency::Reason;
use skybridge_domain::network::{ListAction, ListedNetwork, Network};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{AddressReport, Listing, Penalised, PenaltyCause};

use super::request::{self, JsonBody, invalid, operator};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;

/// How many penalties are told at once; those that last longest.
const PENALTIES_MAX: usize = 1_000;

/// An entry as an operator writes it. Without an end it stands until it is removed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryBody {
    action: String,
    expires_in_seconds: Option<u64>,
    reason: Option<String>,
    #[serde(default)]
    deliberately: bool,
}

pub(super) async fn list_network(
    State(office): State<Arc<Office>>,
    Segment(text): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<EntryBody>,
) -> Result<Response, Refusal> {
    let EntryBody { action, expires_in_seconds, reason, deliberately } = body;
    let action = ListAction::parse(&action)
        .ok_or_else(|| invalid(format!("{action:?} is no action; block and allow are.")))?;
    let reason = reason.map(|text| request::reason(&text));
    if expires_in_seconds == Some(0) {
        return Err(invalid(
            "An entry that expires at once lists nothing; leave expires_in_seconds out.".into(),
        ));
    }
    let expires_at = expires_in_seconds.map(|seconds| office.desk.now().plus(Duration::from_secs(seconds)));
    let order = NetworkOrder {
        network: network(&text)?,
        action,
        reason: reason.transpose()?,
        expires_at,
        deliberately,
    };
    let listed = office.desk.list_network(&operator(&headers), &order).await.map_err(refuse::partner)?;
    let status = if listed.created_at == listed.updated_at { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer::document(status, &EntryDocument::of(&listed, office.desk.now())))
}

pub(super) async fn unlist_network(
    State(office): State<Arc<Office>>,
    Segment(text): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let network = network(&text)?;
    office.desk.unlist_network(&operator(&headers), network).await.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::OK, &json!({ "network": network.to_string(), "removed": true })))
}

pub(super) async fn list_networks(State(office): State<Arc<Office>>) -> Result<Response, Refusal> {
    let listed = office.desk.listed_networks().await.map_err(refuse::partner)?;
    let now = office.desk.now();
    let networks = listed.iter().map(|entry| EntryDocument::of(entry, now)).collect();
    let in_files = office.desk.gate().addresses().entries().saturating_sub(listed.len());
    Ok(answer::document(StatusCode::OK, &EntriesDocument { networks, in_files }))
}

pub(super) async fn show_address(
    State(office): State<Arc<Office>>,
    Segment(text): Segment,
) -> Result<Response, Refusal> {
    let address = address(&text)?;
    let report = office.desk.gate().addresses().report(address, office.desk.now());
    Ok(answer::document(StatusCode::OK, &AddressDocument::of(address, &report)))
}

pub(super) async fn forgive_address(
    State(office): State<Arc<Office>>,
    Segment(text): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let address = address(&text)?;
    let (addresses, lockout) = (office.desk.gate().addresses(), &office.settings.lockout);
    let forgiven = addresses.forgive(address) | lockout.forgive(address, office.desk.now());
    // What one node holds in memory is in no record that could be audited; the log has it.
    tracing::info!(%address, operator = operator(&headers).as_str(), forgiven, "an address is forgiven");
    Ok(answer::document(StatusCode::OK, &json!({ "address": address, "forgiven": forgiven })))
}

pub(super) async fn list_penalties(State(office): State<Arc<Office>>) -> Result<Response, Refusal> {
    let penalised = office.desk.gate().addresses().penalised(office.desk.now());
    let document = PenaltiesDocument {
        count: penalised.len(),
        penalties: penalised
            .iter()
            .take(PENALTIES_MAX)
            .map(|(address, penalty)| PenaltyDocument::of(Some(*address), penalty))
            .collect(),
    };
    Ok(answer::document(StatusCode::OK, &document))
}

fn network(text: &str) -> Result<Network, Refusal> {
    Network::parse(text).map_err(|error| invalid(format!("{text:?} {error}.")))
}

fn address(text: &str) -> Result<IpAddr, Refusal> {
    text.parse().map(|address: IpAddr| address.to_canonical()).map_err(|_| {
        invalid(format!(
            "{text:?} is no address such as 203.0.113.7 or 2001:db8::7; one is asked about at a time."
        ))
    })
}

#[derive(Serialize)]
struct EntriesDocument<'a> {
    networks: Vec<EntryDocument<'a>>,
    /// How many more this node has from files.
    in_files: usize,
}

#[derive(Serialize)]
struct EntryDocument<'a> {
    network: String,
    action: &'static str,
    reason: Option<&'a str>,
    expires_at: Option<Timestamp>,
    in_force: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> EntryDocument<'a> {
    fn of(entry: &'a ListedNetwork, now: Timestamp) -> Self {
        Self {
            network: entry.network.to_string(),
            action: entry.action.as_str(),
            reason: entry.reason.as_ref().map(Reason::as_str),
            expires_at: entry.expires_at,
            in_force: entry.is_in_force(now),
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

#[derive(Serialize)]
struct AddressDocument {
    address: IpAddr,
    listing: Option<ListingDocument>,
    rates: Vec<RateDocument>,
    penalty: Option<PenaltyDocument>,
}

#[derive(Serialize)]
struct ListingDocument {
    network: String,
    action: &'static str,
    from: &'static str,
    expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct RateDocument {
    limit: u32,
    window_seconds: u64,
    used: u32,
}

#[derive(Serialize)]
struct PenaltiesDocument {
    count: usize,
    penalties: Vec<PenaltyDocument>,
}

#[derive(Serialize)]
struct PenaltyDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    cause: &'static str,
    strikes: u32,
    until: Timestamp,
}

impl PenaltyDocument {
    fn of(address: Option<IpAddr>, penalty: &Penalised) -> Self {
        let cause = match penalty.cause {
            PenaltyCause::Rate => "rate",
            PenaltyCause::Failures => "failures",
        };
        Self { address, cause, strikes: penalty.strikes, until: penalty.retry_at }
    }
}

impl AddressDocument {
    fn of(address: IpAddr, report: &AddressReport) -> Self {
        let listing = |listing: &Listing| ListingDocument {
            network: listing.network.to_string(),
            action: listing.action.as_str(),
            from: listing.origin.as_str(),
            expires_at: listing.expires_at,
        };
        let rates = report.used.iter().map(|(rule, used)| RateDocument {
            limit: rule.limit(),
            window_seconds: rule.window().as_secs(),
            used: *used,
        });
        Self {
            address,
            listing: report.listing.as_ref().map(listing),
            rates: rates.collect(),
            penalty: report.penalty.as_ref().map(|penalty| PenaltyDocument::of(None, penalty)),
        }
    }
}
