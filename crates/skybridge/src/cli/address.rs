//! `skybridge address`: which networks are not served, and which addresses are held back.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::segment;
use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use super::table;
use crate::duration;

/// Addresses: networks that are blocked or allowed, and addresses that send too much
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Block(BlockArgs),
    Allow(AllowArgs),
    /// Take a network off the list
    Remove {
        /// The network, as the list has it
        network: String,
    },
    /// List the networks that are blocked or allowed
    List,
    /// Show what is known of one address: its entry on the list, how much it has sent, its penalty
    Show {
        /// The address
        address: String,
    },
    /// List the addresses that are refused for a while because too much came from them
    Penalties,
    /// End an address's penalty, and forget what it has sent
    Forgive {
        /// The address
        address: String,
    },
}

/// Refuse requests from a network from now on, whatever key they carry
///
/// Of several entries that hold an address the most specific counts, and of a file's and the list's for the very same
/// network the one that allows.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  skybridge address block 203.0.113.0/24 --for 24h --reason \"guessing keys\""
)]
pub(crate) struct BlockArgs {
    /// The network, such as 203.0.113.0/24 or 2001:db8::/32, or one address
    network: String,

    #[command(flatten)]
    entry: EntryArgs,

    /// Block it although it is a great part of all addresses, or a trusted proxy's
    #[arg(long)]
    deliberately: bool,
}

/// Serve requests from a network although a wider one is blocked, and never hold it back for its rate
#[derive(Debug, clap::Args)]
pub(crate) struct AllowArgs {
    /// The network, such as 203.0.113.0/24 or 2001:db8::/32, or one address
    network: String,

    #[command(flatten)]
    entry: EntryArgs,
}

#[derive(Debug, clap::Args)]
struct EntryArgs {
    /// For how long, such as 1h or 30d [default: until it is removed]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasting: Option<Duration>,

    /// Why, for those who read the list
    #[arg(long)]
    reason: Option<String>,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Block(BlockArgs { network, entry, deliberately }) => {
                put(&network, "block", &entry, deliberately, session)
            }
            Self::Allow(AllowArgs { network, entry }) => put(&network, "allow", &entry, false, session),
            Self::Remove { network } => remove(&network, session),
            Self::List => list(session),
            Self::Show { address } => show(&address, session),
            Self::Penalties => penalties(session),
            Self::Forgive { address } => forgive(&address, session),
        }
    }
}

fn path_of(network: &str) -> String {
    format!("/admin/v1/addresses/{}", segment(network))
}

fn put(
    network: &str,
    action: &str,
    entry: &EntryArgs,
    deliberately: bool,
    session: &Session,
) -> Result<(), Failure> {
    let seconds = entry.lasting.map(|lasting| lasting.as_secs().max(1));
    let body = json!({
        "action": action,
        "expires_in_seconds": seconds,
        "reason": entry.reason,
        "deliberately": deliberately,
    });
    let answer = session.client()?.send("PUT", &path_of(network), &body)?;
    session.show(&answer, |entry| {
        let until = if entry["expires_at"].is_null() {
            "until it is removed".to_owned()
        } else {
            format!("until {} (UTC)", entry.moment("expires_at"))
        };
        let network = entry.text("network");
        let done = if entry["action"] == "block" { "blocked" } else { "allowed" };
        format!("Network {network} is {done}, {until}.\n\nTake it back:  skybridge address remove {network}")
    })
}

fn remove(network: &str, session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.send("DELETE", &path_of(network), &json!({}))?;
    session.show(&answer, |answer| format!("Network {} is off the list.", answer.text("network")))
}

fn list(session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get("/admin/v1/addresses")?;
    session.show(&answer, |answer| {
        let rows = answer.list("networks").iter().map(|entry| {
            let until = match (&entry["expires_at"], entry["in_force"] == true) {
                (Value::Null, _) => "no end".to_owned(),
                (_, true) => entry.moment("expires_at"),
                (_, false) => format!("{} (over)", entry.moment("expires_at")),
            };
            [
                entry.text("network"),
                entry.text("action"),
                until,
                entry.text("reason"),
                entry.moment("updated_at"),
            ]
        });
        let shown = table::of(
            ["NETWORK", "ACTION", "UNTIL (UTC)", "REASON", "CHANGED (UTC)"],
            rows.collect(),
            "No network is listed. Block one:  skybridge address block 203.0.113.0/24 --for 1h",
        );
        match answer["in_files"].as_u64() {
            None | Some(0) => shown,
            Some(_) => format!("{shown}\n\nFrom files: {} more.", answer.number("in_files")),
        }
    })
}

fn show(address: &str, session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get(&path_of(address))?;
    session.show(&answer, |answer| {
        let (listing, penalty) = (&answer["listing"], &answer["penalty"]);
        let listed = if listing.is_null() {
            "no".to_owned()
        } else {
            format!("{} by {} ({})", listing.text("action"), listing.text("network"), listing.text("from"))
        };
        let held = if penalty.is_null() { "none".to_owned() } else { penalty_in_words(penalty) };
        let used = answer.list("rates").iter().map(|rate| {
            format!(
                "{} of {} in {} s",
                rate.number("used"),
                rate.number("limit"),
                rate.number("window_seconds")
            )
        });
        table::pairs([
            ("address", answer.text("address")),
            ("listed", listed),
            ("counted", used.collect::<Vec<_>>().join(", ")),
            ("penalty", held),
        ])
    })
}

fn penalty_in_words(penalty: &Value) -> String {
    format!(
        "for {}, until {} (UTC), number {} in a row",
        penalty.text("cause"),
        penalty.moment("until"),
        penalty.number("strikes")
    )
}

fn penalties(session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get("/admin/v1/penalties")?;
    session.show(&answer, |answer| {
        let rows = answer.list("penalties").iter().map(|penalty| {
            [
                penalty.text("address"),
                penalty.text("cause"),
                penalty.number("strikes"),
                penalty.moment("until"),
            ]
        });
        table::of(
            ["ADDRESS", "FOR", "IN A ROW", "UNTIL (UTC)"],
            rows.collect(),
            "No address is under a penalty on this server.",
        )
    })
}

fn forgive(address: &str, session: &Session) -> Result<(), Failure> {
    let path = format!("{}/forgive", path_of(address));
    let answer = session.client()?.send("POST", &path, &json!({}))?;
    session.show(&answer, |answer| {
        let address = answer.text("address");
        if answer["forgiven"] == true {
            format!("Nothing is held against {address} on this server any more.")
        } else {
            format!("Nothing was held against {address} on this server.")
        }
    })
}
