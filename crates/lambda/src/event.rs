//! What API Gateway and function URLs send, read into one form.
//!
//! There are two formats: 2.0 (HTTP APIs, function URLs) and 1.0 (REST APIs; HTTP APIs on request). They are read
//! here and not by `lambda_http`, because a request must reach the router as the client sent it, and `lambda_http`
//! 1.3 changes it on the way: of a doubled header it keeps one value, so that what is refused elsewhere would pass;
//! it normalises paths; it puts a REST API's stage into them; and it panics over a body whose base64 is broken and
//! over some hosts. What the formats mean is at
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.

mod pairs;
mod path;
mod query;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use skybridge_domain::certificate::Fingerprint;

use pairs::Pairs;
use path::Route;

/// A request, as a gateway passed it on.
#[derive(Debug)]
pub(crate) struct Event {
    /// The format it came in, which the answer must have too.
    pub(crate) format: Format,
    pub(crate) method: String,
    /// Path and query, without what the API is published under, fit to stand in a URI.
    pub(crate) target: String,
    /// In the order of the event, each value of its own.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Where the request came from, by the gateway's own account; none if that is no address, as in the console's
    /// tests.
    pub(crate) source: Option<IpAddr>,
    /// The gateway's name for the request.
    pub(crate) request_id: Option<String>,
    /// The API key that a REST API has checked against its usage plans. Only the gateway can put it there.
    pub(crate) checked_key: Option<String>,
    /// The certificate of the client, where the gateway's domain name has mutual TLS: verified by the gateway.
    pub(crate) certificate: Option<Fingerprint>,
}

/// The payload format of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// REST APIs, and HTTP APIs that are set to it.
    V1,
    /// HTTP APIs and function URLs.
    V2,
}

/// Why an event cannot be answered. Repeats nothing of the event, which holds passengers' data and keys.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not a request of a gateway; it looks like this.
    #[error(
        "this function answers API Gateway (HTTP APIs in payload format 2.0 or 1.0, REST APIs with proxy integration) \
         and function URLs; this event is {0}"
    )]
    Foreign(&'static str),
    /// A member is not what its format has there.
    #[error("the event is not of the form that its format has, at line {line}, column {column}")]
    Form {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The body is not the base64 that it is said to be.
    #[error("the event says that its body is in base64, and it is not")]
    Base64,
    /// This part of it cannot stand in an HTTP request.
    #[error("the event's {0} cannot stand in an HTTP request")]
    Http(&'static str),
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::Form { line: error.line(), column: error.column() }
    }
}

impl Event {
    /// Reads the JSON of an event.
    pub(crate) fn read(json: &str) -> Result<Self, Unreadable> {
        match format_of(json)? {
            Format::V1 => serde_json::from_str::<WireV1>(json)?.read(),
            Format::V2 => serde_json::from_str::<WireV2>(json)?.read(),
        }
    }
}

/// Tells the formats apart, and what is none of them. Several other services send events that look alike.
fn format_of(json: &str) -> Result<Format, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outline {
        http_method: Option<IgnoredAny>,
        method_arn: Option<IgnoredAny>,
        route_arn: Option<IgnoredAny>,
        request_context: Option<ContextOutline>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ContextOutline {
        http: Option<IgnoredAny>,
        elb: Option<IgnoredAny>,
        connection_id: Option<IgnoredAny>,
    }

    let none_of_ours = Unreadable::Foreign("none of them");
    // What is no object has no outline; that it is JSON was made sure before.
    let Ok(Outline { http_method, method_arn, route_arn, request_context }) = serde_json::from_str(json)
    else {
        return Err(none_of_ours);
    };
    if method_arn.is_some() || route_arn.is_some() {
        return Err(Unreadable::Foreign("one for a Lambda authorizer"));
    }
    match request_context {
        Some(ContextOutline { elb: Some(_), .. }) => {
            Err(Unreadable::Foreign("an Application Load Balancer's"))
        }
        Some(ContextOutline { connection_id: Some(_), .. }) => Err(Unreadable::Foreign("a WebSocket API's")),
        Some(ContextOutline { http: Some(_), .. }) => Ok(Format::V2),
        Some(_) if http_method.is_some() => Ok(Format::V1),
        _ => Err(none_of_ours),
    }
}

/// Format 1.0, so far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireV1 {
    http_method: String,
    path: String,
    resource: Option<String>,
    #[serde(default)]
    path_parameters: Pairs<String>,
    #[serde(default)]
    query_string_parameters: Pairs<String>,
    #[serde(default)]
    multi_value_query_string_parameters: Pairs<Vec<String>>,
    #[serde(default)]
    headers: Pairs<String>,
    #[serde(default)]
    multi_value_headers: Pairs<Vec<String>>,
    request_context: ContextV1,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextV1 {
    stage: Option<String>,
    request_id: Option<String>,
    #[serde(default)]
    identity: Identity,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: Option<String>,
    api_key: Option<String>,
    api_key_id: Option<String>,
    client_cert: Option<ClientCert>,
}

/// What mutual TLS adds to an event, so far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientCert {
    client_cert_pem: Option<String>,
}

/// A certificate that cannot be read is none.
fn fingerprint(certificate: Option<ClientCert>) -> Option<Fingerprint> {
    Fingerprint::parse(&certificate?.client_cert_pem?).ok()
}

impl WireV1 {
    fn read(self) -> Result<Event, Unreadable> {
        let context = self.request_context;
        let route = Route {
            template: self.resource.as_deref().filter(|resource| resource.starts_with('/')),
            parameters: &self.path_parameters.0,
            stage: context.stage.as_deref(),
        };
        let members = all_values(self.query_string_parameters, self.multi_value_query_string_parameters);
        let headers = all_values(self.headers, self.multi_value_headers);
        let Identity { source_ip, api_key, api_key_id, client_cert } = context.identity;
        Ok(Event {
            format: Format::V1,
            method: self.http_method,
            target: target(path::own(&self.path, route), query::from_members(&members).as_deref()),
            headers: headers
                .into_iter()
                .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
                .collect(),
            body: body(self.body, self.is_base64_encoded)?,
            source: source_ip.and_then(|text| text.parse().ok()),
            request_id: context.request_id,
            // Both are there where a method requires a key, and neither otherwise
            // (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html).
            checked_key: api_key.filter(|_| api_key_id.is_some()),
            certificate: fingerprint(client_cert),
        })
    }
}

/// Every value of every name. The event has each name in both maps, the one with the last value and the other with
/// all of them; a name that is in the first alone is not lost.
fn all_values(last: Pairs<String>, all: Pairs<Vec<String>>) -> Vec<(String, Vec<String>)> {
    let mut named = all.0;
    for (name, value) in last.0 {
        if !named.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            named.push((name, vec![value]));
        }
    }
    named
}

/// Format 2.0, so far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireV2 {
    route_key: Option<String>,
    raw_path: String,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    #[serde(default)]
    headers: Pairs<String>,
    #[serde(default)]
    path_parameters: Pairs<String>,
    request_context: ContextV2,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextV2 {
    stage: Option<String>,
    request_id: Option<String>,
    http: Http,
    authentication: Option<Authentication>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    client_cert: Option<ClientCert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    source_ip: Option<String>,
}

impl WireV2 {
    fn read(self) -> Result<Event, Unreadable> {
        let context = self.request_context;
        let route = Route {
            // `POST /booking`; `$default`, the route for everything, names no path.
            template: self
                .route_key
                .as_deref()
                .and_then(|key| key.split_once(' '))
                .map(|(_method, path)| path),
            parameters: &self.path_parameters.0,
            stage: context.stage.as_deref(),
        };
        let mut headers = self.headers.0;
        // Cookies come apart from the headers, and sometimes among them too.
        if let Some(cookies) = self.cookies.filter(|cookies| !cookies.is_empty()) {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
            headers.push(("cookie".to_owned(), cookies.join("; ")));
        }
        let query = self.raw_query_string.as_deref().and_then(query::raw);
        Ok(Event {
            format: Format::V2,
            method: context.http.method,
            target: target(path::own(&self.raw_path, route), query.as_deref()),
            headers,
            body: body(self.body, self.is_base64_encoded)?,
            source: context.http.source_ip.and_then(|text| text.parse().ok()),
            request_id: context.request_id,
            checked_key: None,
            certificate: fingerprint(
                context.authentication.and_then(|authentication| authentication.client_cert),
            ),
        })
    }
}

fn target(mut path: String, query: Option<&str>) -> String {
    if let Some(query) = query {
        path.push('?');
        path.push_str(query);
    }
    path
}

fn body(text: Option<String>, is_base64: Option<bool>) -> Result<Vec<u8>, Unreadable> {
    let text = text.unwrap_or_default();
    if is_base64 == Some(true) {
        return STANDARD.decode(text).map_err(|_| Unreadable::Base64);
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests;
