//! What 100,000 agencies take in memory, each with a key and a bucket.

use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;

use crate::admit;
use crate::partners::{NOW, SOURCE, open};

const AGENCIES: u64 = 100_000;

/// Tells the whole of this process, once the texts of the keys, which no server keeps, are gone.
pub(crate) fn measure() {
    let (gate, keys) = open(AGENCIES);
    let plain = Operation::new("GET /v1/bookings").expect("a name");
    for key in keys {
        let caller = gate.authenticate(key.reveal(), SOURCE, Timestamp::from_nanos(NOW));
        // An agency that never called has no bucket.
        assert!(admit(&gate, &caller.expect("the key is known"), &plain, NOW), "the plan is wide enough");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    println!("memory\t{AGENCIES}\tresident KiB\t{}", resident.map_or("-", str::trim));
}
