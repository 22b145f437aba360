//! Where a request comes from: what a front door knows of it that no header can say.
//!
//! A front door puts these into a request's extensions, where no caller can put anything: extensions are of this
//! process, never of the wire.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};

/// The address that a request came from: the peer's, or the one that trusted proxies vouch for. A front door that
/// trusts no proxy need not say it: the peer's address ([`ConnectInfo`]) then stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceAddress(pub IpAddr);

/// The certificate that the caller has proven to hold, as the SHA-256 of its DER. The handshake has verified that
/// the caller has its private key, and nothing else: nobody was asked who issued it, what names it carries, or until
/// when it is valid. Whose it is follows from the fingerprint alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientCertificate(pub [u8; 32]);

/// The address that `request` came from.
pub(super) fn source_of(request: &Request) -> IpAddr {
    if let Some(SourceAddress(address)) = request.extensions().get() {
        return address.to_canonical();
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_front_door_says_outweighs_the_peer() {
        let mut request = Request::default();
        assert_eq!(source_of(&request), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let peer: SocketAddr = "[::ffff:192.0.2.1]:40000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        assert_eq!(source_of(&request), IpAddr::from([192, 0, 2, 1]), "one host is one address");
        request.extensions_mut().insert(SourceAddress("203.0.113.7".parse().unwrap()));
        assert_eq!(source_of(&request), IpAddr::from([203, 0, 113, 7]));
    }
}
