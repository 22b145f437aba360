//! Structured fields (RFC 9651), as far as signatures use them: dictionaries whose members are byte sequences or lists
//! of strings, with strings and whole numbers as parameters. Whatever else there is is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Fault;

/// How many parameters a member may have. Comparing each with those before it costs the square of their number, so
/// no more are read.
pub(super) const PARAMETERS_MAX: usize = 16;

/// What is left of a field's text.
pub(super) struct Field<'a> {
    rest: &'a str,
}

/// Why a text is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotThat {
    /// It is not of this form.
    Form,
    /// There is more in it than is read: more than so many of these.
    TooMany(usize, &'static str),
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl NotThat {
    /// What the caller is told of its header `field`; `form` says of which form it would have to be.
    pub(super) fn told_of(self, field: &str, form: &'static str) -> Fault {
        match self {
            Self::Form => Fault::new(form),
            Self::TooMany(max, what) => {
                Fault::new(format!("{field} has too many {what}: no more than {max} are read."))
            }
        }
    }
}

impl<'a> Field<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim_matches(' ') }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes `char`, if it comes next.
    pub(super) fn takes(&mut self, char: char) -> bool {
        let after = self.rest.strip_prefix(char);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    pub(super) fn expect(&mut self, char: char) -> Result<(), NotThat> {
        if self.takes(char) { Ok(()) } else { Err(NotThat::Form) }
    }

    /// Passes over spaces; says whether there was one.
    pub(super) fn spaces(&mut self) -> bool {
        let after = self.rest.trim_start_matches(' ');
        let any = after.len() < self.rest.len();
        self.rest = after;
        any
    }

    /// Goes on to the next member of a dictionary; `false` at its end.
    pub(super) fn next_member(&mut self) -> Result<bool, NotThat> {
        let white = [' ', '\t'];
        self.rest = self.rest.trim_start_matches(white);
        if self.is_at_end() {
            return Ok(false);
        }
        self.expect(',')?;
        self.rest = self.rest.trim_start_matches(white);
        if self.is_at_end() { Err(NotThat::Form) } else { Ok(true) }
    }

    /// A key: a lower-case letter or `*`, then letters, digits, `_`, `-`, `.`, `*`.
    pub(super) fn key(&mut self) -> Result<&'a str, NotThat> {
        let begins = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
        let goes_on = |byte: u8| begins(byte) || byte.is_ascii_digit() || b"_-.".contains(&byte);
        let bytes = self.rest.as_bytes();
        if !bytes.first().copied().is_some_and(begins) {
            return Err(NotThat::Form);
        }
        let end = bytes.iter().position(|byte| !goes_on(*byte)).unwrap_or(bytes.len());
        Ok(self.cut(end))
    }

    /// A string in double quotes, of printable ASCII.
    pub(super) fn string(&mut self) -> Result<String, NotThat> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            let mut chars = self.rest.chars();
            let char = chars.next().ok_or(NotThat::Form)?;
            self.rest = chars.as_str();
            match char {
                '"' => return Ok(text),
                '\\' => {
                    let escaped =
                        chars.next().filter(|char| ['"', '\\'].contains(char)).ok_or(NotThat::Form)?;
                    self.rest = chars.as_str();
                    text.push(escaped);
                }
                ' '..='~' => text.push(char),
                _ => return Err(NotThat::Form),
            }
        }
    }

    /// A whole number of at most 15 digits. One with a fraction is not.
    fn number(&mut self) -> Result<i64, NotThat> {
        let bytes = self.rest.as_bytes();
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let digits = bytes[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=15).contains(&digits) || bytes.get(sign + digits) == Some(&b'.') {
            return Err(NotThat::Form);
        }
        self.cut(sign + digits).parse().map_err(|_| NotThat::Form)
    }

    /// Bytes in base64 between colons.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, NotThat> {
        self.expect(':')?;
        let end = self.rest.find(':').ok_or(NotThat::Form)?;
        let base64 = self.cut(end);
        self.expect(':')?;
        STANDARD.decode(base64).map_err(|_| NotThat::Form)
    }

    /// The parameters that follow, in their order; no two of one name, and no more than [`PARAMETERS_MAX`].
    pub(super) fn parameters(&mut self) -> Result<Vec<(String, Value)>, NotThat> {
        let mut parameters: Vec<(String, Value)> = Vec::new();
        while self.takes(';') {
            if parameters.len() == PARAMETERS_MAX {
                return Err(NotThat::TooMany(PARAMETERS_MAX, "parameters"));
            }
            self.spaces();
            let name = self.key()?.to_owned();
            self.expect('=')?;
            let value = if self.rest.starts_with('"') {
                Value::Text(self.string()?)
            } else {
                Value::Number(self.number()?)
            };
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(NotThat::Form);
            }
            parameters.push((name, value));
        }
        Ok(parameters)
    }

    fn cut(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

/// Writes a string with its quotes.
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        if ['"', '\\'].contains(&char) {
            out.push('\\');
        }
        out.push(char);
    }
    out.push('"');
}
