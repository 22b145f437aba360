//! `skybridge signing-key`: what an agency signs its requests with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use skybridge_domain::key::Ed25519PublicKey;

use super::agency::quoted;
use super::client::segment;
use super::failure::Failure;
use super::fields::Fields as _;
use super::key;
use super::session::Session;
use super::table;
use crate::duration;

/// Signing keys: what an agency signs its requests with (RFC 9421), in place of an API key
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(CreateArgs),
    /// List an agency's signing keys
    List {
        /// The agency's name
        agency: String,
    },
    Rotate(RotateArgs),
    /// Refuse what is signed with a key from now on; it cannot be undone
    Revoke {
        /// The key's id, the keyid of signatures
        key_id: String,
    },
}

/// Register an agency's public key, or make a secret and print it, once
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  openssl genpkey -algorithm ed25519 -out till.key\n  openssl pkey -in till.key -pubout -out till.pub\n  \
                        skybridge signing-key create PartnerCo --algorithm ed25519 --public-key till.pub"
)]
pub(crate) struct CreateArgs {
    /// The agency's name
    agency: String,

    /// What signatures are made with
    #[arg(long, value_enum)]
    algorithm: Algorithm,

    /// The public key, in PEM; for ed25519
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,

    /// What the key is for, to tell it from others
    #[arg(long)]
    name: Option<String>,

    /// What may be done with it, as of an API key; may be given several times [default: all]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,

    /// From where it may be used, such as 203.0.113.0/24; may be given several times [default: anywhere]
    #[arg(long = "allow-cidr", value_name = "CIDR")]
    allow_cidrs: Vec<String>,

    /// When it ends, such as 90d or 24h [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    expires_in: Option<Duration>,

    /// For bookings of the sandbox, which never meet the real ones
    #[arg(long)]
    sandbox: bool,
}

/// An algorithm of RFC 9421
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Algorithm {
    /// The agency keeps the private key, and the airline has only the public one
    Ed25519,
    /// Both have the secret, which is made here
    HmacSha256,
}

/// Register or make another signing key in place of one, which goes on working during the grace
#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// The id of the key to replace
    key_id: String,

    /// The new public key, in PEM; for ed25519
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,

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
            Self::Revoke { key_id } => key::revoke(&key_id, session),
        }
    }
}

fn keys_of(agency: &str) -> String {
    format!("/admin/v1/agencies/{}/signing-keys", segment(agency))
}

/// The text of the file, once it is known to hold a public key: what is private must not leave this machine.
fn public_key(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    let text = text.map_err(Failure::Failed)?;
    let checked = Ed25519PublicKey::from_pem(&text);
    checked.map_err(|error| Failure::Unusable(format!("{}: {error}", file.display())))?;
    Ok(text)
}

fn create(args: &CreateArgs, session: &Session) -> Result<(), Failure> {
    let wanted = json!({
        "algorithm": match args.algorithm { Algorithm::Ed25519 => "ed25519", Algorithm::HmacSha256 => "hmac-sha256" },
        "public_key": args.public_key.as_deref().map(public_key).transpose()?,
        "name": args.name,
        "mode": if args.sandbox { "test" } else { "live" },
        "scopes": (!args.scopes.is_empty()).then_some(&args.scopes),
        "allowed_cidrs": args.allow_cidrs,
        "expires_in_seconds": args.expires_in.map(|duration| duration.as_secs()),
    });
    let made = session.client()?.send("POST", &keys_of(&args.agency), &wanted)?;
    session.show(&made, told)
}

fn rotate(args: &RotateArgs, session: &Session) -> Result<(), Failure> {
    let path = format!("/admin/v1/signing-keys/{}/rotate", segment(&args.key_id));
    let public_key = args.public_key.as_deref().map(public_key).transpose()?;
    let wanted = json!({ "grace_seconds": args.grace.as_secs(), "public_key": public_key });
    let made = session.client()?.send("POST", &path, &wanted)?;
    session.show(&made, |made| {
        let old = &made["replaces"];
        let (id, until) = (old.text("key_id"), old.moment("expires_at"));
        format!("{}\n\nThe old key {id} works until {until} (UTC).", told(made))
    })
}

fn told(made: &Value) -> String {
    let (agency, id, algorithm) = (made.text("agency"), made.text("key_id"), made.text("algorithm"));
    let intro = format!("{agency} may sign with {algorithm}, with keyid=\"{id}\".");
    let details = key::details(made);
    if !made["secret"].is_string() {
        return format!("{intro}\n\n{details}");
    }
    let secret = made.text("secret");
    format!(
        "{intro} Its secret, in base64, is shown this once: hand it over and keep no copy.\n\n  {secret}\n\n{details}"
    )
}

fn list(agency: &str, session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get(&keys_of(agency))?;
    let nothing = format!(
        "{agency} has no signing key yet. Register one:  skybridge signing-key create {} --algorithm ed25519 \
         --public-key FILE",
        quoted(agency)
    );
    session.show(&answer, |answer| {
        let rows = answer.list("keys").iter().map(|one| {
            let state = key::state(one);
            let (id, name, algorithm) = (one.text("key_id"), one.text("name"), one.text("algorithm"));
            [id, name, algorithm, one.text("mode"), state, key::expiry(one), key::last_use(one)]
        });
        let headings = ["KEY ID", "NAME", "ALGORITHM", "MODE", "STATUS", "EXPIRES (UTC)", "LAST USED (UTC)"];
        table::of(headings, rows.collect(), &nothing)
    })
}
