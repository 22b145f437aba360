//! Servers as processes of their own: started, measured from outside, stopped by their handle.

mod accounts;

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use accounts::Family;

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

    /// Waits until it takes connections at an address, which it does not tell itself.
    pub(super) fn accepts_at(&self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        // Its output ends with it.
        while self.lines.try_recv() != Err(TryRecvError::Disconnected) && Instant::now() < deadline {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("the server ended, or did not listen at {address} within {START_MAX:?}: {}", self.logged())
    }

    /// The last of what it logged.
    fn logged(&self) -> String {
        let mut text = Vec::new();
        let mut log = &self.log;
        let read = log.rewind().and_then(|()| log.read_to_end(&mut text));
        let from = text.len().saturating_sub(LOG_SHOWN);
        read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&text[from..]).into_owned())
    }

    /// How it ended, if it does within `patience`.
    pub(crate) fn ended_within(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() >= deadline {
                return Ok(ended);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Everything it logged. It must have ended: its log and this share one position in the file.
    pub(crate) fn whole_log(&mut self) -> Result<String> {
        let mut text = Vec::new();
        self.log.rewind()?;
        self.log.read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The processor time that it and its descendants have used so far, in user and system mode.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        self.family()?.cpu()
    }

    /// The memory of it and its descendants that is resident now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        self.family()?.resident_bytes()
    }

    /// What it and its descendants have caused to be written to a disk so far, in bytes.
    pub(crate) fn written_bytes(&self) -> Result<u64> {
        self.family()?.written_bytes()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn family(&self) -> Result<Family> {
        Family::of(self.id())
    }

    /// Kills it and its descendants (SIGKILL), and waits until it has ended.
    pub(crate) fn kill(&mut self) {
        let family = self.family();
        // Both fail only if it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // After it, which might have replaced them.
        if let Ok(family) = family {
            family.kill_descendants();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_server_that_ends_before_it_listens_is_an_error_at_once() {
        let nobody = "127.0.0.1:1".parse().unwrap();
        let error = shell("echo 'no port' >&2").accepts_at(nobody).unwrap_err();
        assert!(error.to_string().contains("no port"), "{error}");
    }

    #[test]
    fn workers_end_with_their_server() {
        let worker = "exec 3<&1; sleep 60 & echo \"public http://127.0.0.1:$!\"; wait";
        let mut server = shell(worker);
        let line = server.lines.recv_timeout(START_MAX).unwrap();
        let worker = line.rsplit(':').next().unwrap();
        assert!(std::path::Path::new("/proc").join(worker).exists());
        server.kill();
        // The worker held the other end of its output.
        assert!(server.lines.recv_timeout(START_MAX).is_err());
    }

    #[test]
    fn an_address_is_taken_from_its_own_line_only() {
        let expected = "127.0.0.1:8080".parse().ok();
        assert_eq!(address_in("public http://127.0.0.1:8080", "public"), expected);
        assert_eq!(address_in("admin http://127.0.0.1:8080", "public"), None);
        assert_eq!(address_in("publicly http://127.0.0.1:8080", "public"), None);
    }
}
