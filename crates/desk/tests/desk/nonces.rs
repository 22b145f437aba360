//! A nonce is spent once, by whichever process is first.

use skybridge_gate::Nonce;
use skybridge_store::{Key, Store as _, Table};

use crate::kit::{Counter, Kind};

/// How old a signature may be, in seconds.
const AGE_MAX: u64 = 300;

#[tokio::test]
async fn of_processes_that_share_a_store_one_spends_it() {
    for kind in [Kind::Server, Kind::Function] {
        let first = Counter::open_as(kind, "10", 10).await;
        let key = first.agency("A").await.text;
        let second = first.beside().await;
        let (here, there) = (first.authenticate(&key).unwrap(), second.authenticate(&key).unwrap());
        let nonce = Nonce::new(key.id(), "n", 1_798_804_800);
        assert!(first.desk.spend_nonce(&here, &nonce, AGE_MAX).await.unwrap());
        assert!(!second.desk.spend_nonce(&there, &nonce, AGE_MAX).await.unwrap());
        assert!(!first.desk.spend_nonce(&here, &nonce, AGE_MAX).await.unwrap());
        let other = Nonce::new(key.id(), "m", 1_798_804_800);
        assert!(second.desk.spend_nonce(&there, &other, AGE_MAX).await.unwrap());

        // A table with a time to live forgets it some time after it has ceased to matter, by this attribute.
        let id = format!("nonce#{}#{:032x}", key.id(), nonce.digest());
        let record = first.store.get(&Key::new(Table::Limits, id)).await.unwrap().unwrap();
        assert_eq!(record.attributes.number("expires_at"), Some(1_798_804_800 + AGE_MAX + 3_600));
        assert_eq!(record.listing, None);
    }
}

#[tokio::test]
async fn a_sole_process_writes_nothing_for_it() {
    let counter = Counter::open_as(Kind::Sole, "10", 10).await;
    let key = counter.agency("A").await.text;
    let caller = counter.authenticate(&key).unwrap();
    let nonce = Nonce::new(key.id(), "n", 1_798_804_800);
    assert!(counter.desk.spend_nonce(&caller, &nonce, AGE_MAX).await.unwrap());
    let id = format!("nonce#{}#{:032x}", key.id(), nonce.digest());
    assert_eq!(counter.store.get(&Key::new(Table::Limits, id)).await.unwrap(), None);
}
