//! A request's head (RFC 9112, sections 2 to 6), line by line as the lines come in.
//!
//! Each line is looked at once, when its end is there, so a head that trickles in costs no more than one that comes
//! whole. A bare CR or LF is found as soon as it is read: nobody waits for an end that cannot come.

use std::ops::Range;

use super::characters::{self, TOKEN};
use super::fault::{self, Fault};
use super::request_line::{self, RequestLine};

/// The most that is read of a head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) target_bytes_max: usize,
    pub(super) fields_max: u16,
    /// Of names and values together.
    pub(super) field_bytes_max: usize,
    /// The longest body that may be announced.
    pub(super) body_bytes_max: u64,
}

/// The contract's. Not for operators to choose: agencies rely on them.
pub(super) const SIZES: Sizes = Sizes {
    target_bytes_max: 8 * 1024,
    fields_max: 100,
    field_bytes_max: 16 * 1024,
    // Sixteen times what is read: what is a little too long is refused by the pipeline, which knows the caller and
    // says how its plan stands. What nobody can mean is refused here.
    body_bytes_max: 1024 * 1024,
};

/// What a request line may have beside its target.
const BESIDE_TARGET_BYTES_MAX: usize = 64;
/// White space around values, colons and line ends are not counted as theirs, and may not be without end either.
const BESIDE_FIELDS_BYTES_MAX: usize = 1024;

/// How the body of a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed {
    /// By its length; none is 0.
    Length(u64),
    /// By chunks.
    Chunked,
}

/// A head that is being read. Positions count from its first byte.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Where the present line begins.
    line_at: usize,
    /// Up to where the present line has been searched for its end.
    searched: usize,
    /// Was there an empty line before the first one? One is allowed (RFC 9112, section 2.2).
    blank: bool,
    request: Option<RequestLine>,
    fields_at: usize,
    fields: u16,
    field_bytes: usize,
    host: Option<Range<usize>>,
    length: Option<u64>,
    is_chunked: bool,
}

impl Head {
    /// Goes on reading; `bytes` are those of the whole head, as far as they have come. Gives how many belong to it and
    /// how its body is framed, once it is complete.
    pub(super) fn go_on(&mut self, bytes: &[u8], sizes: &Sizes) -> Result<Option<(usize, Framed)>, Fault> {
        loop {
            let Some(end) = self.line_end(bytes)? else {
                self.check_unfinished(bytes, sizes)?;
                return Ok(None);
            };
            let line = self.line_at..end;
            (self.line_at, self.searched) = (end + 2, end + 2);
            match &self.request {
                None if line.is_empty() && !self.blank => self.blank = true,
                None => {
                    let mut read = request_line::read(&bytes[line.clone()], sizes.target_bytes_max)?;
                    if let Some(place) = &mut read.authority {
                        *place = place.start + line.start..place.end + line.start;
                    }
                    self.request = Some(read);
                    self.fields_at = self.line_at;
                }
                Some(request) if line.is_empty() => {
                    let framed = self.conclude(request, bytes)?;
                    return Ok(Some((self.line_at, framed)));
                }
                Some(_) => self.take_field(bytes, line, sizes)?,
            }
        }
    }

    /// Has nothing come but the empty line that is allowed?
    pub(super) fn is_blank(&self, bytes: &[u8]) -> bool {
        matches!(bytes, b"" | b"\r" | b"\r\n")
    }

    /// The position of the CR that ends the present line, if it is there.
    fn line_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Fault> {
        let Some(found) = memchr::memchr2(b'\r', b'\n', &bytes[self.searched..]) else {
            self.searched = bytes.len();
            return Ok(None);
        };
        let at = self.searched + found;
        self.searched = at;
        match (bytes[at], bytes.get(at + 1)) {
            (b'\n', _) => Err(fault::BARE_LF),
            (_, Some(b'\n')) => Ok(Some(at)),
            (_, Some(_)) => Err(fault::BARE_CR),
            (_, None) => Ok(None),
        }
    }

    /// A line that has no end yet: can it still be one, and is it short enough?
    fn check_unfinished(&self, bytes: &[u8], sizes: &Sizes) -> Result<(), Fault> {
        let line = &bytes[self.line_at..];
        if self.request.is_some() {
            let bytes_max = sizes.field_bytes_max + BESIDE_FIELDS_BYTES_MAX;
            let too_large = bytes.len() - self.fields_at > bytes_max;
            return if too_large { Err(fault::HEADERS_TOO_LARGE) } else { Ok(()) };
        }
        // Other protocols show with their first bytes; there is no use in waiting for their line to end.
        let method = line.iter().take(BESIDE_TARGET_BYTES_MAX).position(|byte| !TOKEN[usize::from(*byte)]);
        match method {
            Some(0) if line != b"\r" => Err(fault::REQUEST_LINE),
            Some(at) if !matches!(line[at], b' ' | b'\r') => Err(fault::REQUEST_LINE),
            None if line.len() >= BESIDE_TARGET_BYTES_MAX => Err(fault::REQUEST_LINE),
            _ if line.len() > sizes.target_bytes_max + BESIDE_TARGET_BYTES_MAX => Err(fault::TARGET_TOO_LONG),
            _ => Ok(()),
        }
    }

    fn take_field(&mut self, bytes: &[u8], line: Range<usize>, sizes: &Sizes) -> Result<(), Fault> {
        let text = &bytes[line.clone()];
        let colon = text.iter().position(|byte| !TOKEN[usize::from(*byte)]);
        let colon = match colon {
            Some(0) if matches!(text[0], b' ' | b'\t') => return Err(fault::FOLDED),
            Some(at) if at > 0 && text[at] == b':' => at,
            Some(at) if at > 0 && matches!(text[at], b' ' | b'\t') => return Err(fault::SPACE_BEFORE_COLON),
            _ => return Err(fault::FIELD_NAME),
        };
        let (name, raw) = (&text[..colon], &text[colon + 1..]);
        if !characters::is_field_value(raw) {
            return Err(fault::FIELD_VALUE);
        }
        let value = raw.trim_ascii();
        self.fields += 1;
        self.field_bytes += name.len() + value.len();
        let raw_bytes = line.end - self.fields_at;
        if self.fields > sizes.fields_max
            || self.field_bytes > sizes.field_bytes_max
            || raw_bytes > sizes.field_bytes_max + BESIDE_FIELDS_BYTES_MAX
        {
            return Err(fault::HEADERS_TOO_LARGE);
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                let begin = line.start + colon + 1 + (raw.len() - raw.trim_ascii_start().len());
                self.take_host(begin..begin + value.len(), value)
            }
            6 if name.eq_ignore_ascii_case(b"expect") && !characters::is_expectation_met(value) => {
                Err(fault::EXPECTATION)
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.take_length(value, sizes),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.take_coding(value),
            _ => Ok(()),
        }
    }

    fn take_host(&mut self, place: Range<usize>, value: &[u8]) -> Result<(), Fault> {
        if self.host.replace(place).is_some() {
            return Err(fault::HOST_TWICE);
        }
        if characters::is_host(value) { Ok(()) } else { Err(fault::HOST_INVALID) }
    }

    fn take_length(&mut self, value: &[u8], sizes: &Sizes) -> Result<(), Fault> {
        let digits =
            std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let length = digits.and_then(|digits| digits.parse::<u64>().ok()).ok_or(fault::LENGTH_INVALID)?;
        if self.length.replace(length).is_some() {
            return Err(fault::LENGTH_TWICE);
        }
        if length > sizes.body_bytes_max { Err(fault::BODY_TOO_LARGE) } else { Ok(()) }
    }

    fn take_coding(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(fault::CODING);
        }
        self.is_chunked = true;
        Ok(())
    }

    /// What only the whole head can tell.
    fn conclude(&self, request: &RequestLine, bytes: &[u8]) -> Result<Framed, Fault> {
        match (&self.host, &request.authority) {
            (None, _) if request.is_1_1 => return Err(fault::HOST_MISSING),
            (Some(host), Some(authority))
                if !bytes[host.clone()].eq_ignore_ascii_case(&bytes[authority.clone()]) =>
            {
                return Err(fault::HOST_DIFFERS);
            }
            _ => {}
        }
        match (self.is_chunked, self.length) {
            (true, Some(_)) => Err(fault::LENGTH_AND_CODING),
            (true, None) if !request.is_1_1 => Err(fault::CODING_IN_1_0),
            (true, None) => Ok(Framed::Chunked),
            (false, length) => Ok(Framed::Length(length.unwrap_or(0))),
        }
    }
}

#[cfg(test)]
mod tests;
