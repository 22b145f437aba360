//! Files that list networks: read at the start, and taken anew whenever they change.
//!
//! One network a line, or an address; what follows a `#` is a remark. A file with a line that is no network is not
//! taken, as a whole: half a list of those who are to be kept out, or let in, is worse than the one before.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use metrics::{describe_gauge, gauge};
use skybridge_desk::Desk;
use skybridge_domain::network::{InvalidNetwork, Network};
use skybridge_gate::{Addresses, Caution, FileLists};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use crate::config::{self, AddressFiles};

/// How often the files are looked at. SIGHUP has them looked at now.
const EVERY: Duration = Duration::from_secs(5);

/// How long a file may be: several times what a hundred thousand networks take.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How many networks it may have.
const NETWORKS_MAX: usize = 200_000;

/// How many faults are told of one file.
const FAULTS_MAX: usize = 5;

/// The word behind a network that shuts out everybody, for which it is taken all the same.
const DELIBERATELY: &str = "deliberately";

/// What the files looked like when they were read: what [`keep_up`] goes by.
#[derive(PartialEq)]
pub(super) struct Seen(Vec<Stamp>);

/// Reads the files, and has them in force.
pub(super) fn load(files: &AddressFiles, addresses: &Addresses) -> anyhow::Result<Seen> {
    // Before they are read: what is written into them from here on is a change.
    let seen = Seen(stamps(files));
    if files.are_named() {
        let lists =
            read(files, addresses).context("the networks in files cannot be listed (screening.addresses)")?;
        addresses.put_files(lists);
    }
    Ok(seen)
}

/// What a start would make of the files, in words.
pub(crate) fn check(section: &config::Addresses) -> Result<String, String> {
    let addresses = Addresses::tracking(section.terms.clone(), 1);
    let lists = read(&section.files, &addresses).map_err(|error| error.to_string())?;
    Ok(format!("{} networks are blocked and {} allowed by files", lists.block.len(), lists.allow.len()))
}

/// Watches the files for as long as the process runs, from what they were when they were `seen` on. While one makes no sense, what was read before holds on, and that
/// is told.
pub(super) fn keep_up(files: &AddressFiles, seen: Seen, desk: Arc<Desk>) -> std::io::Result<()> {
    if !files.are_named() {
        return Ok(());
    }
    describe_gauge!(
        "skybridge_address_files_stale",
        "1 while a file that lists networks cannot be used, and what was read before holds on"
    );
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut watch = Watch { seen, files: files.clone(), told: String::new() };
    gauge!("skybridge_address_files_stale").set(0);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                _ = hang_up.recv() => true,
            };
            let desk = Arc::clone(&desk);
            // Off the threads that serve: files may be long.
            let looked = tokio::task::spawn_blocking(move || {
                watch.look(desk.gate().addresses(), asked);
                watch
            });
            let Ok(again) = looked.await else { return };
            watch = again;
        }
    });
    Ok(())
}

/// What was seen of the files, and what was told of them.
struct Watch {
    files: AddressFiles,
    seen: Seen,
    told: String,
}

/// What changes when a file does.
type Stamp = Option<(Option<SystemTime>, u64)>;

fn stamps(files: &AddressFiles) -> Vec<Stamp> {
    let stamp = |metadata: Metadata| (metadata.modified().ok(), metadata.len());
    let named = [&files.block, &files.allow].into_iter().flatten();
    named.map(|path| std::fs::metadata(path).ok().map(stamp)).collect()
}

impl Watch {
    /// Takes the files if they have changed, or if somebody `asked` for it.
    fn look(&mut self, addresses: &Addresses, asked: bool) {
        let stamps = Seen(stamps(&self.files));
        if !asked && stamps == self.seen {
            return;
        }
        self.seen = stamps;
        let read = read(&self.files, addresses);
        gauge!("skybridge_address_files_stale").set(u8::from(read.is_err()));
        match read {
            Ok(lists) => {
                self.told.clear();
                let (blocked, allowed) = (lists.block.len(), lists.allow.len());
                addresses.put_files(lists);
                tracing::info!(blocked, allowed, "the networks in files are in force");
            }
            Err(error) => {
                let error = error.to_string();
                // The same until somebody does something about it.
                if asked || self.told != error {
                    tracing::error!(
                        error,
                        "a file that lists networks cannot be used; what was read before holds on"
                    );
                }
                self.told = error;
            }
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is not a file", .0.display())]
    NoFile(PathBuf),
    #[error("{} is longer than 16 MiB, or has more than 200000 networks", .0.display())]
    TooLong(PathBuf),
    #[error("{}: {}", path.display(), Joined(faults))]
    Faulty { path: PathBuf, faults: Vec<String> },
    #[error("{0}; {1}")]
    Both(Box<Self>, Box<Self>),
}

struct Joined<'a>(&'a [String]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.iter().take(FAULTS_MAX).cloned().collect::<Vec<_>>().join("; ");
        let more = self.0.len().saturating_sub(FAULTS_MAX);
        if more == 0 { f.write_str(&told) } else { write!(f, "{told}; and {more} lines more") }
    }
}

fn read(files: &AddressFiles, addresses: &Addresses) -> Result<FileLists, Unusable> {
    let caution = |network: &Network| addresses.caution(network);
    let block = files.block.as_deref().map_or(Ok(Vec::new()), |path| read_one(path, caution));
    let allow = files.allow.as_deref().map_or(Ok(Vec::new()), |path| read_one(path, |_| None));
    match (block, allow) {
        (Ok(block), Ok(allow)) => Ok(FileLists { block, allow }),
        (Err(one), Err(other)) => Err(Unusable::Both(Box::new(one), Box::new(other))),
        (Err(one), Ok(_)) | (Ok(_), Err(one)) => Err(one),
    }
}

fn read_one(path: &Path, caution: impl Fn(&Network) -> Option<Caution>) -> Result<Vec<Network>, Unusable> {
    let unreadable = |source| Unusable::Unreadable { path: path.to_owned(), source };
    // Asked before it is opened: to open a pipe waits for somebody who writes into it.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Unusable::NoFile(path.to_owned()));
    }
    if metadata.len() > BYTES_MAX {
        return Err(Unusable::TooLong(path.to_owned()));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if bytes as u64 > BYTES_MAX {
        return Err(Unusable::TooLong(path.to_owned()));
    }
    let (networks, faults) = parse(&text, caution);
    if !faults.is_empty() {
        return Err(Unusable::Faulty { path: path.to_owned(), faults });
    }
    if networks.len() > NETWORKS_MAX {
        return Err(Unusable::TooLong(path.to_owned()));
    }
    Ok(networks)
}

/// The networks in a text, and what is wrong with its lines.
fn parse(text: &str, caution: impl Fn(&Network) -> Option<Caution>) -> (Vec<Network>, Vec<String>) {
    let (mut networks, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(word) = words.next() else { continue };
        let deliberately = match (words.next(), words.next()) {
            (None, _) => false,
            (Some(DELIBERATELY), None) => true,
            _ => {
                faults.push(format!("line {number} has more than one network"));
                continue;
            }
        };
        match taken(word, deliberately, &caution) {
            Ok(network) => networks.push(network),
            Err(fault) => faults.push(format!("line {number}: {word:?} {fault}")),
        }
    }
    (networks, faults)
}

fn taken(
    word: &str,
    deliberately: bool,
    caution: impl Fn(&Network) -> Option<Caution>,
) -> Result<Network, String> {
    let network = Network::parse(word).map_err(|error: InvalidNetwork| error.to_string())?;
    match caution(&network).filter(|_| !deliberately) {
        None => Ok(network),
        Some(Caution::Vast) => Err(format!(
            "is a great part of all addresses; if that is meant, write `{network} {DELIBERATELY}`"
        )),
        Some(Caution::OfProxy(proxy)) => Err(format!(
            "has addresses of the trusted proxy {proxy}; if that is meant, write `{network} {DELIBERATELY}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use skybridge_domain::time::Timestamp;
    use skybridge_gate::AddressTerms;

    use super::*;

    fn parsed(text: &str) -> (Vec<String>, Vec<String>) {
        let proxy = Network::parse("10.0.0.0/24").unwrap();
        let caution = |network: &Network| {
            if network.is_vast() {
                Some(Caution::Vast)
            } else {
                proxy.overlaps(network).then_some(Caution::OfProxy(proxy))
            }
        };
        let (networks, faults) = parse(text, caution);
        (networks.iter().map(ToString::to_string).collect(), faults)
    }

    #[test]
    fn a_file_is_one_network_a_line() {
        let text = "# from a feed\n\n203.0.113.0/24 # scrapers\r\n 2001:db8::/32\n198.51.100.7\n0.0.0.0/0 deliberately";
        let expected = ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32", "0.0.0.0/0"].map(str::to_owned);
        assert_eq!(parsed(text), (expected.to_vec(), vec![]));
        assert_eq!(parsed(""), (vec![], vec![]));
    }

    #[test]
    fn every_line_that_is_wrong_is_named() {
        let text =
            "203.0.113.0/24, 198.51.100.0/24\n203.0.113.7/24\n0.0.0.0/0\n10.0.0.7\nexample.com\n192.0.2.1";
        let (networks, faults) = parsed(text);
        assert_eq!(networks, ["192.0.2.1/32"]);
        for (fault, part) in faults.iter().zip([
            "line 1 has more than one network",
            "line 2: \"203.0.113.7/24\" has bits set beyond its prefix; write 203.0.113.0/24",
            "line 3: \"0.0.0.0/0\" is a great part of all addresses",
            "line 4: \"10.0.0.7\" has addresses of the trusted proxy 10.0.0.0/24",
            "line 5: \"example.com\" is no network",
        ]) {
            assert!(fault.starts_with(part), "{fault}");
        }
        assert_eq!(faults.len(), 5);
    }

    #[test]
    fn what_changes_after_a_file_was_read_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("blocked");
        std::fs::write(&path, "").unwrap();
        let files = AddressFiles { block: Some(path.clone()), allow: None };
        let addresses = Addresses::tracking(AddressTerms::default(), 1);
        let now = Timestamp::from_millis(0);
        let is_blocked = || addresses.listing([203, 0, 113, 7].into(), now).is_some();
        let seen = load(&files, &addresses).unwrap();
        std::fs::write(&path, "203.0.113.0/24").unwrap();
        let mut watch = Watch { files, seen, told: String::new() };
        assert!(!is_blocked());
        watch.look(&addresses, false);
        assert!(is_blocked());
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        for path in [Path::new("/dev/null"), directory.path(), &pipe] {
            assert!(matches!(read_one(path, |_| None), Err(Unusable::NoFile(_))), "{}", path.display());
        }
    }
}
