//! A template as JSON, with CloudFormation's short tags as members: `!Ref Api` is `{"!Ref": "Api"}`.

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use serde_yaml_ng::Value as Yaml;

use crate::cargo;

/// A template: what it says, and how it is written.
pub(super) struct Document {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) value: Value,
}

impl Document {
    /// The template at `path`, seen from the repository's root.
    pub(super) fn read(path: &str) -> Result<Self> {
        Self::parse(path, text(path)?)
    }

    /// The template that `text` is.
    pub(super) fn parse(name: &str, text: String) -> Result<Self> {
        let yaml: Yaml = serde_yaml_ng::from_str(&text).with_context(|| format!("{name} is not YAML"))?;
        Ok(Self { name: name.to_owned(), value: json_of(yaml), text })
    }

    /// The properties of the resources of `kind`, with their names.
    pub(super) fn resources<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = (&'d str, &'d Value)> {
        let resources = self.value["Resources"].as_object().into_iter().flatten();
        resources
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// What stands between the line that holds `from` and the one that holds `to`.
    pub(super) fn passage(&self, from: &str, to: &str) -> Option<&str> {
        let start = self.text.find(from)?;
        let start = start + self.text[start..].find('\n')? + 1;
        let end = start + self.text[start..].find(to)?;
        let end = self.text[..end].rfind('\n')? + 1;
        Some(&self.text[start..end])
    }
}

/// The text of the file at `path`, seen from the repository's root.
pub(super) fn text(path: &str) -> Result<String> {
    std::fs::read_to_string(cargo::root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// The JSON in the file at `path`.
pub(super) fn json(path: &str) -> Result<Value> {
    serde_json::from_str(&text(path)?).with_context(|| format!("{path} is not JSON"))
}

fn json_of(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, fraction) => fraction.into(),
        },
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(json_of).collect(),
        Yaml::Mapping(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name_of(&name), json_of(value))).collect())
        }
        Yaml::Tagged(tagged) => {
            Value::Object(Map::from_iter([(tagged.tag.to_string(), json_of(tagged.value))]))
        }
    }
}

fn name_of(name: &Yaml) -> String {
    name.as_str().map_or_else(|| format!("{name:?}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_members() {
        let text = "Resources:\n  A: {Type: T, Properties: {x: !Ref B, y: !If [C, 1, 2]}}\n".to_owned();
        let document = Document::parse("a.yaml", text).expect("YAML");
        let (name, properties) = document.resources("T").next().expect("a resource");
        assert_eq!(name, "A");
        assert_eq!(*properties, serde_json::json!({"x": {"!Ref": "B"}, "y": {"!If": ["C", 1, 2]}}));
    }
}
