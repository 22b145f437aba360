//! Stage 2 of screening: where requests come from, and how many.
//!
//! What is decided is decided by the gate ([`Addresses`]); here it is asked, told and counted. Health is answered
//! whatever address asks: whoever balances load must not take a blocked network for a dead server.

use std::net::IpAddr;

use axum::extract::Request;
use metrics::{Counter, counter, describe_counter};
use skybridge_domain::network::ListAction;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Addresses, Counted, Listing, Penalised, PenaltyCause, ScreenMode};

use crate::problem::{Code, Refusal};

/// What is answered to everybody.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// One request, as far as its address goes.
pub(super) struct Visit<'a> {
    addresses: &'a Addresses,
    pub(super) source: IpAddr,
    pub(super) now: Timestamp,
    /// Do the rules on rates concern it? Not if its network is allowed, and not if it asks for health.
    watched: bool,
}

/// Asks, and counts the answers.
pub(super) struct Turnstile {
    list: Tallies,
    rate: Tallies,
    failures: Tallies,
    penalties_for_rate: Counter,
    penalties_for_failures: Counter,
}

/// What was refused, and what would have been.
struct Tallies {
    blocked: Counter,
    counted: Counter,
}

impl Tallies {
    fn register(by: &'static str) -> Self {
        let of_mode = |mode: ScreenMode| counter!("skybridge_addresses_refused_total", "by" => by, "mode" => mode.as_str());
        Self { blocked: of_mode(ScreenMode::Block), counted: of_mode(ScreenMode::Count) }
    }

    /// Refuses, or only counts that it would.
    fn by_mode(&self, mode: ScreenMode, refusal: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
        if mode == ScreenMode::Block {
            self.blocked.increment(1);
            return Err(refusal());
        }
        self.counted.increment(1);
        Ok(())
    }
}

impl Turnstile {
    /// Registers its metrics with the recorder that is installed now.
    pub(super) fn register() -> Self {
        describe_counter!(
            "skybridge_addresses_refused_total",
            "Requests refused for their address, by what it was (list, rate, failures); with mode count, those that \
             would have been"
        );
        describe_counter!("skybridge_address_penalties_total", "Penalties that addresses got, by cause");
        let penalties = |cause: &'static str| counter!("skybridge_address_penalties_total", "cause" => cause);
        Self {
            list: Tallies::register("list"),
            rate: Tallies::register("rate"),
            failures: Tallies::register("failures"),
            penalties_for_rate: penalties("rate"),
            penalties_for_failures: penalties("failures"),
        }
    }

    /// Refuses a request from a network that is blocked; where everybody is counted, also one too many.
    pub(super) fn look<'a>(
        &self,
        addresses: &'a Addresses,
        request: &Request,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<Visit<'a>, Refusal> {
        let terms = addresses.terms();
        let mut visit = Visit { addresses, source, now, watched: false };
        if HEALTH.contains(&request.uri().path()) {
            return Ok(visit);
        }
        let listing = if terms.lists == ScreenMode::Off { None } else { addresses.listing(source, now) };
        match listing {
            Some(Listing { action: ListAction::Allow, .. }) => return Ok(visit),
            Some(listing) => self.list.by_mode(terms.lists, || blocked(&listing))?,
            None => {}
        }
        visit.watched = terms.rate != ScreenMode::Off;
        if terms.counted == Counted::Everybody {
            self.count(&visit)?;
        }
        Ok(visit)
    }

    /// Counts a request that no key lets in; or refuses it.
    pub(super) fn count_stranger(&self, visit: &Visit<'_>) -> Result<(), Refusal> {
        match visit.addresses.terms().counted {
            Counted::Strangers => self.count(visit),
            // It is counted; but there are penalties that only strangers heed.
            Counted::Everybody => self.heed_penalty(visit),
        }
    }

    /// Refuses a stranger whose address is under a penalty.
    pub(super) fn heed_penalty(&self, visit: &Visit<'_>) -> Result<(), Refusal> {
        let penalty = if visit.watched { visit.addresses.penalty(visit.source, visit.now) } else { None };
        penalty.map_or(Ok(()), |penalty| self.refuse(visit, penalty))
    }

    /// Notes that the address has failed too often, and gives the moment from which on it may fail again: not before
    /// `opens_at`.
    pub(super) fn failed(&self, visit: &Visit<'_>, opens_at: Timestamp) -> Timestamp {
        if !visit.watched {
            return opens_at;
        }
        let Some(penalty) = visit.addresses.fail(visit.source, opens_at, visit.now) else { return opens_at };
        self.note(visit, penalty);
        let refused = self
            .failures
            .by_mode(visit.addresses.terms().rate, || too_many_failures(penalty.retry_at, visit.now));
        if refused.is_err() { penalty.retry_at } else { opens_at }
    }

    fn count(&self, visit: &Visit<'_>) -> Result<(), Refusal> {
        if !visit.watched {
            return Ok(());
        }
        match visit.addresses.count(visit.source, visit.now) {
            Ok(()) => Ok(()),
            Err(penalty) => self.refuse(visit, penalty),
        }
    }

    fn refuse(&self, visit: &Visit<'_>, penalty: Penalised) -> Result<(), Refusal> {
        self.note(visit, penalty);
        let terms = visit.addresses.terms();
        match penalty.cause {
            PenaltyCause::Rate => self
                .rate
                .by_mode(terms.rate, || too_many_requests(terms.counted, penalty.retry_at, visit.now)),
            PenaltyCause::Failures => {
                self.failures.by_mode(terms.rate, || too_many_failures(penalty.retry_at, visit.now))
            }
        }
    }

    /// A new penalty is told: somebody may want to know who it is.
    fn note(&self, visit: &Visit<'_>, penalty: Penalised) {
        if !penalty.is_new {
            return;
        }
        let (counter, cause) = match penalty.cause {
            PenaltyCause::Rate => (&self.penalties_for_rate, "rate"),
            PenaltyCause::Failures => (&self.penalties_for_failures, "failures"),
        };
        counter.increment(1);
        tracing::info!(
            source = %visit.source,
            cause,
            strikes = penalty.strikes,
            until = %penalty.retry_at,
            mode = visit.addresses.terms().rate.as_str(),
            "an address is under a penalty"
        );
    }
}

/// What is not said is who blocked it and why: that is the airline's own.
fn blocked(listing: &Listing) -> Refusal {
    let until = match listing.expires_at {
        Some(end) => format!("The block ends at {end}."),
        None => "The block stands until it is lifted.".to_owned(),
    };
    Refusal::new(
        Code::Screened,
        format!(
            "The airline takes no requests from the network that this address belongs to, whatever key they carry. \
             {until} If that is a mistake, ask your partner manager at the airline, naming the request_id."
        ),
    )
}

fn too_many_requests(counted: Counted, until: Timestamp, now: Timestamp) -> Refusal {
    let detail = match counted {
        Counted::Strangers => {
            "More requests without a key that is taken came from this address than are answered. A request with a good \
             key or signature is served at once; otherwise wait as long as Retry-After says. Each time that it comes \
             to this again the wait is longer."
        }
        Counted::Everybody => {
            "More requests came from this address than are taken from one, whatever key they carry. Wait as long as \
             Retry-After says. Each time that it comes to this again the wait is longer."
        }
    };
    Refusal::new(Code::AddressRateLimited, detail).retry_after(seconds_until(until, now))
}

/// The same words whatever was counted and whatever was wrong: a lockout tells nothing of the key.
pub(super) fn too_many_failures(until: Timestamp, now: Timestamp) -> Refusal {
    Refusal::new(
        Code::TooManyFailedAttempts,
        "Too many requests from this address, or for this key, came with a key or a signature that is not taken. A \
         request with a good one is served at once; otherwise wait as long as Retry-After says.",
    )
    .retry_after(seconds_until(until, now))
}

/// Whole seconds, rounded up: whoever waits as long passes.
fn seconds_until(until: Timestamp, now: Timestamp) -> u64 {
    let wait = until.since(now);
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
