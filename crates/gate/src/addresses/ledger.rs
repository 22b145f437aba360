//! Who has sent how much, and who is under a penalty: by source, in shards, so that requests of different sources
//! rarely wait for one another.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::PoisonError;

use skybridge_domain::time::Timestamp;

use super::Counted;
use super::penalty::{Penalised, PenaltyCause, PenaltyTerms, Standing};
use super::rate_rule::RateRule;
use super::window::Window;
use crate::locks::{Mutex, MutexGuard};

pub(super) const TRACKED_MAX: usize = 16_384;

const SHARDS: usize = 16;

/// How long after a search for room the next one may come, in nanoseconds.
const SEARCH_EVERY: u64 = 1_000_000_000;

pub(super) struct Ledger {
    rules: Vec<RateRule>,
    penalties: PenaltyTerms,
    /// Drawn at the start, so that nobody can choose addresses that fall into one shard.
    places: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// How many sources a shard remembers.
    room: usize,
}

struct Shard {
    tracks: HashMap<IpAddr, Track>,
    /// Shared by those for whom there is no room.
    others: Box<[Window]>,
    /// Before this there is no use in looking for room again.
    search_at: u64,
    /// The latest moment that was seen.
    latest: Timestamp,
}

impl Shard {
    /// The present, as it is held to be here. A clock that steps back makes time stand still until it has caught up, so
    /// that nothing that is over comes again; a step of more than the longest window is taken for a correction.
    fn present(&mut self, now: Timestamp) -> Timestamp {
        if self.latest <= now.plus(RateRule::WINDOWS[1]) {
            self.latest = self.latest.max(now);
        } else {
            self.latest = now;
        }
        self.latest
    }
}

/// What is remembered of one source.
struct Track {
    /// One per rule.
    windows: Box<[Window]>,
    standing: Standing,
}

impl Ledger {
    pub(super) fn new(rules: &[RateRule], penalties: PenaltyTerms, tracked_max: usize) -> Self {
        let shards = SHARDS.min(tracked_max.max(1));
        let shard = || Shard {
            tracks: HashMap::new(),
            others: windows(rules),
            search_at: 0,
            latest: Timestamp::from_nanos(0),
        };
        Self {
            rules: rules.to_vec(),
            penalties,
            places: RandomState::new(),
            shards: (0..shards).map(|_| Mutex::new(shard())).collect(),
            room: tracked_max / shards,
        }
    }

    /// Counts a request, or says until when the source is refused.
    pub(super) fn count(&self, source: IpAddr, counted: Counted, now: Timestamp) -> Result<(), Penalised> {
        let (mut shard, now) = self.shard(source, now);
        let Some(track) = self.track(&mut shard, source, now) else {
            let full = count(&mut shard.others, &self.rules, now);
            return full.map_err(|retry_at| Penalised {
                retry_at,
                cause: PenaltyCause::Rate,
                strikes: 0,
                is_new: false,
            });
        };
        let heeded =
            |penalty: &Penalised| counted == Counted::Strangers || penalty.cause == PenaltyCause::Rate;
        if let Some(penalty) = track.standing.penalty(&self.penalties, now).filter(heeded) {
            return Err(penalty);
        }
        count(&mut track.windows, &self.rules, now)
            .map_err(|full_until| track.standing.strike(&self.penalties, PenaltyCause::Rate, full_until, now))
    }

    /// One more penalty, which ends when `not_before` has come.
    pub(super) fn strike(
        &self,
        source: IpAddr,
        cause: PenaltyCause,
        not_before: Timestamp,
        now: Timestamp,
    ) -> Option<Penalised> {
        let (mut shard, now) = self.shard(source, now);
        let track = self.track(&mut shard, source, now)?;
        Some(track.standing.strike(&self.penalties, cause, not_before, now))
    }

    pub(super) fn penalty(&self, source: IpAddr, now: Timestamp) -> Option<Penalised> {
        let (shard, now) = self.shard(source, now);
        shard.tracks.get(&source)?.standing.penalty(&self.penalties, now)
    }

    pub(super) fn used(&self, source: IpAddr, now: Timestamp) -> Vec<u32> {
        let (mut shard, now) = self.shard(source, now);
        let Some(track) = shard.tracks.get_mut(&source) else { return vec![0; self.rules.len()] };
        let windows = track.windows.iter_mut().zip(&self.rules);
        windows.map(|(window, rule)| window.used(rule, micros(now))).collect()
    }

    pub(super) fn forget(&self, source: IpAddr) -> bool {
        locked(self.shard_of(source)).tracks.remove(&source).is_some()
    }

    pub(super) fn tracked(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).tracks.len()).sum()
    }

    pub(super) fn penalised(&self, now: Timestamp) -> Vec<(IpAddr, Penalised)> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let mut shard = locked(shard);
            let now = shard.present(now);
            let penalty = |track: &Track| track.standing.penalty(&self.penalties, now);
            all.extend(shard.tracks.iter().filter_map(|(source, track)| Some((*source, penalty(track)?))));
        }
        all.sort_by_key(|(source, penalty)| (std::cmp::Reverse(penalty.retry_at), *source));
        all
    }

    /// The shard of `source`, and the present as it is held to be there.
    fn shard(&self, source: IpAddr, now: Timestamp) -> (MutexGuard<'_, Shard>, Timestamp) {
        let mut shard = locked(self.shard_of(source));
        let now = shard.present(now);
        (shard, now)
    }

    fn shard_of(&self, source: IpAddr) -> &Mutex<Shard> {
        let place = self.places.hash_one(source) % self.shards.len() as u64;
        &self.shards[usize::try_from(place).expect("less than the number of shards")]
    }

    /// What is remembered of `source`, from now on; `None` if there is no room.
    fn track<'s>(&self, shard: &'s mut Shard, source: IpAddr, now: Timestamp) -> Option<&'s mut Track> {
        if shard.tracks.len() >= self.room && !shard.tracks.contains_key(&source) {
            self.make_room(shard, now);
        }
        let has_room = shard.tracks.len() < self.room;
        match shard.tracks.entry(source) {
            Entry::Occupied(track) => Some(track.into_mut()),
            Entry::Vacant(place) if has_room => {
                Some(place.insert(Track { windows: windows(&self.rules), standing: Standing::default() }))
            }
            Entry::Vacant(_) => None,
        }
    }

    /// Forgets sources of which nothing counts any more. If that does not help, also those that would only get a longer
    /// penalty the next time. Never one that is under a penalty or has a request in a window: a crowd of newcomers must
    /// not be able to free anybody.
    fn make_room(&self, shard: &mut Shard, now: Timestamp) {
        let (now_ns, next) = (now.as_nanos(), now.as_nanos().saturating_add(SEARCH_EVERY));
        // One that is further ahead was set before the clock was corrected.
        if now_ns < shard.search_at && shard.search_at <= next {
            return;
        }
        shard.search_at = next;
        let counts = |track: &Track| {
            track.standing.penalty(&self.penalties, now).is_some()
                || track
                    .windows
                    .iter()
                    .zip(&self.rules)
                    .any(|(window, rule)| window.idle_from(rule) > micros(now))
        };
        let remembered = |track: &Track| track.standing.forgotten_at(&self.penalties) > now_ns;
        shard.tracks.retain(|_, track| counts(track) || remembered(track));
        if shard.tracks.len() >= self.room {
            shard.tracks.retain(|_, track| counts(track));
        }
    }
}

/// Counts a request in all windows, or, if one is full, in none; then says when all have room.
fn count(windows: &mut [Window], rules: &[RateRule], now: Timestamp) -> Result<(), Timestamp> {
    let full =
        windows.iter_mut().zip(rules).filter_map(|(window, rule)| window.full_until(rule, micros(now)));
    if let Some(until) = full.max() {
        return Err(Timestamp::from_nanos(until.saturating_mul(1_000)));
    }
    // Rounded up, as the present is rounded down where a window is looked at: no request counts too short.
    let moment = now.as_nanos().div_ceil(1_000);
    windows.iter_mut().zip(rules).for_each(|(window, rule)| window.count(rule, moment));
    Ok(())
}

fn windows(rules: &[RateRule]) -> Box<[Window]> {
    rules.iter().map(|_| Window::default()).collect()
}

fn micros(now: Timestamp) -> u64 {
    now.as_nanos() / 1_000
}

fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Nothing that is done under the lock panics half-way.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
