//! The bounds of a query as a condition on the index's range key.
//!
//! A range key is `sort`, NUL, `id`, and NUL sorts before everything. So every key whose sort text is at least `from`
//! is greater than `from`, and every key whose sort text is less than `to` is less than `to`: the two texts bound the
//! keys as they are. No key equals either, for each holds a NUL. A cursor is a whole key; the least text after it is
//! the key and one more NUL.

use skybridge_store::{Order, Query};

use crate::item::{names, range_key};

/// Keys from `low` on and below `high`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Range {
    low: Option<String>,
    high: Option<String>,
}

impl Range {
    /// The keys that `query` is about, or `None` if there can be none.
    pub(super) fn of(query: &Query) -> Option<Self> {
        // DynamoDB takes no empty text for a key.
        if query.partition.is_empty() {
            return None;
        }
        let cursor = query.after.as_ref().map(|after| range_key(&after.sort, &after.id));
        let (after, before) = match query.order {
            Order::Ascending => (cursor.map(|key| key + "\0"), None),
            Order::Descending => (None, cursor),
        };
        let from = query.from.clone().filter(|from| !from.is_empty());
        let low = from.into_iter().chain(after).max();
        let high = query.to.clone().into_iter().chain(before).min();
        let is_empty = high.as_deref().is_some_and(|high| low.as_deref().unwrap_or("") >= high);
        (!is_empty).then_some(Self { low, high })
    }

    /// The condition, with the values it names. `BETWEEN` includes its ends, and DynamoDB takes no other way to give
    /// both.
    pub(super) fn condition(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let low = self.low.clone().map(|low| (":low", low));
        let high = self.high.clone().map(|high| (":high", high));
        let text = match (&low, &high) {
            (None, None) => "#partition = :partition",
            (Some(_), None) => "#partition = :partition AND #sort >= :low",
            (None, Some(_)) => "#partition = :partition AND #sort < :high",
            (Some(_), Some(_)) => "#partition = :partition AND #sort BETWEEN :low AND :high",
        };
        (text, low.into_iter().chain(high).collect())
    }

    /// What the names in the condition stand for, beside `#partition`. DynamoDB refuses names that are not used.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let is_bounded = self.low.is_some() || self.high.is_some();
        is_bounded.then_some(("#sort", names::LISTING_SORT)).into_iter()
    }

    /// Can the condition let the cursor's own entry through?
    pub(super) fn may_hold_the_cursor(&self) -> bool {
        self.low.is_some() && self.high.as_ref().is_some_and(|high| high.contains('\0'))
    }

    /// Is `place` within the range? `BETWEEN` lets its upper end through.
    pub(super) fn holds(&self, place: &str) -> bool {
        self.high.as_deref() != Some(place)
    }
}

#[cfg(test)]
mod tests {
    use skybridge_store::{Position, Table};

    use super::*;

    fn range(
        order: Order,
        from: Option<&str>,
        to: Option<&str>,
        after: Option<(&str, &str)>,
    ) -> Option<Range> {
        Range::of(&Query {
            table: Table::Bookings,
            partition: "p".to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            order,
            limit: 10,
            after: after.map(|(sort, id)| Position { sort: sort.to_owned(), id: id.to_owned() }),
        })
    }

    fn bounds(low: Option<&str>, high: Option<&str>) -> Option<Range> {
        Some(Range { low: low.map(str::to_owned), high: high.map(str::to_owned) })
    }

    #[test]
    fn the_nearer_of_bound_and_cursor_holds() {
        use Order::{Ascending, Descending};
        assert_eq!(range(Ascending, None, None, None), bounds(None, None));
        assert_eq!(range(Ascending, Some(""), None, None), bounds(None, None));
        assert_eq!(range(Ascending, Some("2"), Some("5"), None), bounds(Some("2"), Some("5")));
        let after = Some(("3", "x"));
        assert_eq!(range(Ascending, Some("2"), None, after), bounds(Some("3\0x\0"), None));
        assert_eq!(range(Ascending, Some("4"), None, after), bounds(Some("4"), None));
        assert_eq!(range(Descending, None, Some("5"), after), bounds(None, Some("3\0x")));
        assert_eq!(range(Descending, None, Some("3"), after), bounds(None, Some("3")));
    }

    #[test]
    fn a_range_that_can_hold_nothing_is_none() {
        use Order::{Ascending, Descending};
        assert_eq!(range(Ascending, Some("2"), Some("2"), None), None);
        assert_eq!(range(Ascending, Some("3"), Some("2"), None), None);
        assert_eq!(range(Ascending, None, Some(""), None), None);
        assert_eq!(range(Descending, Some("4"), None, Some(("3", "x"))), None);
        assert_eq!(range(Ascending, None, Some("3"), Some(("3", "x"))), None);
    }

    #[test]
    fn only_between_lets_the_cursor_through() {
        let between = range(Order::Descending, Some("1"), None, Some(("3", "x"))).unwrap();
        assert!(between.may_hold_the_cursor() && !between.holds("3\0x") && between.holds("3\0w"));
        let below = range(Order::Descending, None, None, Some(("3", "x"))).unwrap();
        assert!(!below.may_hold_the_cursor());
    }
}
