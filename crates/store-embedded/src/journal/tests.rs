use std::io::BufReader;

use super::batch::{Batch, Parsed, read_batch};
use super::*;
use crate::layout::Span;

const RECORDS: u64 = 1;

fn item(keyspace: u64, key: &[u8], value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_le_bytes();
    let mut item = vec![2, 0, 0];
    item.extend(keyspace.to_le_bytes());
    item.extend(u16::try_from(key.len()).unwrap().to_le_bytes());
    item.extend([length, length].concat());
    item.extend([key, value].concat());
    item
}

fn batch(seqno: u64, items: &[Vec<u8>]) -> Vec<u8> {
    let body = items.concat();
    let mut batch = vec![1];
    batch.extend(u32::try_from(items.len()).unwrap().to_le_bytes());
    batch.extend(seqno.to_le_bytes());
    batch.extend(&body);
    batch.push(3);
    batch.extend(xxhash_rust::xxh3::xxh3_64(&body).to_le_bytes());
    batch.extend(b"FJL\x03");
    batch
}

fn commit(before: u64, last: u64) -> Vec<u8> {
    numbered(10 * last, before, last)
}

fn numbered(seqno: u64, before: u64, last: u64) -> Vec<u8> {
    batch(seqno, &[item(RECORDS, b"\0id", b"value"), item(RECORDS, &[0xFF], &Span { before, last }.encode())])
}

fn parse(bytes: &[u8]) -> Parsed {
    read_batch(&mut BufReader::with_capacity(16, bytes), RECORDS, &mut Vec::new()).unwrap()
}

#[test]
fn a_whole_batch_is_read_and_every_damage_to_it_seen() {
    let whole = commit(3, 5);
    let span = Some(Span { before: 3, last: 5 });
    assert_eq!(parse(&whole), Parsed::Batch(Batch { bytes: whole.len() as u64, seqno: 50, span }));
    for length in 1..whole.len() {
        assert_eq!(parse(&whole[..length]), Parsed::Broken, "{length} bytes");
    }
    // fjall's own number of the batch (bytes 5 to 12) is outside its checksum; the survey sees to it.
    for at in (0..5).chain(13..whole.len()) {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            assert!(!matches!(parse(&damaged), Parsed::Batch(_)), "bit {bit} of byte {at}");
        }
    }
    assert_eq!(parse(&[]), Parsed::Nothing);
    assert_eq!(parse(&[0, 0]), Parsed::Nothing);
}

#[test]
fn what_claims_to_be_huge_is_broken_before_it_is_read() {
    let mut huge = commit(0, 1);
    huge[1..5].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(parse(&huge), Parsed::Broken);
    let mut value = commit(0, 1);
    value[26..34].copy_from_slice(&[0xFF; 8]);
    assert_eq!(parse(&value), Parsed::Broken);
}

fn survey_of(journals: &[Vec<u8>]) -> Survey {
    let dir = tempfile::tempdir().unwrap();
    for (n, journal) in journals.iter().enumerate() {
        fs::write(dir.path().join(format!("{}.jnl", n + 9)), journal).unwrap();
    }
    survey(dir.path(), RECORDS).unwrap()
}

#[test]
fn journals_are_read_in_order_of_their_numbers_up_to_their_zeros() {
    let zeros = vec![0; 100_000];
    let found =
        survey_of(&[[commit(0, 2), zeros.clone()].concat(), [commit(2, 3), zeros.clone()].concat(), zeros]);
    assert_eq!((found.last, found.end), (Some(3), End::Clean));
    assert_eq!(survey_of(&[vec![]]).last, None);
}

#[test]
fn what_stands_behind_decides_between_torn_and_damaged() {
    let torn = commit(2, 3)[..40].to_vec();
    let end = |journals: &[Vec<u8>]| survey_of(journals).end;
    assert!(matches!(end(&[[commit(0, 2), torn.clone()].concat()]), End::Torn(_)));
    let behind = [commit(0, 2), torn.clone(), commit(3, 4)].concat();
    assert!(matches!(end(&[behind]), End::Damaged { later: Some(4), .. }));
    let behind_zeros = [commit(0, 2), vec![0; 5000], commit(3, 4)].concat();
    assert!(matches!(end(&[behind_zeros]), End::Damaged { later: Some(4), .. }));
    let older = [[commit(0, 2), torn].concat(), commit(2, 3)];
    assert!(matches!(end(&older), End::Damaged { later: Some(3), .. }));
    assert!(matches!(end(&[commit(0, 2), commit(3, 4)]), End::Damaged { later: Some(4), .. }));
}

#[test]
fn a_batch_number_that_does_not_grow_is_damage() {
    let end = |seqnos: [u64; 3]| {
        let [a, b, c] = seqnos;
        survey_of(&[[numbered(a, 0, 1), numbered(b, 1, 2), numbered(c, 2, 3)].concat()]).end
    };
    assert_eq!(end([1, 2, 9]), End::Clean);
    for seqnos in [[1, 1, 2], [2, 1, 3], [1, 2, 2], [1, 5, 4], [1, 2, 1 << 60], [1 << 60, 2, 3]] {
        assert!(matches!(end(seqnos), End::Damaged { .. }), "{seqnos:?}");
    }
}
