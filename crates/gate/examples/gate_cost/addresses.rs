//! Addresses: looked up on the list, and counted.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use skybridge_domain::network::Network;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{AddressTerms, Addresses, FileLists};

use crate::measure;
use crate::partners::NOW;

/// An address that no cache foresees.
fn address(round: u64) -> IpAddr {
    let mixed = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(mixed).expect("32 bits are left")))
}

pub(crate) fn measure_all() {
    for networks in [0, 1_000, 100_000] {
        let addresses = Addresses::tracking(AddressTerms::default(), Addresses::TRACKED_MAX);
        let network = |number| {
            let IpAddr::V4(address) = address(number) else { unreachable!("addresses here are of IPv4") };
            Network::parse(&format!("{}/24", Ipv4Addr::from_bits(address.to_bits() & 0xffff_ff00)))
        };
        let block = (0..networks).map(|number| network(number).expect("a network")).collect();
        addresses.put_files(FileLists { block, allow: Vec::new() });
        let among = ("networks", networks);
        let now = Timestamp::from_nanos(NOW);
        measure(among, "look-up on the list", |round| {
            black_box(addresses.listing(black_box(address(round + 1_000_000)), now));
            true
        });
        measure(among, "request counted, one address", |round| {
            addresses.count(address(1), Timestamp::from_nanos(NOW + round * 20_000_000)).is_ok()
        });
        measure(among, "request counted, 10,000 addresses", |round| {
            addresses.count(address(round % 10_000), Timestamp::from_nanos(NOW + round * 20_000)).is_ok()
        });
        let guilty = address(77);
        while addresses.count(guilty, now).is_ok() {}
        measure(among, "request refused by a penalty", |_| addresses.count(guilty, now).is_err());
    }
}
