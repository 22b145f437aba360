//! Which commits wrote a record's last versions, kept in its item.
//!
//! A write whose answer was lost and which another node has already replaced cannot be recognised by the commit that
//! wrote the item: that was the other node's. So each item names the commits of its last [`History::VERSIONS_MAX`]
//! versions. To write them, a replacement must know those of the version it replaces, which this process has most
//! likely read or written a moment ago: [`Seen`] remembers. What it has forgotten is read again before the write.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use skybridge_store::{Key, Version};

use crate::item::{self, Item, names};

/// A commit: 16 random bytes, drawn once and kept over all of its attempts.
pub(crate) type CommitId = [u8; 16];

/// The marks of the commits that wrote a record's last versions, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<u8>);

impl History {
    /// How many versions it names. A retry comes within a second or so; a record that others replace sixteen times
    /// meanwhile is beyond what its callers can share anyway.
    const VERSIONS_MAX: usize = 16;

    /// Half of a commit's id: it need differ only from those of the few commits that want to write the same version
    /// of the same record.
    const MARK_BYTES: usize = 8;

    /// That of the item which `commit` writes in place of one with this history.
    pub(crate) fn continued_by(&self, commit: &CommitId) -> Self {
        let mut marks = commit[..Self::MARK_BYTES].to_vec();
        marks.extend(&self.0);
        marks.truncate(Self::VERSIONS_MAX * Self::MARK_BYTES);
        Self(marks)
    }

    /// What `item` says of it. An item that says nothing has none.
    pub(crate) fn of(item: &Item) -> Self {
        match item.get(names::COMMITS) {
            Some(AttributeValue::B(marks)) => Self(marks.as_ref().to_vec()),
            _ => Self::default(),
        }
    }

    pub(crate) fn attribute(&self) -> AttributeValue {
        AttributeValue::B(Blob::new(self.0.clone()))
    }

    /// Did `commit` write `version` of the record that has this history and stands at `standing`? `None` if the
    /// history does not go back so far.
    fn says(&self, standing: Version, version: Version, commit: &CommitId) -> Option<bool> {
        let back = usize::try_from(standing.checked_sub(version)?).ok()?;
        let mark = self.0.chunks_exact(Self::MARK_BYTES).nth(back)?;
        Some(*mark == commit[..Self::MARK_BYTES])
    }
}

/// What an item says about a commit that wanted to write its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// The commit took place.
    TookPlace,
    /// It did not, and never will: another wrote its version.
    Lost,
    /// Its version has not been written yet.
    Open,
    /// Its version was written, too long ago to tell by whom.
    Forgotten,
}

impl Testimony {
    /// What `item` says about `commit`, which wanted to write `version`.
    pub(crate) fn of(item: &Item, version: Version, commit: &CommitId) -> Self {
        match item::version(item) {
            // Not an item of ours: it stands where a record should, and no condition of ours holds on it.
            None => Self::Lost,
            Some(standing) if standing < version => Self::Open,
            Some(standing) => match History::of(item).says(standing, version, commit) {
                Some(true) => Self::TookPlace,
                Some(false) => Self::Lost,
                None => Self::Forgotten,
            },
        }
    }
}

/// The histories of the versions that this process last read or wrote. Bounded: the older half is dropped at once.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Key, (Version, History)>,
    old: HashMap<Key, (Version, History)>,
}

impl Seen {
    /// How many records a generation remembers; about half a megabyte each.
    const RECORDS_MAX: usize = 4096;

    /// `key` stands, or stood a moment ago, at `version` with this history.
    pub(crate) fn note(&self, key: &Key, version: Version, history: History) {
        let mut generations = self.generations();
        // Of two readers the slower may come with the older version, which nobody can replace any more.
        if generations.find(key).is_some_and(|(seen, _)| *seen > version) {
            return;
        }
        generations.young.insert(key.clone(), (version, history));
        if generations.young.len() >= Self::RECORDS_MAX {
            generations.old = std::mem::take(&mut generations.young);
        }
    }

    /// The history of just this version of `key`, if it is remembered.
    pub(crate) fn of(&self, key: &Key, version: Version) -> Option<History> {
        let generations = self.generations();
        let (seen, history) = generations.find(key)?;
        (*seen == version).then(|| history.clone())
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        // Each entry is whole by itself.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&self, key: &Key) -> Option<&(Version, History)> {
        self.young.get(key).or_else(|| self.old.get(key))
    }
}

#[cfg(test)]
mod tests {
    use skybridge_store::Table;

    use super::*;

    fn commit(n: u8) -> CommitId {
        [n; 16]
    }

    /// An item that commits 1, 2, … wrote, one version each, of which the last `kept` knew of one another.
    fn item(version: u8, kept: u8) -> Item {
        let history = (version - kept + 1..=version)
            .fold(History::default(), |history, n| history.continued_by(&commit(n)));
        Item::from([
            (names::VERSION.to_owned(), AttributeValue::N(version.to_string())),
            (names::COMMITS.to_owned(), history.attribute()),
        ])
    }

    #[test]
    fn an_item_tells_who_wrote_its_last_versions() {
        let item = item(20, 20);
        for version in 5..=20 {
            assert_eq!(Testimony::of(&item, version.into(), &commit(version)), Testimony::TookPlace);
            assert_eq!(Testimony::of(&item, version.into(), &commit(99)), Testimony::Lost);
        }
        assert_eq!(Testimony::of(&item, 4, &commit(4)), Testimony::Forgotten, "sixteen versions, no more");
        assert_eq!(Testimony::of(&item, 21, &commit(21)), Testimony::Open);
    }

    #[test]
    fn a_history_that_began_anew_claims_nothing_of_before() {
        let item = item(5, 2);
        assert_eq!(Testimony::of(&item, 4, &commit(4)), Testimony::TookPlace);
        assert_eq!(Testimony::of(&item, 3, &commit(3)), Testimony::Forgotten);
    }

    #[test]
    fn only_the_newest_version_seen_is_remembered_within_bounds() {
        let (seen, key) = (Seen::default(), Key::new(Table::Limits, "a"));
        let history = History::default().continued_by(&commit(1));
        seen.note(&key, 7, history.clone());
        seen.note(&key, 6, History::default());
        assert_eq!(seen.of(&key, 7), Some(history.clone()));
        assert_eq!(seen.of(&key, 6), None);
        for n in 0..3 * Seen::RECORDS_MAX {
            seen.note(&Key::new(Table::Limits, n.to_string()), 1, history.clone());
        }
        assert_eq!(seen.of(&key, 7), None, "forgotten");
        let generations = seen.generations();
        assert!(generations.young.len() + generations.old.len() <= 2 * Seen::RECORDS_MAX);
    }
}
