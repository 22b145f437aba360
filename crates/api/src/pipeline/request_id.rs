//! The name of one request, in its answer, in the log, and in what a caller reports.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use skybridge_domain::id::Randomness;

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const CHARS_MAX: usize = 128;

/// Takes the caller's id if it is well-formed (1 to 128 ASCII letters, digits, `.`, `_`, `-`); makes one
/// otherwise.
///
/// An id is eight random hexadecimal digits for the process and a number that counts its requests: unique
/// without asking for chance on every request.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: String,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(randomness: &dyn Randomness) -> Self {
        let mut process = [0; 4];
        randomness.fill(&mut process);
        Self { process: format!("{:08x}", u32::from_be_bytes(process)), count: AtomicU64::new(1) }
    }

    /// The id of the request that came with `headers`.
    pub(crate) fn name(&self, headers: &HeaderMap) -> HeaderValue {
        match headers.get(&X_REQUEST_ID) {
            Some(callers) if well_formed(callers.as_bytes()) => callers.clone(),
            _ => {
                let number = self.count.fetch_add(1, Ordering::Relaxed);
                HeaderValue::try_from(format!("{}-{number:x}", self.process))
                    .expect("hexadecimal digits are a header value")
            }
        }
    }
}

fn well_formed(id: &[u8]) -> bool {
    (1..=CHARS_MAX).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}
