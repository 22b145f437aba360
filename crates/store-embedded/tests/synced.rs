//! Acknowledged means on disk, seen from outside: a process that commits is traced, and between two of its
//! acknowledgements the system has synced a file.
//!
//! Everything else that a test can look at, the files above all, is the same whether a sync took place or not: only a
//! loss of power tells. So this test looks at the system calls, as strace would. Linux on x86-64 alone; elsewhere the
//! registers have other names.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "in a test a value that is not there is a failure")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use nix::libc::{SYS_fdatasync, SYS_fsync, SYS_write};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use skybridge_store::{Attributes, Commit, Key, Record, Store, Table, Write as Put};
use skybridge_store_embedded::EmbeddedStore;

const COMMITS: usize = 20;

/// Where the traced process writes a byte when it is ready, and one for each acknowledgement.
const TOLD_AT: u64 = 2;

/// What the traced process did, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Synced,
    Acknowledged,
}

#[test]
fn a_sync_comes_before_every_acknowledgement() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = committer(&dir.path().join("store"));
    let steps = traced(&mut child);
    let acknowledged = steps.iter().filter(|step| **step == Step::Acknowledged).count();
    assert_eq!(acknowledged, COMMITS, "{steps:?}");
    for pair in steps.windows(2) {
        assert_ne!(pair, [Step::Acknowledged; 2], "no sync between two acknowledgements: {steps:?}");
    }
    // What syncs the mark, once a second, may stand between two as well; the journal's own are one for each commit.
    let synced = steps.iter().filter(|step| **step == Step::Synced).count();
    assert!(synced >= COMMITS, "{synced} syncs for {COMMITS} commits");
}

/// Not a test, but the process that the test traces.
#[test]
#[ignore = "it is started by the test that traces it"]
fn commits_one_by_one() {
    let path = std::path::PathBuf::from(std::env::args().next_back().unwrap());
    if !path.is_absolute() {
        // Somebody runs all that is ignored; there is nobody who traces.
        return;
    }
    let store = EmbeddedStore::open_or_create(&path, skybridge_store_embedded::Options::default());
    let store = store.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut told = std::io::stderr();
    told.write_all(b"r").unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    for n in 0..COMMITS {
        let key = Key::new(Table::Bookings, n.to_string());
        let record = Record { key, version: 1, listing: None, attributes: Attributes::default() };
        runtime.block_on(store.commit(Commit::of(Put::create(record)))).unwrap();
        told.write_all(b"a").unwrap();
    }
}

/// This very program, told to be the process that is traced. The last word is its store; as a name of tests it
/// selects none.
fn committer(store: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "commits_one_by_one"])
        .arg(store)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Traces the process from when it is ready until it ends.
fn traced(child: &mut Child) -> Vec<Step> {
    child.stderr.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    for task in std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap() {
        let thread = Pid::from_raw(task.unwrap().file_name().to_str().unwrap().parse().unwrap());
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE;
        ptrace::seize(thread, options).expect("a process may trace its own child");
        ptrace::interrupt(thread).unwrap();
    }
    let process = Pid::from_raw(i32::try_from(child.id()).unwrap());
    child.stdin.take().unwrap().write_all(b"g").unwrap();
    follow(process)
}

fn follow(process: Pid) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut calls = HashMap::new();
    loop {
        let (thread, signal) = match waitpid(None, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::Exited(thread, code) if thread == process => {
                assert_eq!(code, 0, "the traced process failed");
                return steps;
            }
            WaitStatus::PtraceSyscall(thread) => {
                steps.extend(step(thread, &mut calls));
                (thread, None)
            }
            WaitStatus::PtraceEvent(thread, _, _) => (thread, None),
            WaitStatus::Stopped(thread, signal) => (thread, Some(signal).filter(|it| *it != Signal::SIGTRAP)),
            _ => continue,
        };
        // A thread that has ended meanwhile goes on by itself.
        let _ = ptrace::syscall(thread, signal);
    }
}

/// A thread stands at the beginning or at the end of a system call: of two stops in turn.
fn step(thread: Pid, calls: &mut HashMap<Pid, (u64, u64)>) -> Option<Step> {
    let registers = ptrace::getregs(thread).ok()?;
    let Some((call, file)) = calls.remove(&thread) else {
        calls.insert(thread, (registers.orig_rax, registers.rdi));
        return None;
    };
    let is = |number: i64| u64::try_from(number) == Ok(call);
    match registers.rax {
        0 if is(SYS_fdatasync) || is(SYS_fsync) => Some(Step::Synced),
        1 if is(SYS_write) && file == TOLD_AT => Some(Step::Acknowledged),
        _ => None,
    }
}
