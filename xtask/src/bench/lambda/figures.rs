//! What is measured of a function, and how it is told.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::bench::machine::Machine;
use crate::bench::report::{aligned, spread};

/// One run of one function, from its start to its end.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Run {
    /// From before the process was made to its answer to the first event.
    pub(super) start_ms: f64,
    /// The most memory that the process ever had resident.
    pub(super) peak_mib: f64,
    pub(super) warm_p50_ms: f64,
    pub(super) warm_p99_ms: f64,
}

impl Run {
    /// The figures of a run; `warm` are the times of all events but the first.
    pub(super) fn new(start: Duration, peak_kib: f64, mut warm: Vec<Duration>) -> Self {
        warm.sort_unstable();
        let share = |percent: usize| warm[(warm.len() * percent).div_ceil(100).max(1) - 1];
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        Self {
            start_ms: milliseconds(start),
            peak_mib: peak_kib / 1024.0,
            warm_p50_ms: milliseconds(share(50)),
            warm_p99_ms: milliseconds(share(99)),
        }
    }
}

/// The peak of the resident memory of `pid`, in KiB: `VmHWM` of proc_pid_status(5).
pub(super) fn peak_kib(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    vm_hwm(&status).with_context(|| format!("{path} has no VmHWM"))
}

fn vm_hwm(status: &str) -> Option<f64> {
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix(" kB")?
        .trim()
        .parse()
        .ok()
}

/// All that was measured, as `--json` writes it.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) lesson_versions: String,
    pub(super) warm_events: usize,
    pub(super) program_bytes: usize,
    pub(super) zip_bytes: usize,
    pub(super) lesson: Vec<Run>,
    pub(super) ours: Vec<Run>,
}

impl Report {
    /// The report as people read it.
    pub(super) fn text(&self) -> String {
        let [machine, versions] = self.machine.lines();
        let header =
            ["function", "start ms", "peak MiB", "warm p50 ms", "warm p99 ms", "start ratio", "memory ratio"];
        let rows = [
            header.map(str::to_owned),
            self.row("the lesson's", &self.lesson),
            self.row("skybridge", &self.ours),
        ];
        let mut lines = vec![
            machine,
            versions,
            format!("          {}; lambda profile for our function", self.lesson_versions),
            format!(
                "load      POST /booking as an HTTP API sends it, one at a time, {} interleaved rounds of 1 + {} events, \
                 dynoxide on the same machine",
                self.ours.len(),
                self.warm_events
            ),
            "figures   median (min..max) over the rounds; ratios are lesson to ours, within each round"
                .to_owned(),
            format!("zip       {} bytes, of a program of {} bytes", self.zip_bytes, self.program_bytes),
            String::new(),
        ];
        lines.extend(aligned(&rows));
        lines.join("\n")
    }

    fn row(&self, name: &str, runs: &[Run]) -> [String; 7] {
        let of = |figure: fn(&Run) -> f64| runs.iter().map(figure).collect::<Vec<_>>();
        // Neighbours in time share the machine's mood.
        let ratios = |figure: fn(&Run) -> f64| {
            self.lesson.iter().zip(runs).map(|(lesson, run)| figure(lesson) / figure(run)).collect::<Vec<_>>()
        };
        [
            name.to_owned(),
            spread(&of(|run| run.start_ms), 1),
            spread(&of(|run| run.peak_mib), 1),
            spread(&of(|run| run.warm_p50_ms), 2),
            spread(&of(|run| run.warm_p99_ms), 2),
            spread(&ratios(|run| run.start_ms), 1),
            spread(&ratios(|run| run.peak_mib), 1),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_its_own_line() {
        let status = "VmPeak:\t   99 kB\nVmSize:\t   98 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 12 kB\n";
        assert_eq!(vm_hwm(status), Some(1234.0));
        assert_eq!(vm_hwm("Name:\tx\n"), None);
    }

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let run =
            Run::new(Duration::from_millis(5), 2048.0, (1..=100).rev().map(Duration::from_millis).collect());
        assert!((run.warm_p50_ms - 50.0).abs() < 1e-9 && (run.warm_p99_ms - 99.0).abs() < 1e-9);
        assert!((run.start_ms - 5.0).abs() < 1e-9 && (run.peak_mib - 2.0).abs() < 1e-9);
        let one = Run::new(Duration::ZERO, 0.0, vec![Duration::from_millis(7)]);
        assert!((one.warm_p50_ms - 7.0).abs() < 1e-9 && (one.warm_p99_ms - 7.0).abs() < 1e-9);
    }
}
