//! Query members: each known by name, given at most once, and of the right form.

use skybridge_domain::time::Timestamp;

use crate::problem::{Code, Refusal};

/// How long a name may be and still be repeated, in bytes: what a key shows of itself before its secret begins.
const NAME_SHOWN_MAX: usize = 22;

/// The members of a query that have not been taken yet.
pub(crate) struct QueryMembers {
    members: Vec<(String, String)>,
}

impl QueryMembers {
    /// Reads `name=value` pairs (percent-encoded, `+` for a space).
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut members: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
            if members.iter().any(|(seen, _)| *seen == name) {
                return Err(malformed(format!("The query names {} more than once.", shown(&name))));
            }
            members.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { members })
    }

    /// Takes the text of `name`; an empty text is as none.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.members.iter().position(|(held, _)| held == name)?;
        Some(self.members.swap_remove(place).1).filter(|value| !value.is_empty())
    }

    /// Takes `name` as `parse` reads it; `form` says what it must be.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        form: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.take(name) else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| malformed(format!("The query's {name} must be {form}.")))
    }

    /// Takes `name` as a moment.
    pub(crate) fn timestamp(&mut self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.take(name) else { return Ok(None) };
        Timestamp::parse(&text).map(Some).map_err(|error| malformed(format!("The query's {name} {error}.")))
    }

    /// Takes `limit`: 1 to `most`, `usual` if it is not given.
    pub(crate) fn limit(&mut self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let form = format!("a number from 1 to {most}");
        let within = |text: &str| text.parse().ok().filter(|limit| (1..=most).contains(limit));
        Ok(self.parsed("limit", &form, within)?.unwrap_or(usual))
    }

    /// Refuses what was not taken: a misspelt filter must not pass for none.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.members.first() {
            None => Ok(()),
            Some((name, _)) => Err(malformed(format!("The query member {} is not known here.", shown(name)))),
        }
    }
}

/// A name as a refusal shows it. What is longer than any name may be a key that strayed there, and is not repeated.
fn shown(name: &str) -> String {
    if name.len() <= NAME_SHOWN_MAX { format!("{name:?}") } else { format!("of {} bytes", name.len()) }
}

fn malformed(detail: String) -> Refusal {
    Refusal::new(Code::MalformedRequest, detail)
}
