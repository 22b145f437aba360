//! What was found lately, for the operator who is asked "why was my booking refused?".
//!
//! In this process's memory only, the newest [`ENTRIES_MAX`]; written when something was found, read by the admin API,
//! so no request without findings ever waits for its lock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use skybridge_domain::time::Timestamp;

use super::report::{Finding, Report};

/// How many are remembered: some hundred kilobytes at most.
const ENTRIES_MAX: usize = 512;

/// The newest findings.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<VecDeque<Entry>>);

/// One request in whose texts something was found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) agency: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) request_id: String,
    /// What it was refused as; none if it was only counted.
    pub(crate) code: Option<&'static str>,
    #[serde(serialize_with = "findings")]
    pub(crate) findings: Arc<Report>,
}

fn findings<S: serde::Serializer>(report: &Arc<Report>, serializer: S) -> Result<S::Ok, S::Error> {
    Vec::<Finding>::serialize(&report.findings, serializer)
}

impl Recent {
    /// Remembers `entry`, and forgets the oldest if there are too many.
    pub(crate) fn remember(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The newest `limit` that `wanted` takes, newest first.
    pub(crate) fn newest(&self, limit: usize, wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().rev().filter(|entry| wanted(entry)).take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let recent = Recent::default();
        for number in 0..ENTRIES_MAX as u64 + 3 {
            let report = Arc::new(Report { findings: Vec::new(), overrun: false });
            let (agency, key_id, code) = (None, None, None);
            let (at, request_id) = (Timestamp::from_millis(number), number.to_string());
            recent.remember(Entry { at, agency, key_id, request_id, code, findings: report });
        }
        let kept = recent.newest(usize::MAX, |_| true);
        assert_eq!(kept.len(), ENTRIES_MAX);
        assert_eq!((kept[0].request_id.as_str(), kept[ENTRIES_MAX - 1].request_id.as_str()), ("514", "3"));
        assert_eq!(recent.newest(2, |entry| entry.request_id.ends_with('0'))[1].request_id, "500");
    }
}
