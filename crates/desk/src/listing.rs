//! Reading a whole range of a listing, page after page.

use skybridge_store::{Order, Query, Record, Store, StoreError, Table};

/// All records of `partition` whose sort text is in `from..to`, in order. For what is known to be of a size that
/// memory holds: partners and their limits, never bookings.
pub(crate) async fn all(
    store: &dyn Store,
    table: Table,
    partition: &str,
    from: Option<String>,
    to: Option<String>,
) -> Result<Vec<Record>, StoreError> {
    let mut query = Query {
        table,
        partition: partition.to_owned(),
        from,
        to,
        order: Order::Ascending,
        limit: Query::LIMIT_MAX,
        after: None,
    };
    let mut records = Vec::new();
    loop {
        let page = store.query(&query).await?;
        records.extend(page.records);
        if page.next.is_none() {
            return Ok(records);
        }
        query.after = page.next;
    }
}
