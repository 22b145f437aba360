//! The first frame of an HTTP/2 connection, which must be SETTINGS (RFC 9113, section 3.4).
//!
//! h2 checks the preface and takes any frame behind it. A caller whose first frame is another one does not speak HTTP/2,
//! whatever it has said; nothing that it sends is to be answered. It is not sent GOAWAY, which it would not read.

/// What h2 checks.
const PREFACE_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// Where the type and the flags of the first frame stand, behind its length.
const KIND_AT: usize = PREFACE_BYTES + 3;
const FLAGS_AT: usize = PREFACE_BYTES + 4;

const SETTINGS: u8 = 4;
const ACK: u8 = 1;

/// Looks at the first bytes of a connection as they pass by, and at no more.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    passed: usize,
}

impl Greeting {
    /// May `bytes`, which follow those of the calls before, be passed on?
    pub(crate) fn admits(&mut self, bytes: &[u8]) -> bool {
        if self.passed > FLAGS_AT {
            return true;
        }
        let byte_at = |place: usize| bytes.get(place.checked_sub(self.passed)?);
        let is_settings = byte_at(KIND_AT).is_none_or(|kind| *kind == SETTINGS);
        let is_their_own = byte_at(FLAGS_AT).is_none_or(|flags| flags & ACK == 0);
        self.passed += bytes.len();
        is_settings && is_their_own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(kind: u8, flags: u8, piece_bytes: usize) -> bool {
        let bytes =
            [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &[0, 0, 0, kind, flags, 0, 0, 0, 0, 1, 6, 1]]
                .concat();
        let mut greeting = Greeting::default();
        bytes.chunks(piece_bytes).all(|piece| greeting.admits(piece))
    }

    #[test]
    fn settings_come_first_however_the_bytes_are_cut() {
        for piece_bytes in 1..40 {
            assert!(admitted(SETTINGS, 0, piece_bytes), "{piece_bytes}");
            assert!(!admitted(SETTINGS, ACK, piece_bytes), "{piece_bytes}");
            assert!(!admitted(6, 0, piece_bytes), "{piece_bytes}");
        }
    }
}
