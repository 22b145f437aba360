//! Where the figures come from: without this they can't be compared with anyone's.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::cargo;

/// The machine, and the versions of what was measured.
#[derive(Serialize, Deserialize)]
pub(super) struct Machine {
    /// Processors that this process may use.
    cores: usize,
    cpu: String,
    kernel: String,
    /// Runnable tasks over the last minute, before the run: noise, if much above 0.
    load_average: String,
    /// The commit that was measured; with `+` if the working copy differs from it.
    commit: String,
    rustc: String,
    hyper: String,
}

impl Machine {
    /// Looks at this machine and this working copy.
    pub(super) fn here() -> Result<Self> {
        let cores = std::thread::available_parallelism().context("cannot count the processors")?.get();
        let lock = read(&cargo::root().join("Cargo.lock"))?;
        Ok(Self {
            cores,
            cpu: cpu_model(&read(Path::new("/proc/cpuinfo"))?),
            kernel: read(Path::new("/proc/sys/kernel/osrelease"))?.trim().to_owned(),
            load_average: read(Path::new("/proc/loadavg"))?.split(' ').next().unwrap_or_default().to_owned(),
            commit: commit(),
            rustc: cargo::output(&mut cargo::command("rustc", &["--version"]))?.trim().to_owned(),
            hyper: locked_version(&lock, "hyper").unwrap_or("unknown").to_owned(),
        })
    }

    /// The lines of the report that state it.
    pub(super) fn lines(&self) -> [String; 2] {
        let Self { cores, cpu, kernel, load_average, commit, rustc, hyper } = self;
        [
            format!(
                "machine   {cores} cores, {cpu}, Linux {kernel}, load average {load_average} before the run"
            ),
            format!("versions  skybridge at {commit}, hyper {hyper}, {rustc}, release profile"),
        ]
    }

    /// The same in half a line.
    pub(super) fn short(&self) -> String {
        format!("{} cores, {}, skybridge at {}", self.cores, self.cpu, self.commit)
    }

    /// One that there is not.
    #[cfg(test)]
    pub(super) fn example() -> Self {
        Self {
            cores: 2,
            cpu: "Example".to_owned(),
            kernel: "6".to_owned(),
            load_average: "0.00".to_owned(),
            commit: "0000000".to_owned(),
            rustc: "rustc 1".to_owned(),
            hyper: "1".to_owned(),
        }
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Processors of other architectures than x86 have no model name here.
fn cpu_model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or(std::env::consts::ARCH, |rest| rest.trim_start_matches([' ', '\t', ':'])).to_owned()
}

/// A copy without its history still gives figures, only without a commit beside them.
fn commit() -> String {
    let git = |arguments: &[&str]| cargo::output(&mut cargo::command("git", arguments));
    let Ok(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "an unknown commit".to_owned();
    };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_ok_and(|changes| !changes.is_empty());
    format!("{}{}", commit.trim(), if changed { "+" } else { "" })
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    entry.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_version_is_that_of_the_whole_name() {
        let lock = "[[package]]\nname = \"hyper-util\"\nversion = \"0.1.2\"\n\n[[package]]\nname = \"hyper\"\nversion = \"1.12.0\"\n";
        assert_eq!(locked_version(lock, "hyper"), Some("1.12.0"));
        assert_eq!(locked_version(lock, "hype"), None);
    }
}
