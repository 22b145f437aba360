//! The name of one request, in its answer, in the log, and in what a caller reports.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use http::{HeaderName, HeaderValue};
use skybridge_domain::id::Randomness;

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const CHARS_MAX: usize = 128;

/// The name that a gateway in front of us gave the request. A front door puts it into the request's extensions;
/// it is taken unless the caller sent a name of its own, so that the gateway's log and ours name the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRequestId(HeaderValue);

impl GatewayRequestId {
    /// Takes the gateway's name without the padding that some of them end with (`=`); none, if it is not of the
    /// form that callers' names have.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let name = text.trim_end_matches('=');
        well_formed(name.as_bytes()).then(|| HeaderValue::from_str(name).ok().map(Self)).flatten()
    }
}

/// Takes the caller's id if it is well-formed (1 to 128 ASCII letters, digits, `.`, `_`, `-`, and neither a key nor a
/// card's number in it), then the gateway's; makes one otherwise.
///
/// An id is eight random hexadecimal digits for the process and a number that counts its requests: unique
/// without asking for chance on every request.
#[derive(Debug)]
pub struct RequestIds {
    process: String,
    count: AtomicU64,
}

impl RequestIds {
    /// Ids that begin with eight digits of `randomness`.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut process = [0; 4];
        randomness.fill(&mut process);
        Self { process: format!("{:08x}", u32::from_be_bytes(process)), count: AtomicU64::new(1) }
    }

    /// The id of `request`.
    pub(super) fn name(&self, request: &Request) -> HeaderValue {
        if let Some(callers) = request.headers().get(&X_REQUEST_ID)
            && is_taken(callers.as_bytes())
        {
            return callers.clone();
        }
        if let Some(GatewayRequestId(gateways)) = request.extensions().get() {
            return gateways.clone();
        }
        HeaderValue::try_from(self.next()).expect("hexadecimal digits are a header value")
    }

    /// The caller's id if it is one that is taken, a new one otherwise: for a request that never became one.
    pub fn name_or_next(&self, callers: Option<&[u8]>) -> String {
        let callers = callers.filter(|id| is_taken(id)).and_then(|id| std::str::from_utf8(id).ok());
        callers.map_or_else(|| self.next(), str::to_owned)
    }

    /// A new id, for a caller that did not get to say one.
    pub fn next(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:x}", self.process)
    }
}

/// Is this an id that a caller may choose?
fn is_taken(id: &[u8]) -> bool {
    well_formed(id) && !is_a_key(id) && !holds_a_card_number(id)
}

/// Nor must a card's number: ids stand in logs, and no card data is ever kept.
fn holds_a_card_number(id: &[u8]) -> bool {
    std::str::from_utf8(id).is_ok_and(|id| skybridge_screen::card_data(id).is_some())
}

/// A key that strayed into this header must not get from there into the log.
fn is_a_key(id: &[u8]) -> bool {
    [b"sbk_live_", b"sbk_test_"].iter().any(|start| id.windows(start.len()).any(|text| text == *start))
}

fn well_formed(id: &[u8]) -> bool {
    (1..=CHARS_MAX).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(callers: Option<&str>, gateways: &str) -> String {
        let mut request = Request::default();
        if let Some(callers) = callers {
            request.headers_mut().insert(&X_REQUEST_ID, callers.parse().unwrap());
        }
        if let Some(gateways) = GatewayRequestId::of(gateways) {
            request.extensions_mut().insert(gateways);
        }
        let ids = RequestIds { process: "0badcafe".to_owned(), count: AtomicU64::new(1) };
        ids.name(&request).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_name_is_the_callers_or_the_gateways_or_ours() {
        assert_eq!(named(Some("trip-7"), "JKJaXmPLvHcESHA="), "trip-7");
        assert_eq!(named(None, "JKJaXmPLvHcESHA="), "JKJaXmPLvHcESHA");
        assert_eq!(named(Some("trip 7"), "8f14-25afc3e9ae33"), "8f14-25afc3e9ae33");
        assert_eq!(named(Some("trip 7"), "a\"b"), "0badcafe-1");
        assert_eq!(named(None, "=="), "0badcafe-1");
        assert_eq!(named(Some("sbk_live_x"), "=="), "0badcafe-1");
        assert_eq!(named(Some("for-sbk_test_x"), "=="), "0badcafe-1");
        assert_eq!(named(Some("card-4111-1111-1111-1111"), "=="), "0badcafe-1");
        assert_eq!(named(Some("4111111111111112"), "=="), "4111111111111112", "no card has this number");
    }
}
