//! Characters that are taken for others: full-width forms, letters of mathematics, look-alikes, invisible ones.
//!
//! Databases, shells and browsers differ in which of these they fold. A folded view is only ever searched, never
//! stored, so folding too much costs nothing but a chance match, and the rules ask for more than one sign each.

use super::decode::Replacement;

/// What the character at `at` is folded to and its length in bytes; nothing if it stays as it is.
pub(super) fn fold(text: &str, at: usize) -> Option<(Replacement, usize)> {
    let character = text.get(at..)?.chars().next()?;
    if is_invisible(character) {
        return Some((Replacement::Nothing, character.len_utf8()));
    }
    let folded = compatible(character).or_else(|| {
        let latin = look_alike(character)?;
        in_latin_word(text, at, character.len_utf8()).then_some(latin)
    })?;
    Some((Replacement::One(folded), character.len_utf8()))
}

/// Characters that show nothing and split a word for every search: joiners, marks of direction, variation selectors.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
            ..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The ASCII character that compatibility (NFKC) or the eye makes of one, for signs, letters and digits.
fn compatible(character: char) -> Option<char> {
    let code = u32::from(character);
    let folded = match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xff01 + 0x21)?,
        '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2bc}' | '\u{2b9}' | '\u{b4}' | '\u{275b}' | '\u{275c}' => {
            '\''
        }
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{275d}' | '\u{275e}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{2571}' => '/',
        '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{fe68}' => '\\',
        '\u{2039}' | '\u{2329}' | '\u{27e8}' | '\u{fe64}' | '\u{276e}' => '<',
        '\u{203a}' | '\u{232a}' | '\u{27e9}' | '\u{fe65}' | '\u{276f}' => '>',
        '\u{fe59}' | '\u{207d}' => '(',
        '\u{fe5a}' | '\u{207e}' => ')',
        '\u{fe5b}' => '{',
        '\u{fe5c}' => '}',
        '\u{fe54}' | '\u{37e}' => ';',
        '\u{fe55}' | '\u{2236}' | '\u{a789}' => ':',
        '\u{fe52}' | '\u{2024}' => '.',
        '\u{fe66}' | '\u{a78a}' => '=',
        '\u{fe69}' => '$',
        '\u{fe6a}' | '\u{66a}' => '%',
        '\u{fe60}' => '&',
        '\u{fe5f}' => '#',
        '\u{fe61}' | '\u{2217}' => '*',
        '\u{2223}' | '\u{ffe8}' => '|',
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        '\u{131}' | '\u{130}' => 'i',
        '\u{24b6}'..='\u{24e9}' => letter(code - 0x24b6)?,
        '\u{249c}'..='\u{24b5}' => letter(code - 0x249c)?,
        '\u{1f110}'..='\u{1f129}' => letter(code - 0x1f110)?,
        '\u{1f130}'..='\u{1f149}' => letter(code - 0x1f130)?,
        '\u{1f150}'..='\u{1f169}' => letter(code - 0x1f150)?,
        '\u{1f170}'..='\u{1f189}' => letter(code - 0x1f170)?,
        '\u{2460}'..='\u{2468}' => char::from_digit(code - 0x2460 + 1, 10)?,
        '\u{2474}'..='\u{247c}' => char::from_digit(code - 0x2474 + 1, 10)?,
        '\u{24f5}'..='\u{24fd}' => char::from_digit(code - 0x24f5 + 1, 10)?,
        '\u{2776}'..='\u{277e}' => char::from_digit(code - 0x2776 + 1, 10)?,
        '\u{24ea}' | '\u{24ff}' => '0',
        '\u{b2}' | '\u{b3}' => char::from_digit(code - 0xb0, 10)?,
        '\u{b9}' => '1',
        '\u{2070}' | '\u{2074}'..='\u{2079}' => char::from_digit(code - 0x2070, 10)?,
        '\u{2080}'..='\u{2089}' => char::from_digit(code - 0x2080, 10)?,
        '\u{1d400}'..='\u{1d6a3}' => mathematical(code - 0x1d400)?,
        '\u{1d7ce}'..='\u{1d7ff}' => char::from_digit((code - 0x1d7ce) % 10, 10)?,
        _ => return raised_or_lettered(character),
    };
    Some(folded)
}

/// The Latin letter of a small raised or lowered one, of a letter drawn for mathematics alone, or of a Roman numeral.
fn raised_or_lettered(character: char) -> Option<char> {
    if !matches!(character, 'ª' | 'º' | '\u{2b0}'..='\u{2e4}' | '\u{1d2c}'..='\u{1dbf}' | '\u{2071}'..='\u{209c}' | '\u{2100}'..='\u{217f}' | '\u{2c7c}' | '\u{2c7d}')
    {
        return None;
    }
    const ALIKE: [(char, &str); 26] = [
        ('a', "ªᵃᴬₐ"),
        ('b', "ᵇᴮℬ"),
        ('c', "ᶜℂℭⅽⅭ"),
        ('d', "ᵈᴰⅆⅅⅾⅮ"),
        ('e', "ᵉᴱₑℯℰⅇ"),
        ('f', "ᶠℱ"),
        ('g', "ᵍᴳℊ"),
        ('h', "ʰᴴₕℋℌℍℎ"),
        ('i', "ⁱᴵᵢℐℑⅈℹⅰⅠ"),
        ('j', "ʲᴶⱼⅉ"),
        ('k', "ᵏᴷₖ"),
        ('l', "ˡᴸₗℒℓⅼⅬ"),
        ('m', "ᵐᴹₘℳⅿⅯ"),
        ('n', "ⁿᴺₙℕ"),
        ('o', "ºᵒᴼₒℴ"),
        ('p', "ᵖᴾₚℙ"),
        ('q', "ℚ"),
        ('r', "ʳᴿᵣℛℜℝ"),
        ('s', "ˢₛ"),
        ('t', "ᵗᵀₜ"),
        ('u', "ᵘᵁᵤ"),
        ('v', "ᵛⱽᵥⅴⅤ"),
        ('w', "ʷᵂ"),
        ('x', "ˣₓⅹⅩ"),
        ('y', "ʸ"),
        ('z', "ᶻℤℨ"),
    ];
    ALIKE.iter().find(|(_, forms)| forms.contains(character)).map(|(latin, _)| *latin)
}

/// Thirteen styles of 26 capital and 26 small letters each.
fn mathematical(nth: u32) -> Option<char> {
    letter(nth % 52)
}

fn letter(nth: u32) -> Option<char> {
    char::from_digit(10 + nth % 26, 36)
}

/// The Latin letter that a Cyrillic or Greek one is drawn like.
const fn look_alike(character: char) -> Option<char> {
    Some(match character {
        'а' | 'А' | 'α' | 'Α' => 'a',
        'В' | 'Β' => 'b',
        'с' | 'С' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'Ε' | 'ё' => 'e',
        'ɡ' => 'g',
        'һ' | 'Н' | 'Η' => 'h',
        'і' | 'І' | 'ι' | 'Ι' => 'i',
        'ј' | 'Ј' => 'j',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'ӏ' | 'Ӏ' => 'l',
        'М' | 'Μ' => 'm',
        'ո' | 'Ν' => 'n',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' | 'τ' | 'Τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' | 'Υ' => 'y',
        'Ζ' => 'z',
        _ => return None,
    })
}

/// Whether the character of `length` bytes at `at` stands beside a Latin letter: a text in Russian or Greek is left as
/// it is.
fn in_latin_word(text: &str, at: usize, length: usize) -> bool {
    let bytes = text.as_bytes();
    let is_latin = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    at.checked_sub(1).is_some_and(is_latin) || is_latin(at + length)
}
