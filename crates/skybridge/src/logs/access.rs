//! The access log as JSON: one object a line, one line a request.
//!
//! The library's own formatter does this for any event, with a map that is filled piece by piece through several layers
//! of writers. There is a line for each request, so it is written here straight into a buffer that is kept: a tenth of
//! the instructions, the very same text.

use std::cell::RefCell;
use std::fmt;
use std::io::Write;

use serde::Serialize;
use skybridge_domain::time::Clock as _;
use skybridge_machine::MachineClock;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::lines::Lines;

/// Writes each event as `{"timestamp":…,"level":…,` its fields `,"target":…}`.
pub(super) struct JsonLines(pub(super) Lines);

thread_local! {
    /// The line at hand; the next one takes its place.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            write_line(line, event);
            self.0.push(line);
        });
    }
}

fn write_line(line: &mut Vec<u8>, event: &Event<'_>) {
    let metadata = event.metadata();
    let now = i128::from(MachineClock.now().as_nanos());
    let moment = jiff::Timestamp::from_nanosecond(now).unwrap_or_default();
    write!(line, "{{\"timestamp\":\"{moment:.6}\",\"level\":\"{}\"", metadata.level()).expect(MEMORY);
    event.record(&mut Members(line));
    line.extend_from_slice(b",\"target\":");
    write_value(line, metadata.target());
    line.extend_from_slice(b"}\n");
}

const MEMORY: &str = "writing to memory does not fail";

/// Writes fields as members of an object that has some already.
struct Members<'a>(&'a mut Vec<u8>);

impl Members<'_> {
    fn write(&mut self, field: &Field, value: impl Serialize) {
        // The names are ours: plain words.
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(field.name().as_bytes());
        self.0.extend_from_slice(b"\":");
        write_value(self.0, value);
    }
}

fn write_value(line: &mut Vec<u8>, value: impl Serialize) {
    serde_json::to_writer(line, &value).expect(MEMORY);
}

impl Visit for Members<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_an_object_with_the_fields_that_there_are() {
        let kept = Kept::default();
        let (lines, writer) = Lines::written_to(kept.clone()).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(JsonLines(lines)), || {
            let absent: Option<&str> = None;
            tracing::info!(
                target: "skybridge::access",
                request_id = "a \"quoted\" one\n",
                source = %"192.0.2.1",
                absent,
                status = 201_u16,
                ms = 0.125,
            );
        });
        drop(writer);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let mut line: Value = serde_json::from_str(&text).unwrap();
        let moment = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert_eq!(moment.as_str().unwrap().len(), "2027-01-01T12:00:00.000512Z".len());
        assert_eq!(
            line,
            json!({
                "level": "INFO", "request_id": "a \"quoted\" one\n", "source": "192.0.2.1", "status": 201, "ms": 0.125,
                "target": "skybridge::access",
            })
        );
    }
}
