//! A request of HTTP/2, held to the rules of one of HTTP/1.1 that are not about lines and lengths.
//!
//! Framing is h2's to check, and it does. But it passes on a host that is none, two hosts that differ, and targets with
//! characters that no target has; what answers the same request over HTTP/1.1 must not answer differently here. And it
//! passes on values with white space around them, which HTTP/1.1 takes off and HTTP/2 forbids (RFC 9113, section 8.2.1):
//! whoever passes them on as lines would send other values than were checked. The
//! stream is refused and not the connection: where the next request begins is never in doubt.
//!
//! Two things are gone before anybody can look at them: a fragment behind the path, and the scheme of a request that
//! names its host in `Host` alone.

use http::header::{self, HeaderMap};
use http::uri::Uri;
use http::{Method, Request};

use super::characters::{self, TARGET};
use super::fault::{self, Fault};

/// What is wrong with the head of `request`, if anything is.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Fault> {
    if request.method() == Method::CONNECT {
        return Err(fault::CONNECT);
    }
    check_host(request.uri(), request.headers())?;
    check_target(request.method(), request.uri())?;
    check_values(request.headers())?;
    let mut expectations = request.headers().get_all(header::EXPECT).iter();
    if expectations.all(|value| characters::is_expectation_met(value.as_bytes())) {
        Ok(())
    } else {
        Err(fault::EXPECTATION)
    }
}

/// The host may be named in `:authority`, in `Host`, or in both alike (RFC 9113, section 8.3.1).
fn check_host(uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().map(http::HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return Err(fault::HOST_TWICE);
    }
    if host.is_some_and(|host| !characters::is_host(host)) {
        return Err(fault::HOST_INVALID);
    }
    match (authority, host) {
        (None, None) => Err(fault::AUTHORITY_MISSING),
        (Some(authority), _) if !characters::is_host(authority) => Err(fault::AUTHORITY_INVALID),
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            Err(fault::AUTHORITY_DIFFERS)
        }
        _ => Ok(()),
    }
}

/// White space may stand within a value, not around it.
fn check_values(headers: &HeaderMap) -> Result<(), Fault> {
    let is_padding = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let mut values = headers.values().map(header::HeaderValue::as_bytes);
    if values.any(|value| is_padding(value.first()) || is_padding(value.last())) {
        Err(fault::FIELD_PADDED)
    } else {
        Ok(())
    }
}

fn check_target(method: &Method, uri: &Uri) -> Result<(), Fault> {
    if uri.scheme().is_some_and(|scheme| scheme != "http" && scheme != "https") {
        return Err(fault::SCHEME);
    }
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    match target.as_bytes() {
        b"*" if method == Method::OPTIONS => Ok(()),
        target @ [b'/', ..] if characters::all_of(&TARGET, target) => Ok(()),
        [b'/', ..] => Err(fault::TARGET),
        _ => Err(fault::TARGET_FORM),
    }
}
