//! What a series of trials came to, and the table that sums several up.

use std::time::Duration;

/// The counts of a series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Trials that count: the fault struck, and there was traffic enough.
    pub(super) trials: u32,
    /// Trials that do not, and were run again with other dice.
    pub(super) void: u32,
    /// Requests sent under load, and those of them that were acknowledged with 201.
    pub(super) requests: u64,
    pub(super) acknowledged: u64,
    /// Bookings without an answer that were found there, and not there, afterwards.
    pub(super) open_there: u64,
    pub(super) open_absent: u64,
    /// Requests that were sent, over a connection that stood, and have no answer, where that ought not to be.
    pub(super) dropped: u64,
    pub(super) wrongs: Wrongs,
    pub(super) took: Duration,
}

impl Tally {
    /// Counts a trial, or notes that it does not count.
    pub(super) fn count_if(&mut self, counts: bool) {
        let counter = if counts { &mut self.trials } else { &mut self.void };
        *counter += 1;
    }
}

/// What must not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wrongs {
    /// Acknowledged bookings that are not there, or are not what was acknowledged.
    pub(super) lost: u64,
    /// Bookings beside the one that their key names.
    pub(super) duplicated: u64,
    /// Calls admitted beyond a plan, and admitted calls that its count lacks.
    pub(super) over_granted: u64,
    /// Panics, answers that are not documented for what happened, stores that did not come back.
    pub(super) other: u64,
    /// The first few in words.
    pub(super) told: Vec<String>,
}

impl Wrongs {
    const TOLD_MAX: usize = 20;

    pub(super) fn count(&self) -> u64 {
        self.lost + self.duplicated + self.over_granted + self.other
    }

    pub(super) fn lost(&mut self, what: impl Into<String>) {
        self.lost += 1;
        self.tell("lost", what);
    }

    pub(super) fn duplicated(&mut self, what: impl Into<String>) {
        self.duplicated += 1;
        self.tell("duplicated", what);
    }

    pub(super) fn over_granted(&mut self, calls: u64, what: impl Into<String>) {
        self.over_granted += calls;
        self.tell("over-granted", what);
    }

    pub(super) fn other(&mut self, what: impl Into<String>) {
        self.other += 1;
        self.tell("wrong", what);
    }

    fn tell(&mut self, kind: &str, what: impl Into<String>) {
        if self.told.len() < Self::TOLD_MAX {
            self.told.push(format!("{kind}: {}", what.into()));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.over_granted += other.over_granted;
        self.other += other.other;
        let room = Self::TOLD_MAX.saturating_sub(self.told.len());
        self.told.extend(other.told.into_iter().take(room));
    }
}

/// The upper end, in percent, of the rate of failing trials that `trials` without one leave possible, at 95 %
/// confidence: the rule of three.
fn bound_percent(trials: u32) -> String {
    if trials == 0 { "-".to_owned() } else { format!("{:.2} %", (300.0 / f64::from(trials)).min(100.0)) }
}

/// The table: one row per fault.
pub(super) fn table(rows: &[(String, Tally)]) -> String {
    let mut lines = vec![
        "| fault | trials | void | requests | acknowledged | open: there / absent | dropped | lost | duplicated | \
         over-granted | other | rate below (95 %) | seconds |"
            .to_owned(),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|".to_owned(),
    ];
    lines.extend(rows.iter().map(|(fault, tally)| row(fault, tally)));
    lines.join("\n")
}

fn row(fault: &str, tally: &Tally) -> String {
    let Tally { trials, void, requests, acknowledged, open_there, open_absent, dropped, wrongs, took } =
        tally;
    let Wrongs { lost, duplicated, over_granted, other, .. } = wrongs;
    let bound = if wrongs.count() == 0 { bound_percent(*trials) } else { "FAILED".to_owned() };
    format!(
        "| {fault} | {trials} | {void} | {requests} | {acknowledged} | {open_there} / {open_absent} | {dropped} | \
         {lost} | {duplicated} | {over_granted} | {other} | {bound} | {} |",
        took.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_in_a_thousand_bounds_the_rate_at_three_in_a_thousand() {
        assert_eq!(bound_percent(1000), "0.30 %");
        assert_eq!(bound_percent(2), "100.00 %");
        assert_eq!(bound_percent(0), "-");
    }

    #[test]
    fn a_row_with_a_wrong_has_no_bound() {
        let mut tally = Tally { trials: 1000, ..Tally::default() };
        assert!(row("kill", &tally).contains("| 0.30 % |"));
        tally.wrongs.lost("booking 7");
        assert!(row("kill", &tally).contains("| FAILED |"));
        assert_eq!(tally.wrongs.told, ["lost: booking 7"]);
    }
}
