//! libmodsecurity on the same texts.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::packages::Packages;
use crate::cargo;

const SOURCE: &str = include_str!("peer.c");
/// Of each kind of text the peer screens this many: at its pace more would take many minutes.
const TEXTS: usize = 60;

/// Compiles the peer, has it screen the texts that ours did, and sums up.
pub(super) fn measure(debian: &Packages, bodies: &Path, ours: &Value, rounds: u32) -> Result<Value> {
    let folder = bodies.parent().context("the bodies lie in a folder")?;
    let program = compile(debian, folder)?;
    let settings = settings(debian, folder)?;
    let all = std::fs::read_to_string(bodies)?;
    let lines: Vec<&str> = all.lines().collect();
    let bookings = ours["own"]["cost"]["booking"]["texts"].as_u64().context("no number of bookings")?;
    let (bookings, free) = lines.split_at(usize::try_from(bookings)?.min(lines.len()));
    let mut figures = json!({ "rounds": rounds });
    for (name, texts) in [("booking", bookings), ("free_text_2k", free)] {
        let file = folder.join("peer-bodies.jsonl");
        let step = texts.len().div_ceil(TEXTS).max(1);
        let some: Vec<&str> = texts.iter().step_by(step).copied().collect();
        std::fs::write(&file, some.join("\n") + "\n")?;
        let mut command = Command::new(&program);
        command.arg(&settings).arg(&file).arg(rounds.to_string()).env("LD_LIBRARY_PATH", debian.library()?);
        let output = cargo::output(command.stderr(Stdio::piped()))?;
        figures[name] = summary(&output)?;
    }
    Ok(figures)
}

fn compile(debian: &Packages, folder: &Path) -> Result<std::path::PathBuf> {
    let source = folder.join("peer.c");
    std::fs::write(&source, SOURCE)?;
    let program = folder.join("peer");
    let library = debian.library()?;
    let mut command = Command::new("cc");
    command.args(["-O2", "-Wall", "-o"]).arg(&program).arg(&source).arg("-I").arg(debian.include());
    command.arg(library.join("libmodsecurity.so.3")).arg(format!("-Wl,-rpath-link,{}", library.display()));
    cargo::output(&mut command).context("cc could not compile the peer")?;
    Ok(program)
}

/// The recommended settings, as far as they concern a body of JSON, and CRS as it comes.
fn settings(debian: &Packages, folder: &Path) -> Result<std::path::PathBuf> {
    let file = folder.join("peer.conf");
    let text = format!(
        "SecRuleEngine On\nSecRequestBodyAccess On\nSecRequestBodyLimit 131072\nSecAuditEngine Off\n\
         SecRule REQUEST_HEADERS:Content-Type \"^application/json\" \
         \"id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON\"\n\
         Include {}\nInclude {}/*.conf\n",
        debian.setup().display(),
        debian.rules().display()
    );
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Lines of nanoseconds and whether it was refused.
fn summary(output: &str) -> Result<Value> {
    let mut micros = Vec::new();
    let mut refused = 0;
    for line in output.lines() {
        let (nanos, verdict) = line.split_once(' ').with_context(|| format!("the peer printed {line}"))?;
        micros.push(nanos.parse::<f64>()? / 1e3);
        refused += usize::from(verdict == "1");
    }
    ensure!(!micros.is_empty(), "the peer printed nothing");
    micros.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    let mean = micros.iter().sum::<f64>() / micros.len() as f64;
    Ok(
        json!({ "texts": micros.len(), "mean_us": mean.round(), "p99_us": micros[micros.len() * 99 / 100].round(),
        "worst_us": micros[micros.len() - 1].round(), "refused": refused }),
    )
}
