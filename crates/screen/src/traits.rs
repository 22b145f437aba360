//! One look at the bytes of a text: what is in it decides what it must go through.

/// What kinds of bytes a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traits(u8);

/// Something that an encoding is made of: `%`, `&`, `\`.
const ESCAPE: u8 = 1;
/// Part of a character beyond ASCII.
const WIDE: u8 = 1 << 1;
/// White space other than a single space, and other control characters.
const CONTROL: u8 = 1 << 2;
/// `/` or `*`, of which comments are made.
const COMMENT: u8 = 1 << 3;
/// What a shell removes or replaces before it reads a word: quotes, `$`, `^`, backslash, brackets.
const SHELL: u8 = 1 << 4;
/// A space. Two in a row are told apart later.
const SPACE: u8 = 1 << 5;
/// Any other sign.
const SIGN: u8 = 1 << 6;

/// The kinds of each byte. Letters, digits, and the hyphen that double names have are of none.
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let kind = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => 0,
            b'%' | b'&' => ESCAPE,
            b'\\' => ESCAPE | SHELL,
            b'/' | b'*' => COMMENT,
            b'\'' | b'"' | b'`' | b'$' | b'^' | b'[' => SHELL,
            b' ' => SPACE,
            0 => ESCAPE | CONTROL,
            1..=31 | 127 => CONTROL,
            128..=255 => WIDE,
            _ => SIGN,
        };
        kinds[byte] = kind;
        byte += 1;
    }
    kinds
}

/// A table that says of each byte whether it is one of these.
pub(crate) const fn bytes_of(signs: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut nth = 0;
    while nth < signs.len() {
        table[signs[nth] as usize] = true;
        nth += 1;
    }
    table
}

impl Traits {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |kinds, byte| kinds | KINDS[usize::from(byte)]))
    }

    /// Whether the text is letters, digits and hyphens and nothing else: one word.
    pub(crate) const fn is_word(self) -> bool {
        self.0 == 0
    }

    /// Whether some encoding may have to be undone, or a character folded.
    pub(crate) const fn may_be_encoded(self) -> bool {
        self.0 & (ESCAPE | WIDE) != 0
    }

    /// Whether there may be comments, or white space to fold.
    pub(crate) const fn may_be_untidy(self) -> bool {
        self.0 & (CONTROL | COMMENT | SPACE) != 0
    }

    /// Whether a shell would read other words than are written.
    pub(crate) const fn may_be_quoted(self) -> bool {
        self.0 & SHELL != 0
    }
}
