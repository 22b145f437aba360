//! Records as they are stored.

use skybridge_desk::bookings::check_record;
use skybridge_store::Key;
use skybridge_store_embedded::decoding::{decoded, encoded};

/// Bytes that decode are of a record that encodes and decodes to itself, if it is within the store's bounds; and
/// whatever record it is, what it says of a booking is told or refused.
///
/// The first byte is the length of the database's key, then come the key and the value.
pub(crate) fn record(data: &[u8]) {
    let Some((length, rest)) = data.split_first() else { return };
    let Some((key, value)) = rest.split_at_checked(usize::from(*length)) else { return };
    let Some(record) = decoded(key, value) else { return };
    let Key { table, id } = &record.key;
    assert_eq!(key, [&[*table as u8], id.as_bytes()].concat());
    if let Err(refused) = check_record(&record) {
        assert!(!refused.to_string().is_empty());
    }
    if let Some((key, value)) = encoded(record.clone()) {
        assert_eq!(decoded(&key, &value), Some(record));
    }
}
