//! Networks that an operator has listed: those whose requests are not taken, and those that are never in doubt.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::agency::Reason;
use crate::time::Timestamp;

/// What becomes of requests from a listed network.
///
/// In this order: of two entries for the very same network, the greater counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListAction {
    /// They are refused.
    Block,
    /// They are neither refused for a wider network that is blocked, nor counted by the rules on rates.
    Allow,
}

impl ListAction {
    const ALL: [Self; 2] = [Self::Block, Self::Allow];

    /// Its word: `block` or `allow`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Allow => "allow",
        }
    }

    /// The action of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNetwork {
    /// Which addresses.
    pub network: Network,
    /// What becomes of them.
    pub action: ListAction,
    /// Why, for those who read the list.
    pub reason: Option<Reason>,
    /// When it was first listed.
    pub created_at: Timestamp,
    /// When the entry last changed.
    pub updated_at: Timestamp,
    /// From when on it says nothing; `None` for an entry that stands until it is removed.
    pub expires_at: Option<Timestamp>,
}

impl ListedNetwork {
    /// Does it hold at `now`?
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// A range of addresses: of IPv4 or IPv6, with no bit set beyond its prefix. IPv4 in the clothes of IPv6
/// (`::ffff:192.0.2.0/120`) is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Reads `203.0.113.0/24`, `2001:db8::/32`, or an address alone.
    ///
    /// # Errors
    /// When the text is no network, or has bits set beyond its prefix: it is open then which of two was meant.
    pub fn parse(text: &str) -> Result<Self, InvalidNetwork> {
        let network = match text.parse::<IpNet>() {
            Ok(network) => network,
            Err(_) => text.parse::<IpAddr>().map_err(|_| InvalidNetwork::NoNetwork)?.into(),
        };
        if network != network.trunc() {
            return Err(InvalidNetwork::HostBits { network: network.trunc(), address: network.addr() });
        }
        Ok(Self::of(network))
    }

    /// The network, with IPv4 out of the clothes of IPv6.
    #[must_use]
    pub fn of(network: IpNet) -> Self {
        let network = network.trunc();
        let mapped = match network {
            IpNet::V6(wide) if wide.prefix_len() >= 96 => wide.addr().to_ipv4_mapped().map(|address| {
                let network = Ipv4Net::new(address, wide.prefix_len() - 96);
                IpNet::V4(network.expect("96 to 128 bits of IPv6 are 0 to 32 of IPv4"))
            }),
            _ => None,
        };
        Self(mapped.unwrap_or(network))
    }

    /// The range itself.
    #[must_use]
    pub fn as_net(&self) -> IpNet {
        self.0
    }

    /// Do the two have an address in common? Of two networks one then holds the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }

    /// Is it so much of all addresses that somebody has to say twice that it is meant: more than a network of /8
    /// of IPv4, or of /16 of IPv6?
    #[must_use]
    pub fn is_vast(&self) -> bool {
        match self.0 {
            IpNet::V4(network) => network.prefix_len() < 8,
            IpNet::V6(network) => network.prefix_len() < 16,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetwork {
    /// Neither a range nor an address.
    #[error("is no network such as 203.0.113.0/24 or 2001:db8::/32, and no address")]
    NoNetwork,
    /// More of the address is given than the prefix says.
    #[error(
        "has bits set beyond its prefix; write {network} for the network, or {address} for the one address"
    )]
    HostBits {
        /// What the prefix says.
        network: IpNet,
        /// What was written before it.
        address: IpAddr,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_way_to_be_written() {
        for (text, network) in [
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:db8::7", "2001:db8::7/128"),
            ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("::/0", "::/0"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), network, "{text}");
        }
        for text in ["", "203.0.113", "203.0.113.0/33", "2001:db8::/129", "example.com", "203.0.113.0/24 "] {
            assert_eq!(Network::parse(text), Err(InvalidNetwork::NoNetwork), "{text}");
        }
        let told = Network::parse("203.0.113.7/24").unwrap_err().to_string();
        assert!(
            told.contains("203.0.113.0/24 for the network") && told.contains("203.0.113.7 for"),
            "{told}"
        );
    }

    #[test]
    fn what_is_vast_is_more_than_one_organisation_has() {
        let vast = |text: &str| Network::parse(text).unwrap().is_vast();
        assert!(vast("0.0.0.0/0") && vast("128.0.0.0/7") && vast("::/0") && vast("2000::/3"));
        assert!(!vast("10.0.0.0/8") && !vast("2001::/16") && !vast("192.0.2.1"));
    }

    #[test]
    fn networks_overlap_if_one_holds_the_other() {
        let overlap = |one, other| {
            let (one, other) = (Network::parse(one).unwrap(), Network::parse(other).unwrap());
            assert_eq!(one.overlaps(&other), other.overlaps(&one));
            one.overlaps(&other)
        };
        assert!(overlap("10.0.0.0/8", "10.1.2.3") && overlap("::/0", "2001:db8::1"));
        assert!(!overlap("10.0.0.0/8", "11.0.0.0/8") && !overlap("0.0.0.0/0", "::/0"));
    }
}
