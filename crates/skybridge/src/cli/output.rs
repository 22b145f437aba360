//! Standard output: results and nothing else.

use std::io::{self, Write as _};

use super::failure::Failure;

/// Prints one line, or several.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    write_out(text.as_bytes(), true)
}

/// Prints bytes just as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    write_out(bytes, false)
}

fn write_out(bytes: &[u8], end_line: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let done = out
        .write_all(bytes)
        .and_then(|()| if end_line { out.write_all(b"\n") } else { Ok(()) })
        .and_then(|()| out.flush());
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::ReaderGone),
        done => done.map_err(|error| Failure::Failed(error.into())),
    }
}
