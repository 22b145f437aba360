//! How many connections may be open: in all, and from one source.
//!
//! Counted at the door, so a connection too many costs an answer of one packet and no memory. The map holds
//! sources that have a connection open now and no others, so it is bounded by the number of connections.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// The seats of one listener.
#[derive(Debug, Clone)]
pub(super) struct Seats {
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
    pub(super) fn new(max: usize, per_source_max: usize) -> Self {
        Self { taken: Arc::default(), max, per_source_max }
    }

    /// A seat for a connection from `address`, unless they are taken.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat> {
        let source = source_of(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let held = taken.by_source.get(&source).copied().unwrap_or(0);
        if taken.all >= self.max || held >= self.per_source_max {
            return None;
        }
        taken.all += 1;
        taken.by_source.insert(source, held + 1);
        Some(Seat { taken: Arc::clone(&self.taken), source })
    }
}

/// One connection's seat, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    taken: Arc<Mutex<Taken>>,
    source: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(held) = taken.by_source.get_mut(&self.source) {
            *held -= 1;
            if *held == 0 {
                taken.by_source.remove(&self.source);
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
