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

/// The peppers: SKYBRIDGE_PEPPER, or the data directory's.
pub(super) fn peppers(data: &DataDir, randomness: &dyn Randomness) -> anyhow::Result<Peppers> {
    if let Some(text) = environment::read("SKYBRIDGE_PEPPER") {
        return Peppers::parse(&text).context("SKYBRIDGE_PEPPER is wrong");
    }
    let text = data.read_or_make(PEPPER, || first_pepper(randomness))?;
    Peppers::parse(&text).with_context(|| format!("{} is wrong", data.path().join(PEPPER).display()))
}

fn first_pepper(randomness: &dyn Randomness) -> String {
    let mut bytes = [0; 32];
    randomness.fill(&mut bytes);
    let id = PepperId::parse("1").expect("a digit is the id of a pepper");
    Peppers::new(id, bytes).reveal().trim_end().to_owned()
}
