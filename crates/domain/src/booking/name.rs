//! Names of people, in any script.

use compact_str::CompactString;

use super::value::{WrongValue, text_field};

text_field!(PersonName, Title);

/// A given or family name as its bearer writes it: 1 to 64 characters of any script, kept byte for byte (nothing
/// is normalised, folded or trimmed).
///
/// Refused is only what no name has and what harms those who read it later: white space at either end; control
/// characters; line and paragraph separators; characters that reorder what is shown (bidi embeddings, overrides,
/// isolates); invisible ones other than joiners (zero-width space, word joiner, U+FEFF, tags); private-use
/// characters and noncharacters; ASCII punctuation other than space, apostrophe, hyphen, full stop and comma.
/// Digits are taken, because some people have one. Zero-width joiner and non-joiner are taken, because Persian
/// and the Indic scripts are spelt with them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonName(CompactString);

impl PersonName {
    /// The longest name, in characters (Unicode scalar values).
    pub const CHARS_MAX: usize = 64;
    /// What a name looks like, as a regular expression (ECMA-262, flag `u`). It says all but two things: that
    /// white space other than U+0020 may not stand at either end, and that characters beyond U+FFFF which are
    /// private, tags or no characters are refused too.
    pub const PATTERN: &str = concat!(
        r##"^[^ \u0000-\u001f!"#$%&()*+/:;<=>?@\[\\\]^_`{|}~\u007f-\u00a0\u1680\u2000-\u200b\u2028-\u202f"##,
        r##"\u205f\u2060-\u206f\u3000\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufffe\uffff]"##,
        r##"([^\u0000-\u001f!"#$%&()*+/:;<=>?@\[\\\]^_`{|}~\u007f-\u009f\u200b\u2028-\u202e"##,
        r##"\u2060-\u206f\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufffe\uffff]{0,62}"##,
        r##"[^ \u0000-\u001f!"#$%&()*+/:;<=>?@\[\\\]^_`{|}~\u007f-\u00a0\u1680\u2000-\u200b\u2028-\u202f"##,
        r##"\u205f\u2060-\u206f\u3000\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufffe\uffff])?$"##,
    );

    /// Takes `text` as a name.
    ///
    /// # Errors
    /// When it is empty, longer than [`Self::CHARS_MAX`], or holds what the type refuses; the error says which.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let chars = text.chars().count();
        if !(1..=Self::CHARS_MAX).contains(&chars) {
            return Err(WrongValue::says("must be a name of 1 to 64 characters"));
        }
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            return Err(WrongValue::says("must be a name that neither begins nor ends with white space"));
        }
        match text.chars().find(|character| !may_stand_in_a_name(*character)) {
            None => Ok(Self(CompactString::from(text))),
            Some(refused) => Err(WrongValue::says_at_length(format!(
                "must be a name without the character {}, which names are not written with",
                shown(refused)
            ))),
        }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn may_stand_in_a_name(character: char) -> bool {
    match character {
        ' ' | '\'' | '-' | '.' | ',' => true,
        ascii if ascii.is_ascii() => ascii.is_ascii_alphanumeric(),
        other => can_be_shown(other),
    }
}

/// Does the character show itself, and only itself? Controls, separators of lines, what turns the direction of the
/// text around it, what is invisible and what means nothing do not; the joiners that scripts need do.
#[must_use]
pub fn can_be_shown(character: char) -> bool {
    match character {
        ascii if ascii.is_ascii() => !ascii.is_ascii_control(),
        // C1 controls; zero-width space.
        '\u{80}'..='\u{9f}' | '\u{200b}'
        // Line and paragraph separators, bidi embeddings and overrides.
        | '\u{2028}'..='\u{202e}'
        // Word joiner, invisible operators, bidi isolates, deprecated format characters; byte-order mark; tags.
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        // Private use.
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
        // Noncharacters: these, and the last two of every plane.
        | '\u{fdd0}'..='\u{fdef}' => false,
        other => u32::from(other) & 0xfffe != 0xfffe,
    }
}

/// A printable ASCII character as itself, any other by its code point: nobody could see it.
fn shown(character: char) -> String {
    if character.is_ascii_graphic() {
        format!("'{character}'")
    } else {
        format!("U+{:04X}", u32::from(character))
    }
}

/// A form of address as the trade writes it on tickets: 1 to 20 ASCII letters, full stops and spaces (`MR`, `MS`,
/// `Dr.`), with no space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Title(CompactString);

impl Title {
    /// The longest title, in characters.
    pub const CHARS_MAX: usize = 20;
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[A-Za-z.]([A-Za-z. ]{0,18}[A-Za-z.])?$";

    /// Takes `text` as a title.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'.' || byte == b' ')
            && !text.starts_with(' ')
            && !text.ends_with(' ');
        let refused = "must be a title of 1 to 20 ASCII letters, full stops and spaces, such as MS";
        if fits { Ok(Self(CompactString::from(text))) } else { Err(WrongValue::says(refused)) }
    }

    /// The title's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
