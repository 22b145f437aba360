//! Servers as processes of their own: started, measured from outside, stopped by their handle.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long a server may take to print its addresses.
const START_MAX: Duration = Duration::from_secs(30);

/// How much of a log is shown.
const LOG_SHOWN: usize = 4096;

/// A running server; stopped when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    log: File,
}

impl Process {
    /// Starts a server. Its log goes to a file that is shown if the start fails, and has no name; its output is read
    /// for the addresses that it prints.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let log = tempfile::tempfile()?;
        let mut child = command
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let stdout = child.stdout.take().expect("standard output was asked for");
        let (sender, lines) = channel();
        // Read to the end, whether anyone listens or not: a full pipe would stop the server.
        thread::spawn(move || forward(stdout, &sender));
        Ok(Self { child, lines, log })
    }

    /// Waits for one line `<listener> http://<address>` for each listener, in whatever order they come.
    pub(crate) fn addresses<const COUNT: usize>(
        &self,
        listeners: [&str; COUNT],
    ) -> Result<[SocketAddr; COUNT]> {
        let deadline = Instant::now() + START_MAX;
        let mut found = [None; COUNT];
        while found.contains(&None) {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).with_context(|| {
                format!(
                    "the server ended, or did not print the addresses of {listeners:?} within {START_MAX:?}: {}",
                    self.logged()
                )
            })?;
            for (address, listener) in found.iter_mut().zip(listeners) {
                *address = address.or_else(|| address_in(&line, listener));
            }
        }
        Ok(found.map(|address| address.expect("the loop ends when all are found")))
    }

    /// The last of what it logged.
    fn logged(&self) -> String {
        let mut text = Vec::new();
        let mut log = &self.log;
        let read = log.rewind().and_then(|()| log.read_to_end(&mut text));
        let from = text.len().saturating_sub(LOG_SHOWN);
        read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&text[from..]).into_owned())
    }

    /// The processor time that all of its threads have used so far, in user and system mode.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let ticks = cpu_ticks(&stat).with_context(|| format!("{path} has no processor times"))?;
        Ok(tick() * ticks)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The unit in which the kernel counts processor time, 10 ms on every Linux that we know.
pub(crate) fn tick() -> Duration {
    Duration::from_secs_f64(
        1.0 / f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100)),
    )
}

fn forward(stdout: ChildStdout, sender: &Sender<String>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let _nobody_listens_any_more = sender.send(line);
    }
}

fn address_in(line: &str, listener: &str) -> Option<SocketAddr> {
    line.strip_prefix(listener)?
        .trim_start()
        .strip_prefix("http://")?
        .trim_end()
        .trim_end_matches('/')
        .parse()
        .ok()
}

/// `utime` and `stime`, fields 14 and 15 of proc_pid_stat(5). The second field is the program's name in parentheses
/// and may hold anything, so counting begins behind the last of them.
fn cpu_ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    let user = times.next()?.ok()?;
    let system = times.next()?.ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_a_name_of_any_shape() {
        let stat = "4711 (a ) b) S 1 2 3 4 5 6 7 8 9 10 120 45 0 0 20 0 3 0 99 0 0";
        assert_eq!(cpu_ticks(stat), Some(165));
    }

    fn shell(script: &str) -> Process {
        Process::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn addresses_are_found_in_whatever_order_they_come() {
        let server =
            shell("echo 'first run'; echo 'admin http://127.0.0.1:2'; echo 'public http://127.0.0.1:1'");
        let ports = server.addresses(["public", "admin"]).unwrap().map(|address| address.port());
        assert_eq!(ports, [1, 2]);
    }

    #[test]
    fn a_server_that_ends_before_it_serves_is_an_error_at_once() {
        assert!(shell("echo 'public http://127.0.0.1:1'").addresses(["public", "admin"]).is_err());
    }

    #[test]
    fn an_address_is_taken_from_its_own_line_only() {
        let expected = "127.0.0.1:8080".parse().ok();
        assert_eq!(address_in("public http://127.0.0.1:8080", "public"), expected);
        assert_eq!(address_in("admin http://127.0.0.1:8080", "public"), None);
        assert_eq!(address_in("publicly http://127.0.0.1:8080", "public"), None);
    }
}
