//! `skybridge agency`: who may come to the counter.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};
use skybridge_domain::certificate::Fingerprint;

use super::client::segment;
use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use super::table;

/// Agencies: the partners that may come to the counter
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Let a new agency in; it needs a key next
    Create {
        /// The agency's name, for good: letters, digits, spaces, dots, underscores and hyphens
        name: String,
        /// The plan that paces it
        #[arg(long)]
        plan: String,
    },
    /// List the agencies
    List,
    /// Show one agency
    Show {
        /// The agency's name
        name: String,
    },
    /// Refuse an agency's calls from now on, until it is resumed; its keys and bookings stay
    Suspend {
        /// The agency's name
        name: String,
    },
    /// Let a suspended agency in again
    Resume {
        /// The agency's name
        name: String,
    },
    /// Pace an agency by another plan from now on
    SetPlan {
        /// The agency's name
        name: String,
        /// The plan's name
        plan: String,
    },
    /// Say what an agency's callers must come with from now on, beyond a key that is taken
    Require {
        /// The agency's name
        name: String,
        /// none (a key or a signature), signature, certificate, or both of them
        #[arg(value_parser = ["none", "signature", "certificate", "both"])]
        requires: String,
    },
    /// Count a client certificate as an agency's own; several may be pinned, so that one can follow another
    PinCertificate {
        /// The agency's name
        name: String,
        /// The certificate, in PEM
        #[arg(long, value_name = "FILE")]
        certificate: PathBuf,
    },
    /// Count a client certificate as an agency's no more
    UnpinCertificate {
        /// The agency's name
        name: String,
        /// The certificate's SHA-256, as `agency show` prints it
        sha256: String,
    },
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create { name, plan } => create(&name, &plan, session),
            Self::List => list(session),
            Self::Show { name } => show(&name, session),
            Self::Suspend { name } => suspend(&name, session),
            Self::Resume { name } => resume(&name, session),
            Self::SetPlan { name, plan } => set_plan(&name, &plan, session),
            Self::Require { name, requires } => require(&name, &requires, session),
            Self::PinCertificate { name, certificate } => pin(&name, &certificate, session),
            Self::UnpinCertificate { name, sha256 } => unpin(&name, &sha256, session),
        }
    }
}

fn path_of(name: &str) -> String {
    format!("/admin/v1/agencies/{}", segment(name))
}

fn create(name: &str, plan: &str, session: &Session) -> Result<(), Failure> {
    let agency =
        session.client()?.send("POST", "/admin/v1/agencies", &json!({ "name": name, "plan": plan }))?;
    session.show(&agency, |agency| {
        let name = agency.text("name");
        format!(
            "Agency {name} may come in, on plan {}.\n\nGive it its key:  skybridge key create {}",
            agency.text("plan"),
            quoted(&name)
        )
    })
}

fn list(session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get("/admin/v1/agencies")?;
    session.show(&answer, |answer| {
        let rows = answer.list("agencies").iter().map(|agency| {
            [
                agency.text("name"),
                agency.text("status"),
                agency.text("plan"),
                agency.text("requires"),
                agency.moment("created_at"),
            ]
        });
        table::of(
            ["NAME", "STATUS", "PLAN", "REQUIRES", "CREATED (UTC)"],
            rows.collect(),
            "There is no agency yet. Create one:  skybridge agency create NAME --plan PLAN",
        )
    })
}

fn show(name: &str, session: &Session) -> Result<(), Failure> {
    let agency = session.client()?.get(&path_of(name))?;
    session.show(&agency, |agency| {
        let name = quoted(&agency.text("name"));
        format!(
            "{}\n\nMore:  skybridge key list {name}    skybridge usage {name}    skybridge booking list --agency {name}",
            details(agency)
        )
    })
}

fn details(agency: &Value) -> String {
    let mut pairs = vec![
        ("agency", agency.text("name")),
        ("status", agency.text("status")),
        ("plan", agency.text("plan")),
        ("created", agency.moment("created_at")),
    ];
    if agency["suspended_at"].is_string() {
        pairs.push(("suspended", agency.moment("suspended_at")));
    }
    pairs.push(("requires", agency.text("requires")));
    for pinned in agency.list("certificates") {
        let (sha256, since) = (pinned.text("sha256"), pinned.moment("pinned_at"));
        pairs.push(("certificate", format!("{sha256} (pinned {since})")));
    }
    table::pairs(pairs)
}

fn suspend(name: &str, session: &Session) -> Result<(), Failure> {
    let agency = session.client()?.send("POST", &format!("{}/suspend", path_of(name)), &json!({}))?;
    session.show(&agency, |agency| {
        let name = agency.text("name");
        let again = quoted(&name);
        format!("Agency {name} is suspended: its calls are refused.\n\nLet it in again:  skybridge agency resume {again}")
    })
}

fn resume(name: &str, session: &Session) -> Result<(), Failure> {
    let agency = session.client()?.send("POST", &format!("{}/resume", path_of(name)), &json!({}))?;
    session.show(&agency, |agency| format!("Agency {} may come in again.", agency.text("name")))
}

fn set_plan(name: &str, plan: &str, session: &Session) -> Result<(), Failure> {
    let agency =
        session.client()?.send("PUT", &format!("{}/plan", path_of(name)), &json!({ "plan": plan }))?;
    session.show(&agency, |agency| {
        format!("Agency {} is now paced by plan {}.", agency.text("name"), agency.text("plan"))
    })
}

fn require(name: &str, requires: &str, session: &Session) -> Result<(), Failure> {
    let path = format!("{}/requirement", path_of(name));
    let agency = session.client()?.send("PUT", &path, &json!({ "requires": requires }))?;
    session.show(&agency, |agency| {
        let name = agency.text("name");
        match agency.text("requires").as_str() {
            "signature" => format!("Requests of {name} must be signed from now on."),
            "certificate" => {
                format!("Connections of {name} must come with a pinned certificate from now on.")
            }
            "both" => {
                format!("Requests of {name} must be signed and come with a pinned certificate from now on.")
            }
            _ => format!("{name} may come with a key or a signature."),
        }
    })
}

fn pin(name: &str, file: &Path, session: &Session) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    // Only the fingerprint leaves this machine: the file may hold the private key too.
    let fingerprint = Fingerprint::parse(&text.map_err(Failure::Failed)?);
    let fingerprint =
        fingerprint.map_err(|error| Failure::Unusable(format!("{} {error}", file.display())))?;
    let wanted = json!({ "certificate": fingerprint.to_string() });
    let agency = session.client()?.send("POST", &format!("{}/certificates", path_of(name)), &wanted)?;
    session.show(&agency, details)
}

fn unpin(name: &str, sha256: &str, session: &Session) -> Result<(), Failure> {
    let path = format!("{}/certificates/{}", path_of(name), segment(sha256));
    let agency = session.client()?.send("DELETE", &path, &json!({}))?;
    session.show(&agency, details)
}

/// A name as a shell takes it: in quotes when it has a space.
pub(crate) fn quoted(name: &str) -> String {
    if name.contains(' ') { format!("'{name}'") } else { name.to_owned() }
}
