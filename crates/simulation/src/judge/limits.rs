//! Is no plan exceeded, and no call refused without need?
//!
//! Time here is what really passed, however the clock was set. Where one process is alone, a clock that is set back
//! never grants anything: time stands still until it has caught up, and what is refilled in real time is an upper
//! bound. Processes that share a store can be apart by what the clock was set back, and admit the rate of so long more.

use std::collections::HashMap;

use skybridge_domain::plan::Plan;
use skybridge_domain::time::Timestamp;
use skybridge_gate::ThrottleRefusal;

use crate::scene::Scene;
use crate::story::{Call, Decided, Decision, Story};

/// Checks all agencies' limits.
pub(crate) fn check(scene: &Scene, story: &Story) -> Result<(), String> {
    for (agency, (_, plan)) in scene.agencies.iter().enumerate() {
        let of_agency = |call: &&Call| call.agency == agency && call.admitted_at.is_some();
        let admitted: Vec<&Call> = story.calls.iter().filter(of_agency).collect();
        let apart = if scene.processes == 1 { 0 } else { story.clocks_apart() };
        check_windows(plan, &admitted, apart)?;
        check_quota(plan, &admitted)?;
        let decisions: Vec<&Decision> = story.decisions.iter().filter(|it| it.agency == agency).collect();
        check_in_flight(plan, &decisions)?;
        if scene.processes == 1 {
            Reference::of(plan, scene.is_calm).follow(&decisions)?;
        }
    }
    Ok(())
}

/// In any window at most `burst + rate * window` calls, and what clocks that are `apart` cost. A call counts at some moment between its question and its
/// admission: only those that lie in the window with all of that are counted.
fn check_windows(plan: &Plan, admitted: &[&Call], apart: u64) -> Result<(), String> {
    let interval = plan.rate().interval_nanos();
    for from in admitted.iter().map(|call| call.asked_at) {
        let mut ends: Vec<u64> = admitted
            .iter()
            .filter(|call| call.asked_at >= from)
            .filter_map(|call| call.admitted_at)
            .collect();
        ends.sort_unstable();
        for (count, to) in (1..).zip(ends) {
            let most = u64::from(plan.burst()) + (to - from + apart) / interval;
            if count > most {
                return Err(format!("{count} calls within {} ns, where {plan:?} admits {most}", to - from));
            }
        }
    }
    Ok(())
}

/// Never more than the quota in one of its windows. Calls that began in one and came in in the next count in neither.
fn check_quota(plan: &Plan, admitted: &[&Call]) -> Result<(), String> {
    let Some(quota) = plan.quota() else { return Ok(()) };
    let window = |nanos| quota.window(Timestamp::from_nanos(nanos)).start;
    let mut used = HashMap::new();
    for call in admitted {
        let (asked, admitted) = (window(call.asked_at), call.admitted_at.map(window));
        if admitted == Some(asked) {
            *used.entry(asked).or_insert(0) += 1;
        }
    }
    match used.into_values().find(|used| *used > quota.limit()) {
        Some(used) => Err(format!("{used} calls of a quota of {}", quota.limit())),
        None => Ok(()),
    }
}

/// In no process more at a time than may be.
fn check_in_flight(plan: &Plan, decisions: &[&Decision]) -> Result<(), String> {
    let Some(limit) = plan.in_flight() else { return Ok(()) };
    let mut in_flight: HashMap<usize, u32> = HashMap::new();
    for decision in decisions {
        let here = in_flight.entry(decision.process).or_default();
        match decision.what {
            Decided::Admitted => *here += 1,
            Decided::Left => *here -= 1,
            Decided::Refused(_) => {}
        }
        if *here > limit {
            return Err(format!("{here} calls in flight, where {limit} may be"));
        }
    }
    Ok(())
}

/// One gate that knows everything, for the plan of one agency at a sole process.
struct Reference<'p> {
    plan: &'p Plan,
    /// Nothing was lost, so refusals must be right too.
    is_calm: bool,
    /// When the bucket is full again.
    full_at: u64,
    /// Calls in the quota's window that begins then.
    used: (Timestamp, u64),
    in_flight: u32,
}

impl<'p> Reference<'p> {
    fn of(plan: &'p Plan, is_calm: bool) -> Self {
        Self { plan, is_calm, full_at: 0, used: (Timestamp::from_nanos(0), 0), in_flight: 0 }
    }

    fn follow(mut self, decisions: &[&Decision]) -> Result<(), String> {
        for decision in decisions {
            self.pass(decision.at);
            match decision.what {
                Decided::Admitted => self.admit(decision.at)?,
                Decided::Left => self.in_flight -= 1,
                Decided::Refused(refusal) if self.is_calm => self.excuse(decision.at, refusal)?,
                Decided::Refused(_) => {}
            }
        }
        Ok(())
    }

    fn pass(&mut self, now: u64) {
        self.full_at = self.full_at.max(now);
        if let Some(quota) = self.plan.quota() {
            let window = quota.window(Timestamp::from_nanos(now)).start;
            if window != self.used.0 {
                self.used = (window, 0);
            }
        }
    }

    fn has_tokens(&self, now: u64) -> bool {
        let interval = self.plan.rate().interval_nanos();
        self.full_at - now + interval <= interval * u64::from(self.plan.burst())
    }

    fn admit(&mut self, now: u64) -> Result<(), String> {
        if !self.has_tokens(now) {
            return Err(format!("a call came in at {now} ns that {:?} does not admit", self.plan));
        }
        self.full_at += self.plan.rate().interval_nanos();
        self.used.1 += 1;
        self.in_flight += 1;
        Ok(())
    }

    fn excuse(&self, now: u64, refusal: ThrottleRefusal) -> Result<(), String> {
        let is_right = match refusal {
            ThrottleRefusal::RateLimited { .. } => !self.has_tokens(now),
            ThrottleRefusal::QuotaExceeded { quota, .. } => self.used.1 == quota.limit(),
            ThrottleRefusal::TooManyInFlight { limit, .. } => self.in_flight == limit,
        };
        if is_right { Ok(()) } else { Err(format!("a call was refused at {now} ns without need: {refusal}")) }
    }
}
