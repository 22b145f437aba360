//! How many connections may be open: in all, and from one source.
//!
//! Counted at the door, so a connection too many costs an answer of one packet and no memory. The map holds
//! sources that have a connection open now and no others, so it is bounded by the number of connections.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// The seats of one listener.
#[derive(Debug, Clone)]
pub struct Seats {
    taken: Arc<Mutex<Taken>>,
    max: usize,
    per_source_max: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

impl Seats {
    /// `max` seats, of which one source may hold `per_source_max`.
    #[must_use]
    pub fn new(max: usize, per_source_max: usize) -> Self {
        Self { taken: Arc::default(), max, per_source_max }
    }

    /// A seat for a connection from `address`, unless they are taken.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Seat> {
        self.take_with_share(Some(source_of(address)))
    }

    /// A seat for a connection that carries the requests of many sources.
    pub(crate) fn take_for_proxy(&self) -> Option<Seat> {
        self.take_with_share(None)
    }

    /// A seat that counts against the share of `source`, if it has one.
    fn take_with_share(&self, source: Option<IpAddr>) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.max {
            return None;
        }
        if let Some(source) = source {
            let held = taken.by_source.entry(source).or_default();
            if *held >= self.per_source_max {
                return None;
            }
            *held += 1;
        }
        taken.all += 1;
        Some(Seat { taken: Arc::clone(&self.taken), source })
    }
}

/// One connection's seat, free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    taken: Arc<Mutex<Taken>>,
    /// Whose share it counts against.
    source: Option<IpAddr>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(source) = self.source else { return };
        if let Some(held) = taken.by_source.get_mut(&source) {
            *held -= 1;
            if *held == 0 {
                taken.by_source.remove(&source);
            }
        }
    }
}

/// One subscriber of IPv6 holds a whole /64, so that is what counts as one source.
fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_source_cannot_take_all_seats() {
        let seats = Seats::new(3, 2);
        let _first = seats.take(address("192.0.2.1")).unwrap();
        let second = seats.take(address("::ffff:192.0.2.1")).unwrap();
        assert!(seats.take(address("192.0.2.1")).is_none());
        let _other = seats.take(address("192.0.2.2")).unwrap();
        assert!(seats.take(address("192.0.2.3")).is_none(), "all are taken");
        drop(second);
        assert!(seats.take(address("192.0.2.1")).is_some());
    }

    #[test]
    fn a_proxy_has_no_share_but_counts() {
        let seats = Seats::new(3, 1);
        let _proxys = [seats.take_for_proxy().unwrap(), seats.take_for_proxy().unwrap()];
        let last = seats.take(address("192.0.2.1")).unwrap();
        assert!(seats.take_for_proxy().is_none());
        drop(last);
        assert!(seats.take_for_proxy().is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let seats = Seats::new(9, 1);
        let _seat = seats.take(address("2001:db8:0:1::1")).unwrap();
        assert!(seats.take(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(seats.take(address("2001:db8:0:2::1")).is_some());
    }

    #[test]
    fn sources_that_left_are_forgotten() {
        let seats = Seats::new(9, 9);
        drop(seats.take(address("192.0.2.1")));
        assert!(seats.taken.lock().unwrap().by_source.is_empty());
    }
}
