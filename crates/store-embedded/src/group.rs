//! A group of commits that become durable together: conditions checked in order, each against the state that the
//! ones before it leave, and the changes of all of them as one batch.
//!
//! A record may be written several times in one group. Only its last state goes into the batch, and its listing
//! moves once, from where it stood before the group to where it stands after: fjall gives a whole batch one
//! sequence number, so two entries under one key in a batch would have no order.

use std::collections::HashMap;

use fjall::{OwnedWriteBatch, Slice};
use skybridge_store::Condition;

use crate::engine::Engine;
use crate::layout::{EncodedWrite, Head};
use crate::queue::Failure;

/// The changes of one group. Reused from group to group for its allocations.
#[derive(Default)]
pub(crate) struct Group {
    /// Where in `records` a record written by this group stands.
    places: HashMap<Slice, usize>,
    records: Vec<Changed>,
    /// What stands under the keys of the commit at hand.
    found: Vec<Found>,
    pub(crate) writes: usize,
    pub(crate) bytes: usize,
}

/// A record that the group writes.
struct Changed {
    key: Slice,
    value: Slice,
    /// Its listing entry on disk, before the group.
    listing_before: Option<Slice>,
    /// Its listing entry after the group.
    listing: Option<Slice>,
}

/// What stands under a key before a commit.
enum Found {
    /// Nothing, in the database or in the group.
    Nothing,
    /// A record that the group does not write yet, with this listing entry.
    OnDisk(Option<Slice>),
    /// A record that the group writes already.
    InGroup(usize),
}

impl Group {
    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.records.clear();
        self.found.clear();
        (self.writes, self.bytes) = (0, 0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Takes a commit into the group if all its conditions hold; otherwise the group is as it was.
    pub(crate) fn admit(&mut self, engine: &Engine, writes: Vec<EncodedWrite>) -> Result<(), Failure> {
        self.found.clear();
        for (n, write) in writes.iter().enumerate() {
            let found = self.check(engine, n, write)?;
            self.found.push(found);
        }
        self.writes += writes.len();
        let found = std::mem::take(&mut self.found);
        for (write, found) in writes.into_iter().zip(&found) {
            self.bytes += write.bytes();
            self.put(write, found);
        }
        self.found = found;
        Ok(())
    }

    fn check(&self, engine: &Engine, write: usize, asked: &EncodedWrite) -> Result<Found, Failure> {
        let place = self.places.get(&asked.key).copied();
        let on_disk;
        let standing = if let Some(place) = place {
            Some(&self.records[place].value)
        } else {
            let unreadable = |source| Failure::Unreadable { write, source: Box::new(source) };
            on_disk = engine.records.get(&asked.key).map_err(unreadable)?;
            on_disk.as_ref()
        };
        let Some(standing) = standing else {
            return match asked.condition {
                Condition::Absent => Ok(Found::Nothing),
                Condition::VersionIs(_) => Err(Failure::Condition { write, standing: None }),
            };
        };
        let failed = || Failure::Condition { write, standing: Some(standing.clone()) };
        let Condition::VersionIs(version) = asked.condition else { return Err(failed()) };
        let unreadable = |source| Failure::Unreadable { write, source: Box::new(source) };
        let head = Head::read(standing).map_err(unreadable)?;
        if head.version != version {
            return Err(failed());
        }
        match place {
            Some(place) => Ok(Found::InGroup(place)),
            None => Ok(Found::OnDisk(head.listing_key(&asked.key).map_err(unreadable)?)),
        }
    }

    fn put(&mut self, write: EncodedWrite, found: &Found) {
        let EncodedWrite { key, value, listing, .. } = write;
        let listing_before = match found {
            Found::InGroup(place) => {
                let changed = &mut self.records[*place];
                changed.value = value;
                changed.listing = listing;
                return;
            }
            Found::OnDisk(entry) => entry.clone(),
            Found::Nothing => None,
        };
        self.places.insert(key.clone(), self.records.len());
        self.records.push(Changed { key, value, listing_before, listing });
    }

    /// How many items [`fill`](Self::fill) puts into a batch at most.
    pub(crate) fn items_max(&self) -> usize {
        3 * self.records.len()
    }

    /// Moves the changes into a batch.
    pub(crate) fn fill(&mut self, engine: &Engine, batch: &mut OwnedWriteBatch) {
        for changed in self.records.drain(..) {
            let Changed { key, value, listing_before, listing } = changed;
            batch.insert(&engine.records, key, value);
            if listing_before == listing {
                continue;
            }
            if let Some(entry) = listing_before {
                batch.remove(&engine.listing, entry);
            }
            if let Some(entry) = listing {
                batch.insert(&engine.listing, entry, Slice::from(&[]));
            }
        }
    }
}
