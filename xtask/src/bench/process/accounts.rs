//! What the kernel says that a server has used: processor time, memory, and bytes handed to the disk.
//!
//! A server may be several processes (a master and its workers), so everything is summed over the process that was
//! started and all that descend from it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::ClockId;
use nix::unistd::Pid;

/// A process and its descendants, as of now.
pub(super) struct Family(Vec<u32>);

impl Family {
    /// Looks who descends from `ancestor`.
    pub(super) fn of(ancestor: u32) -> Result<Self> {
        let parents = parents()?;
        let mut family = vec![ancestor];
        let mut at = 0;
        while at < family.len() {
            let parent = family[at];
            family.extend(parents.iter().filter(|(_, its)| *its == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        Ok(Self(family))
    }

    /// User and system time of all threads: to the nanosecond for processes that run, in ticks for children that
    /// have ended and were waited for.
    pub(super) fn cpu(&self) -> Result<Duration> {
        self.sum(|pid| {
            let id = i32::try_from(pid).context("a process id is too large")?;
            let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(id)).context("it has no clock")?;
            let ended = ticks_of_ended_children(&read(pid, "stat")?).context("its times are not there")?;
            Ok(Duration::from(clock.now().context("its clock cannot be read")?) + tick() * ended)
        })
    }

    /// Bytes of memory that are resident now.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        self.sum(|pid| Ok(field(&read(pid, "status")?, "VmRSS:").context("its memory is not told")? * 1024))
    }

    /// Bytes that they caused to be written to a disk, as the kernel counts when a page gets dirty.
    pub(super) fn written_bytes(&self) -> Result<u64> {
        self.sum(|pid| field(&read(pid, "io")?, "write_bytes:").context("its writes are not told"))
    }

    /// Kills all but the first of them (SIGKILL).
    pub(super) fn kill_descendants(&self) {
        for pid in self.0.iter().skip(1) {
            if let Some(pid) = i32::try_from(*pid).ok().and_then(rustix::process::Pid::from_raw) {
                // It fails if the process has ended already, which is what is wanted.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }

    fn sum<T: std::iter::Sum>(&self, figure: impl Fn(u32) -> Result<T>) -> Result<T> {
        self.0.iter().map(|pid| figure(*pid).with_context(|| format!("process {pid}"))).sum()
    }
}

/// All processes, each with its parent.
fn parents() -> Result<Vec<(u32, u32)>> {
    let entries = std::fs::read_dir("/proc").context("there is no /proc")?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // One that ended meanwhile is nobody's child any more.
    Ok(pids.filter_map(|pid: u32| Some((pid, parent(&read(pid, "stat").ok()?)?))).collect())
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = Path::new("/proc").join(pid.to_string()).join(file);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The fields of proc_pid_stat(5) from the third on. The second is the program's name in parentheses and may hold
/// anything, so counting begins behind the last of them.
fn fields_from_third(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace())
}

/// `ppid`, the fourth field.
fn parent(stat: &str) -> Option<u32> {
    fields_from_third(stat)?.nth(1)?.parse().ok()
}

/// `cutime` and `cstime`, fields 16 and 17.
fn ticks_of_ended_children(stat: &str) -> Option<u32> {
    let mut times = fields_from_third(stat)?.skip(13).map(str::parse::<u32>);
    let user = times.next()?.ok()?;
    let system = times.next()?.ok()?;
    Some(user + system)
}

/// The unit in which the kernel counts processor time, 10 ms on every Linux that we know.
fn tick() -> Duration {
    Duration::from_secs_f64(
        1.0 / f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100)),
    )
}

/// The number behind `name` in a file of lines such as `VmRSS:    1234 kB`.
fn field(lines: &str, name: &str) -> Option<u64> {
    lines.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    const STAT: &str = "4711 (a ) b) S 17 2 3 4 5 6 7 8 9 10 120 45 30 4 20 0 3 0 99 0 0";

    #[test]
    fn fields_are_counted_behind_a_name_of_any_shape() {
        assert_eq!(parent(STAT), Some(17));
        assert_eq!(ticks_of_ended_children(STAT), Some(34));
    }

    #[test]
    fn a_number_is_read_from_its_own_line() {
        let status = "VmHWM:\t   99 kB\nVmRSS:\t    1234 kB\n";
        assert_eq!(field(status, "VmRSS:"), Some(1234));
        assert_eq!(field("Name:\tx\n", "VmRSS:"), None);
        let io = "write_bytes: 4096\ncancelled_write_bytes: 7\n";
        assert_eq!(field(io, "write_bytes:"), Some(4096));
    }

    #[test]
    fn children_are_of_the_family() {
        let mut shell = Command::new("sh");
        // The child lives as long as the standard input of both is open.
        shell.args(["-c", "exec 3<&0; cat <&3 & echo; wait"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut child_is_there = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut child_is_there).unwrap();
        let family = Family::of(shell.id()).unwrap();
        assert_eq!(family.0.len(), 2);
        assert!(family.resident_bytes().unwrap() > 0);
        assert!(family.cpu().unwrap() > Duration::ZERO);
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }
}
