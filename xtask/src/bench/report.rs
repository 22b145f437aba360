//! From rounds to figures: medians with their spread, and ratios to the first server within each round.

use std::time::Duration;

use serde::Serialize;

use super::machine::Machine;

/// What was measured, as `--json` writes it.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) connections: usize,
    pub(super) round_seconds: u64,
    pub(super) body_bytes_mean: usize,
    /// In the order of the table; the first is what the others are compared with.
    pub(super) servers: Vec<Server>,
}

/// One server and its rounds.
#[derive(Serialize)]
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) rounds: Vec<Round>,
}

/// One round of one server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Round {
    pub(super) requests: usize,
    pub(super) requests_per_second: f64,
    /// User and system time of the server's process, per request.
    pub(super) cpu_us_per_request: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Round {
    /// The figures of a round from what was counted in it.
    pub(super) fn new(
        requests: usize,
        elapsed: Duration,
        cpu: Duration,
        p50: Duration,
        p99: Duration,
    ) -> Self {
        let count = requests as f64;
        Self {
            requests,
            requests_per_second: count / elapsed.as_secs_f64(),
            cpu_us_per_request: cpu.as_secs_f64() * 1e6 / count,
            p50_ms: p50.as_secs_f64() * 1e3,
            p99_ms: p99.as_secs_f64() * 1e3,
        }
    }
}

impl Report {
    /// The report as people read it.
    pub(super) fn text(&self) -> String {
        let rounds = self.servers.first().map_or(0, |server| server.rounds.len());
        let [machine, versions] = self.machine.lines();
        let mut lines = vec![
            machine,
            versions,
            format!(
                "load      POST /v1/bookings, {} connections, {rounds} interleaved rounds of {} s, {} bytes of body on \
                 average, client on the same machine",
                self.connections, self.round_seconds, self.body_bytes_mean
            ),
            "figures   median (min..max) over the rounds; ratios are taken within each round".to_owned(),
            String::new(),
        ];
        let header =
            ["server", "requests/s", "CPU us/request", "p50 ms", "p99 ms", "req/s ratio", "CPU ratio"];
        let mut rows = vec![header.map(str::to_owned)];
        rows.extend(self.servers.iter().map(|server| self.row(server)));
        lines.extend(aligned(&rows));
        lines.join("\n")
    }

    fn row(&self, server: &Server) -> [String; 7] {
        let of = |figure: fn(&Round) -> f64| server.rounds.iter().map(figure).collect::<Vec<_>>();
        [
            server.name.to_owned(),
            spread(&of(|round| round.requests_per_second), 0),
            spread(&of(|round| round.cpu_us_per_request), 1),
            spread(&of(|round| round.p50_ms), 2),
            spread(&of(|round| round.p99_ms), 2),
            spread(&self.ratios(server, |round| round.requests_per_second), 2),
            spread(&self.ratios(server, |round| round.cpu_us_per_request), 2),
        ]
    }

    /// Neighbours in time share the machine's mood, so each round is compared with the first server's in its turn.
    fn ratios(&self, server: &Server, figure: fn(&Round) -> f64) -> Vec<f64> {
        server
            .rounds
            .iter()
            .zip(&self.servers[0].rounds)
            .map(|(ours, first)| figure(ours) / figure(first))
            .collect()
    }
}

/// The rows as lines: names to the left, figures to the right, each column as wide as its widest cell.
pub(super) fn aligned(rows: &[[String; 7]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let line = |row: &[String; 7]| {
        let [name, figures @ ..] = row;
        let figures = figures.iter().zip(1..).map(|(cell, column)| format!("  {cell:>0$}", width(column)));
        format!("{name:<0$}", width(0)) + &figures.collect::<String>()
    };
    rows.iter().map(line).collect()
}

/// `median (min..max)`, with this many decimals.
pub(super) fn spread(figures: &[f64], decimals: usize) -> String {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let [min, .., max] = sorted.as_slice() else {
        return sorted.first().map_or("-".to_owned(), |only| format!("{only:.decimals$}"));
    };
    format!("{:.decimals$} ({min:.decimals$}..{max:.decimals$})", median(&sorted))
}

/// The middle of sorted figures, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { sorted[middle - 1].midpoint(sorted[middle]) } else { sorted[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_median_between_its_ends() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 0), "2 (1..3)");
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0], 1), "2.5 (1.0..4.0)");
        assert_eq!(spread(&[1.25], 2), "1.25");
        assert_eq!(spread(&[], 2), "-");
    }

    #[test]
    fn a_round_is_counted_per_second_and_per_request() {
        let [p50, p99] = [1, 3].map(Duration::from_millis);
        let round = Round::new(10_000, Duration::from_secs(2), Duration::from_millis(150), p50, p99);
        assert!((round.requests_per_second - 5_000.0).abs() < 1e-6);
        assert!((round.cpu_us_per_request - 15.0).abs() < 1e-6);
        assert!((round.p99_ms - 3.0).abs() < 1e-6);
    }
}
