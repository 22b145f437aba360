//! From what the inner rooms say to what the caller is told. The inner rooms know nothing of HTTP; this is the
//! one place where their errors become refusals.

use http::header;
use skybridge_desk::bookings::{ChangeError, CreateError, ListError};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::{RefusalClass, RequestRefusal};
use skybridge_domain::id::BookingId;
use skybridge_gate::{AuthenticationRefusal, Overloaded, Refused, ScopeMissing, ThrottleRefusal, Unmet};
use skybridge_store::StoreError;

use crate::pipeline::CHALLENGE;
use crate::problem::{Code, Refusal};

/// A key that was not taken. Expired and revoked keys are answered like unknown ones.
pub(crate) fn authentication(refused: AuthenticationRefusal) -> Refusal {
    let (code, detail) = match refused {
        AuthenticationRefusal::KeyMalformed(_) => (
            Code::KeyMalformed,
            "This is not an API key: its form or its checksum is wrong, so it was mistyped or cut off. Copy it again \
             as a whole.",
        ),
        AuthenticationRefusal::KeyUnknown => (
            Code::KeyUnknown,
            "This API key is not taken: it does not exist, has expired or was revoked. Ask the airline for another.",
        ),
        AuthenticationRefusal::SignatureInvalid => (
            Code::SignatureInvalid,
            "The signature is not taken: it does not fit the request, or there is no such key to sign with, or that key \
             has expired or was revoked.",
        ),
        AuthenticationRefusal::AddressNotAllowed => (
            Code::AddressNotAllowed,
            "This API key may not be used from the address that the request came from.",
        ),
        AuthenticationRefusal::AgencySuspended => (
            Code::AgencySuspended,
            "The agency is suspended until the airline resumes it. Your bookings are kept.",
        ),
    };
    let refusal = Refusal::new(code, detail);
    if code.status() == http::StatusCode::UNAUTHORIZED {
        return refusal.with_header(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    refusal
}

/// A caller who is known and did not come with what its agency must come with.
pub(crate) fn unmet(unmet: Unmet) -> Refusal {
    match unmet {
        Unmet::SignatureMissing => Refusal::new(
            Code::SignatureRequired,
            "This agency's requests have to be signed (RFC 9421); an API key alone is not enough for it.",
        ),
        Unmet::CertificateMissing => Refusal::new(
            Code::CertificateRequired,
            "This agency's connections have to come with a client certificate, and this one has none.",
        ),
        Unmet::CertificateNotPinned => Refusal::new(
            Code::CertificateRequired,
            "The certificate of this connection is not one that the airline has pinned for this agency.",
        ),
    }
}

/// A key that may not do this.
pub(crate) fn scope(missing: ScopeMissing) -> Refusal {
    let detail =
        format!("This API key lacks the scope {}. Ask the airline for a key that has it.", missing.scope);
    Refusal::new(Code::ScopeMissing, detail)
}

/// The code of a call that the plan does not allow now.
pub(crate) fn throttle_code(refused: &ThrottleRefusal) -> Code {
    match refused {
        ThrottleRefusal::RateLimited { .. } => Code::RateLimited,
        ThrottleRefusal::QuotaExceeded { .. } => Code::QuotaExceeded,
        ThrottleRefusal::TooManyInFlight { .. } => Code::TooManyInFlight,
    }
}

/// A call that the plan does not allow now. `Retry-After` comes with the other headers of the plan.
pub(crate) fn throttle(refused: &Refused) -> Refusal {
    let cost = refused.pace.cost();
    let counts_as = if cost > 1 { format!(" This call counts as {cost}.") } else { String::new() };
    let detail = match refused.refusal {
        ThrottleRefusal::RateLimited { rate, burst, .. } => {
            let of_route = refused.route().map_or(String::new(), |route| format!(" of {route}"));
            format!(
                "The plan admits {rate}{of_route}, and {burst} at once.{counts_as} Wait as long as Retry-After \
                 says."
            )
        }
        ThrottleRefusal::QuotaExceeded { quota, retry_at } if cost > 1 => {
            format!(
                "What is left of the quota of {quota} is too little.{counts_as} The next period begins at {retry_at}."
            )
        }
        ThrottleRefusal::QuotaExceeded { quota, retry_at } => {
            format!("The quota of {quota} is used up. The next period begins at {retry_at}.")
        }
        ThrottleRefusal::TooManyInFlight { limit, .. } => {
            format!(
                "{limit} requests of the agency are under way, as many as its plan allows. Wait for an answer."
            )
        }
    };
    Refusal::new(throttle_code(&refused.refusal), detail)
}

/// A body that is not a booking.
pub(crate) fn booking_request(refused: RequestRefusal) -> Refusal {
    let class = refused.class();
    match refused {
        RequestRefusal::NotJson(error) => Refusal::new(Code::MalformedJson, error.to_string()),
        RequestRefusal::Faults(faults) => {
            let code = match class {
                RefusalClass::NotJson => Code::MalformedJson,
                RefusalClass::DuplicateMember => Code::DuplicateMember,
                RefusalClass::UnknownField => Code::UnknownField,
                RefusalClass::Invalid => Code::InvalidBooking,
            };
            Refusal::of_faults(code, faults)
        }
    }
}

/// Refuses a body that names an agency other than the `caller`. The lesson trusts it; we do not.
pub(crate) fn other_agency(named: Option<&str>, caller: &AgencyName) -> Result<(), Refusal> {
    match named {
        Some(named) if named != caller.as_str() => Err(Refusal::new(
            Code::AgencyMismatch,
            "The member agency names another agency than the one whose key this is. Leave it out, or give your own name.",
        )),
        _ => Ok(()),
    }
}

/// A booking that was not made.
pub(crate) fn creation(error: CreateError) -> Refusal {
    match error {
        CreateError::KeyReused { booking_id } => Refusal::new(
            Code::IdempotencyKeyReused,
            format!(
                "This Idempotency-Key named another request, which made booking {booking_id}. Take a new key for a \
                 new booking; to retry, send the very same request."
            ),
        ),
        CreateError::Store(error) => store(error),
    }
}

/// A step that was not taken.
pub(crate) fn change(error: ChangeError) -> Refusal {
    match error {
        ChangeError::NotFound => no_such_booking(),
        ChangeError::VersionMismatch { standing } => Refusal::new(
            Code::VersionMismatch,
            format!(
                "The booking is at version {standing}, which If-Match does not name. Read it again, then decide."
            ),
        ),
        ChangeError::InvalidTransition(refused) => Refusal::new(
            Code::InvalidTransition,
            format!("A booking that is {} cannot become {}.", refused.from, refused.to),
        ),
        ChangeError::Store(error) => store(error),
    }
}

/// A page that was not given.
pub(crate) fn listing(error: ListError) -> Refusal {
    match error {
        ListError::InvalidCursor(_) => invalid_cursor(),
        ListError::Store(error) => store(error),
    }
}

/// A cursor that no page gave.
pub(crate) fn invalid_cursor() -> Refusal {
    Refusal::new(
        Code::MalformedRequest,
        "The cursor is not one that a page of this list gave. Begin without a cursor.",
    )
}

/// A process that carries no more.
pub(crate) fn overload(overloaded: Overloaded) -> Refusal {
    Refusal::new(
        Code::Overloaded,
        "More requests are under way than can be answered in good time. Nothing was done, and it counts against no \
         limit of the plan; send the request again.",
    )
    .retry_after(overloaded.retry_after.as_secs().max(1))
}

/// A store that could not do it.
pub(crate) fn store(error: StoreError) -> Refusal {
    let refusal = match &error {
        StoreError::Overloaded => Refusal::new(
            Code::Overloaded,
            "More requests are waiting for the store than it takes. Nothing was done; send the request again.",
        )
        .retry_after(1),
        StoreError::Unavailable(_) => Refusal::new(
            Code::StoreUnavailable,
            "The store does not answer. Nothing was done; send the request again.",
        )
        .retry_after(1),
        StoreError::Unlisted(_) => Refusal::new(
            Code::StoreUnavailable,
            "The store cannot list: its table has no index `listing`, which `skybridge serve --store dynamodb \
             --create-tables` adds. Making bookings and reading one by its id work.",
        ),
        StoreError::OutcomeUnknown(_) => Refusal::new(
            Code::StoreUnavailable,
            "The store failed while it wrote, so it is open whether this took place. Send the very same request \
             again, with the same Idempotency-Key: that settles it.",
        )
        .retry_after(1),
        StoreError::Damaged { .. } | StoreError::Refused(_) => return Refusal::internal(error),
    };
    refusal.caused_by(error)
}

/// The id in a path, which can only be of a booking if it has the form of one.
pub(crate) fn unless_booking_id(text: &str) -> Result<BookingId, Refusal> {
    BookingId::parse(text).ok_or_else(no_such_booking)
}

/// The same for an id that does not exist and for a booking of another agency.
pub(crate) fn no_such_booking() -> Refusal {
    Refusal::new(Code::NotFound, "There is no such booking.")
}
