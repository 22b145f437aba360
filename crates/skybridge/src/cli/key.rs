//! `skybridge key`: what an agency shows to come in.

mod check;

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::agency::quoted;
use super::client::segment;
use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use super::table;
use crate::duration;

/// API keys: what an agency shows to come in
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(CreateArgs),
    /// List an agency's keys, without their secrets
    List {
        /// The agency's name
        agency: String,
    },
    Rotate(RotateArgs),
    /// Refuse a key from now on; it cannot be undone
    Revoke {
        /// The key's id: the 12 characters after `sbk_live_`
        key_id: String,
    },
    Check(check::CheckArgs),
    /// Print what a key looks like, as a regular expression for scanners that look for leaked secrets
    Pattern,
}

/// Make a key for an agency and print it, once
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  skybridge key create PartnerCo --name 'booking engine' --expires-in 90d")]
pub(crate) struct CreateArgs {
    /// The agency's name
    agency: String,

    /// What the key is for, to tell it from others
    #[arg(long)]
    name: Option<String>,

    /// What the key may do: bookings:write, bookings:read, webhooks:manage or usage:read; may be given several
    /// times [default: all]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,

    /// From where the key may be used, such as 203.0.113.0/24; may be given several times [default: anywhere]
    #[arg(long = "allow-cidr", value_name = "CIDR")]
    allow_cidrs: Vec<String>,

    /// When the key ends, such as 90d or 24h [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    expires_in: Option<Duration>,

    /// Whether the key makes real bookings
    #[arg(long, value_enum, default_value = "live", conflicts_with = "sandbox")]
    mode: Mode,

    /// The same as --mode test
    #[arg(long)]
    sandbox: bool,
}

/// Whether a key makes real bookings
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Real bookings (sbk_live_…)
    Live,
    /// Bookings of the sandbox, which never meet the real ones (sbk_test_…)
    Test,
}

/// Make a new key in place of one, which goes on working during the grace
///
/// Both share the agency's limits. The new key has the old one's name, scopes and addresses.
#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// The id of the key to replace: the 12 characters after `sbk_live_`
    key_id: String,

    /// How long the old key goes on working
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "24h")]
    grace: Duration,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create(args) => create(&args, session),
            Self::List { agency } => list(&agency, session),
            Self::Rotate(args) => rotate(&args, session),
            Self::Revoke { key_id } => revoke(&key_id, session),
            Self::Check(args) => args.run(session),
            Self::Pattern => check::pattern(session),
        }
    }
}

fn create(args: &CreateArgs, session: &Session) -> Result<(), Failure> {
    let mode = if args.sandbox { Mode::Test } else { args.mode };
    let wanted = json!({
        "name": args.name,
        "mode": if mode == Mode::Test { "test" } else { "live" },
        "scopes": (!args.scopes.is_empty()).then_some(&args.scopes),
        "allowed_cidrs": args.allow_cidrs,
        "expires_in_seconds": args.expires_in.map(|duration| duration.as_secs()),
    });
    let key = session.client()?.send("POST", &keys_of(&args.agency), &wanted)?;
    session.show(&key, |key| {
        let intro = format!(
            "A key for {}. It is shown this once: hand it over and keep no copy.",
            key.text("agency")
        );
        format!("{intro}\n\n  {}\n\n{}", key.text("key"), details(key))
    })
}

fn keys_of(agency: &str) -> String {
    format!("/admin/v1/agencies/{}/keys", segment(agency))
}

pub(super) fn details(key: &Value) -> String {
    let mut pairs =
        vec![("key id", key.text("key_id")), ("mode", key.text("mode")), ("scopes", key.joined("scopes"))];
    if !key.list("allowed_cidrs").is_empty() {
        pairs.push(("allowed from", key.joined("allowed_cidrs")));
    }
    pairs.push(("expires", expiry(key)));
    table::pairs(pairs)
}

pub(super) fn expiry(key: &Value) -> String {
    if key["expires_at"].is_string() { key.moment("expires_at") } else { "never".to_owned() }
}

/// How a key stands. One that was rotated works on until it expires.
pub(super) fn state(key: &Value) -> String {
    let status = key.text("status");
    if status == "active" && key["rotated_at"].is_string() {
        "ROTATED".to_owned()
    } else {
        status.to_uppercase()
    }
}

pub(super) fn last_use(key: &Value) -> String {
    if key["last_used_at"].is_string() { key.moment("last_used_at") } else { "never".to_owned() }
}

fn list(agency: &str, session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get(&keys_of(agency))?;
    let nothing = format!("{agency} has no key yet. Make one:  skybridge key create {}", quoted(agency));
    session.show(&answer, |answer| {
        let rows = answer.list("keys").iter().map(|key| {
            let state = state(key);
            let (id, name, mode) = (key.text("key_id"), key.text("name"), key.text("mode"));
            [
                id,
                name,
                mode,
                state,
                key.joined("scopes"),
                key.moment("created_at"),
                expiry(key),
                last_use(key),
            ]
        });
        let headings = [
            "KEY ID",
            "NAME",
            "MODE",
            "STATUS",
            "SCOPES",
            "CREATED (UTC)",
            "EXPIRES (UTC)",
            "LAST USED (UTC)",
        ];
        table::of(headings, rows.collect(), &nothing)
    })
}

fn rotate(args: &RotateArgs, session: &Session) -> Result<(), Failure> {
    let path = format!("/admin/v1/keys/{}/rotate", segment(&args.key_id));
    let key = session.client()?.send("POST", &path, &json!({ "grace_seconds": args.grace.as_secs() }))?;
    session.show(&key, |key| {
        let old = &key["replaces"];
        format!(
            "A new key for {}. It is shown this once: hand it over and keep no copy.\n\n  {}\n\n{}\n\n\
             The old key {} works until {} (UTC).",
            key.text("agency"),
            key.text("key"),
            details(key),
            old.text("key_id"),
            old.moment("expires_at"),
        )
    })
}

pub(super) fn revoke(key_id: &str, session: &Session) -> Result<(), Failure> {
    let path = format!("/admin/v1/keys/{}/revoke", segment(key_id));
    let key = session.client()?.send("POST", &path, &json!({}))?;
    session.show(&key, |key| format!("Key {} of {} is revoked.", key.text("key_id"), key.text("agency")))
}
