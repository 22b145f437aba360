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
    let profile = profile(config.profile.as_deref()).context("screening.profile");
    let (mut profile, (crs, rule_set)) = match (profile, rule_set(config)) {
        (Ok(profile), Ok(rules)) => (profile, rules.unzip()),
        (Err(one), Err(other)) => anyhow::bail!("{one:#}\n{other:#}"),
        (Err(one), Ok(_)) | (Ok(_), Err(one)) => return Err(one),
    };
    profile.overrun = config.overrun.unwrap_or(profile.overrun);
    let screen = Screen::new(profile, crs);
    if config.signatures != Signatures::Off {
        screen.warm().context("screening does not catch what it must, so nothing is served")?;
    }
    Ok(Loaded { screen, rule_set })
}

/// The rules of the OWASP CRS and what is said of them, if the configuration names any.
fn rule_set(config: &config::Screening) -> anyhow::Result<Option<(Crs, CrsReport)>> {
    let Some(directory) = &config.crs else { return Ok(None) };
    let read = Crs::read_dir(directory, CrsOptions { paranoia: config.crs_paranoia });
    read.map(Some).with_context(|| format!("screening.crs: {}", directory.display()))
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
    let (table, name) = match error {
        InvalidProfile::Rule(name) => ("[rules]", &**name),
        InvalidProfile::Family(name) => ("[families]", &**name),
        InvalidProfile::Field(name) => ("[fields]", &**name),
        InvalidProfile::Budget(name) => ("[budget]", *name),
        InvalidProfile::Threshold => ("", "threshold"),
        InvalidProfile::Unreadable(_) => return None,
    };
    let mut within = "";
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('[') {
            within = line.split('#').next().unwrap_or_default().trim();
        }
        let key = line.split('=').next().unwrap_or_default();
        if within == table && key.trim().trim_matches(['"', '\'']) == name {
            return Some(at + 1);
        }
    }
    None
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
