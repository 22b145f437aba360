//! Entities of HTML: numbers, and the names of the signs that attacks are made of.

use super::decode::number;

/// The names that matter here; the two thousand others stand for letters and signs that no rule asks for.
const NAMES: [(&str, char); 44] = [
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("diacriticalgrave", '`'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("hat", '^'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("midast", '*'),
    ("nbsp", ' '),
    ("newline", '\n'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("sol", '/'),
    ("tab", '\t'),
    ("underbar", '_'),
    ("verbar", '|'),
    ("vert", '|'),
    ("verticalline", '|'),
    ("lsquo", '\''),
    ("rsquo", '\''),
];

/// Names that browsers read without the semicolon too, or that careless filters do.
const NEED_NO_SEMICOLON: [&str; 7] = ["amp", "gt", "lbrace", "lcub", "lt", "quot", "nbsp"];

/// The most digits, behind leading zeros, that a character's number has: 1,114,111 in decimal.
const DIGITS_MAX: usize = 7;

/// The longest name above.
const NAME_MAX: usize = 16;

/// The character that an entity at the beginning of `text` stands for, and in how many bytes it is written.
pub(super) fn read(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(1) == Some(&b'#') { numbered(bytes) } else { named(bytes) }
}

fn numbered(bytes: &[u8]) -> Option<(char, usize)> {
    let (begin, base) = if matches!(bytes.get(2), Some(b'x' | b'X')) { (3, 16) } else { (2, 10) };
    let written = bytes.get(begin..)?;
    // Browsers take any number of leading zeros. What is passed over here has no `&` in it, so it is read no second
    // time in this round, however many zeros there are.
    let zeros = written.iter().take_while(|byte| **byte == b'0').count();
    let digits = &written[zeros..];
    let length = digits.iter().take(DIGITS_MAX).take_while(|byte| char::from(**byte).is_digit(base)).count();
    let code = match length {
        0 if zeros > 0 => 0,
        _ => number(&digits[..length], base)?,
    };
    let end = begin + zeros + length;
    let semicolon = usize::from(bytes.get(end) == Some(&b';'));
    Some((char::from_u32(code)?, end + semicolon))
}

fn named(bytes: &[u8]) -> Option<(char, usize)> {
    let letters = bytes[1..].iter().take(NAME_MAX).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = &bytes[1..=letters];
    let found = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    if bytes.get(1 + letters) == Some(&b';') {
        let (name, character) = NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()))?;
        return Some((*character, name.len() + 2));
    }
    let begins = |name: &&&str| {
        word.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()))
    };
    let name = NEED_NO_SEMICOLON.iter().find(begins)?;
    found(name).map(|character| (character, name.len() + 1))
}
