//! Values and where they come from: the built-in file, a file, the environment, options of the command.
//!
//! The built-in `default.toml` is also the list of the keys there are, so a key cannot exist without its
//! default and its documentation.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// The lowest layer, every key with its documentation.
pub(crate) const DEFAULT_TOML: &str = include_str!("default.toml");

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `default.toml`.
    Default,
    /// This line of that file.
    File { path: PathBuf, line: usize },
    /// The environment variable of this name.
    Environment(String),
    /// The command's option of this name.
    Option(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Option(name) => write!(f, "option {name}"),
        }
    }
}

/// What a key's value is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, in quotes.
    Text,
    /// A whole number.
    Number,
    /// A list of texts; outside files, with commas between them.
    List,
}

/// The value of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As it was written, without quotes.
    pub(crate) text: String,
    /// How a file writes it.
    pub(crate) kind: Kind,
    /// The highest layer that gives it.
    pub(crate) source: Source,
}

/// Every key with its effective value, as text.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    entries: BTreeMap<String, Entry>,
}

impl Layers {
    /// The lowest layer alone.
    pub(crate) fn of_defaults() -> Self {
        let document = DeTable::parse(DEFAULT_TOML).expect("the built-in default.toml is TOML");
        let mut entries = BTreeMap::new();
        for leaf in leaves(&document) {
            let (text, kind) =
                scalar(leaf.value).expect("default.toml holds texts, whole numbers and lists only");
            entries.insert(leaf.path, Entry { text, kind, source: Source::Default });
        }
        Self { entries }
    }

    /// Lays a file's text over what stands. Every unknown key and every value of the wrong kind is a fault.
    pub(crate) fn lay_file(&mut self, path: &Path, text: &str) -> Vec<Fault> {
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => {
                return vec![Fault::Syntax { path: path.to_owned(), message: error.to_string() }];
            }
        };
        let mut faults = Vec::new();
        for leaf in leaves(&document) {
            let source = Source::File { path: path.to_owned(), line: line_of(text, leaf.offset) };
            match self.entries.get_mut(&leaf.path) {
                None => faults.push(Fault::UnknownKey { key: leaf.path, origin: source }),
                Some(entry) => match scalar(leaf.value) {
                    Some((text, kind)) if kind == entry.kind => *entry = Entry { text, kind, source },
                    _ => faults.push(Fault::wrong_kind(leaf.path, entry.kind, source)),
                },
            }
        }
        faults
    }

    /// Lays the environment over what stands; `read` gives the value of a variable, if it is set.
    pub(crate) fn lay_environment(&mut self, read: impl Fn(&str) -> Option<String>) {
        for (key, entry) in &mut self.entries {
            let name = environment_name(key);
            if let Some(text) = read(&name) {
                *entry = Entry { text, kind: entry.kind, source: Source::Environment(name) };
            }
        }
    }

    /// Lays one option of the command over what stands.
    pub(crate) fn lay_option(&mut self, key: &str, option: &'static str, text: String) {
        let entry = self.entries.get_mut(key).expect("an option sets a key of default.toml");
        *entry = Entry { text, kind: entry.kind, source: Source::Option(option) };
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: &str) -> &Entry {
        self.entries.get(key).expect("the program asks only for keys of default.toml")
    }

    /// All of them, in order of key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }
}

/// `http.idle_timeout` is `SKYBRIDGE_HTTP_IDLE_TIMEOUT`.
pub(crate) fn environment_name(key: &str) -> String {
    format!("SKYBRIDGE_{}", key.replace('.', "_").to_uppercase())
}

/// One value of a document that is not a table.
struct Leaf<'a> {
    path: String,
    offset: usize,
    value: &'a DeValue<'a>,
}

fn leaves<'a>(document: &'a Spanned<DeTable<'a>>) -> Vec<Leaf<'a>> {
    let mut found = Vec::new();
    collect(document.get_ref(), "", &mut found);
    found
}

fn collect<'a>(table: &'a DeTable<'a>, prefix: &str, found: &mut Vec<Leaf<'a>>) {
    for (name, value) in table {
        let path = format!("{prefix}{}", name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => collect(inner, &format!("{path}."), found),
            value => found.push(Leaf { path, offset: name.span().start, value }),
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Option<(String, Kind)> {
    match value {
        DeValue::String(text) => Some((text.to_string(), Kind::Text)),
        DeValue::Integer(number) if number.radix() == 10 => Some((number.as_str().to_owned(), Kind::Number)),
        DeValue::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            Some((texts?.join(", "), Kind::List))
        }
        _ => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
