//! The frames of a backup. Each is `length u32, crc u32, payload`, little-endian, the payload in postcard; the CRC-32
//! covers the frame's number and its payload, so that a frame cannot stand in another's place.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use skybridge_store::Record;

use super::{BackupError, RestoreError};

/// The newest format that this program reads, and the one that it writes.
pub(super) const FORMAT: u32 = 1;
/// What a backup begins with.
const MAGIC: &[u8] = b"SkyBridge backup\n";
/// No record is so long: 400 KB as DynamoDB counts, and little more as postcard writes.
const PAYLOAD_BYTES_MAX: u32 = 1 << 20;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Frame {
    /// The first.
    Header(Header),
    /// One record.
    Record(Record),
    /// The last.
    Trailer(Trailer),
}

/// New fields of a later format go behind these, so that every program can read the format.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) store_id: u64,
    pub(super) sequence: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Trailer {
    pub(super) records: u64,
    /// SHA-256 of every byte before the trailer's frame.
    pub(super) digest: [u8; 32],
}

/// Writes frames, and digests them.
pub(super) struct Writer<W> {
    out: W,
    digest: Sha256,
    frames: u64,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, digest: Sha256::new(), frames: 0, bytes: 0 }
    }

    pub(super) fn write(&mut self, frame: &Frame) -> Result<(), BackupError> {
        if self.frames == 0 {
            self.put(MAGIC)?;
        }
        let payload = postcard::to_stdvec(frame).map_err(BackupError::reading)?;
        let length = u32::try_from(payload.len()).expect("a record holds at most 400 KB");
        self.put(&length.to_le_bytes())?;
        self.put(&checksum(self.frames, &payload).to_le_bytes())?;
        self.put(&payload)?;
        self.frames += 1;
        Ok(())
    }

    /// The digest of everything written so far.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    /// Writes the last frame, and says how long the backup is.
    pub(super) fn finish(mut self, trailer: &Frame) -> Result<u64, BackupError> {
        self.write(trailer)?;
        self.out.flush().map_err(BackupError::Writing)?;
        Ok(self.bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(BackupError::Writing)
    }
}

/// Reads frames, and digests them.
pub(super) struct Reader<R> {
    input: R,
    digest: Sha256,
    pub(super) frames: u64,
    pub(super) bytes: u64,
}

impl<R: Read> Reader<R> {
    /// Begins to read, if this is a backup at all.
    pub(super) fn new(input: R) -> Result<Self, RestoreError> {
        let mut reader = Self { input, digest: Sha256::new(), frames: 0, bytes: 0 };
        let mut magic = [0; MAGIC.len()];
        match reader.fill(&mut magic) {
            Ok(()) if magic == MAGIC => Ok(reader),
            Ok(()) => Err(RestoreError::NotABackup),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(RestoreError::NotABackup),
            Err(error) => Err(RestoreError::Reading(error)),
        }
    }

    /// The digest of everything read so far.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    pub(super) fn read(&mut self) -> Result<Frame, RestoreError> {
        let mut head = [0; 8];
        self.fill(&mut head).map_err(|error| self.cut(error))?;
        let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if length > PAYLOAD_BYTES_MAX {
            return Err(RestoreError::Altered { frame: self.frames });
        }
        let mut payload = vec![0; length as usize];
        self.fill(&mut payload).map_err(|error| self.cut(error))?;
        if checksum(self.frames, &payload) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err(RestoreError::Altered { frame: self.frames });
        }
        let frame =
            postcard::from_bytes(&payload).map_err(|_| RestoreError::Altered { frame: self.frames })?;
        self.frames += 1;
        Ok(frame)
    }

    /// Is there nothing behind the trailer?
    pub(super) fn is_at_end(&mut self) -> Result<bool, RestoreError> {
        let mut byte = [0];
        Ok(self.input.read(&mut byte).map_err(RestoreError::Reading)? == 0)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.input.read_exact(buffer)?;
        self.digest.update(&*buffer);
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    fn cut(&self, error: io::Error) -> RestoreError {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            // All but the header are records.
            RestoreError::Cut { records: self.frames.saturating_sub(1) }
        } else {
            RestoreError::Reading(error)
        }
    }
}

fn checksum(frame: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
