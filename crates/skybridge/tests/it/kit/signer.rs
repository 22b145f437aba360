//! An agency that signs: RFC 9421 once more, as a client would write it.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use ring::{digest, hmac};
use skybridge_domain::time::Timestamp;

/// Whoever holds a signing key.
pub(crate) struct Signer {
    pub(crate) key_id: String,
    pub(crate) private: Private,
}

pub(crate) enum Private {
    Ed25519(Ed25519KeyPair),
    HmacSha256(hmac::Key),
}

/// A request to be signed, as far as a test has something to say about it.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) body: Option<String>,
    pub(crate) idempotency_key: Option<&'static str>,
    pub(crate) created: u64,
    pub(crate) nonce: String,
    /// Left out of what is covered.
    pub(crate) uncovered: &'static str,
    /// More parameters, with their semicolons.
    pub(crate) more: &'static str,
}

impl Draft {
    pub(crate) fn get(target: &str, now: Timestamp, nonce: &str) -> Self {
        Self {
            method: Method::GET,
            target: target.to_owned(),
            body: None,
            idempotency_key: None,
            created: now.as_secs(),
            nonce: nonce.to_owned(),
            uncovered: "",
            more: "",
        }
    }

    pub(crate) fn book(key: &'static str, body: &str, now: Timestamp, nonce: &str) -> Self {
        let body = Some(body.to_owned());
        let draft = Self::get("/v1/bookings", now, nonce);
        Self { method: Method::POST, body, idempotency_key: Some(key), ..draft }
    }
}

/// A pair of keys that follows from a number, and the public one in PEM.
pub(crate) fn pair(number: u8) -> (Ed25519KeyPair, String) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap();
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der = [&head[..], pair.public_key().as_ref()].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
    (pair, pem)
}

impl Signer {
    pub(crate) fn with_secret(key_id: &str, secret: &str) -> Self {
        let secret = STANDARD.decode(secret).unwrap();
        let private = Private::HmacSha256(hmac::Key::new(hmac::HMAC_SHA256, &secret));
        Self { key_id: key_id.to_owned(), private }
    }

    fn sign(&self, base: &str) -> Vec<u8> {
        match &self.private {
            Private::Ed25519(pair) => pair.sign(base.as_bytes()).as_ref().to_vec(),
            Private::HmacSha256(key) => hmac::sign(key, base.as_bytes()).as_ref().to_vec(),
        }
    }

    /// The request of `draft`, signed, to the host of every test.
    pub(crate) fn request(&self, draft: &Draft) -> http::request::Builder {
        let mut lines = vec![
            ("@method", draft.method.to_string()),
            ("@target-uri", format!("https://api.example.com{}", draft.target)),
        ];
        let mut request = Request::builder().method(&draft.method).uri(&draft.target);
        request = request.header("host", "api.example.com");
        if let Some(body) = &draft.body {
            let sha_256 = digest::digest(&digest::SHA256, body.as_bytes());
            let digest = format!("sha-256=:{}:", STANDARD.encode(sha_256));
            request = request.header("content-digest", &digest).header("content-type", "application/json");
            lines.push(("content-digest", digest));
        }
        if let Some(key) = draft.idempotency_key {
            request = request.header("idempotency-key", key);
            lines.push(("idempotency-key", key.to_owned()));
        }
        lines.retain(|(name, _)| *name != draft.uncovered);
        let names: Vec<String> = lines.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let (created, key_id, nonce, more) = (draft.created, &self.key_id, &draft.nonce, draft.more);
        let names = names.join(" ");
        let parameters = format!("({names});created={created};keyid=\"{key_id}\";nonce=\"{nonce}\"{more}");
        let mut base: String = lines.iter().map(|(name, value)| format!("\"{name}\": {value}\n")).collect();
        base.push_str(&format!("\"@signature-params\": {parameters}"));
        let signature = STANDARD.encode(self.sign(&base));
        request
            .header("signature-input", format!("sig1={parameters}"))
            .header("signature", format!("sig1=:{signature}:"))
    }

    /// The request with its body.
    pub(crate) fn signed(&self, draft: &Draft) -> Request<Body> {
        let body = draft.body.clone().map_or(Body::empty(), Body::from);
        self.request(draft).body(body).unwrap()
    }
}
