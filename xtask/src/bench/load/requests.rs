//! One caller's requests as bytes, made beforehand as far as they can be: on a machine that client and server share,
//! what the client does not use is the server's.

use std::fmt::Write;

use super::{Call, Load};

/// One caller's requests, one after the other.
pub(super) struct Requests {
    /// Host and key, which all have in common.
    head: String,
    call: Call,
    /// Keeps the idempotency keys of callers apart.
    connection: usize,
    /// Callers start evenly spread over what is sent.
    first: usize,
    sent: usize,
    bytes: String,
}

impl Requests {
    pub(super) fn new(load: &Load, call: &Call, connection: usize) -> Self {
        let head = format!("HTTP/1.1\r\nHost: {}\r\nx-api-key: {}\r\n", load.address, load.api_key);
        let count = match call {
            Call::Book { bodies, .. } => bodies.len(),
            Call::Read(paths) => paths.len(),
        };
        let first = connection * count / load.connections;
        Self { head, call: call.clone(), connection, first, sent: 0, bytes: String::new() }
    }

    /// The bytes of the next request; a booking has a fresh idempotency key.
    pub(super) fn next(&mut self) -> &[u8] {
        let Self { head, call, connection, first, sent, bytes } = self;
        bytes.clear();
        match call {
            Call::Book { phase, bodies } => {
                let body = &bodies[(*first + *sent) % bodies.len()];
                write!(
                    bytes,
                    "POST /v1/bookings {head}Content-Type: application/json\r\n\
                     Idempotency-Key: \"bench-{phase}-{connection:03}-{sent:08}\"\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
            Call::Read(paths) => write!(bytes, "GET {} {head}\r\n", paths[(*first + *sent) % paths.len()]),
        }
        .expect("writing to a String does not fail");
        *sent += 1;
        bytes.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn requests(call: &Call) -> Requests {
        let load = Load {
            address: "127.0.0.1:8080".parse().unwrap(),
            api_key: "sbk_live_x".to_owned(),
            connections: 2,
        };
        Requests::new(&load, call, 1)
    }

    #[test]
    fn bodies_rotate_keys_do_not_repeat_and_lengths_are_bytes() {
        let bodies = ["{}", r#"{"remarks":"é"}"#].map(str::to_owned);
        let mut requests =
            requests(&Call::Book { phase: "r1".to_owned(), bodies: Arc::new(bodies.to_vec()) });
        let first = String::from_utf8(requests.next().to_vec()).unwrap();
        let second = String::from_utf8(requests.next().to_vec()).unwrap();
        assert!(
            first.contains(
                "Idempotency-Key: \"bench-r1-001-00000000\"\r\nContent-Length: 16\r\n\r\n{\"remarks"
            )
        );
        assert!(second.contains("Idempotency-Key: \"bench-r1-001-00000001\"\r\nContent-Length: 2\r\n\r\n{}"));
    }

    #[test]
    fn a_read_ends_with_its_head() {
        let mut requests = requests(&Call::Read(Arc::new(vec!["/a".to_owned(), "/b".to_owned()])));
        let expected = "GET /b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nx-api-key: sbk_live_x\r\n\r\n";
        assert_eq!(requests.next(), expected.as_bytes());
        assert!(requests.next().starts_with(b"GET /a "));
    }
}
