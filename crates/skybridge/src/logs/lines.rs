//! Lines on their way to standard error, many at a time.
//!
//! Whoever has a line appends it to one buffer; a thread of its own takes the buffer whole, a moment after the first
//! line came into it, and writes it in one call. So a line costs whoever wrote it a lock and a copy, and nobody is woken
//! for it but the thread, some fifty times a second at most. A reader who is too slow loses lines rather than slow the
//! counter down: what does not fit the buffer is dropped and counted.
//!
//! What is lost with the process, if it is killed, are the lines of the last moment.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How much may wait to be written: some ten thousand lines.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long lines gather before they are written.
const GATHERING: Duration = Duration::from_millis(20);

/// How long the end waits for the last lines to be taken. Whoever reads them may have stopped.
const LAST_LINES_MAX: Duration = Duration::from_secs(1);

/// Where lines are put. Clones put them in the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines. Appended to by whoever logs, taken whole by the thread.
    waiting: Vec<u8>,
    /// Set once, when the thread is to write what waits and end.
    is_closed: bool,
    /// Set once, by the thread, when it has.
    has_ended: bool,
}

/// The thread that writes. Dropped, it writes what waits and ends; it is waited for a second at most.
#[derive(Debug)]
pub(crate) struct LineWriter(Lines);

impl Lines {
    /// Has a thread write lines to `out`.
    pub(crate) fn written_to(out: impl Write + Send + 'static) -> io::Result<(Self, LineWriter)> {
        let lines = Self::default();
        let shared = Arc::clone(&lines.0);
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || shared.write_all(out))?;
        Ok((lines.clone(), LineWriter(lines)))
    }

    /// Puts a whole line behind the others, or drops it if too many wait or nobody writes any more.
    pub(crate) fn push(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.is_closed || state.waiting.len() + line.len() > WAITING_BYTES_MAX {
            drop(state);
            self.0.dropped.fetch_add(1, Relaxed);
            return;
        }
        let is_first = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if is_first {
            self.0.changed.notify_one();
        }
    }

    /// Has what waits written, which is waited for a second at most, and takes no more.
    pub(crate) fn end(&self) {
        let Self(shared) = self;
        shared.state().is_closed = true;
        shared.changed.notify_all();
        let is_writing = |state: &mut State| !state.has_ended;
        drop(shared.changed.wait_timeout_while(shared.state(), LAST_LINES_MAX, is_writing));
    }

    /// How many lines were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Relaxed)
    }
}

impl Shared {
    /// Writes what comes until it is closed. What cannot be written is lost: there is nowhere to say so.
    fn write_all(&self, mut out: impl Write) {
        let mut taken = Vec::new();
        loop {
            let is_closed = self.take(&mut taken);
            let _ = out.write_all(&taken).and_then(|()| out.flush());
            taken.clear();
            if is_closed {
                self.state().has_ended = true;
                return self.changed.notify_all();
            }
        }
    }

    /// Waits for a line, and a moment more for others; moves them all into `taken`. Tells whether that was the end.
    fn take(&self, taken: &mut Vec<u8>) -> bool {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
        let state = self.changed.wait_while(self.state(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let is_open = |state: &mut State| !state.is_closed;
        let gathered = self.changed.wait_timeout_while(state, GATHERING, is_open);
        let mut state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        std::mem::swap(&mut state.waiting, taken);
        state.is_closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one step, so a panic while it was locked left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// One line, in the pieces in which it is formatted.
#[derive(Debug)]
pub(crate) struct Piecewise<'a> {
    lines: &'a Lines,
    line: Vec<u8>,
}

impl Write for Piecewise<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Piecewise<'_> {
    fn drop(&mut self) {
        self.lines.push(&self.line);
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Piecewise<'a>;

    fn make_writer(&'a self) -> Piecewise<'a> {
        Piecewise { lines: self, line: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes what is written when the test lets it.
    struct Slow {
        go: mpsc::Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.go.recv();
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_whole_and_in_order_before_the_end() {
        let (go, gate) = mpsc::channel();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (lines, writer) = Lines::written_to(Slow { go: gate, taken: Arc::clone(&taken) }).unwrap();
        drop(go);
        for number in 0..100 {
            lines.push(format!("line {number}\n").as_bytes());
        }
        let mut line = lines.make_writer();
        for piece in ["in ", "pieces", "\n"] {
            line.write_all(piece.as_bytes()).unwrap();
        }
        drop(line);
        drop(writer);
        let expected: String = (0..100).map(|number| format!("line {number}\n")).collect();
        assert_eq!(String::from_utf8(taken.lock().unwrap().clone()).unwrap(), expected + "in pieces\n");
    }

    #[test]
    fn a_reader_who_takes_nothing_loses_lines_and_holds_nobody_up() {
        let (go, gate) = mpsc::channel();
        let (lines, writer) = Lines::written_to(Slow { go: gate, taken: Arc::default() }).unwrap();
        // The thread can take one buffer whole before it is held up; the next is bounded.
        let line = vec![b'x'; 1024];
        let pushed = 3 * (WAITING_BYTES_MAX / line.len()) as u64;
        for _ in 0..pushed {
            lines.push(&line);
        }
        let dropped = lines.dropped();
        assert!((pushed / 3..=2 * pushed / 3).contains(&dropped), "{dropped} of {pushed}");
        drop(go);
        drop(writer);
    }
}
