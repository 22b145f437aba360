//! The one variable segment of a path.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::problem::{Code, Refusal};

/// The text of the segment, with its percent-encoding undone.
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|rejection| {
            Refusal::new(Code::MalformedRequest, "The path is not percent-encoded UTF-8.")
                .caused_by(rejection)
        })?;
        Ok(Self(text))
    }
}
