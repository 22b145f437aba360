//! A part of a table, as DynamoDB cuts it: a megabyte of items, in the order of their keys' hashes.

use skybridge_store::{Key, ScanPage, StoreError, Table};

use crate::{DynamoStore, Failure, Operation, Outcome, Trouble, item};

impl DynamoStore {
    /// Items without a version are left out: SkyBridge did not write them, so they are no records.
    pub(crate) async fn part(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        let name = self.table_name(table);
        let errand = self.retry.errand(Operation::Scan, &name);
        let start = after.map(|id| item::key_of(&Key::new(table, id)));
        let request =
            self.client.scan().table_name(name).consistent_read(true).set_exclusive_start_key(start);
        let found = self.retry.run(&errand, || {
            let request = request.clone();
            async move { Ok((request.send().await.map_err(Trouble::of)?, Outcome::Done)) }
        });
        let found = found.await.map_err(Failure::nothing_written)?;
        let items = found.items.unwrap_or_default().into_iter().filter(item::is_record);
        let records = items.map(|item| self.record(table, item)).collect::<Result<_, _>>()?;
        Ok(ScanPage { records, next: found.last_evaluated_key.and_then(|key| item::id_of(table, key)) })
    }
}
