//! Patterns as PCRE reads them, written so that the `regex` crate reads the same.
//!
//! ModSecurity compiles patterns byte by byte, with `.` matching every byte and `$` only the very end
//! (`PCRE_DOTALL | PCRE_DOLLAR_ENDONLY`). Both languages look alike and differ in detail: in PCRE `\v` in a class is
//! any vertical blank, `\<` is the character, and `[` within a class too. Each such thing is rewritten byte for byte;
//! what the `regex` crate has no equal for (look-around, back references, atomic groups, conditions, recursion) is
//! refused by name, never approximated.
//!
//! One rewriting changes the pattern's form: a possessive quantifier becomes a plain one where giving back could not
//! have helped, which is at the very end of the pattern, and after a single character or class when what follows is a
//! single character or class that shares no byte with it.

mod class;

use crate::set::Set;

/// Why a pattern cannot be honoured.
pub(super) type Refusal = &'static str;

/// Rewrites a PCRE pattern for `regex::bytes`.
pub(super) fn translate(pattern: &[u8]) -> Result<String, Refusal> {
    let mut writer =
        Writer { pattern, at: 0, out: String::from("(?s-u)"), last: None, possessive: None, caseless: false };
    writer.run()?;
    Ok(writer.out)
}

struct Writer<'p> {
    pattern: &'p [u8],
    at: usize,
    out: String,
    /// The bytes of the item just written, when it is one character or class.
    last: Option<Set>,
    /// The bytes of an item with a possessive quantifier: what follows must not share one.
    possessive: Option<Set>,
    caseless: bool,
}

impl Writer<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.escape()?,
                b'[' => self.class()?,
                b'(' => self.group()?,
                b'.' => self.item(".", Set::ALL)?,
                b'*' | b'+' | b'?' => self.quantifier(char::from(byte).encode_utf8(&mut [0; 4]))?,
                b'{' => match self.counted() {
                    Some(count) => self.quantifier(&count)?,
                    None => self.literal(b'{')?,
                },
                b')' | b'|' | b'^' | b'$' => self.structure(byte)?,
                _ => self.literal(byte)?,
            }
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    /// One character or class, after which a possessive quantifier may have stood.
    fn item(&mut self, text: &str, set: Set) -> Result<(), Refusal> {
        let set = if self.caseless { set.folded() } else { set };
        if let Some(before) = self.possessive.take() {
            // A quantifier may yet make this item optional, and then what follows it would have to be known.
            let optional = matches!(self.peek(), Some(b'*' | b'?' | b'{'));
            if optional || before.shares(&set) {
                return Err("has a possessive quantifier that cannot be written otherwise");
            }
        }
        self.out.push_str(text);
        self.last = Some(set);
        Ok(())
    }

    fn literal(&mut self, byte: u8) -> Result<(), Refusal> {
        let text = class::written(byte);
        self.item(&text, Set::of(byte))
    }

    fn structure(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.possessive.is_some() {
            return Err("has a possessive quantifier that cannot be written otherwise");
        }
        self.out.push(char::from(byte));
        self.last = None;
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else in braces is text.
    fn counted(&mut self) -> Option<String> {
        let rest = &self.pattern[self.at..];
        let inner = &rest[..rest.iter().position(|byte| *byte == b'}')?];
        let (least, most) = match inner.iter().position(|byte| *byte == b',') {
            Some(comma) => (&inner[..comma], &inner[comma + 1..]),
            None => (inner, inner),
        };
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        if least.is_empty() || !digits(least) || !digits(most) {
            return None;
        }
        self.at += inner.len() + 1;
        Some(format!("{{{}}}", String::from_utf8_lossy(inner)))
    }

    fn quantifier(&mut self, text: &str) -> Result<(), Refusal> {
        self.out.push_str(text);
        match self.peek() {
            Some(b'?') => {
                self.at += 1;
                self.out.push('?');
            }
            Some(b'+') => {
                self.at += 1;
                let ends = self.at == self.pattern.len();
                match self.last.take() {
                    _ if ends => {}
                    Some(set) => self.possessive = Some(set),
                    None => return Err("has a possessive quantifier that cannot be written otherwise"),
                }
            }
            _ => {}
        }
        self.last = None;
        Ok(())
    }

    fn group(&mut self) -> Result<(), Refusal> {
        if self.possessive.is_some() {
            return Err("has a possessive quantifier that cannot be written otherwise");
        }
        self.last = None;
        let rest = &self.pattern[self.at..];
        match rest {
            [b'*', ..] => Err("has a backtracking verb"),
            [b'?', b'=' | b'!', ..] => Err("looks ahead"),
            [b'?', b'<', b'=' | b'!', ..] => Err("looks behind"),
            [b'?', b'>', ..] => Err("has an atomic group"),
            [b'?', b'|', ..] => Err("has a branch-reset group"),
            [b'?', b'(', ..] => Err("has a condition"),
            [b'?', b'R' | b'&' | b'0'..=b'9' | b'+', ..] | [b'?', b'-', b'0'..=b'9', ..] => {
                Err("calls itself")
            }
            [b'?', b'#', ..] => self.comment(),
            [b'?', b'P' | b'<' | b'\'', ..] => self.named(),
            [b'?', ..] => self.flags(),
            _ => {
                // Nothing reads what a group caught.
                self.out.push_str("(?:");
                Ok(())
            }
        }
    }

    fn comment(&mut self) -> Result<(), Refusal> {
        let rest = &self.pattern[self.at..];
        let end = rest.iter().position(|byte| *byte == b')').ok_or("has a comment without an end")?;
        self.at += end + 1;
        Ok(())
    }

    fn named(&mut self) -> Result<(), Refusal> {
        let rest = &self.pattern[self.at..];
        if rest.starts_with(b"?P=") || rest.starts_with(b"?P>") {
            return Err("refers back to what it caught");
        }
        let (opening, closing) = match rest {
            [b'?', b'P', b'<', ..] => (3, b'>'),
            [b'?', b'<', ..] => (2, b'>'),
            [b'?', b'\'', ..] => (2, b'\''),
            _ => return Err("has a group that is not known"),
        };
        let length =
            rest[opening..].iter().position(|byte| *byte == closing).ok_or("has a name without an end")?;
        self.at += opening + length + 1;
        self.out.push_str("(?:");
        Ok(())
    }

    /// `(?i)`, `(?i:`, `(?-s:` and the like.
    fn flags(&mut self) -> Result<(), Refusal> {
        let rest = &self.pattern[self.at + 1..];
        let length =
            rest.iter().position(|byte| matches!(byte, b':' | b')')).ok_or("has a group without an end")?;
        let flags = &rest[..length];
        if let Some(other) = flags.iter().find(|flag| !matches!(flag, b'i' | b's' | b'm' | b'-')) {
            let extended = matches!(other, b'x');
            return Err(if extended {
                "is written in the extended form (x)"
            } else {
                "has a flag that is not known"
            });
        }
        // Whether letters fold decides only how careful to be with possessive quantifiers, so once is for all.
        self.caseless |= flags.contains(&b'i');
        self.at += length + 2;
        self.out.push_str("(?");
        self.out.push_str(&String::from_utf8_lossy(flags));
        self.out.push(char::from(rest[length]));
        Ok(())
    }

    fn class(&mut self) -> Result<(), Refusal> {
        let read = class::read(self.pattern, self.at)?;
        self.at = read.end;
        self.item(&read.text, read.set)
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        let Some(byte) = self.peek() else { return Err("ends in a backslash") };
        match byte {
            b'b' | b'B' | b'A' | b'z' => {
                self.at += 1;
                self.structure(b'\\')?;
                self.out.push(char::from(byte));
                Ok(())
            }
            b'1'..=b'9' | b'g' | b'k' => Err("refers back to what it caught"),
            b'Z' | b'G' | b'K' | b'X' | b'C' | b'R' | b'N' => {
                Err("uses an escape that `regex` has no equal for")
            }
            b'p' | b'P' => Err("asks for Unicode properties"),
            b'Q' | b'E' => Err("quotes with \\Q"),
            _ => {
                let read = class::escape(self.pattern, self.at)?;
                self.at = read.end;
                self.item(&read.text, read.set)
            }
        }
    }
}

#[cfg(test)]
mod tests;
