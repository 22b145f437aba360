//! Texts to try rules on: lines of a file.
//!
//! Three kinds of lines may stand in one file, told apart line by line: a sample as the server writes it
//! (`{…,"texts":[{"field":"remarks","text":"…"}]}`, the texts of one request), one text with its field
//! (`{"field":"remarks","text":"…"}`), and anything else, which is a text itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use skybridge_screen::{Field, Text};

use crate::cli::failure::Failure;

/// A line is at most this long; a text of a request is far shorter.
const LINE_BYTES_MAX: usize = 1 << 20;

/// The texts of one request, or of one line.
#[derive(Debug)]
pub(super) struct Input {
    /// The number of the line, from 1.
    pub(super) line: usize,
    /// Whose it was, if the line says.
    pub(super) agency: Option<String>,
    pub(super) texts: Vec<(Field, String)>,
}

impl Input {
    /// As the engine takes them.
    pub(super) fn texts(&self) -> impl Iterator<Item = Text<'_>> + Clone {
        self.texts.iter().map(|(field, text)| Text {
            field: *field,
            pointer: field.as_str().into(),
            value: text,
        })
    }
}

/// Every line of `file` (`-`: standard input); what does not say its field is of `field`.
pub(super) fn read(file: &Path, field: Field) -> Result<Vec<Input>, Failure> {
    let told = || {
        format!(
            "{} cannot be read; it is to be a file with a text on each line (- for standard input)",
            file.display()
        )
    };
    let lines: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).with_context(told)?))
    };
    let mut inputs = Vec::new();
    for (number, line) in lines.split(b'\n').enumerate() {
        let line = String::from_utf8(line.with_context(told)?).map_err(|_| {
            Failure::Unusable(format!("{}, line {}: it is not UTF-8", file.display(), number + 1))
        })?;
        if line.len() > LINE_BYTES_MAX {
            return Err(Failure::Unusable(format!(
                "{}, line {}: it is too long",
                file.display(),
                number + 1
            )));
        }
        if line.is_empty() {
            continue;
        }
        let input = input(&line, number + 1, field);
        inputs.push(input.map_err(|wrong| {
            Failure::Unusable(format!("{}, line {}: {wrong}", file.display(), number + 1))
        })?);
    }
    Ok(inputs)
}

fn input(line: &str, number: usize, field: Field) -> Result<Input, String> {
    let plain = |text: &str| Input { line: number, agency: None, texts: vec![(field, text.to_owned())] };
    let object = match serde_json::from_str::<Value>(line) {
        Ok(object) if object.is_object() => object,
        Err(error) if looks_like_ours(line) => {
            return Err(format!(
                "it looks like an object with a text, and is no JSON ({error}); a text that looks so is to be \
                 written as {{\"text\":\"…\"}}"
            ));
        }
        _ => return Ok(plain(line)),
    };
    let texts = match (&object["texts"], &object["text"]) {
        (Value::Array(texts), _) => texts.iter().map(|one| text(one, field)).collect::<Result<_, _>>()?,
        (_, Value::String(_)) => vec![text(&object, field)?],
        // JSON, but none of ours: a text like any other.
        _ => return Ok(plain(line)),
    };
    Ok(Input { line: number, agency: object["agency"].as_str().map(str::to_owned), texts })
}

/// Does it begin as a line that somebody wrote who says what it is? Taken for a text, a broken one would be tried with
/// its quotes and braces, and no word said.
fn looks_like_ours(line: &str) -> bool {
    let member = line.trim_start().strip_prefix('{').map(str::trim_start);
    let begins = |name: &str| member.is_some_and(|member| member.starts_with(name));
    ["\"text\"", "\"texts\"", "\"field\""].into_iter().any(begins)
}

fn text(one: &Value, usual: Field) -> Result<(Field, String), String> {
    let field = match one["field"].as_str() {
        None => usual,
        Some(name) => Field::named(name).ok_or_else(|| format!("{name:?} is no field; {}", fields()))?,
    };
    let text = one["text"].as_str().ok_or("a text is missing its member \"text\"")?;
    Ok((field, text.to_owned()))
}

/// The names that fields have.
pub(super) fn fields() -> String {
    let names: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
    format!("there are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_kinds_stand_in_one_file() {
        let read = |line| input(line, 7, Field::Remarks).unwrap();
        assert_eq!(read("a plain text").texts, [(Field::Remarks, "a plain text".to_owned())]);
        assert_eq!(read(r#"{"field":"family_name","text":"O'Brien"}"#).texts[0].0, Field::FamilyName);
        let sample = r#"{"agency":"A","rules":[],"texts":[{"field":"remarks","text":"x"},{"field":"email","text":"y"}]}"#;
        let sample = read(sample);
        assert_eq!((sample.texts.len(), sample.agency.as_deref(), sample.line), (2, Some("A"), 7));
        assert_eq!(read(r#"{"$gt":""}"#).texts[0].1, r#"{"$gt":""}"#, "JSON that is none of ours is a text");
        let broken = input(r#"{"field":"remarks","text":"cut o"#, 1, Field::Remarks).unwrap_err();
        assert!(broken.contains("no JSON"), "{broken}");
        assert_eq!(read("{'field': 1").texts[0].1, "{'field': 1", "so do attacks begin");
        assert!(
            input(r#"{"field":"colour","text":"x"}"#, 1, Field::Remarks).unwrap_err().contains("there are")
        );
    }
}
