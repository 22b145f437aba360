//! ModSecurity's transformations (`t:lowercase`): what a rule does to a text before it looks at it.
//!
//! Written from the reference manual's descriptions, byte for byte, in one pass each. Every one knows the bytes
//! without which it changes nothing, so that the ordinary text goes through a chain of seven of them without being
//! copied or even read.

mod decode;
mod shape;

use std::borrow::Cow;

use crate::set::Set;

pub(super) use decode::hex;

/// A transformation that is carried out as ModSecurity does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Transform {
    Base64Decode,
    CmdLine,
    CompressWhitespace,
    CssDecode,
    EscapeSeqDecode,
    HexDecode,
    HtmlEntityDecode,
    JsDecode,
    Length,
    Lowercase,
    NormalizePath,
    NormalizePathWin,
    RemoveComments,
    RemoveCommentsChar,
    RemoveNulls,
    RemoveWhitespace,
    ReplaceComments,
    ReplaceNulls,
    Trim,
    TrimLeft,
    TrimRight,
    Uppercase,
    UrlDecode,
    UrlDecodeUni,
    Utf8ToUnicode,
}

use Transform as T;

const NAMES: &[(&str, Transform)] = &[
    ("base64decode", T::Base64Decode),
    ("cmdline", T::CmdLine),
    ("compresswhitespace", T::CompressWhitespace),
    ("cssdecode", T::CssDecode),
    ("escapeseqdecode", T::EscapeSeqDecode),
    ("hexdecode", T::HexDecode),
    ("htmlentitydecode", T::HtmlEntityDecode),
    ("jsdecode", T::JsDecode),
    ("length", T::Length),
    ("lowercase", T::Lowercase),
    ("normalisepath", T::NormalizePath),
    ("normalisepathwin", T::NormalizePathWin),
    ("normalizepath", T::NormalizePath),
    ("normalizepathwin", T::NormalizePathWin),
    ("removecomments", T::RemoveComments),
    ("removecommentschar", T::RemoveCommentsChar),
    ("removenulls", T::RemoveNulls),
    ("removewhitespace", T::RemoveWhitespace),
    ("replacecomments", T::ReplaceComments),
    ("replacenulls", T::ReplaceNulls),
    ("trim", T::Trim),
    ("trimleft", T::TrimLeft),
    ("trimright", T::TrimRight),
    ("uppercase", T::Uppercase),
    ("urldecode", T::UrlDecode),
    ("urldecodeuni", T::UrlDecodeUni),
    ("utf8tounicode", T::Utf8ToUnicode),
];

impl Transform {
    /// The transformation of this name, if it is one of those carried out here.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, transform)| *transform)
    }

    /// A text with none of these bytes comes out as it went in.
    pub(super) fn triggers(self) -> Set {
        let blanks = || Set::bytes(b"\t\n\x0b\x0c\r \xa0");
        match self {
            T::Base64Decode | T::HexDecode | T::Length => Set::ALL,
            T::CmdLine => Set::bytes(b"\\\"'^,;\t\n\x0b\x0c\r (/").with(&Set::range(b'A', b'Z')),
            T::CompressWhitespace | T::RemoveWhitespace | T::Trim | T::TrimLeft | T::TrimRight => blanks(),
            T::CssDecode | T::EscapeSeqDecode | T::JsDecode => Set::of(b'\\'),
            T::HtmlEntityDecode => Set::of(b'&'),
            T::Lowercase => Set::range(b'A', b'Z'),
            T::Uppercase => Set::range(b'a', b'z'),
            T::NormalizePath => Set::bytes(b"/."),
            T::NormalizePathWin => Set::bytes(b"/\\."),
            T::RemoveComments => Set::bytes(b"/-#<"),
            T::RemoveCommentsChar => Set::bytes(b"/*-#<"),
            T::RemoveNulls | T::ReplaceNulls => Set::of(0),
            T::ReplaceComments => Set::of(b'/'),
            T::UrlDecode | T::UrlDecodeUni => Set::bytes(b"%+"),
            T::Utf8ToUnicode => Set::range(0x80, 0xff),
        }
    }

    /// A closer look than at the bytes alone: false only if the text would come out as it goes in.
    pub(super) fn may_change(self, text: &[u8]) -> bool {
        let pair = |test: fn(u8, u8) -> bool| text.windows(2).any(|pair| test(pair[0], pair[1]));
        match self {
            T::UrlDecode | T::UrlDecodeUni => {
                text.contains(&b'+')
                    || pair(|one, other| one == b'%' && (other.is_ascii_hexdigit() || other | 32 == b'u'))
            }
            T::HtmlEntityDecode => {
                pair(|one, other| one == b'&' && (other == b'#' || other.is_ascii_alphabetic()))
            }
            T::ReplaceComments => pair(|one, other| (one, other) == (b'/', b'*')),
            T::CompressWhitespace => {
                let odd = |byte: &u8| *byte != b' ' && shape::is_blank(*byte);
                text.iter().any(odd) || pair(|one, other| (one, other) == (b' ', b' '))
            }
            T::NormalizePath => {
                let ends = text.first() == Some(&b'.') || text.last() == Some(&b'.');
                ends || pair(|one, other| one == b'/' && (other == b'/' || other == b'.'))
            }
            _ => true,
        }
    }

    /// The text after the transformation.
    pub(super) fn apply(self, text: &[u8]) -> Cow<'_, [u8]> {
        let changed = match self {
            T::Base64Decode => decode::base64(text),
            T::CmdLine => shape::command_line(text),
            T::CompressWhitespace => shape::compress_whitespace(text),
            T::CssDecode => decode::css(text),
            T::EscapeSeqDecode => decode::escapes(text),
            T::HexDecode => text.chunks_exact(2).map(|pair| hex(pair[0]) * 16 + hex(pair[1])).collect(),
            T::HtmlEntityDecode => decode::html(text),
            T::JsDecode => decode::javascript(text),
            T::Length => text.len().to_string().into_bytes(),
            T::Lowercase => text.to_ascii_lowercase(),
            T::NormalizePath => shape::path(text),
            T::NormalizePathWin => shape::path(
                &text.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect::<Vec<_>>(),
            ),
            T::RemoveComments => shape::remove_comments(text),
            T::RemoveCommentsChar => shape::remove_comment_marks(text),
            T::RemoveNulls => text.iter().copied().filter(|byte| *byte != 0).collect(),
            T::RemoveWhitespace => text.iter().copied().filter(|byte| !shape::is_blank(*byte)).collect(),
            T::ReplaceComments => shape::replace_comments(text),
            T::ReplaceNulls => text.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect(),
            T::Trim => return Cow::Borrowed(shape::trim_right(shape::trim_left(text))),
            T::TrimLeft => return Cow::Borrowed(shape::trim_left(text)),
            T::TrimRight => return Cow::Borrowed(shape::trim_right(text)),
            T::Uppercase => text.to_ascii_uppercase(),
            T::UrlDecode => decode::url(text, false),
            T::UrlDecodeUni => decode::url(text, true),
            T::Utf8ToUnicode => decode::utf8_to_unicode(text),
        };
        Cow::Owned(changed)
    }
}

#[cfg(test)]
mod tests;
