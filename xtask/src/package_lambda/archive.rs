//! The zip: one executable, the same bytes for the same program wherever and whenever it is packed.

use std::io::{Cursor, Write as _};

use anyhow::Result;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Readable and executable for everybody: Lambda runs it as a user that owns nothing.
const MODE: u32 = 0o755;

/// A zip with `program` in it.
pub(super) fn of_program(name: &str, program: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        // A fixed moment, the first that a zip can tell: 1980-01-01.
        .last_modified_time(DateTime::default())
        .unix_permissions(MODE);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, options)?;
    zip.write_all(program)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_program_comes_out_executable_and_as_it_went_in() {
        let packed = of_program("bootstrap", b"program").unwrap();
        assert_eq!(packed, of_program("bootstrap", b"program").unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        let mut file = archive.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        assert_eq!(file.last_modified().map(|moment| moment.year()), Some(1980));
        let mut program = Vec::new();
        file.read_to_end(&mut program).unwrap();
        assert_eq!(program, b"program");
    }
}
