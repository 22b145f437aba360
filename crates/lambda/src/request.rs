//! From a gateway's event to the request that the router takes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use skybridge_api::public::{ClientCertificate, GatewayRequestId, VouchedKey};

use crate::event::{Event, Unreadable};
use crate::settings::GatewayKeys;

/// The request in `event`. What the router believes of its origin comes from the event's context, which the gateway
/// writes; headers such as `X-Forwarded-For` are the client's to write and believed by nobody.
pub(crate) fn from_event(event: Event, gateway_keys: GatewayKeys) -> Result<Request<Body>, Unreadable> {
    let mut request = Request::new(Body::from(event.body));
    *request.method_mut() =
        Method::from_bytes(event.method.as_bytes()).map_err(|_| Unreadable::Http("method"))?;
    *request.uri_mut() =
        PathAndQuery::try_from(event.target).map(Uri::from).map_err(|_| Unreadable::Http("path or query"))?;
    for (name, value) in event.headers {
        let name = HeaderName::try_from(name).map_err(|_| Unreadable::Http("headers"))?;
        let value = HeaderValue::try_from(value).map_err(|_| Unreadable::Http("headers"))?;
        request.headers_mut().append(name, value);
    }
    // An address that is none is in no range that a key may be bound to.
    let source = event.source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let extensions = request.extensions_mut();
    extensions.insert(ConnectInfo(SocketAddr::new(source, 0)));
    if let Some(id) = event.request_id.as_deref().and_then(GatewayRequestId::of) {
        extensions.insert(id);
    }
    if let Some(certificate) = event.certificate {
        extensions.insert(ClientCertificate(*certificate.as_bytes()));
    }
    if let (GatewayKeys::Trusted, Some(key)) =
        (gateway_keys, event.checked_key.as_deref().and_then(VouchedKey::of))
    {
        extensions.insert(key);
    }
    Ok(request)
}
