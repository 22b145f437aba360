//! An agency's limits as a record.

use skybridge_domain::time::Timestamp;
use skybridge_gate::{Account, Bucket, Node, Recorded, Share};
use skybridge_store::{Attributes, Key, Record, StoreError, Table, Value};

use crate::attribute::{self, Unreadable, damaged};

/// Where an agency's limits stand, or those of one of its routes: `PartnerCo`, `PartnerCo#POST /v1/bookings`. No
/// agency's name has a `#`. Found by name alone: a listing of them would cost as much again with every lease.
pub(super) fn key_of(account: &Account) -> Key {
    let agency = account.agency();
    match account.route() {
        None => Key::new(Table::Limits, agency.as_str()),
        Some(route) => Key::new(Table::Limits, format!("{agency}#{route}")),
    }
}

pub(super) fn record_of(key: Key, bucket: &Bucket, version: u64) -> Record {
    let shares: Vec<Value> = bucket.shares.iter().map(|share| Value::M(attributes_of(share))).collect();
    let attributes = Attributes::with_capacity(7)
        .with("interval_nanos", bucket.interval_nanos)
        .with("nodes", shares)
        .with("quota_reserved", bucket.quota_reserved)
        .with("quota_window_end", bucket.quota_window_end.as_nanos())
        .with("quota_window_start", bucket.quota_window_start.as_nanos())
        .with("seen", bucket.seen.as_nanos())
        .with("tat", bucket.tat.as_nanos());
    Record { key, version, listing: None, attributes }
}

fn attributes_of(share: &Share) -> Attributes {
    Attributes::with_capacity(4)
        .with("node", &*share.node)
        .with("serial", share.serial)
        .with("tokens", share.tokens)
        .with("until", share.until.as_nanos())
}

/// What a record says, or that there is none.
pub(super) fn recorded_of(record: Option<&Record>) -> Result<Recorded, StoreError> {
    let Some(record) = record else { return Ok(Recorded { version: 0, bucket: None }) };
    let bucket = bucket_of(&record.attributes).map_err(|error| damaged(&record.key, error))?;
    Ok(Recorded { version: record.version, bucket: Some(bucket) })
}

fn bucket_of(attributes: &Attributes) -> Result<Bucket, Unreadable> {
    let number = |name| attribute::number(attributes, name);
    let moment = |name| number(name).map(Timestamp::from_nanos);
    let mut bucket = Bucket {
        seen: moment("seen")?,
        tat: moment("tat")?,
        interval_nanos: number("interval_nanos")?,
        quota_window_start: moment("quota_window_start")?,
        quota_window_end: moment("quota_window_end")?,
        quota_reserved: number("quota_reserved")?,
        shares: Vec::new(),
    };
    match attributes.list("nodes") {
        Some(shares) => bucket.shares = shares.iter().map(share_of).collect::<Result<_, _>>()?,
        None => count_lease(&mut bucket, number("lease")?)?,
    }
    Ok(bucket)
}

/// Records were once written by one process alone, with its lease beside `tat` and not in it.
fn count_lease(bucket: &mut Bucket, lease: u64) -> Result<(), Unreadable> {
    let debt = bucket.interval_nanos.checked_mul(lease).ok_or(Unreadable("lease"))?;
    let tat = bucket.tat.max(bucket.seen).as_nanos().checked_add(debt).ok_or(Unreadable("tat"))?;
    bucket.tat = Timestamp::from_nanos(tat);
    let until = Timestamp::from_nanos(u64::MAX);
    bucket.shares = vec![Share { node: Node::sole().name().into(), serial: 0, tokens: lease, until }];
    Ok(())
}

fn share_of(value: &Value) -> Result<Share, Unreadable> {
    let Value::M(attributes) = value else { return Err(Unreadable("nodes")) };
    Ok(Share {
        node: attribute::text(attributes, "node")?.into(),
        serial: attribute::number(attributes, "serial")?,
        tokens: attribute::number(attributes, "tokens")?,
        until: Timestamp::from_nanos(attribute::number(attributes, "until")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(Table::Limits, "A")
    }

    fn bucket() -> Bucket {
        let at = Timestamp::from_nanos;
        let share = Share { node: "a".into(), serial: 7, tokens: 5, until: at(90) };
        Bucket {
            seen: at(10),
            tat: at(60),
            interval_nanos: 10,
            quota_window_start: at(1),
            quota_window_end: at(99),
            quota_reserved: 50,
            shares: vec![share.clone(), Share { node: "b".into(), tokens: 0, ..share }],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let read = recorded_of(Some(&record_of(key(), &bucket(), 3))).unwrap();
        assert_eq!((read.version, read.bucket), (3, Some(bucket())));
        let none = recorded_of(None).unwrap();
        assert_eq!((none.version, none.bucket), (0, None));
    }

    #[test]
    fn a_record_from_before_nodes_shared_it_counts_its_lease_as_held() {
        let mut record = record_of(key(), &bucket(), 3);
        record.attributes = Attributes::default();
        for (name, value) in [("interval_nanos", 10), ("seen", 10), ("tat", 60), ("lease", 4)] {
            record.attributes.set(name, value);
        }
        for (name, value) in [("quota_reserved", 50), ("quota_window_start", 1), ("quota_window_end", 99)] {
            record.attributes.set(name, value);
        }
        let read = recorded_of(Some(&record)).unwrap().bucket.unwrap();
        assert_eq!((read.tat.as_nanos(), read.quota_reserved), (100, 50));
        assert_eq!((read.shares.len(), &*read.shares[0].node, read.shares[0].tokens), (1, "sole", 4));
        record.attributes.set("lease", u64::MAX);
        assert!(recorded_of(Some(&record)).is_err());
    }
}
