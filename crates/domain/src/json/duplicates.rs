//! Names that stand twice in one object.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Json;
use crate::fault::{Fault, FaultKind, Faults, Path};

/// Up to this many members every pair of names is compared, which is faster than hashing; above it names are
/// hashed, so that an object of thousands of members does not cost millions of comparisons.
const PAIRS_MEMBERS_MAX: usize = 16;

/// Does a name stand twice among `members`?
pub(super) fn any(members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    if members.len() <= PAIRS_MEMBERS_MAX {
        let repeats = |at: usize| members[..at].iter().any(|(name, _)| *name == members[at].0);
        (1..members.len()).any(repeats)
    } else {
        counted(members).len() < members.len()
    }
}

/// Every name that stands twice in its object, anywhere under `root`, once each, in the order of the document.
pub(super) fn find(root: &Json<'_>) -> Vec<Fault> {
    let mut faults = Faults::default();
    walk(root, &Path::Root, &mut faults);
    faults.into_list()
}

fn walk(json: &Json<'_>, at: &Path<'_>, faults: &mut Faults) {
    match json {
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &at.item(index), faults);
            }
        }
        Json::Object(members) => {
            let mut times = counted(members);
            for (name, value) in members {
                let here = at.member(name);
                // Taken out when told, so that each name is told once.
                if let Some(2..) = times.get(name.as_ref()) {
                    let count = times.remove(name.as_ref()).unwrap_or(2);
                    let detail = format!("stands {count} times in its object");
                    faults.add(&here, FaultKind::DuplicateMember, detail);
                }
                walk(value, &here, faults);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number | Json::Text(_) => {}
    }
}

fn counted<'j>(members: &'j [(Cow<'_, str>, Json<'_>)]) -> HashMap<&'j str, usize> {
    let mut times = HashMap::with_capacity(members.len());
    for (name, _) in members {
        *times.entry(name.as_ref()).or_insert(0) += 1;
    }
    times
}
