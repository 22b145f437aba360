//! The `[screening]` section: what is done with the texts of requests.

use std::path::PathBuf;
use std::time::Duration;

use skybridge_api::screening::Signatures;
use skybridge_screen::Overrun;

use super::Reader;

/// The section, but for what it says of addresses.
#[derive(Debug, Clone)]
pub(crate) struct Screening {
    pub(crate) signatures: Signatures,
    /// `None`: the built-in profile.
    pub(crate) profile: Option<PathBuf>,
    /// `None`: the built-in rules alone.
    pub(crate) crs: Option<PathBuf>,
    pub(crate) crs_paranoia: u8,
    /// `None`: what the profile says.
    pub(crate) overrun: Option<Overrun>,
    /// `None`: the built-in words.
    pub(crate) advice: Option<String>,
    /// `None`: no text is kept.
    pub(crate) samples: Option<Samples>,
}

/// Where samples of texts go, and how many for how long.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    pub(crate) path: PathBuf,
    pub(crate) one_in: u64,
    pub(crate) bytes_max: u64,
    pub(crate) kept_for: Duration,
}

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>) -> Screening {
    let samples = reader.take("screening.samples", path, "the path of a file, or empty");
    let one_in = reader.count("screening.samples_one_in") as u64;
    let bytes_max =
        reader.take("screening.samples_bytes_max", bytes, "a whole number from 65536 to 1073741824");
    let kept_for = reader.duration("screening.samples_kept_for");
    Screening {
        signatures: reader.take("screening.signatures", Signatures::parse, "\"block\", \"count\" or \"off\""),
        profile: reader.take("screening.profile", path, "the path of a file, or empty"),
        crs: reader.take("screening.crs", path, "the path of a directory, or empty"),
        crs_paranoia: reader.take("screening.crs_paranoia", paranoia, "a whole number from 1 to 4"),
        overrun: reader.take("screening.overrun", overrun, "\"refuse\", \"count\", or empty"),
        advice: reader.take("screening.advice", advice, "at most 300 characters in one line, or empty"),
        samples: samples.map(|path| Samples { path, one_in, bytes_max, kept_for }),
    }
}

fn path(text: &str) -> Option<Option<PathBuf>> {
    Some((!text.is_empty()).then(|| PathBuf::from(text)))
}

fn paranoia(text: &str) -> Option<u8> {
    text.parse().ok().filter(|level| (1..=4).contains(level))
}

fn overrun(text: &str) -> Option<Option<Overrun>> {
    match text {
        "" => Some(None),
        "refuse" => Some(Some(Overrun::Refuse)),
        "count" => Some(Some(Overrun::Count)),
        _ => None,
    }
}

/// A caller reads it in one line.
fn advice(text: &str) -> Option<Option<String>> {
    let fits = text.chars().count() <= 300 && !text.chars().any(char::is_control);
    fits.then(|| (!text.is_empty()).then(|| text.to_owned()))
}

fn bytes(text: &str) -> Option<u64> {
    text.parse().ok().filter(|bytes| (65_536..=1 << 30).contains(bytes))
}
