//! A chunked body (RFC 9112, section 7.1), followed byte by byte, with nothing added: sizes are hexadecimal digits
//! alone, there are no extensions, and no trailers.

use super::fault::{self, Fault};

/// Leading zeros are allowed, but not as many as one likes.
const DIGITS_MAX: u8 = 8;

/// Where in a chunked body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In a chunk's size, of which so many digits have come.
    Size { digits: u8, size: u32 },
    /// Behind a size and its CR.
    SizeEnd { size: u32 },
    /// In a chunk's data, of which so much is to come.
    Data { left: u32 },
    /// Behind a chunk's data.
    DataEnd,
    /// Behind a chunk's data and its CR.
    DataEndCr,
    /// Behind the last chunk's size.
    Last,
    /// Behind the last chunk's size and a CR.
    LastCr,
    /// Behind the body.
    Done,
}

impl Chunks {
    pub(super) const BEGIN: Self = Self::Size { digits: 0, size: 0 };

    /// Follows `bytes` as far as the body goes. Gives how many belong to it and may pass, and the fault that ends it.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> (usize, Option<Fault>) {
        let mut at = 0;
        while at < bytes.len() && *self != Self::Done {
            if let Self::Data { left } = *self {
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - at);
                let left = left - u32::try_from(taken).expect("no more was taken than there is");
                *self = if left == 0 { Self::DataEnd } else { Self::Data { left } };
                at += taken;
                continue;
            }
            match self.after(bytes[at]) {
                Ok(next) => *self = next,
                Err(fault) => return (at, Some(fault)),
            }
            at += 1;
        }
        (at, None)
    }

    /// The place behind one byte that is not data.
    fn after(self, byte: u8) -> Result<Self, Fault> {
        match (self, byte) {
            (Self::Size { digits, size }, byte) if byte.is_ascii_hexdigit() && digits < DIGITS_MAX => {
                let digit = char::from(byte).to_digit(16).expect("it is a hexadecimal digit");
                Ok(Self::Size { digits: digits + 1, size: size << 4 | digit })
            }
            (Self::Size { digits: 1.., size }, b'\r') => Ok(Self::SizeEnd { size }),
            (Self::SizeEnd { size: 0 }, b'\n') => Ok(Self::Last),
            (Self::SizeEnd { size }, b'\n') => Ok(Self::Data { left: size }),
            (Self::Size { .. } | Self::SizeEnd { .. }, _) => Err(fault::CHUNK_SIZE),
            (Self::DataEnd, b'\r') => Ok(Self::DataEndCr),
            (Self::DataEndCr, b'\n') => Ok(Self::BEGIN),
            (Self::DataEnd | Self::DataEndCr, _) => Err(fault::CHUNK_END),
            (Self::Last, b'\r') => Ok(Self::LastCr),
            (Self::LastCr, b'\n') => Ok(Self::Done),
            (Self::Last | Self::LastCr, _) => Err(fault::TRAILER),
            (Self::Data { .. } | Self::Done, _) => {
                unreachable!("data and what follows the body are not asked about")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes pass, and how the body ends, however its bytes are cut into pieces.
    fn followed(text: &str) -> (usize, bool, Option<Fault>) {
        let whole = {
            let mut chunks = Chunks::BEGIN;
            let (passed, fault) = chunks.follow(text.as_bytes());
            (passed, chunks == Chunks::Done, fault)
        };
        let mut chunks = Chunks::BEGIN;
        let (mut passed, mut found) = (0, None);
        for byte in text.as_bytes() {
            let (taken, fault) = chunks.follow(&[*byte]);
            (passed, found) = (passed + taken, fault);
            if taken == 0 {
                break;
            }
        }
        assert_eq!((passed, chunks == Chunks::Done, found), whole, "{text:?}, byte by byte");
        whole
    }

    #[test]
    fn a_body_ends_with_its_last_chunk() {
        assert_eq!(followed("3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nGET"), (30, true, None));
        assert_eq!(followed("0\r\n\r\n"), (5, true, None));
        assert_eq!(followed("3\r\nab"), (5, false, None));
    }

    #[test]
    fn what_is_sloppy_is_a_fault_where_it_stands() {
        for (text, passed, fault) in [
            ("\r\n", 0, fault::CHUNK_SIZE),
            (" 0\r\n", 0, fault::CHUNK_SIZE),
            ("0 \r\n", 1, fault::CHUNK_SIZE),
            ("0x0\r\n", 1, fault::CHUNK_SIZE),
            ("+1\r\n", 0, fault::CHUNK_SIZE),
            ("1;a=b\r\n", 1, fault::CHUNK_SIZE),
            ("1\n", 1, fault::CHUNK_SIZE),
            ("1\r\r", 2, fault::CHUNK_SIZE),
            ("000000001\r\n", 8, fault::CHUNK_SIZE),
            ("1\r\nab\r\n", 4, fault::CHUNK_END),
            ("1\r\na\n", 4, fault::CHUNK_END),
            ("0\r\nX: y\r\n\r\n", 3, fault::TRAILER),
            ("0\r\n\n", 3, fault::TRAILER),
        ] {
            assert_eq!(followed(text), (passed, false, Some(fault)), "{text:?}");
        }
    }
}
