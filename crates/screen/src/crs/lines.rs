//! The lines of a rule file: continuations joined, comments dropped, each line taken apart into words.
//!
//! Nothing here can fail: a line that makes no sense comes out as the words that it has, and the reader of rules
//! reports it. Sizes are bounded, since the directory is somebody else's.

/// Longest directive that is read, with its continuations. CRS 4's longest is some 20 KB.
pub(super) const LINE_BYTES_MAX: usize = 256 * 1024;

/// A directive of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub(super) number: usize,
    /// `SecRule`, its variables, its operator and so on, without the quotes.
    pub(super) words: Vec<Vec<u8>>,
    /// Why it could not be taken apart: the words are then those before the fault.
    pub(super) fault: Option<&'static str>,
}

/// The directives of `file`, in their order.
pub(super) fn directives(file: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut joined: Vec<u8> = Vec::new();
    let mut begun = 0;
    let mut too_long = false;
    for (index, raw) in file.split(|byte| *byte == b'\n').enumerate() {
        let part = raw.strip_suffix(b"\r").unwrap_or(raw);
        if joined.is_empty() && !too_long {
            begun = index + 1;
            if part.trim_ascii_start().first().is_none_or(|byte| *byte == b'#') {
                continue;
            }
        }
        let continued = part.strip_suffix(b"\\");
        too_long |= joined.len() + part.len() > LINE_BYTES_MAX;
        if !too_long {
            joined.extend_from_slice(continued.unwrap_or(part));
        }
        if continued.is_none() {
            finish(&mut lines, begun, &mut joined, &mut too_long);
        }
    }
    finish(&mut lines, begun, &mut joined, &mut too_long);
    lines
}

/// Takes the joined line apart and begins the next one.
fn finish(lines: &mut Vec<Line>, number: usize, joined: &mut Vec<u8>, too_long: &mut bool) {
    if !joined.is_empty() {
        let (words, fault) = words(joined);
        let fault = if *too_long { Some("longer than 256 KiB") } else { fault };
        lines.push(Line { number, words, fault });
    } else if *too_long {
        lines.push(Line { number, words: Vec::new(), fault: Some("longer than 256 KiB") });
    }
    joined.clear();
    *too_long = false;
}

/// The words of one directive: bare up to a blank, or in double or single quotes, in which a backslash before the
/// quote is taken away and every other one kept.
fn words(line: &[u8]) -> (Vec<Vec<u8>>, Option<&'static str>) {
    let mut found = Vec::new();
    let mut rest = line.trim_ascii();
    while let Some(first) = rest.first().copied() {
        let quote = (first == b'"' || first == b'\'').then_some(first);
        let (word, after, closed) = match quote {
            Some(quote) => quoted(&rest[1..], quote),
            None => bare(rest),
        };
        found.push(word);
        if !closed {
            return (found, Some("a quote is not closed"));
        }
        if quote.is_some() && after.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
            return (found, Some("a quote ends within a word"));
        }
        rest = after.trim_ascii_start();
    }
    (found, None)
}

fn bare(text: &[u8]) -> (Vec<u8>, &[u8], bool) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (text[..end].to_vec(), &text[end..], true)
}

fn quoted(text: &[u8], quote: u8) -> (Vec<u8>, &[u8], bool) {
    let mut word = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            byte if byte == quote => return (word, &text[at + 1..], true),
            b'\\' if at + 1 < text.len() => {
                if text[at + 1] != quote {
                    word.push(b'\\');
                }
                word.push(text[at + 1]);
                at += 2;
            }
            byte => {
                word.push(byte);
                at += 1;
            }
        }
    }
    (word, &[], false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Vec<String> {
        let lines = directives(text.as_bytes());
        lines[0].words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    #[test]
    fn joins_continued_lines_and_keeps_backslashes_of_patterns() {
        let text = "# a comment\n\nSecRule ARGS \"@rx a\\\"b\\d\" \\\r\n    \"id:1,\\\n    phase:2\"\n";
        assert_eq!(first(text), ["SecRule", "ARGS", "@rx a\"b\\d", "id:1,    phase:2"]);
        assert_eq!(directives(text.as_bytes())[0].number, 3);
    }

    #[test]
    fn says_what_is_wrong_with_a_line() {
        assert_eq!(directives(b"SecRule ARGS \"@rx a")[0].fault, Some("a quote is not closed"));
        assert_eq!(directives(b"SecRule ARGS \"@rx \"b")[0].fault, Some("a quote ends within a word"));
        let long = [b"SecRule ".as_slice(), &vec![b'a'; LINE_BYTES_MAX]].concat();
        let lines = directives(&[&long, b"\nSecMarker X\n".as_slice()].concat());
        assert_eq!(lines[0].fault, Some("longer than 256 KiB"));
        assert_eq!(lines[1].words, [b"SecMarker".to_vec(), b"X".to_vec()]);
    }
}
