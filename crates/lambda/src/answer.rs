//! From the router's answer to the form in which the gateway takes it.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderMap, HeaderName};
use http_body_util::BodyExt as _;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::event::Format;

/// An answer, written in the format of the event that it is for.
#[derive(Debug)]
pub(crate) struct Answer {
    format: Format,
    status: u16,
    headers: HeaderMap,
    body: AnswerBody,
}

#[derive(Debug)]
enum AnswerBody {
    Text(String),
    Base64(String),
}

impl Answer {
    /// Takes in the whole of `response`.
    pub(crate) async fn of(response: Response, format: Format) -> Result<Self, axum::Error> {
        let (head, body) = response.into_parts();
        let bytes = Vec::from(body.collect().await?.to_bytes());
        // JSON and pages go as the text that they are; a compressed file would not survive that.
        let body = if head.headers.contains_key(header::CONTENT_ENCODING) {
            AnswerBody::Base64(STANDARD.encode(bytes))
        } else {
            String::from_utf8(bytes).map_or_else(
                |not_text| AnswerBody::Base64(STANDARD.encode(not_text.into_bytes())),
                AnswerBody::Text,
            )
        };
        Ok(Self { format, status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Answer", 4)?;
        answer.serialize_field("statusCode", &self.status)?;
        match self.format {
            Format::V1 => answer.serialize_field("multiValueHeaders", &EachValue(&self.headers))?,
            // Format 2.0 has one text for each name; values of one name are joined as RFC 9110, section 5.3, has it.
            Format::V2 => answer.serialize_field("headers", &Joined(&self.headers))?,
        }
        let (body, is_base64) = match &self.body {
            AnswerBody::Text(text) => (text, false),
            AnswerBody::Base64(text) => (text, true),
        };
        answer.serialize_field("body", body)?;
        answer.serialize_field("isBase64Encoded", &is_base64)?;
        answer.end()
    }
}

/// The values of `name`. Ours are all ASCII; what is not could not stand in the answer's JSON as it is.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
}

struct EachValue<'a>(&'a HeaderMap);

impl Serialize for EachValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().map(|name| (name.as_str(), values(self.0, name))))
    }
}

struct Joined<'a>(&'a HeaderMap);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().map(|name| (name.as_str(), values(self.0, name).join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::HeaderValue;
    use serde_json::{Value, json};

    use super::*;

    async fn written(format: Format, body: &'static [u8], encoding: Option<&'static str>) -> Value {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = http::StatusCode::CREATED;
        for value in ["a", "b"] {
            response.headers_mut().append("vary", HeaderValue::from_static(value));
        }
        if let Some(encoding) = encoding {
            response.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
        }
        serde_json::to_value(Answer::of(response, format).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn each_format_is_written_as_its_gateway_reads_it() {
        assert_eq!(
            written(Format::V1, b"text", None).await,
            json!({ "statusCode": 201, "multiValueHeaders": { "vary": ["a", "b"] }, "body": "text",
                    "isBase64Encoded": false })
        );
        assert_eq!(
            written(Format::V2, b"text", None).await,
            json!({ "statusCode": 201, "headers": { "vary": "a, b" }, "body": "text", "isBase64Encoded": false })
        );
    }

    #[tokio::test]
    async fn what_is_no_text_goes_in_base64() {
        for (body, encoding) in [(&b"\xff\xfe"[..], None), (b"ab", Some("gzip"))] {
            let written = written(Format::V2, body, encoding).await;
            assert_eq!(written["isBase64Encoded"], true);
            assert_eq!(written["body"], STANDARD.encode(body));
        }
    }
}
