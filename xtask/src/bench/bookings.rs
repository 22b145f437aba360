//! The bookings that benchmarks make: the honest ones that the domain's tests have, of a realistic length.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cargo;

/// One {"body": {...}} a line, seen from the root.
pub(super) const FILE: &str = "crates/domain/tests/data/bookings.jsonl";

/// Reads the bodies as they stand in the file, byte for byte. The path is seen from the root.
pub(super) fn read(path: &Path) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Line {
        body: Box<RawValue>,
    }

    let path = cargo::root().join(path);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines =
        text.lines().map(|line| serde_json::from_str::<Line>(line).map(|line| line.body.get().to_owned()));
    let bodies =
        lines.collect::<Result<Vec<_>, _>>().with_context(|| format!("{} is malformed", path.display()))?;
    ensure!(!bodies.is_empty(), "{} is empty", path.display());
    Ok(bodies)
}

/// How long a body is on average.
pub(super) fn mean_bytes(bodies: &[String]) -> usize {
    bodies.iter().map(String::len).sum::<usize>() / bodies.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_sent_as_the_file_has_them() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"kind\": \"plain\", \"body\": {\"remarks\":  \"a\"}}\n").unwrap();
        assert_eq!(read(file.path()).unwrap(), ["{\"remarks\":  \"a\"}"]);
    }

    #[test]
    fn a_file_without_bookings_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(read(file.path()).is_err());
    }
}
