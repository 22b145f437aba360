//! Ways to write the same text so that a search for its words fails.

/// A way to write a text in another way, with its name.
pub(crate) type Evasion = (&'static str, fn(&str) -> String);

/// Encodings, and variations that leave the meaning as it is for the program at the other end.
pub(crate) const EVASIONS: [Evasion; 16] =
    [
        ("percent", |text| percent(text)),
        ("percent twice", |text| percent(&percent(text))),
        ("percent, signs only", |text| {
            each(text, |c| if c.is_ascii_alphanumeric() { c.to_string() } else { percent_of(c) })
        }),
        ("percent, form", |text| each(text, |c| if c == ' ' { "+".to_owned() } else { percent_of(c) })),
        ("%u", |text| {
            each(text, |c| {
                if u32::from(c) < 0x1_0000 { format!("%u{:04x}", u32::from(c)) } else { c.to_string() }
            })
        }),
        ("entity, decimal", |text| each(text, |c| format!("&#{};", u32::from(c)))),
        ("entity, hexadecimal", |text| each(text, |c| format!("&#x{:X};", u32::from(c)))),
        ("entity, long, no semicolon", |text| {
            each(text, |c| {
                if c.is_ascii_punctuation() { format!("&#{:07};", u32::from(c)) } else { c.to_string() }
            })
        }),
        ("mixed case", |text| {
            text.chars()
                .enumerate()
                .map(|(nth, c)| if nth % 2 == 0 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                .collect()
        }),
        ("comments for spaces", |text| text.replace(' ', "/**/")),
        ("full-width", |text| each(text, |c| full_width(c).to_string())),
        ("tabs and line ends", |text| text.replace(' ', "\t\n")),
        ("many spaces", |text| text.replace(' ', "   ")),
        ("\\u", |text| {
            each(text, |c| {
                if u32::from(c) < 0x1_0000 { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
            })
        }),
        ("\\x, signs only", |text| {
            each(text, |c| {
                if c.is_ascii_punctuation() && c != '\\' {
                    format!("\\x{:02x}", u32::from(c))
                } else {
                    c.to_string()
                }
            })
        }),
        ("zero width", |text| each(text, |c| format!("{c}\u{200b}"))),
    ];

fn each(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn percent(text: &str) -> String {
    each(text, percent_of)
}

fn percent_of(character: char) -> String {
    character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn full_width(character: char) -> char {
    match character {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(character) - 0x21 + 0xff01).unwrap_or(character),
        other => other,
    }
}
