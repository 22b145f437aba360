//! Some tests of one crate: built, run, and asked which of them failed.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::tree::Tree;

/// How long the tests of one selection may take, on a busy machine too; a bug can also have them wait forever.
const TIME_MAX: Duration = Duration::from_secs(900);

/// Which tests.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    /// The folder under `crates/`.
    #[serde(rename = "crate")]
    krate: String,
    /// The folder of an integration test; without it, those that stand in the sources.
    suite: Option<String>,
    /// Parts of tests' names; none means all.
    #[serde(default)]
    named: Vec<String>,
}

/// How the tests ended.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Passed { tests: usize },
    Failed { tests: Vec<String> },
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.krate, self.suite.as_deref().unwrap_or("src"))?;
        if self.named.is_empty() { Ok(()) } else { write!(f, " ({})", self.named.join(", ")) }
    }
}

impl Selection {
    /// Builds the tests in `tree` and runs them.
    pub(super) fn run(&self, tree: &Tree) -> Result<Verdict> {
        let program = self.build(tree)?;
        let log = File::create(tree.log())?;
        let folder = tree.path(&format!("crates/{}", self.krate));
        let mut command = Command::new(program);
        // As cargo runs tests: in the folder of their crate, which some find their files by.
        command.args(&self.named).current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
        command.env("INSTA_UPDATE", "no").stdin(Stdio::null()).stderr(Stdio::null()).stdout(log);
        let status = ended(&mut command)?;
        verdict(&std::fs::read_to_string(tree.log())?, status)
    }

    fn build(&self, tree: &Tree) -> Result<PathBuf> {
        let package = package_of(&self.krate);
        let mut arguments = vec!["test", "--locked", "--no-run", "--message-format", "json", "--package"];
        arguments.push(&package);
        match &self.suite {
            Some(suite) => arguments.extend(["--test", suite]),
            None => arguments.push("--lib"),
        }
        let output = tree.cargo(&arguments).output().context("cannot run cargo")?;
        if !output.status.success() {
            bail!("{self} does not build: {}", String::from_utf8_lossy(&output.stderr));
        }
        let messages = String::from_utf8_lossy(&output.stdout).into_owned();
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
        let of_test = artifacts.filter(|artifact| artifact.profile.test);
        of_test
            .filter_map(|artifact| artifact.executable)
            .next_back()
            .with_context(|| format!("{self} has no tests"))
    }
}

/// The part of cargo's `compiler-artifact` message that is needed here.
#[derive(Deserialize)]
struct Artifact {
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// The program's own crate is called as the program is.
fn package_of(krate: &str) -> String {
    if krate == "skybridge" { krate.to_owned() } else { format!("skybridge-{krate}") }
}

/// Waits for the program to end, for so long.
fn ended(command: &mut Command) -> Result<ExitStatus> {
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if begun.elapsed() > TIME_MAX {
            child.kill()?;
            child.wait()?;
            bail!("{command:?} did not end in {} s", TIME_MAX.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What libtest printed, as a verdict.
fn verdict(printed: &str, status: ExitStatus) -> Result<Verdict> {
    let of_tests = printed.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, how) in of_tests {
        match how {
            "ok" => passed += 1,
            "FAILED" => failed.push(name.to_owned()),
            _ => {}
        }
    }
    // Tests end in any order; the table shall not change with it.
    failed.sort();
    if status.success() {
        ensure!(failed.is_empty(), "the tests failed and succeeded: {printed}");
        return Ok(Verdict::Passed { tests: passed });
    }
    ensure!(!failed.is_empty(), "the tests ended ({status}) and none had failed: {printed}");
    Ok(Verdict::Failed { tests: failed })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn what_failed_is_read_from_what_was_printed() {
        let printed = "running 3 tests\ntest b ... FAILED\ntest a ... FAILED\ntest c ... ok\n\nfailures:\n";
        let failed = Verdict::Failed { tests: vec!["a".to_owned(), "b".to_owned()] };
        assert_eq!(verdict(printed, ExitStatus::from_raw(101 << 8)).unwrap(), failed);
        assert_eq!(
            verdict("test c ... ok\n", ExitStatus::from_raw(0)).unwrap(),
            Verdict::Passed { tests: 1 }
        );
    }

    #[test]
    fn a_crash_is_no_test_that_failed() {
        assert!(verdict("test a ... ok\n", ExitStatus::from_raw(6)).is_err());
    }
}
