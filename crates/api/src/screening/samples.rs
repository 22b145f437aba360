//! Samples of texts, for trying a new profile on what callers really write.
//!
//! A sample is the text itself: without it nothing could be tried. So nobody takes any unless the operator says so and
//! where to, the texts go there and nowhere else (never to a log, a metric or the admin API), and no text with card data
//! is ever among them, since such a request is refused before.

use skybridge_domain::agency::AgencyName;
use skybridge_domain::time::Timestamp;
use skybridge_screen::{Text, Verdict};

/// Who takes samples. Called in the middle of requests, so neither may wait.
pub trait SampleSink: Send + Sync {
    /// Shall the texts of this request be taken, in which nothing was found? Asked once per request.
    fn wants(&self) -> bool;

    /// Takes a sample, or drops it if there is no room.
    fn take(&self, sample: Sample);
}

/// The texts of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When it came.
    pub at: Timestamp,
    /// Whose it was.
    pub agency: AgencyName,
    /// Its texts.
    pub texts: Vec<SampledText>,
    /// The rules that met something in them.
    pub rules: Vec<String>,
}

/// One text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledText {
    /// What it is to the engine.
    pub field: &'static str,
    /// The text as the caller wrote it.
    pub text: String,
}

impl Sample {
    pub(super) fn of<'a>(
        texts: impl Iterator<Item = Text<'a>>,
        verdict: &Verdict,
        agency: &AgencyName,
        at: Timestamp,
    ) -> Self {
        let texts = texts.map(|text| SampledText { field: text.field.as_str(), text: text.value.to_owned() });
        let rules = verdict.hits.iter().map(|hit| hit.rule.to_string());
        Self { at, agency: agency.clone(), texts: texts.collect(), rules: rules.collect() }
    }
}
