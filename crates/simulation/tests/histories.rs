//! A thousand stories, or as many as one likes.
//!
//! ```sh
//! SKYBRIDGE_SIMULATION_STORIES=100000 cargo test --release -p skybridge-simulation    # a longer run
//! SKYBRIDGE_SIMULATION_SEED=17 SKYBRIDGE_SIMULATION_STORIES=1 cargo test -p skybridge-simulation    # one story again
//! ```

use skybridge_simulation::{Outcome, Violation, simulate};

const STORIES: u64 = 1000;

/// How much of a log is shown.
const LINES_MAX: usize = 400;

#[expect(clippy::disallowed_methods, reason = "whoever runs the test chooses which stories are told")]
fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is to be a number, not {text:?}")))
}

#[test]
fn what_callers_are_told_is_true_in_every_story() {
    let first = from_environment("SKYBRIDGE_SIMULATION_SEED").unwrap_or(0);
    let count = from_environment("SKYBRIDGE_SIMULATION_STORIES").unwrap_or(STORIES);
    let mut sum = [0; 5];
    for seed in first..first + count {
        match simulate(seed) {
            Ok(Outcome { calls, admitted, refused, unknown, crashes, .. }) => {
                let told = [calls, admitted, refused, unknown, crashes];
                sum.iter_mut().zip(told).for_each(|(sum, told)| *sum += told);
            }
            Err(Violation { what, log }) => {
                let log = log[log.len().saturating_sub(LINES_MAX)..].join("\n");
                panic!(
                    "story {seed}: {what}\n{log}\n\nTo have it told again: SKYBRIDGE_SIMULATION_SEED={seed} \
                     SKYBRIDGE_SIMULATION_STORIES=1 cargo test -p skybridge-simulation"
                );
            }
        }
    }
    let [calls, admitted, refused, unknown, crashes] = sum;
    println!(
        "{count} stories: {calls} calls, {admitted} admitted, {refused} refused, {unknown} left open, {crashes} crashes"
    );
    // Stories in which nothing happens prove nothing.
    if count >= STORIES {
        for (least, what) in
            [(admitted, "admissions"), (refused, "refusals"), (unknown, "open ends"), (crashes, "crashes")]
        {
            assert!(least as u64 >= count / 10, "{least} {what} in {count} stories");
        }
    }
}

#[test]
fn a_seed_tells_the_same_story_every_time() {
    for seed in 0..20 {
        let [once, again] =
            [simulate(seed), simulate(seed)].map(|told| told.map_err(|violation| violation.log));
        assert_eq!(once, again);
    }
}
