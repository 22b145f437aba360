//! The path as our router knows it: without the stage or the base path that an API is published under.
//!
//! What an event's path begins with depends on how the API was called. A REST API leaves its stage out and a custom
//! domain's base path in; an HTTP API leaves a named stage in, and a base path too. The event does not say what was
//! put in front, but it names the route that was taken, with the values of its parameters. Written out, the route is
//! the end of the path, and whatever stands before that is not ours.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What cannot stand in a path as it is (RFC 3986, section 3.3). Gateways decode some paths before they hand them on,
/// so what was escaped once can come bare. A percent sign that begins no escape is looked for by hand.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// How the path of an event came about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route<'a> {
    /// The template of the route that was taken, as `/v1/{proxy+}`; none if the API has but one for everything.
    pub(super) template: Option<&'a str>,
    /// The values of the template's parameters.
    pub(super) parameters: &'a [(String, String)],
    /// The stage of the API.
    pub(super) stage: Option<&'a str>,
}

/// The part of `path` that is ours, fit to stand in a URI.
pub(super) fn own(path: &str, route: Route<'_>) -> String {
    let own = route
        .template
        .and_then(|template| written_out(template, route.parameters))
        .and_then(|end| ending_with(path, &end))
        .or_else(|| without_stage(path, route.stage))
        .unwrap_or(path);
    let own = if own.is_empty() { "/" } else { own };
    fit_for_uri(own)
}

/// The template with the values in their places; none if one is missing.
fn written_out(template: &str, parameters: &[(String, String)]) -> Option<String> {
    let mut written = String::new();
    for segment in template.split('/').skip(1) {
        written.push('/');
        match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
            None => written.push_str(segment),
            Some(name) => {
                let name = name.trim_end_matches('+');
                let (_, value) = parameters.iter().find(|(named, _)| named == name)?;
                written.push_str(value);
            }
        }
    }
    Some(written)
}

/// The end of `path` that reads as `end`, at the border of a segment. Escaped or not is the same: gateways decode
/// the values of parameters, and sometimes the path.
fn ending_with<'a>(path: &'a str, end: &str) -> Option<&'a str> {
    // A gateway takes the route `/booking` for `/booking/` too; whether that is served is the router's to say.
    let trimmed = if end.ends_with('/') { path } else { path.strip_suffix('/').unwrap_or(path) };
    let decoded: Vec<u8> = percent_decode_str(trimmed).collect();
    let end: Cow<'_, [u8]> = match decoded.ends_with(end.as_bytes()) {
        true => Cow::Borrowed(end.as_bytes()),
        false => Cow::Owned(percent_decode_str(end).collect()),
    };
    let before = decoded.strip_suffix(&*end)?.len();
    let at = escaped_len(trimmed, before);
    path[at..].starts_with('/').then(|| &path[at..])
}

/// How many bytes of `text` stand for its first `count` decoded ones.
fn escaped_len(text: &str, count: usize) -> usize {
    let mut rest = text.as_bytes();
    for _ in 0..count {
        rest = &rest[if begins_with_escape(rest) { 3 } else { 1 }..];
    }
    text.len() - rest.len()
}

fn begins_with_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// The path behind `/stage`; none if it does not begin with that. `$default` never stands in a path.
fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(stage?)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

fn fit_for_uri(path: &str) -> String {
    let mut fit = String::with_capacity(path.len());
    for (place, part) in path.split('%').enumerate() {
        if place > 0 {
            let escape = part
                .as_bytes()
                .first_chunk::<2>()
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            fit.push_str(if escape { "%" } else { "%25" });
        }
        fit.extend(utf8_percent_encode(part, NOT_IN_PATHS));
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_of(path: &str, template: &str, parameters: &[(&str, &str)], stage: &str) -> String {
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        own(path, Route { template: Some(template), parameters: &parameters, stage: Some(stage) })
    }

    #[test]
    fn what_stands_before_the_route_is_not_ours() {
        let history = [("proxy", "bookings/7/history")];
        for (path, template, parameters, stage) in [
            // How the lesson's API is called: the stage `$default` never stands in the path.
            ("/v1/bookings/7/history", "/v1/{proxy+}", &history[..], "$default"),
            // An HTTP API with a named stage, also one that is called like our own path.
            ("/prod/v1/bookings/7/history", "/v1/{proxy+}", &history[..], "prod"),
            ("/v1/v1/bookings/7/history", "/v1/{proxy+}", &history[..], "v1"),
            // A REST API on a custom domain, under a base path of one or of two segments.
            ("/partners/v1/bookings/7/history", "/v1/{proxy+}", &history[..], "prod"),
            ("/air/partners/v1/bookings/7/history", "/v1/{proxy+}", &history[..], "prod"),
            // A stage that is called as our path begins, but is not in it.
            ("/v1/bookings/7/history", "/v1/{proxy+}", &history[..], "v1"),
            ("/prod/v1/bookings/7/history", "/v1/bookings/{id}/history", &[("id", "7")][..], "prod"),
            ("/prod/v1/bookings/7/history", "/{proxy+}", &[("proxy", "v1/bookings/7/history")][..], "prod"),
        ] {
            assert_eq!(
                own_of(path, template, parameters, stage),
                "/v1/bookings/7/history",
                "{path} by {template}"
            );
        }
        assert_eq!(own_of("/prod/booking", "/booking", &[], "prod"), "/booking");
        assert_eq!(own_of("/prod/booking/", "/booking", &[], "prod"), "/booking/");
        assert_eq!(own_of("/prod/", "/", &[], "prod"), "/");
    }

    #[test]
    fn without_a_route_to_go_by_only_the_stage_is_taken_off() {
        let of = |path: &str, stage: &str| {
            own(path, Route { template: None, parameters: &[], stage: Some(stage) })
        };
        assert_eq!(of("/prod/booking", "prod"), "/booking");
        assert_eq!(of("/production/booking", "prod"), "/production/booking");
        assert_eq!(of("/prod", "prod"), "/");
        assert_eq!(of("/booking", "$default"), "/booking");
        assert_eq!(
            own_of("/elsewhere/booking", "/v1/{proxy+}", &[("proxy", "x")], "prod"),
            "/elsewhere/booking"
        );
        assert_eq!(own_of("/prod/booking", "/v1/{proxy+}", &[], "prod"), "/booking");
    }

    #[test]
    fn escapes_are_understood_and_left_as_they_are() {
        let proxy = [("proxy", "idempotency/trip 1")];
        assert_eq!(
            own_of("/p/v1/idempotency/trip%201", "/v1/{proxy+}", &proxy, "p"),
            "/v1/idempotency/trip%201"
        );
        assert_eq!(
            own_of("/p/v1/idempotency/trip 1", "/v1/{proxy+}", &proxy, "p"),
            "/v1/idempotency/trip%201"
        );
        let slash = [("proxy", "idempotency/a/b")];
        assert_eq!(own_of("/p/v1/idempotency/a%2Fb", "/v1/{proxy+}", &slash, "p"), "/v1/idempotency/a%2Fb");
        let escaped = [("proxy", "idempotency/a%2Fb")];
        assert_eq!(own_of("/p/v1/idempotency/a%2Fb", "/v1/{proxy+}", &escaped, "p"), "/v1/idempotency/a%2Fb");
        // An escaped slash is no border of a segment.
        assert_eq!(own_of("/x%2Fbooking", "/booking", &[], "prod"), "/x%2Fbooking");
    }

    #[test]
    fn what_no_uri_can_hold_is_escaped() {
        let of = |path: &str| own(path, Route { template: None, parameters: &[], stage: None });
        assert_eq!(of("/my/path-with space"), "/my/path-with%20space");
        assert_eq!(of("/a?b#c"), "/a%3Fb%23c");
        assert_eq!(of("/50%/100%25/%zz/%"), "/50%25/100%25/%25zz/%25");
        assert_eq!(of("/zürich"), "/z%C3%BCrich");
        assert_eq!(of(""), "/");
    }
}
