//! The access log, as it is written on the thread of a test.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::subscriber::DefaultGuard;

/// What was logged since this was made.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Reads along until the guard is dropped.
    pub(crate) fn follow() -> (Self, DefaultGuard) {
        // What nobody listens to on one thread may be held to be of interest to none, for all threads and for good: the
        // threads of other tests get somebody who listens, and hears nothing.
        let _known = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
        (lines, tracing::subscriber::set_default(subscriber.finish()))
    }

    /// The lines of the access log, without when they were written.
    pub(crate) fn access(&self) -> Vec<Value> {
        let text = self.0.lock().unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
        let lines = lines.filter(|line| line["target"] == "skybridge::access");
        let bare = |mut line: Value| {
            for varies in ["timestamp", "level", "target"] {
                line.as_object_mut().unwrap().remove(varies);
            }
            line
        };
        lines.map(bare).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
