//! Taking the members of a JSON object apart, one by one, noting every fault on the way.

use std::borrow::Cow;

use super::value::TextField;
use crate::fault::{FaultKind, Faults, Path};
use crate::json::Json;

/// The members of an object that are still to be taken. Relies on names standing once, as [`crate::json::read`]
/// guarantees: when as many members were found as there are, none is unknown.
pub(super) struct Members<'j, 'p> {
    at: &'p Path<'p>,
    members: &'j [(Cow<'j, str>, Json<'j>)],
    found: usize,
}

impl<'j, 'p> Members<'j, 'p> {
    /// The members of `json`; notes a fault and returns `None` if it is not an object.
    pub(super) fn of(json: &'j Json<'j>, at: &'p Path<'p>, faults: &mut Faults) -> Option<Self> {
        let Json::Object(members) = json else {
            faults.invalid(at, format!("must be an object, not {}", json.kind()));
            return None;
        };
        Some(Self { at, members, found: 0 })
    }

    /// Is there no member `name`?
    pub(super) fn absent(&self, name: &str) -> bool {
        !self.members.iter().any(|(held, _)| held == name)
    }

    /// Takes the member `name`, if there is one.
    pub(super) fn take(&mut self, name: &str) -> Option<&'j Json<'j>> {
        let (_, value) = self.members.iter().find(|(held, _)| held == name)?;
        self.found += 1;
        Some(value)
    }

    /// Takes the text member `name`, which must be there; `None` after noting a fault.
    pub(super) fn required<T: TextField>(&mut self, name: &'static str, faults: &mut Faults) -> Option<T> {
        match self.take(name) {
            Some(value) => text(value, &self.at.member(name), faults),
            None => {
                faults.invalid(&self.at.member(name), "is required");
                None
            }
        }
    }

    /// Takes the text member `name`, which may be missing; `None` after noting a fault.
    pub(super) fn optional<T: TextField>(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
    ) -> Option<Option<T>> {
        match self.take(name) {
            Some(value) => text(value, &self.at.member(name), faults).map(Some),
            None => Some(None),
        }
    }

    /// Notes every member that `shape` does not know.
    pub(super) fn finish(self, shape: &Shape, faults: &mut Faults) {
        if self.found == self.members.len() {
            return;
        }
        for (name, _) in self.members.iter().filter(|(name, _)| !shape.members.contains(&name.as_ref())) {
            let detail = if shape.set_by_server.contains(&name.as_ref()) {
                "is set by the server and must not be in a request".to_owned()
            } else {
                format!("is not a field of {}, which has {}", shape.what, shape.members.join(", "))
            };
            faults.add(&self.at.member(name), FaultKind::UnknownField, detail);
        }
    }
}

/// Which members an object of a request has.
pub(super) struct Shape {
    /// What the object is, with its article: `a segment`.
    pub(super) what: &'static str,
    /// The members that a request may hold.
    pub(super) members: &'static [&'static str],
    /// The members that answers hold and requests must not.
    pub(super) set_by_server: &'static [&'static str],
}

impl Shape {
    pub(super) const fn of(what: &'static str, members: &'static [&'static str]) -> Self {
        Self { what, members, set_by_server: &[] }
    }
}

/// Takes the items of a list of at most `most`; of a longer list none is looked at. Notes a fault and returns
/// `None` if it is too long or no list.
pub(super) fn items<'j>(
    json: &'j Json<'j>,
    most: usize,
    at: &Path<'_>,
    faults: &mut Faults,
) -> Option<&'j [Json<'j>]> {
    match json {
        Json::List(items) if items.len() <= most => Some(items),
        Json::List(items) => {
            faults.invalid(at, format!("must have at most {most} items, not {}", items.len()));
            None
        }
        other => {
            faults.invalid(at, format!("must be an array, not {}", other.kind()));
            None
        }
    }
}

/// Reads a text field; `None` after noting a fault.
pub(super) fn text<T: TextField>(json: &Json<'_>, at: &Path<'_>, faults: &mut Faults) -> Option<T> {
    let Json::Text(text) = json else {
        faults.invalid(at, format!("must be a string, not {}", json.kind()));
        return None;
    };
    T::from_text(text).map_err(|wrong| faults.invalid(at, wrong.into_detail())).ok()
}
