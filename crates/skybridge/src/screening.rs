//! Screening as the configuration has it: the profile, the rule set, the engine, and where samples go.
//!
//! Whatever is wrong with any of them keeps the server from starting, in one sentence: a screen that silently inspects
//! nothing is worse than none, since everybody believes in it. So the engine is warmed before the first request: every
//! family of rules has to catch its canary and to pass a harmless text.

mod samples;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use skybridge_api::screening::{Screening, Signatures, Terms};
use skybridge_screen::{Crs, CrsOptions, CrsReport, InvalidProfile, Profile, Screen};

use crate::config;
use samples::SampleFile;

/// The engine, and what became of each rule of the rule set.
pub(crate) struct Loaded {
    pub(crate) screen: Screen,
    pub(crate) rule_set: Option<CrsReport>,
}

/// The engine that the configuration describes, warmed: ready for its first text, and known to catch what it is there
/// to catch.
pub(crate) fn load(config: &config::Screening) -> anyhow::Result<Loaded> {
    let mut profile = profile(config.profile.as_deref()).context("screening.profile")?;
    profile.overrun = config.overrun.unwrap_or(profile.overrun);
    let (crs, rule_set) = match &config.crs {
        None => (None, None),
        Some(directory) => {
            let options = CrsOptions { paranoia: config.crs_paranoia };
            let read = Crs::read_dir(directory, options);
            let (crs, report) = read.with_context(|| format!("screening.crs: {}", directory.display()))?;
            (Some(crs), Some(report))
        }
    };
    let screen = Screen::new(profile, crs);
    if config.signatures != Signatures::Off {
        screen.warm().context("screening does not catch what it must, so nothing is served")?;
    }
    Ok(Loaded { screen, rule_set })
}

/// The profile of a file, or the built-in one.
fn profile(path: Option<&Path>) -> anyhow::Result<Profile> {
    let Some(path) = path else { return Ok(Profile::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Profile::parse(&text).map_err(|error| {
        let line = line_of(&text, &error).map(|line| format!(" line {line}")).unwrap_or_default();
        anyhow::Error::new(error).context(format!("{}{line} is no profile", path.display()))
    })
}

/// The line that has what is wrong, counted from 1. What is no TOML names its line itself.
fn line_of(text: &str, error: &InvalidProfile) -> Option<usize> {
    let name = match error {
        InvalidProfile::Rule(name) | InvalidProfile::Family(name) | InvalidProfile::Field(name) => name,
        InvalidProfile::Threshold => "threshold",
        InvalidProfile::Budget(name) => name,
        InvalidProfile::Unreadable(_) => return None,
    };
    let sets =
        |line: &str| line.split('=').next().is_some_and(|key| key.trim().trim_matches(['"', '\'']) == name);
    text.lines().position(sets).map(|at| at + 1)
}

/// Says, line by line, what of a rule set cannot be honoured: whoever reads one in expects all of it.
fn tell(rule_set: &CrsReport) {
    for line in rule_set.to_string().lines() {
        tracing::warn!("rule set: {line}");
    }
}

/// What both listeners share. Metrics must have their recorder by now.
pub(crate) fn shared(loaded: Loaded, config: &config::Screening) -> anyhow::Result<Arc<Screening>> {
    let Loaded { screen, rule_set } = loaded;
    if let Some(rule_set) = &rule_set {
        tell(rule_set);
    }
    let samples = match &config.samples {
        None => None,
        Some(samples) => {
            let file = SampleFile::open(samples)?;
            let path = samples.path.display().to_string();
            tracing::warn!(path, "texts of requests are sampled: passengers' data is written to this file");
            Some(Arc::new(file) as _)
        }
    };
    let terms = Terms { signatures: config.signatures, advice: config.advice.clone(), samples, rule_set };
    Ok(Arc::new(Screening::new(screen, terms)))
}
