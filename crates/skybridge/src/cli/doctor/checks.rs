//! The checks, each of which looks at one thing and says what to do about it.

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use skybridge_domain::time::{Clock as _, Timestamp};
use skybridge_gate::Peppers;
use skybridge_listener::tls::{ClientCertificates, Tls};

use super::super::client::{Client, Server};
use super::super::config::unknown_variable;
use super::super::failure::Failure;
use super::super::fields::Fields as _;
use super::super::session::Session;
use super::Grade;
use crate::config::{Config, StoreKind, environment};
use crate::data_dir::{ADMIN_TOKEN, ADMIN_URL, DataDir, PEPPER};
use crate::serve::{address_files as files_of_networks, open_files as limit_of_open_files};
use crate::store::at_rest::{self, Glance};
use crate::store::dynamodb;
use skybridge_machine::MachineClock;

/// What one check found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) grade: Grade,
    what: &'static str,
    found: String,
}

impl Finding {
    pub(super) fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { grade: Grade::Ok, what, found: found.into() }
    }

    pub(super) fn warn(what: &'static str, found: impl Into<String>) -> Self {
        Self { grade: Grade::Warn, what, found: found.into() }
    }

    pub(super) fn fail(what: &'static str, found: impl Into<String>) -> Self {
        Self { grade: Grade::Fail, what, found: found.into() }
    }

    pub(super) fn as_text(&self) -> String {
        format!("{:<4}  {:<14}  {}", self.grade.name(), self.what, self.found)
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "check": self.what, "grade": self.grade.name(), "found": self.found })
    }
}

pub(super) fn configuration_is_wrong(failure: &Failure) -> Finding {
    Finding::fail("configuration", failure.to_string())
}

pub(super) fn configuration() -> Finding {
    match environment::unknown().first() {
        Some(name) => Finding::warn("configuration", unknown_variable(name)),
        None => Finding::ok("configuration", "every key and value makes sense"),
    }
}

pub(super) fn data_directory(config: &Config) -> Vec<Finding> {
    let what = "data directory";
    let path = &config.data;
    let place = path.display();
    if !path.exists() {
        return vec![Finding::warn(
            what,
            format!("{place} is not there yet; the first start of the server makes it"),
        )];
    }
    let mut findings = vec![match mode_of(path) {
        Err(error) => Finding::fail(what, format!("{place} cannot be examined: {error}")),
        Ok(_) if !path.is_dir() => Finding::fail(what, format!("{place} is not a directory")),
        Ok(mode) if mode & 0o077 != 0 => {
            Finding::warn(what, format!("{place} is open to others (mode {mode:03o}): chmod 700 {place}"))
        }
        Ok(_) => Finding::ok(what, format!("{place} is for its owner only")),
    }];
    findings.push(secret(path, ADMIN_TOKEN, "admin token"));
    findings.push(pepper(path));
    findings
}

/// A secret's file must be readable by its owner and nobody else.
fn secret(data: &Path, name: &str, what: &'static str) -> Finding {
    let path = data.join(name);
    let place = path.display();
    match mode_of(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::warn(what, format!("{place} is not there yet; the first start of the server makes it"))
        }
        Err(error) => Finding::fail(what, format!("{place} cannot be examined: {error}")),
        Ok(mode) if mode & 0o077 != 0 => Finding::fail(
            what,
            format!(
                "{place} can be read by others (mode {mode:03o}): chmod 600 {place}, and replace the secret"
            ),
        ),
        Ok(_) => match fs::File::open(&path) {
            Ok(_) => Finding::ok(what, format!("{place} is for its owner only")),
            Err(error) => Finding::fail(what, format!("{place} cannot be read by this user: {error}")),
        },
    }
}

fn pepper(data: &Path) -> Finding {
    let what = "pepper";
    if let Some(text) = environment::read("SKYBRIDGE_PEPPER") {
        return match Peppers::parse(&text) {
            Ok(_) => Finding::ok(what, "taken from SKYBRIDGE_PEPPER"),
            Err(error) => Finding::fail(what, format!("SKYBRIDGE_PEPPER is wrong: {error}")),
        };
    }
    let finding = secret(data, PEPPER, what);
    if finding.grade != Grade::Ok {
        return finding;
    }
    let text = fs::read_to_string(data.join(PEPPER)).unwrap_or_default();
    match Peppers::parse(&text) {
        Ok(_) => finding,
        Err(error) => Finding::fail(what, format!("{} is wrong: {error}", data.join(PEPPER).display())),
    }
}

fn mode_of(path: &Path) -> std::io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

/// The moment of writing this program; no honest clock is earlier.
const PROGRAM_BEGAN: &str = "2025-01-01T00:00:00Z";
/// How far a file may lie in the future before the clock is held to have been set back.
const AHEAD_MAX: Duration = Duration::from_secs(120);

/// Keys expire and quotas begin anew by the clock, so a wrong one lets the wrong calls in.
pub(super) fn clock(config: &Config) -> Finding {
    let what = "clock";
    let now = MachineClock.now();
    if now < Timestamp::parse(PROGRAM_BEGAN).expect("a constant moment") {
        return Finding::fail(
            what,
            format!("the clock says {now}, which is past: set it, and keep it with NTP"),
        );
    }
    let newest = newest_change(&config.data).unwrap_or(now);
    if newest > now.plus(AHEAD_MAX) {
        let told = format!("the clock says {now}, but files were written at {newest}: was it set back?");
        return Finding::warn(what, told);
    }
    Finding::ok(what, format!("{now}"))
}

fn newest_change(data: &Path) -> Option<Timestamp> {
    let files = fs::read_dir(data).ok()?.filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok());
    let since = files.max()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(u64::try_from(since.as_millis()).ok()?))
}

pub(super) fn open_files(config: &Config) -> Finding {
    let what = "open files";
    let needed = limit_of_open_files::needed(config.http.connections_max);
    match limit_of_open_files::limit() {
        Some(limit) if limit < needed => Finding::warn(
            what,
            format!(
                "{limit} files may be open, but http.connections_max = {} needs {needed}: raise the limit \
                 (ulimit -Hn, LimitNOFILE=) or lower the key",
                config.http.connections_max
            ),
        ),
        Some(limit) => Finding::ok(what, format!("{limit} may be open, {needed} are needed")),
        None => Finding::ok(what, "without limit"),
    }
}

/// How long before its end a certificate is called for.
const RENEWED_BEFORE: Duration = Duration::from_secs(14 * 86_400);

/// The certificate of the public listener, if it is to have one.
pub(super) fn certificate(config: &Config) -> Option<Finding> {
    let what = "certificate";
    let settings = config.tls.as_ref()?;
    let place = settings.certificate.display();
    let tls = match Tls::load(settings.clone()) {
        Ok(tls) => tls,
        Err(error) => {
            let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
            return Some(Finding::fail(what, format!("{error}{cause}")));
        }
    };
    if mode_of(&settings.key).is_ok_and(|mode| mode & 0o077 != 0) {
        let key = settings.key.display();
        return Some(Finding::warn(what, format!("{key} can be read by others: chmod 600 {key}")));
    }
    let end = tls.expires_at().and_then(|seconds| u64::try_from(seconds).ok());
    let Some(end) = end.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000))) else {
        return Some(Finding::warn(what, format!("{place} does not say until when it is valid")));
    };
    let now = MachineClock.now();
    Some(if end <= now {
        Finding::fail(what, format!("{place} ended at {end}: renew it"))
    } else if end <= now.plus(RENEWED_BEFORE) {
        Finding::warn(what, format!("{place} ends at {end}: renew it"))
    } else {
        Finding::ok(what, format!("{place} is valid until {end}"))
    })
}

/// The files of networks, if there are any.
pub(super) fn address_files(config: &Config) -> Option<Finding> {
    let what = "networks";
    config.addresses.files.are_named().then(|| match files_of_networks::check(&config.addresses) {
        Ok(found) => Finding::ok(what, found),
        Err(error) => Finding::fail(what, error),
    })
}

/// Less than this many seconds is not worth a word: clocks of nodes may be a second apart.
const LIMITS_AHEAD_MIN: u64 = 5;

/// The server, if one runs; the store at rest, if none does.
pub(super) fn server(session: &Session, config: &Config) -> Vec<Finding> {
    let what = "server";
    let data = DataDir::at(&config.data);
    let noted = data.read(ADMIN_URL).is_ok_and(|url| url.is_some());
    if session.named_server().is_none() && !noted {
        let none = Finding::warn(what, format!("none is running on {}", config.data.display()));
        return vec![none, store_at_rest(config, &data)];
    }
    match session.server().and_then(|server| status(&server).map(|status| (server, status))) {
        Ok((server, status)) => answering(server, &status, config),
        Err(failure @ Failure::Unusable(_)) => {
            vec![Finding::fail(what, failure.to_string()), store_at_rest(config, &data)]
        }
        Err(failure) => vec![Finding::fail(what, failure.to_string())],
    }
}

fn status(server: &Server) -> Result<Value, Failure> {
    Client::of(server.clone()).get("/admin/v1/status")
}

fn answering(server: Server, status: &Value, config: &Config) -> Vec<Finding> {
    let up = status["uptime_seconds"]
        .as_u64()
        .map_or_else(|| "-".to_owned(), |seconds| crate::duration::words(Duration::from_secs(seconds)));
    let version = status.text("version");
    let mut findings = vec![Finding::ok("server", format!("version {version} at {}, up {up}", server.url))];
    if version != env!("CARGO_PKG_VERSION") {
        let ours = env!("CARGO_PKG_VERSION");
        findings
            .push(Finding::warn("version", format!("this command is version {ours}, the server {version}")));
    }
    findings.push(Finding::ok("token", "the server accepts it"));
    let counts = format!(
        "{}; agencies: {}, keys: {}",
        status.text("store"),
        status.number("agencies"),
        status.number("keys")
    );
    findings.push(match Client::of(server).get("/readyz") {
        Ok(_) => Finding::ok("store", counts),
        Err(failure) => Finding::fail("store", failure.to_string()),
    });
    if let (Some(bound @ 1..), false) =
        (status["agencies_with_certificate"].as_u64(), asks_for_certificates(config))
    {
        let told = format!(
            "agencies that must show a certificate: {bound}; but tls.client_certificates is off, so all their calls \
             are refused: set it to \"optional\""
        );
        findings.push(Finding::warn("certificates", told));
    }
    if let Some(ahead @ LIMITS_AHEAD_MIN..) = status["limits_ahead_seconds"].as_u64() {
        let ahead = crate::duration::words(Duration::from_secs(ahead));
        let told = format!(
            "limits have seen a moment {ahead} ahead of the server's clock, and refill nothing until then: a node's \
             clock was ahead, or this one was set back; keep all of them with NTP"
        );
        findings.push(Finding::warn("limits", told));
    }
    if let Some(lost @ 1..) = status["keys_without_pepper"].as_u64() {
        let told =
            format!("{lost} keys were hashed under a pepper that is not here, and are refused: restore it");
        findings.push(Finding::fail("keys", told));
    }
    findings
}

fn asks_for_certificates(config: &Config) -> bool {
    config.tls.as_ref().is_some_and(|tls| tls.client_certificates != ClientCertificates::Off)
}

fn store_at_rest(config: &Config, data: &DataDir) -> Finding {
    let what = "store";
    match config.store {
        StoreKind::Memory => return Finding::ok(what, "memory: nothing is kept"),
        StoreKind::DynamoDb => return tables(config),
        StoreKind::Embedded => {}
    }
    match at_rest::glance(data) {
        Ok(Glance::Absent) => {
            Finding::warn(what, "there is none yet; the first start of the server makes it")
        }
        Ok(Glance::Opens) => {
            Finding::ok(what, "it opens and lacks nothing; skybridge verify reads all of it")
        }
        Err(error) => Finding::fail(what, error.to_string()),
    }
}

/// The tables on DynamoDB, as this machine reaches them.
fn tables(config: &Config) -> Finding {
    let what = "store";
    match dynamodb::survey(&config.dynamodb) {
        Ok(survey) => match dynamodb::flaws(&survey).as_slice() {
            [] => Finding::ok(what, "the tables are there"),
            flaws => Finding::fail(what, flaws.join("; ")),
        },
        Err(error) => Finding::fail(what, format!("{error:#}")),
    }
}
