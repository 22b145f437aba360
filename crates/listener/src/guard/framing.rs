//! Where each request of a connection begins and ends, and how far its bytes may be passed on.
//!
//! A head passes as a whole or not at all: whoever reads it behind the guard sees no byte of one that is refused. A
//! body passes as its bytes come.

use super::chunks::Chunks;
use super::fault::{self, Fault};
use super::head::{Framed, Head, SIZES};

/// The first line of HTTP/2 spoken with prior knowledge (RFC 9113, section 3.4).
const PREFACE_LINE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// Why nothing more of a connection is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A head is faulty.
    Head(Fault),
    /// A chunked body is faulty, whose head has passed.
    Body(Fault),
    /// What comes is HTTP/2.
    Preface,
}

/// The framing of one connection's bytes.
#[derive(Debug)]
pub(super) struct Framing {
    place: Place,
    stop: Option<Stop>,
    /// Has a request begun to pass? HTTP/2 is spoken from the first byte or not at all.
    begun: bool,
}

#[derive(Debug)]
enum Place {
    Head(Head),
    Length(u64),
    Chunked(Chunks),
}

impl Place {
    fn boundary() -> Self {
        Self::Head(Head::default())
    }
}

impl Framing {
    pub(super) fn new() -> Self {
        Self { place: Place::boundary(), stop: None, begun: false }
    }

    /// Why nothing more passes, if so.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// Does the next byte belong to a head?
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.place, Place::Head(_))
    }

    /// How many of `bytes` may pass. They are those behind what has passed; what may not pass this time must stand at
    /// the beginning the next time.
    pub(super) fn check(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while passed < bytes.len() && self.stop.is_none() {
            let rest = &bytes[passed..];
            match &mut self.place {
                Place::Head(head) => match head.go_on(rest, &SIZES) {
                    Ok(None) => break,
                    Ok(Some((length, framed))) => {
                        passed += length;
                        self.begun = true;
                        self.place = match framed {
                            Framed::Length(0) => Place::boundary(),
                            Framed::Length(length) => Place::Length(length),
                            Framed::Chunked => Place::Chunked(Chunks::BEGIN),
                        };
                    }
                    Err(_) if !self.begun && rest.starts_with(PREFACE_LINE) => {
                        self.stop = Some(Stop::Preface);
                    }
                    Err(fault) => self.stop = Some(Stop::Head(fault)),
                },
                Place::Length(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    passed += taken;
                    *left -= taken as u64;
                    if *left == 0 {
                        self.place = Place::boundary();
                    }
                }
                Place::Chunked(chunks) => {
                    let (taken, fault) = chunks.follow(rest);
                    passed += taken;
                    self.stop = fault.map(Stop::Body);
                    if *chunks == Chunks::Done {
                        self.place = Place::boundary();
                    }
                }
            }
        }
        passed
    }

    /// Nothing more will come; `held` is what has not passed.
    pub(super) fn end(&mut self, held: &[u8]) {
        if let Place::Head(head) = &self.place
            && self.stop.is_none()
            && !head.is_blank(held)
        {
            self.stop = Some(Stop::Head(fault::ENDED_EARLY));
        }
    }
}
