//! The pass through `serde_json` that builds the tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{DEPTH_MAX, Json, JsonError, NotJson, duplicates};

/// A tree as read, in which names may still stand twice.
pub(super) struct Tree<'a> {
    root: Json<'a>,
    has_duplicates: bool,
}

impl<'a> Tree<'a> {
    #[cfg(test)]
    pub(super) fn root(&self) -> &Json<'a> {
        &self.root
    }

    /// The tree's root, unless a name stands twice in one of its objects.
    pub(super) fn without_duplicates(self) -> Result<Json<'a>, JsonError> {
        if self.has_duplicates {
            return Err(JsonError::DuplicateMembers(duplicates::find(&self.root)));
        }
        Ok(self.root)
    }
}

/// Why no tree was built.
pub(super) enum Stop {
    /// A number is too large for `serde_json`; it may be valid JSON all the same.
    NumberOutOfRange(NotJson),
    /// The text is not JSON.
    NotJson(NotJson),
}

/// Reads `text` as one JSON document.
pub(super) fn parse(text: &str) -> Result<Tree<'_>, Stop> {
    let mut seen = Seen { depth: 0, too_deep: false, has_duplicates: false };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = ValueSeed(&mut seen).deserialize(&mut reader).and_then(|root| reader.end().map(|()| root));
    match read {
        Ok(root) => Ok(Tree { root, has_duplicates: seen.has_duplicates }),
        Err(error) if seen.too_deep => {
            Err(Stop::NotJson(NotJson::TooDeep { line: error.line(), column: error.column() }))
        }
        Err(error) => Err(told_apart(&error)),
    }
}

/// What the pass has seen so far.
struct Seen {
    depth: usize,
    too_deep: bool,
    has_duplicates: bool,
}

struct ValueSeed<'s>(&'s mut Seen);

impl ValueSeed<'_> {
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        self.0.depth += 1;
        self.0.too_deep = self.0.depth > DEPTH_MAX;
        if self.0.too_deep { Err(E::custom("too deep")) } else { Ok(()) }
    }
}

impl<'a> DeserializeSeed<'a> for ValueSeed<'_> {
    type Value = Json<'a>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Json<'a>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ValueSeed<'_> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(yes))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json<'a>, E> {
        Ok(Json::Number)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json<'a>, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json<'a>, E> {
        Ok(Json::Number)
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut access: A) -> Result<Json<'a>, A::Error> {
        self.enter()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(ValueSeed(self.0))? {
            items.push(item);
        }
        self.0.depth -= 1;
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut access: A) -> Result<Json<'a>, A::Error> {
        self.enter()?;
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(NameSeed)? {
            let value = access.next_value_seed(ValueSeed(self.0))?;
            members.push((name, value));
        }
        self.0.depth -= 1;
        self.0.has_duplicates |= duplicates::any(&members);
        Ok(Json::Object(members))
    }
}

struct NameSeed;

impl<'a> DeserializeSeed<'a> for NameSeed {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Cow<'a, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for NameSeed {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Puts the reader's error into our words. `serde_json` tells its errors apart by their text only; one that is
/// not in the table is told by its general sentence, so a change of its words loses precision, not correctness
/// (a number out of range excepted, which a test pins).
fn told_apart(error: &serde_json::Error) -> Stop {
    const WORDS: [(&str, &str); 18] = [
        ("EOF while parsing a list", "it ends inside an array"),
        ("EOF while parsing an object", "it ends inside an object"),
        ("EOF while parsing a string", "it ends inside a string"),
        ("EOF while parsing a value", "it ends where a value is expected"),
        ("expected `:`", "a colon is expected after a member name"),
        ("expected `,` or `]`", "a comma or the end of the array is expected"),
        ("expected `,` or `}`", "a comma or the end of the object is expected"),
        ("expected ident", "only true, false and null are words of JSON"),
        ("expected value", "a value is expected"),
        ("invalid escape", "a string has an escape that JSON does not know"),
        ("invalid number", "a number is not written as JSON writes numbers"),
        ("invalid unicode code point", "a string has an escape that is no character"),
        ("control character", "a string has a control character that is not escaped"),
        ("key must be a string", "a member name in double quotes is expected"),
        ("lone leading surrogate", "a string has an escape that is half of a surrogate pair"),
        ("unexpected end of hex escape", "a string has an escape that is half of a surrogate pair"),
        ("trailing comma", "a comma has nothing after it"),
        ("trailing characters", "there is something after the end of the document"),
    ];
    let (said, line, column) = (error.to_string(), error.line(), error.column());
    if said.starts_with("number out of range") {
        let what = "a number is not written as JSON writes numbers";
        return Stop::NumberOutOfRange(NotJson::Malformed { line, column, what });
    }
    let known = WORDS.iter().find(|(theirs, _)| said.starts_with(theirs));
    let what = known.map_or("it breaks the grammar of JSON", |(_, ours)| ours);
    Stop::NotJson(NotJson::Malformed { line, column, what })
}
