//! Keys, and callers' names for their requests.

use std::sync::Mutex;

use skybridge_domain::id::Randomness;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_domain::key::{ApiKey, KeyId, Mode, PresentedKey};

/// Chance that was chosen; zeros once it is used up.
struct Chosen(Mutex<Vec<u8>>);

impl Randomness for Chosen {
    fn fill(&self, bytes: &mut [u8]) {
        let mut left = self.0.lock().expect("nothing panics while it is locked");
        bytes.fill_with(|| left.pop().unwrap_or_default());
    }
}

/// A text that is read as a key is spelt as its parts are. A key that was made is read as what it was made, and with
/// any one character changed it is none.
pub(crate) fn key(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(key) = PresentedKey::parse(text)
    {
        assert_is_spelt_by_its_parts(text, key);
    }
    let Some((at, change, chance)) =
        data.split_first_chunk::<2>().map(|([at, change], rest)| (*at, *change, rest))
    else {
        return;
    };
    let mode = if at.is_multiple_of(2) { Mode::Live } else { Mode::Test };
    let made = ApiKey::generate(mode, &Chosen(Mutex::new(chance.to_vec())));
    let read = PresentedKey::parse(made.reveal()).expect("a key that was made is one");
    assert_eq!((read.id, read.mode, read.secret()), (made.id(), mode, made.present().secret()));
    assert_is_spelt_by_its_parts(made.reveal(), read);

    let mut typo = made.reveal().to_owned().into_bytes();
    let at = usize::from(at) % typo.len();
    typo[at] ^= change & 0x7f;
    let typo = String::from_utf8(typo).expect("it is ASCII still");
    assert_eq!(PresentedKey::parse(&typo).is_ok(), typo == made.reveal(), "{typo}");
}

fn assert_is_spelt_by_its_parts(text: &str, key: PresentedKey<'_>) {
    let secret = std::str::from_utf8(key.secret()).expect("a secret is text");
    let begins = format!("sbk_{}_{}_{secret}_", key.mode.as_str(), key.id);
    assert_eq!(text.strip_prefix(&begins).map(str::len), Some(6), "{text}");
    assert_eq!(KeyId::parse(key.id.as_str()), Some(key.id));
}

/// A header that is read names a key within its bounds, and the key, quoted or as it is, is read as itself. What can be
/// a key at all can be sent.
pub(crate) fn idempotency_key(value: &[u8]) {
    if let Ok(key) = IdempotencyKey::parse_header(value) {
        assert!((1..=IdempotencyKey::CHARS_MAX).contains(&key.as_str().len()));
        assert!(key.as_str().bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        assert_can_be_sent(&key);
    }
    if let Ok(text) = std::str::from_utf8(value)
        && let Ok(key) = IdempotencyKey::new(text)
    {
        assert_can_be_sent(&key);
    }
}

fn assert_can_be_sent(key: &IdempotencyKey) {
    let quoted = format!("\"{}\"", key.as_str().replace('\\', "\\\\").replace('"', "\\\""));
    assert_eq!(IdempotencyKey::parse_header(quoted.as_bytes()).as_ref(), Ok(key), "{quoted}");
}
