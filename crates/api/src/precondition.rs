//! `If-Match` and `If-None-Match` (RFC 9110, section 13.1): entity tags are a booking's version, quoted.

use http::HeaderMap;
use http::header::{self, HeaderName};
use skybridge_store::Version;

use crate::problem::{Code, Refusal};

/// Does `If-None-Match` name `version` (or anything, as `*`)? Compared weakly, as the RFC says. What is not a list of
/// entity tags matches nothing, so the booking is shown.
pub(crate) fn none_match(headers: &HeaderMap, version: Version) -> bool {
    let Some(text) = text(headers, &header::IF_NONE_MATCH) else { return false };
    let ours = version.to_string();
    text == "*" || tags(text).is_some_and(|tags| tags.iter().any(|tag| tag.opaque == ours))
}

/// The versions that `If-Match` accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Any: there is no `If-Match`, or it is `*`.
    Any,
    /// One whose entity tag, between its quotes, is among these.
    OneOf(Vec<String>),
}

impl Expected {
    /// Reads `If-Match`. Compared strongly, so weak tags match nothing, nor do tags that are not ours; text that is no
    /// list of tags at all is refused.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        if !headers.contains_key(header::IF_MATCH) {
            return Ok(Self::Any);
        }
        let text = text(headers, &header::IF_MATCH).ok_or_else(not_tags)?;
        if text == "*" {
            return Ok(Self::Any);
        }
        let tags = tags(text).ok_or_else(not_tags)?.into_iter();
        Ok(Self::OneOf(tags.filter(|tag| !tag.weak).map(|tag| tag.opaque.to_owned()).collect()))
    }

    /// May a booking at `version` be changed?
    pub(crate) fn accepts(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.contains(&version.to_string()),
        }
    }
}

/// An entity tag (RFC 9110, section 8.8.3).
struct Tag<'a> {
    weak: bool,
    /// What stands between the quotes; commas and spaces may.
    opaque: &'a str,
}

/// The tags of a list, if it is one. A list may be empty, and then names none.
fn tags(mut text: &str) -> Option<Vec<Tag<'_>>> {
    let mut tags = Vec::new();
    if text.is_empty() {
        return Some(tags);
    }
    loop {
        let (weak, quoted) = text.strip_prefix("W/").map_or((false, text), |quoted| (true, quoted));
        let (opaque, rest) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push(Tag { weak, opaque });
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Some(tags);
        }
        text = rest.strip_prefix(',')?.trim_start();
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn not_tags() -> Refusal {
    Refusal::new(
        Code::MalformedRequest,
        "If-Match takes * or entity tags as an ETag header gave them, such as \"1\".",
    )
}
