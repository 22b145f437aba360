//! The secrets that a server starts with: the environment's, or those of the data directory, made on first use.

use anyhow::Context as _;
use skybridge_api::admin::AdminToken;
use skybridge_domain::id::Randomness;
use skybridge_domain::key::PepperId;
use skybridge_gate::Peppers;

use crate::config::environment;
use crate::data_dir::{ADMIN_TOKEN, DataDir, PEPPER};

/// The token that opens the admin API: SKYBRIDGE_ADMIN_TOKEN, or the data directory's.
pub(super) fn admin_token(data: &DataDir, randomness: &dyn Randomness) -> anyhow::Result<AdminToken> {
    if let Some(text) = environment::read("SKYBRIDGE_ADMIN_TOKEN") {
        return AdminToken::new(&text).context(
            "SKYBRIDGE_ADMIN_TOKEN is no token: it takes at least 32 printable characters without spaces, such as \
             `openssl rand -hex 32` prints",
        );
    }
    let text = data.admin_token(randomness)?;
    AdminToken::new(&text).with_context(|| {
        let path = data.path().join(ADMIN_TOKEN);
        format!("{} holds no token: remove the file, and the next start makes one", path.display())
    })
}

/// What a server found of its peppers. It holds secrets, so it has no `Debug`.
pub(super) enum FoundPeppers {
    /// They are there: SKYBRIDGE_PEPPER, or the data directory's.
    Kept(Peppers),
    /// There are none. These were drawn just now and are not kept yet: whether a new pepper will do shows when the
    /// store is open.
    Fresh(Peppers),
}

/// The peppers of the environment or the data directory.
pub(super) fn peppers(data: &DataDir, randomness: &dyn Randomness) -> anyhow::Result<FoundPeppers> {
    if let Some(text) = environment::read("SKYBRIDGE_PEPPER") {
        return Peppers::parse(&text).map(FoundPeppers::Kept).context("SKYBRIDGE_PEPPER is wrong");
    }
    match data.read(PEPPER)? {
        None => Ok(FoundPeppers::Fresh(first_pepper(randomness))),
        Some(text) => {
            let wrong = || format!("{} is wrong", data.path().join(PEPPER).display());
            Peppers::parse(&text).map(FoundPeppers::Kept).with_context(wrong)
        }
    }
}

/// Keeps a pepper that was drawn.
pub(super) fn keep(data: &DataDir, fresh: &Peppers) -> anyhow::Result<()> {
    data.read_or_make(PEPPER, || fresh.reveal().trim_end().to_owned()).map(drop)
}

/// Its id is drawn too: keys name their pepper by it, and another pepper must not pass for theirs.
fn first_pepper(randomness: &dyn Randomness) -> Peppers {
    let (mut id, mut bytes) = ([0; 4], [0; 32]);
    randomness.fill(&mut id);
    randomness.fill(&mut bytes);
    let id = format!("{:08x}", u32::from_be_bytes(id));
    Peppers::new(PepperId::parse(&id).expect("eight digits are the id of a pepper"), bytes)
}
