//! Addresses: which networks are listed, who sends too much, and for how long that is held against them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use proptest::prelude::*;
use skybridge_domain::network::{ListAction, ListedNetwork, Network};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{
    AddressTerms, Addresses, Caution, FileLists, ListingOrigin, Penalised, PenaltyCause, PenaltyTerms,
    RateRule,
};

use crate::kit::{HOME, NOON, SECOND, at};

const MICRO: u64 = 1_000;

fn rule(limit: u32, seconds: u64) -> RateRule {
    RateRule::new(limit, Duration::from_secs(seconds)).unwrap()
}

/// No penalty beyond the wait for room.
const NONE: PenaltyTerms =
    PenaltyTerms { first: Duration::ZERO, longest: Duration::ZERO, memory: Duration::ZERO };

fn with(rules: &[RateRule], penalties: PenaltyTerms) -> Addresses {
    Addresses::tracking(AddressTerms { rules: rules.to_vec(), penalties, ..AddressTerms::default() }, 1_024)
}

fn source(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number))
}

fn network(text: &str) -> Network {
    Network::parse(text).unwrap()
}

fn listed(text: &str, action: ListAction, expires_at: Option<Timestamp>) -> ListedNetwork {
    let (created_at, updated_at) = (at(NOON), at(NOON));
    ListedNetwork { network: network(text), action, reason: None, created_at, updated_at, expires_at }
}

fn wait(refused: Penalised, now: u64) -> Duration {
    refused.retry_at.since(at(now))
}

#[test]
fn the_request_beyond_the_limit_is_refused_at_once_and_to_the_microsecond() {
    let addresses = with(&[rule(10, 10)], NONE);
    for number in 0..10 {
        assert_eq!(addresses.count(HOME, at(NOON + number * SECOND / 2)), Ok(()));
    }
    let full = NOON + 5 * SECOND;
    let refused = addresses.count(HOME, at(full)).unwrap_err();
    assert_eq!((refused.retry_at, refused.cause), (at(NOON + 10 * SECOND), PenaltyCause::Rate));
    assert!(addresses.count(HOME, at(NOON + 10 * SECOND - 1)).is_err());
    // What was refused did not count: there is room for one, then for the next half a second later.
    assert_eq!(addresses.count(HOME, at(NOON + 10 * SECOND)), Ok(()));
    assert!(addresses.count(HOME, at(NOON + 10 * SECOND)).is_err());
    assert_eq!(addresses.count(HOME, at(NOON + 10 * SECOND + SECOND / 2)), Ok(()));
    assert_eq!(addresses.count(source(1), at(full)), Ok(()), "another source has an account of its own");
}

#[test]
fn sixty_four_bits_of_ipv6_are_one_source_and_ipv4_in_its_clothes_is_ipv4() {
    let addresses = with(&[rule(10, 10)], NONE);
    let host = |network: u128, host: u128| {
        IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8 << 96) | (network << 64) | host))
    };
    for number in 0..10 {
        assert_eq!(addresses.count(host(7, number), at(NOON)), Ok(()));
        assert_eq!(
            addresses.count(IpAddr::V6(Ipv4Addr::new(192, 0, 2, 9).to_ipv6_mapped()), at(NOON)),
            Ok(())
        );
    }
    assert!(addresses.count(host(7, 99), at(NOON)).is_err());
    assert!(addresses.count(IpAddr::from([192, 0, 2, 9]), at(NOON)).is_err());
    assert_eq!(addresses.count(host(8, 0), at(NOON)), Ok(()));
}

#[test]
fn every_rule_has_to_hold_and_a_refused_request_counts_in_none() {
    let addresses = with(&[rule(10, 10), rule(15, 600)], NONE);
    for _ in 0..10 {
        assert_eq!(addresses.count(HOME, at(NOON)), Ok(()));
    }
    assert_eq!(wait(addresses.count(HOME, at(NOON)).unwrap_err(), NOON), Duration::from_secs(10));
    let later = NOON + 10 * SECOND;
    for _ in 0..5 {
        assert_eq!(addresses.count(HOME, at(later)), Ok(()));
    }
    assert_eq!(wait(addresses.count(HOME, at(later)).unwrap_err(), later), Duration::from_secs(590));
}

/// Sends until it is refused, as often as it may.
fn go_over(addresses: &Addresses, now: u64) -> Penalised {
    loop {
        if let Err(refused) = addresses.count(HOME, at(now)) {
            return refused;
        }
    }
}

#[test]
fn penalties_grow_with_each_repeat_and_are_forgotten_after_good_behaviour() {
    let terms = PenaltyTerms {
        first: Duration::from_secs(20),
        longest: Duration::from_secs(100),
        memory: Duration::from_secs(300),
    };
    let addresses = with(&[rule(10, 10)], terms);
    let mut now = NOON;
    for (strike, seconds) in [(1, 20), (2, 40), (3, 80), (4, 100), (5, 100)] {
        let refused = go_over(&addresses, now);
        assert!(refused.is_new && refused.strikes == strike, "{refused:?}");
        assert_eq!(wait(refused, now), Duration::from_secs(seconds));
        // Knocking meanwhile neither shortens nor lengthens it.
        let again = addresses.count(HOME, at(refused.retry_at.as_nanos() - 1)).unwrap_err();
        assert_eq!(again, Penalised { is_new: false, ..refused });
        assert_eq!(addresses.penalised(at(now)), [(HOME, again)]);
        now = refused.retry_at.as_nanos();
        assert_eq!(addresses.count(HOME, at(now)), Ok(()), "who waits as long as told passes");
    }
    now += 300 * SECOND - 1;
    assert_eq!(wait(go_over(&addresses, now), now), Duration::from_secs(100), "a nanosecond too early");
    now += 100 * SECOND + 300 * SECOND;
    assert_eq!(wait(go_over(&addresses, now), now), Duration::from_secs(20));
}

#[test]
fn failures_and_rates_are_held_against_a_source_together() {
    let addresses = with(&[rule(10, 10)], PenaltyTerms::default());
    let first = addresses.fail(HOME, at(NOON + 3 * SECOND), at(NOON)).unwrap();
    assert_eq!((wait(first, NOON), first.cause), (Duration::from_secs(10), PenaltyCause::Failures));
    assert_eq!(addresses.penalty(HOME, at(NOON)).map(|penalty| penalty.cause), Some(PenaltyCause::Failures));
    let now = NOON + 10 * SECOND;
    let second = go_over(&addresses, now);
    assert_eq!((wait(second, now), second.cause), (Duration::from_secs(20), PenaltyCause::Rate));
    // One that opens later is waited for.
    let slow = addresses.fail(source(1), at(NOON + 60 * SECOND), at(NOON)).unwrap();
    assert_eq!(wait(slow, NOON), Duration::from_secs(60));
    assert!(addresses.forgive(HOME) && !addresses.forgive(HOME));
    assert_eq!(addresses.count(HOME, at(now)), Ok(()));
}

#[test]
fn a_crowd_of_newcomers_frees_nobody() {
    let terms = AddressTerms { rules: vec![rule(10, 600)], ..AddressTerms::default() };
    let addresses = Addresses::tracking(terms, 256);
    let guilty = go_over(&addresses, NOON);
    assert_eq!(wait(guilty, NOON), Duration::from_secs(600));
    // Somebody who is just below the limit.
    let busy = source(1);
    for _ in 0..9 {
        assert_eq!(addresses.count(busy, at(NOON)), Ok(()));
    }
    for number in 0..100_000_u64 {
        let newcomer = source(0x0a00_0000 + u32::try_from(number).unwrap());
        let _ = addresses.count(newcomer, at(NOON + SECOND + number * 5_000 * MICRO));
    }
    assert!(addresses.tracked() <= 256, "{}", addresses.tracked());
    let now = NOON + 502 * SECOND;
    assert!(addresses.count(HOME, at(now)).is_err(), "a penalty outlives the crowd");
    assert_eq!(addresses.count(busy, at(now)), Ok(()));
    assert!(addresses.count(busy, at(now)).is_err(), "and so does what was counted");
    // When nothing counts any more, there is room again.
    let much_later = NOON + 10_000 * SECOND;
    for number in 0..8 {
        assert_eq!(addresses.count(source(0x0b00_0000 + number), at(much_later)), Ok(()));
    }
}

#[test]
fn a_clock_that_is_set_back_holds_nobody_for_long() {
    let addresses = with(&[rule(10, 10)], PenaltyTerms::default());
    let later = NOON + 86_400 * SECOND;
    let refused = go_over(&addresses, later);
    assert!(refused.is_new);
    let still = addresses.count(HOME, at(NOON)).unwrap_err();
    assert!(wait(still, NOON) <= Duration::from_secs(3_600), "{still:?}");
    for _ in 0..9 {
        assert_eq!(addresses.count(source(1), at(later)), Ok(()));
    }
    // The windows that were counted a day ahead say nothing now.
    for _ in 0..10 {
        assert_eq!(addresses.count(source(1), at(NOON)), Ok(()));
    }
    assert!(addresses.count(source(1), at(NOON)).is_err());
}

#[test]
fn the_most_specific_network_counts_and_of_the_same_one_the_one_that_allows() {
    let addresses = with(&[], NONE);
    let (block, allow) = (ListAction::Block, ListAction::Allow);
    let an_hour = Some(at(NOON + 3_600 * SECOND));
    addresses.put_stored(vec![
        listed("10.0.0.0/8", block, None),
        listed("10.1.0.0/16", allow, None),
        listed("10.1.1.0/24", block, an_hour),
        listed("192.0.2.0/24", block, None),
        listed("2001:db8::/32", block, None),
        listed("2001:db8:1::/48", allow, None),
    ]);
    addresses.put_files(FileLists {
        block: vec![network("198.51.100.0/24"), network("10.1.2.0/24")],
        allow: vec![network("192.0.2.0/24")],
    });
    let found = |text: &str, now| {
        let listing = addresses.listing(text.parse().unwrap(), at(now));
        listing.map(|listing| (listing.network.to_string(), listing.action))
    };
    let answer = |network: &str, action| Some((network.to_owned(), action));
    for (address, expected) in [
        ("10.9.9.9", answer("10.0.0.0/8", block)),
        ("::ffff:10.9.9.9", answer("10.0.0.0/8", block)),
        ("10.1.9.9", answer("10.1.0.0/16", allow)),
        ("10.1.1.1", answer("10.1.1.0/24", block)),
        ("10.1.2.1", answer("10.1.2.0/24", block)),
        ("11.0.0.0", None),
        ("9.255.255.255", None),
        ("192.0.2.7", answer("192.0.2.0/24", allow)),
        ("198.51.100.255", answer("198.51.100.0/24", block)),
        ("2001:db8:1::7", answer("2001:db8:1::/48", allow)),
        ("2001:db8:2::7", answer("2001:db8::/32", block)),
        ("2001:db9::", None),
    ] {
        assert_eq!(found(address, NOON), expected, "{address}");
    }
    // Where one has expired, the next wider one counts.
    assert_eq!(found("10.1.1.1", NOON + 3_600 * SECOND), answer("10.1.0.0/16", allow));
    assert_eq!(found("10.1.1.1", NOON + 3_600 * SECOND - 1), answer("10.1.1.0/24", block));
    let listing = addresses.listing("198.51.100.1".parse().unwrap(), at(NOON)).unwrap();
    assert_eq!(listing.origin, ListingOrigin::File);
    addresses.put_stored(Vec::new());
    assert_eq!((found("10.9.9.9", NOON), addresses.entries()), (None, 3), "files stay what they were");
}

#[test]
fn what_would_shut_out_everybody_needs_a_second_word() {
    let proxies = vec![network("10.0.0.0/24")];
    let addresses = Addresses::tracking(AddressTerms { proxies, ..AddressTerms::default() }, 16);
    let caution = |text| addresses.caution(&network(text));
    assert_eq!(caution("0.0.0.0/0"), Some(Caution::Vast));
    for proxy in ["10.0.0.7", "10.0.0.0/24", "10.0.0.0/8"] {
        assert_eq!(caution(proxy), Some(Caution::OfProxy(network("10.0.0.0/24"))), "{proxy}");
    }
    assert_eq!((caution("10.0.1.0/24"), caution("203.0.113.0/24")), (None, None));
}

#[test]
fn rules_have_bounds() {
    for (limit, seconds, right) in
        [(10, 10, true), (9, 10, false), (10, 9, false), (10, 600, true), (10, 601, false), (0, 60, false)]
    {
        assert_eq!(RateRule::new(limit, Duration::from_secs(seconds)).is_ok(), right, "{limit}/{seconds}s");
    }
}

/// The plain reference: every request that was admitted, with its moment.
#[derive(Default)]
struct Plain(Vec<u64>);

impl Plain {
    /// How many were admitted in the `length` before `now`.
    fn within(&self, length: u64, now: u64) -> usize {
        self.0.iter().filter(|moment| **moment + length > now).count()
    }
}

proptest! {
    /// With limits up to 128 the answers are those of a list of all moments, to the microsecond; whatever the pauses.
    #[test]
    fn small_limits_are_exact(
        limit in 10_u32..40,
        pauses in prop::collection::vec(prop_oneof![0_u64..3_000, 0_u64..2_000_000, 0_u64..12_000_000], 1..400),
    ) {
        let addresses = with(&[rule(limit, 10)], NONE);
        let (mut plain, mut now) = (Plain::default(), NOON);
        for pause in pauses {
            now += pause * MICRO;
            let room = plain.within(10 * SECOND, now) < usize::try_from(limit).unwrap();
            let answer = addresses.count(HOME, at(now));
            prop_assert_eq!(answer.is_ok(), room);
            if let Err(refused) = answer {
                let first = plain.0[plain.0.len() - usize::try_from(limit).unwrap()];
                prop_assert_eq!(refused.retry_at, at(first + 10 * SECOND));
            } else {
                plain.0.push(now);
            }
        }
    }

    /// With any limit and any clock, no window holds more than the limit; and only if the limit has come within a window
    /// and a 128th part of it is anything refused. Clocks that step back make time stand still.
    #[test]
    fn no_window_ever_holds_more_than_the_limit(
        limit in 100_u32..200,
        steps in prop::collection::vec((0_u64..400_000_000, 1_usize..12, 0_u64..50_000_000), 1..300),
    ) {
        let addresses = with(&[rule(limit, 10)], NONE);
        let limit = usize::try_from(limit).unwrap();
        let early = if limit > 128 { 10 * SECOND / 128 } else { 0 };
        let (mut plain, mut now, mut latest) = (Plain::default(), NOON, NOON);
        for (pause, calls, back) in steps {
            now += pause;
            for _ in 0..calls {
                latest = latest.max(now);
                match addresses.count(HOME, at(now)) {
                    Ok(()) => {
                        plain.0.push(latest);
                        prop_assert!(plain.within(10 * SECOND, latest) <= limit);
                    }
                    // Moments are kept in whole microseconds.
                    Err(_) => prop_assert!(plain.within(10 * SECOND + early + 2 * MICRO, latest) >= limit),
                }
                now += 777;
            }
            now -= back.min(now - NOON);
        }
    }

    /// The set finds what a search through all entries finds.
    #[test]
    fn look_ups_find_what_a_plain_search_finds(
        entries in prop::collection::vec((0_u32..4, 0_u32..4, 0_u32..4, 6_u8..33, any::<bool>(), prop::option::of(0_u64..4)), 0..60),
        asked in prop::collection::vec((0_u32..4, 0_u32..4, 0_u32..4, 0_u64..5), 1..60),
    ) {
        let address = |a: u32, b: u32, c: u32| IpAddr::V4(Ipv4Addr::from_bits(a << 25 | b << 13 | c));
        let entry = |(a, b, c, prefix, allow, expires): (u32, u32, u32, u8, bool, Option<u64>)| {
            let net = ipnet::IpNet::new(address(a, b, c), prefix).unwrap();
            let action = if allow { ListAction::Allow } else { ListAction::Block };
            listed(&net.trunc().to_string(), action, expires.map(|hours| at(NOON + hours * SECOND)))
        };
        let entries: Vec<ListedNetwork> = entries.into_iter().map(entry).collect();
        let addresses = with(&[], NONE);
        addresses.put_stored(entries.clone());
        for (a, b, c, later) in asked {
            let (address, now) = (address(a, b, c), at(NOON + later * SECOND));
            let holds = entries.iter().filter(|entry| entry.is_in_force(now) && entry.network.as_net().contains(&address));
            let best = holds.map(|entry| (entry.network.as_net().prefix_len(), entry.action)).max();
            let found = addresses.listing(address, now);
            prop_assert_eq!(found.map(|found| (found.network.as_net().prefix_len(), found.action)), best);
        }
    }
}

/// Sixteen threads send at once: one step looks and counts, so that just as many come in as the rule admits.
#[test]
fn a_crowd_at_once_gets_just_what_the_rule_admits() {
    let addresses = with(&[rule(1_000, 10)], PenaltyTerms::default());
    let admitted = std::thread::scope(|scope| {
        let send = || (0..500).filter(|_| addresses.count(HOME, at(NOON)).is_ok()).count();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(admitted, 1_000);
}
