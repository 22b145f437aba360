//! The token that opens the admin API.

use http::HeaderMap;
use http::header;
use subtle::ConstantTimeEq;

use crate::pipeline::{CHALLENGE, bearer_token};
use crate::problem::{Code, Refusal};

/// The token, which its `Debug` does not show.
pub struct AdminToken(String);

impl AdminToken {
    /// Takes the token's text; at least 32 characters, so that it cannot be guessed.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// Refuses a request that does not carry the token, in a time that does not depend on what it carries.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(authorization) = headers.get(header::AUTHORIZATION) else {
            return Err(refusal(
                Code::AdminTokenMissing,
                "Send the admin token as Authorization: Bearer. It is in the file admin.token of the data directory.",
            ));
        };
        let presented = bearer_token(authorization).unwrap_or("");
        if bool::from(presented.as_bytes().ct_eq(self.0.as_bytes())) {
            return Ok(());
        }
        Err(refusal(
            Code::AdminTokenInvalid,
            "This is not the admin token. It is in the file admin.token of the data directory.",
        ))
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

fn refusal(code: Code, detail: &'static str) -> Refusal {
    Refusal::new(code, detail).with_header(header::WWW_AUTHENTICATE, CHALLENGE)
}
