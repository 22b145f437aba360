//! Random steps for the comparison with the model, over few enough names that they meet often.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{Attributes, Key, Listing, Order, Position, Query, Table, Value};

/// One thing that is done to both stores.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Commit(Vec<Draft>),
    Get(Key),
    /// All pages of it, one after the other, starting after the cursor if there is one.
    Query(Query),
    Scan(Table),
    /// Closes the store under test and opens it again.
    Reopen,
}

/// A write whose versions are filled in from what stands when it is made.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) key: Key,
    pub(super) aim: Aim,
    pub(super) listing: Option<Listing>,
    pub(super) attributes: Attributes,
}

/// Which condition a draft shall carry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aim {
    /// The one that holds.
    Right,
    /// That there is no record, whether or not there is.
    Absent,
    /// This version, whether or not it stands.
    Version(u64),
}

/// A run of up to `count` steps.
pub(super) fn steps(count: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => vec(draft(), 1..5).prop_map(Step::Commit),
        4 => key().prop_map(Step::Get),
        6 => query().prop_map(Step::Query),
        1 => table().prop_map(Step::Scan),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..count)
}

fn draft() -> impl Strategy<Value = Draft> {
    let aim =
        prop_oneof![8 => Just(Aim::Right), 1 => Just(Aim::Absent), 1 => (1_u64..4).prop_map(Aim::Version)];
    (key(), aim, option::weighted(0.8, listing()), attributes())
        .prop_map(|(key, aim, listing, attributes)| Draft { key, aim, listing, attributes })
}

fn table() -> impl Strategy<Value = Table> {
    select(vec![Table::Bookings, Table::Audit])
}

fn key() -> impl Strategy<Value = Key> {
    let id = select(vec!["a", "aa", "b", "é", "b~", "c 1"]);
    (table(), id).prop_map(|(table, id)| Key::new(table, id))
}

fn partition() -> impl Strategy<Value = String> {
    select(vec!["p", "pp"]).prop_map(str::to_owned)
}

fn sort() -> impl Strategy<Value = String> {
    select(vec!["1", "10", "1\u{1}", "2", "é", "\u{10FFFF}"]).prop_map(str::to_owned)
}

fn listing() -> impl Strategy<Value = Listing> {
    (partition(), sort()).prop_map(|(partition, sort)| Listing { partition, sort })
}

fn query() -> impl Strategy<Value = Query> {
    let order = select(vec![Order::Ascending, Order::Descending]);
    let after = (sort(), key()).prop_map(|(sort, key)| Position { sort, id: key.id.into() });
    let range = (option::of(sort()), option::of(sort()), option::weighted(0.3, after));
    (key(), partition(), range, order, 0_usize..5).prop_map(
        |(key, partition, (from, to, after), order, limit)| Query {
            table: key.table,
            partition,
            from,
            to,
            order,
            limit,
            after,
        },
    )
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        vec(any::<u8>(), 0..6).prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 6, 3, |inner| {
        let list = vec(inner.clone(), 0..3).prop_map(Value::from);
        prop_oneof![list, map(inner).prop_map(Value::from)]
    });
    map(value)
}

fn map(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Attributes> {
    vec((select(vec!["n", "m", "né"]), value), 0..3).prop_map(|values| {
        values.into_iter().fold(Attributes::default(), |map, (name, value)| map.with(name, value))
    })
}
