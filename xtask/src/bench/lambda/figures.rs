//! What is measured of a function.

use std::time::Duration;

use anyhow::{Context, Result};

/// The figures of a run: from before the process was made to its answer to the first event, the most memory that it
/// ever had resident, and median and 99th percentile of `warm`, the times of all events but the first. Milliseconds
/// and MiB.
pub(super) fn figures(start: Duration, peak_kib: f64, mut warm: Vec<Duration>) -> [f64; 4] {
    warm.sort_unstable();
    let share = |percent: usize| warm[(warm.len() * percent).div_ceil(100).max(1) - 1];
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    [milliseconds(start), peak_kib / 1024.0, milliseconds(share(50)), milliseconds(share(99))]
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
        let warm = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(figures(Duration::from_millis(5), 2048.0, warm).map(f64::round), [5.0, 2.0, 50.0, 99.0]);
        let one = figures(Duration::ZERO, 0.0, vec![Duration::from_millis(7)]);
        assert_eq!(one.map(f64::round), [0.0, 0.0, 7.0, 7.0]);
    }
}
