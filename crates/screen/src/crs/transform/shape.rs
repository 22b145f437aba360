//! Transformations that take away what an attacker adds: blanks, comments, detours in a path.

/// ModSecurity's blank: that of C, and the no-break space.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ' | 0xa0)
}

pub(super) fn trim_left(text: &[u8]) -> &[u8] {
    let begin = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    &text[begin..]
}

pub(super) fn trim_right(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |at| at + 1);
    &text[..end]
}

/// Each run of blanks becomes one space.
pub(super) fn compress_whitespace(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match (is_blank(*byte), out.last()) {
            (true, Some(b' ')) => {}
            (true, _) => out.push(b' '),
            (false, _) => out.push(*byte),
        }
    }
    out
}

/// What a shell would not see either: quotes, backslashes and carets go, separators become one space, none of it
/// before `/` or `(`, and all letters are small.
pub(super) fn command_line(text: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'"' | b'\'' | b'\\' | b'^' => {}
            b' ' | b',' | b';' | b'\t' | b'\n' | b'\r' => {
                if out.last() != Some(&b' ') {
                    out.push(b' ');
                }
            }
            b'/' | b'(' => {
                if out.last() == Some(&b' ') {
                    out.pop();
                }
                out.push(*byte);
            }
            _ => out.push(byte.to_ascii_lowercase()),
        }
    }
    out
}

/// `/* ... */` becomes one space, also one that never ends.
pub(super) fn replace_comments(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            out.push(b' ');
            at = find(text, at + 2, b"*/").map_or(text.len(), |end| end + 2);
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// Comments of C, of HTML, and of SQL to the end of the text, are taken out.
pub(super) fn remove_comments(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(b"/*") {
            at = find(text, at + 2, b"*/").map_or(text.len(), |end| end + 2);
        } else if rest.starts_with(b"<!--") {
            at = find(text, at + 4, b"-->").map_or(text.len(), |end| end + 3);
        } else if rest.starts_with(b"--") || rest.starts_with(b"#") {
            break;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// The marks of comments go, what they enclose stays.
pub(super) fn remove_comment_marks(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let marks: [&[u8]; 6] = [b"<!--", b"-->", b"/*", b"*/", b"--", b"#"];
        match marks.iter().find(|mark| text[at..].starts_with(mark)) {
            Some(mark) => at += mark.len(),
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// Repeated slashes become one, `.` goes, `..` takes the part before it along unless there is none.
pub(super) fn path(text: &[u8]) -> Vec<u8> {
    let absolute = text.first() == Some(&b'/');
    let mut kept: Vec<&[u8]> = Vec::new();
    for part in text.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => drop(kept.pop()),
            b".." if absolute => {}
            _ => kept.push(part),
        }
    }
    let mut out = Vec::with_capacity(text.len());
    if absolute {
        out.push(b'/');
    }
    out.extend_from_slice(&kept.join(b"/".as_slice()));
    let folder = text.ends_with(b"/") || text.ends_with(b"/.") || text.ends_with(b"/..");
    if folder && !out.is_empty() && !out.ends_with(b"/") {
        out.push(b'/');
    }
    out
}

fn find(text: &[u8], from: usize, mark: &[u8]) -> Option<usize> {
    text.get(from..)?.windows(mark.len()).position(|window| window == mark).map(|at| at + from)
}
