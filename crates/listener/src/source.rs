//! Where a request came from, when proxies stand in front.
//!
//! Everybody can write an `X-Forwarded-For`. So it is read only if the peer itself is a proxy that the operator named,
//! and only as far as named proxies vouch for it: each appends the address that it saw, so the list is walked from its
//! right end, over the proxies, to the first address that is none of them. What stands further left anybody may have
//! written. An entry that is no address ends the walk where it stands: the last address that was read is the source.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Those with an address in one of `networks`.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Is `address` one of them?
    pub(crate) fn include(&self, address: IpAddr) -> bool {
        !self.0.is_empty() && {
            let address = address.to_canonical();
            self.0.iter().any(|network| network.contains(&address))
        }
    }

    /// The address behind the proxies, for a request with `headers` from `peer`; `None` if the peer is no proxy, or
    /// says nothing: the source is the peer then.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.include(peer) {
            return None;
        }
        // Several lines are one list (RFC 9110, section 5.3).
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut source = None;
        for entry in entries {
            let Some(address) = address_in(entry) else { break };
            source = Some(address);
            if !self.include(address) {
                break;
            }
        }
        source
    }
}

/// An address, which some proxies write with the port that they saw.
fn address_in(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry.trim_ascii()).ok()?;
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: Option<IpAddr> = text.parse().ok();
    address
        .or_else(bracketed)
        .or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(peer: &str, lines: &[&str]) -> Option<String> {
        let networks = ["10.0.0.0/8", "2001:db8:ff::/48"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted = TrustedProxies::new(networks.to_vec());
        trusted.source(peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        assert_eq!(source("192.0.2.1", &["203.0.113.7"]), None);
        assert_eq!(source("10.0.0.1", &["203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(source("::ffff:10.0.0.1", &["203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(TrustedProxies::default().source([127, 0, 0, 1].into(), &HeaderMap::new()), None);
    }

    #[test]
    fn the_list_is_walked_from_the_right_over_proxies() {
        for (lines, expected) in [
            (&["198.51.100.9, 203.0.113.7, 10.1.2.3"][..], "203.0.113.7"),
            (&["198.51.100.9", "203.0.113.7", "10.1.2.3"][..], "203.0.113.7"),
            (&["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
            (&["203.0.113.7:50123"], "203.0.113.7"),
            (&["2001:db8::7, [2001:db8:ff::1]:443,10.0.0.2 "], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
        ] {
            assert_eq!(source("10.0.0.1", lines).as_deref(), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_walk() {
        assert_eq!(source("10.0.0.1", &["203.0.113.7, unknown, 10.1.2.3"]).as_deref(), Some("10.1.2.3"));
        assert_eq!(source("10.0.0.1", &["203.0.113.7, unknown"]), None);
        assert_eq!(source("10.0.0.1", &["203.0.113.7,"]), None);
        assert_eq!(source("10.0.0.1", &[""]), None);
    }
}
