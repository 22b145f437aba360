//! `skybridge key check` and `skybridge key pattern`: is this text a key? Told from the text alone, without a server.

use std::io::{self, Read as _};

use anyhow::Context as _;
use serde_json::json;
use skybridge_domain::key::{KeyId, MalformedKey, Mode, PATTERN, PresentedKey};

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::cli::table;

/// A key has 72 characters; whatever is much longer on standard input is none, and is not read to its end.
const INPUT_BYTES_MAX: u64 = 4096;

/// Check a key's form and checksum, without asking any server
///
/// Says the key's id and mode, never its secret. Whether the key is known, expired or revoked only a server can tell:
/// `skybridge key list` shows it under its id. Exit code 0 if the text is a key, 1 if not.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub(crate) struct CheckArgs {
    /// The key, or - to read it from standard input, so that it does not stand in the shell's history
    #[arg(allow_hyphen_values = true)]
    key: String,
}

fn after_help() -> String {
    format!(
        "Example:\n  skybridge key check - < key.txt\n\nFor scanners that look for leaked secrets, a key matches:\n  {PATTERN}"
    )
}

impl CheckArgs {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let text = if self.key == "-" { from_standard_input()? } else { self.key };
        match PresentedKey::parse(text.trim()) {
            Ok(key) => told_good(key.id, key.mode, session),
            Err(refused) => told_wrong(refused, session),
        }
    }
}

fn from_standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let read = io::stdin().lock().take(INPUT_BYTES_MAX).read_to_string(&mut text);
    read.context("the key cannot be read from standard input").map_err(Failure::Failed)?;
    Ok(text)
}

fn told_good(id: KeyId, mode: Mode, session: &Session) -> Result<(), Failure> {
    let answer = json!({ "valid": true, "key_id": id.as_str(), "mode": mode.as_str() });
    session.show(&answer, |_| {
        let pairs = table::pairs([("key id", id.to_string()), ("mode", mode.as_str().to_owned())]);
        format!("The form and the checksum are right.\n\n{pairs}")
    })
}

fn told_wrong(refused: MalformedKey, session: &Session) -> Result<(), Failure> {
    let detail = refused.to_string();
    session.show(&json!({ "valid": false, "detail": detail }), |_| detail.clone())?;
    Err(Failure::Told)
}

/// Prints the pattern.
pub(super) fn pattern(session: &Session) -> Result<(), Failure> {
    if session.wants_json() {
        return output::print(&json!({ "pattern": PATTERN }).to_string());
    }
    output::print(PATTERN)
}
