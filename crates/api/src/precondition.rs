//! `If-Match` and `If-None-Match` (RFC 9110, section 13.1): entity tags are a booking's version, quoted.

use http::HeaderMap;
use http::header::{self, HeaderName};
use skybridge_store::Version;

use crate::problem::{Code, Refusal};

/// Does `If-None-Match` name `version` (or anything, as `*`)? Compared weakly, as the RFC says.
pub(crate) fn none_match(headers: &HeaderMap, version: Version) -> bool {
    let Some(tags) = text(headers, &header::IF_NONE_MATCH) else { return false };
    tags.trim() == "*"
        || tags.split(',').any(|tag| tag_version(tag.trim().trim_start_matches("W/")) == Some(version))
}

/// The versions that `If-Match` accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Any: there is no `If-Match`, or it is `*`.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

impl Expected {
    /// Reads `If-Match`. A tag that is not one of ours can match nothing; text that is no tag at all is refused.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        if !headers.contains_key(header::IF_MATCH) {
            return Ok(Self::Any);
        }
        let tags = text(headers, &header::IF_MATCH).ok_or_else(not_tags)?.trim();
        if tags == "*" {
            return Ok(Self::Any);
        }
        let mut versions = Vec::new();
        for tag in tags.split(',').map(str::trim) {
            let strong = tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"');
            if !strong && !tag.starts_with("W/\"") {
                return Err(not_tags());
            }
            versions.extend(tag_version(tag));
        }
        Ok(Self::OneOf(versions))
    }

    /// May a booking at `version` be changed?
    pub(crate) fn accepts(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn tag_version(tag: &str) -> Option<Version> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn not_tags() -> Refusal {
    Refusal::new(
        Code::MalformedRequest,
        "If-Match takes * or entity tags as an ETag header gave them, such as \"1\".",
    )
}
