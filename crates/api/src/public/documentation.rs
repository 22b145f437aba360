//! `GET /openapi.json`, `GET /docs` and `GET /errors/{code}`: the contract, drawn and explained by the very
//! program that keeps it. Nothing is loaded from anywhere else.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{self, HeaderValue};

use crate::path::Segment;
use crate::problem::{Code, Refusal};

const REDOC: &[u8] = include_bytes!("../../assets/redoc.standalone.js.gz");
const DOCS_PAGE: &str = include_str!("../../assets/docs.html");
const ERROR_PAGE: &str = include_str!("../../assets/error.html");

/// The OpenAPI document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Service",
    responses((status = 200, description = "OpenAPI 3.1: exactly the operations that are served",
               content_type = "application/json", body = serde_json::Value)),
)]
pub(super) async fn openapi_json() -> Response {
    // Large, and seldom asked for: written when it first is, so that no start waits for it.
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| super::openapi().to_string().into());
    fixed("application/json", TEXT.clone())
}

/// The documentation, for people
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Service",
    responses((status = 200, description = "A page that works offline", content_type = "text/html", body = String)),
)]
pub(super) async fn docs() -> Response {
    fixed("text/html; charset=utf-8", DOCS_PAGE)
}

/// The script that draws the documentation
#[utoipa::path(
    get,
    path = "/docs/redoc.js",
    tag = "Service",
    responses((status = 200, description = "Redoc, compressed with gzip", content_type = "text/javascript", body = String)),
)]
pub(super) async fn docs_script() -> Response {
    let mut answer = fixed("text/javascript; charset=utf-8", REDOC);
    answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

/// What a refusal means, and what to do
#[utoipa::path(
    get,
    path = "/errors/{code}",
    tag = "Service",
    params(("code" = String, Path, description = "The `code` of a refusal", example = "rate-limited")),
    responses((status = 200, description = "A page about the code", content_type = "text/html", body = String)),
)]
pub(super) async fn error_page(Segment(code): Segment) -> Result<Response, Refusal> {
    let code = Code::ALL
        .iter()
        .find(|known| known.as_str() == code)
        .ok_or_else(|| Refusal::new(Code::NotFound, "There is no refusal with this code."))?;
    let mut article = String::new();
    pulldown_cmark::html::push_html(&mut article, pulldown_cmark::Parser::new(code.page()));
    let page = ERROR_PAGE.replace("{title}", code.title()).replace("{article}", &article);
    Ok(fixed("text/html; charset=utf-8", page))
}

/// Text that changes only with the program.
fn fixed(media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    // Whatever a page of ours holds, it loads nothing from anywhere else.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
             font-src data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'",
        ),
    );
    answer
}
