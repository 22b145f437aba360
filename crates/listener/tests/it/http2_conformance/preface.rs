//! How a connection begins (RFC 9113, section 3.4).

use super::case::{Case, Frame, Seen, Want, case};
use super::wire::*;

pub(super) fn cases() -> Vec<Case> {
    let greeting = || [PREFACE, &settings(&[])].concat();
    vec![
        case(
            "3.4",
            "the server's first frame is SETTINGS",
            [greeting()],
            Want::Sees("SETTINGS first, on stream 0, without ACK", says_settings_first),
        )
        .bare(),
        case(
            "3.4",
            "over TLS the server's first frame is SETTINGS too",
            [greeting()],
            Want::Sees("SETTINGS first, on stream 0, without ACK", says_settings_first),
        )
        .settled(),
        case(
            "3.4",
            "a request may come with the preface",
            [[greeting(), small(1)].concat()],
            Want::Answered(1, DIGITS),
        )
        .bare(),
        case(
            "3.4",
            "a preface in pieces",
            [PREFACE[..5].to_vec(), PREFACE[5..].to_vec(), vec![0, 0, 0], vec![4, 0, 0, 0, 0, 0], small(1)],
            Want::Answered(1, DIGITS),
        )
        .bare(),
        case(
            "3.4",
            "a wrong preface",
            [b"PRI * HTTP/2.0\r\n\r\nNO\r\n\r\n".to_vec()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .bare(),
        case(
            "3.4",
            "a wrong preface where HTTP/2 was agreed upon",
            [b"INVALID CONNECTION PREFACE\r\n\r\n".to_vec()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .settled(),
        case(
            "3.4",
            "HTTP/1.1 where HTTP/2 was agreed upon",
            [b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .settled(),
        case(
            "3.4",
            "a preface with a PING in place of SETTINGS",
            [[PREFACE, &ping()].concat()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .bare(),
        case(
            "3.4",
            "a preface with a request in place of SETTINGS",
            [[PREFACE, &small(1)].concat()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .bare(),
        case(
            "3.4",
            "a preface with the ACK of SETTINGS in place of SETTINGS",
            [[PREFACE, &frame(SETTINGS, ACK, 0, &[]), &settings(&[])].concat()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .bare(),
        case(
            "3.4",
            "a preface with a PING in place of SETTINGS, over TLS",
            [[PREFACE, &ping()].concat()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        )
        .settled(),
        case(
            "3.4",
            "a second preface",
            [PREFACE.to_vec()],
            Want::ConnectionError(&[PROTOCOL_ERROR, FRAME_SIZE_ERROR]),
        ),
    ]
}

fn says_settings_first(seen: &Seen) -> bool {
    let is_settings = |frame: &Frame<'_>| (frame.kind, frame.flags, frame.stream) == (SETTINGS, 0, 0);
    seen.frames().first().is_some_and(is_settings)
}
