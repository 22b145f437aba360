//! Desk, gate and a store in one thread, under schedules, crashes and clocks that a seed chooses.
//!
//! [`simulate`] tells one story: some agencies on small plans, some callers who book, confirm, cancel, read and list
//! under few keys and few bodies so that they meet, one process or several over one store. Which call goes on next,
//! when a commit reaches the disk and in what order, which answers are lost, when a process dies and what of its
//! unacknowledged commits was written, and where the clock goes, all follow from the seed and from nothing else. So a
//! story that goes wrong is told again, step by step, by its seed.
//!
//! The desk and the gate are the product's own. Of the store, the port is kept and the disk is simulated (`disk.rs`):
//! records in memory, commits that wait in a queue until the story lets them through. The embedded store itself does
//! not run here: fjall reads and writes files and starts threads of its own, and has no place where a simulated disk
//! could stand in. What it does at kills, power cuts and failing system calls is tested on real files; here it is
//! simulated by what it promises: groups that take place as a whole, and no answer before they have.
//!
//! At the end, `judge` looks whether what callers were told can be true:
//!
//! * **Every booking is linearizable**: there is an order of the calls on it, each at some moment between its question
//!   and its answer, in which one caller after the other would have been told the same. Calls without an answer took
//!   place once or never.
//! * **No plan is exceeded**: in any window of time at most burst + rate * window calls came in, never more than the
//!   quota, never more in flight than may be. And where nothing was lost (one process, no crash, no failure, no clock
//!   set back) each refusal was right too: one gate that knows everything would have refused.
//! * **Nobody sees another agency's bookings, nor the other mode's**, and every history's hashes hold.

mod call;
mod chance;
mod clock;
mod disk;
mod judge;
mod scene;
mod story;
mod tasks;
mod world;

/// A story that ended well, in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Calls that were asked.
    pub calls: usize,
    /// Calls that came in.
    pub admitted: usize,
    /// Calls that the plan refused.
    pub refused: usize,
    /// Calls whose end nobody was told.
    pub unknown: usize,
    /// Processes that died.
    pub crashes: usize,
    /// All that happened, a line for each step.
    pub log: Vec<String>,
}

/// A story that cannot be.
#[derive(Debug)]
pub struct Violation {
    /// What is wrong.
    pub what: String,
    /// All that happened before.
    pub log: Vec<String>,
}

/// Tells the story that follows from `seed`.
///
/// # Errors
/// When callers were told what cannot be true, or a call never ended.
pub fn simulate(seed: u64) -> Result<Outcome, Violation> {
    let mut world = world::World::of(seed);
    let told = world.run().and_then(|()| {
        let audit = world.audit()?;
        judge::judge(&world.scene, &world.story.borrow(), &audit)
    });
    let story = world.story.borrow();
    match told {
        Ok(()) => Ok(story.outcome()),
        Err(what) => Err(Violation { what, log: story.log().to_vec() }),
    }
}
