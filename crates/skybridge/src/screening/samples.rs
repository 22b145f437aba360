//! Samples of texts in a file: sealed, small, and gone after a while.
//!
//! What is in it are the words of callers, passengers' data among them. So it exists only where an operator asked for
//! it; it is a file of its own, mode 0600, never reached through a symbolic link, and refused if others may read it; no
//! log and no metric holds anything of it. Two files hold it, the newer and the older half: the newer becomes the older
//! one when it is half as large or half as old as all may be, and the older one then goes. So neither the bound in bytes
//! nor the one in time is ever exceeded, and nothing is rewritten.
//!
//! A thread of its own writes. Requests hand samples over without waiting; what does not fit into its queue is dropped,
//! and counted.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use metrics::{Counter, counter, describe_counter};
use serde_json::{Value, json};
use skybridge_api::screening::{Sample, SampleSink};
use skybridge_domain::time::{Clock as _, Timestamp};
use skybridge_machine::MachineClock;

use crate::config::Samples;

/// How many samples may wait to be written.
const WAITING_MAX: usize = 256;

/// How often the file's age is looked at while no sample comes.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(60);

/// Takes samples, and hands them to the thread that writes.
pub(super) struct SampleFile {
    one_in: u64,
    count: AtomicU64,
    queue: SyncSender<Sample>,
    dropped: Counter,
}

impl SampleFile {
    /// Opens the file and starts the thread. Registers its metrics with the recorder that is installed now.
    pub(super) fn open(samples: &Samples) -> anyhow::Result<Self> {
        let halves = Halves::open(samples, MachineClock.now())
            .with_context(|| format!("screening.samples: {} cannot be used", samples.path.display()))?;
        describe_counter!(
            "skybridge_screening_samples_total",
            "Samples of texts, by what became of them: kept or dropped (the file could not take them in time)"
        );
        let outcome =
            |outcome: &'static str| counter!("skybridge_screening_samples_total", "outcome" => outcome);
        let (queue, waiting) = sync_channel(WAITING_MAX);
        let (kept, lost) = (outcome("kept"), outcome("dropped"));
        let writer = std::thread::Builder::new().name("screening-samples".to_owned());
        writer
            .spawn(move || write_all(halves, &waiting, &kept, &lost))
            .context("no thread for the samples")?;
        Ok(Self { one_in: samples.one_in, count: AtomicU64::new(0), queue, dropped: outcome("dropped") })
    }
}

impl SampleSink for SampleFile {
    fn wants(&self) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.one_in)
    }

    fn take(&self, sample: Sample) {
        if self.queue.try_send(sample).is_err() {
            self.dropped.increment(1);
        }
    }
}

/// Writes what comes, and lets go of what is old, until nobody is left to send anything.
fn write_all(mut halves: Halves, waiting: &Receiver<Sample>, kept: &Counter, lost: &Counter) {
    let mut failing = false;
    loop {
        let written = match waiting.recv_timeout(LOOKED_AT_EVERY) {
            Ok(sample) => halves.write(&line(&sample), MachineClock.now()).map(|()| kept.increment(1)),
            Err(RecvTimeoutError::Timeout) => halves.let_go(MachineClock.now()),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if let Err(error) = &written {
            lost.increment(1);
            if !failing {
                tracing::warn!(%error, "samples of texts cannot be written; they are dropped until they can");
            }
        }
        failing = written.is_err();
    }
}

/// A sample as a line of the file, and as `screen replay` reads it.
fn line(sample: &Sample) -> String {
    let texts = sample.texts.iter().map(|text| json!({ "field": text.field, "text": text.text }));
    let texts: Vec<Value> = texts.collect();
    let (at, agency) = (sample.at.to_string(), sample.agency.as_str());
    let mut line = json!({ "at": at, "agency": agency, "rules": sample.rules, "texts": texts }).to_string();
    line.push('\n');
    line
}

/// The file, and the older one beside it.
struct Halves {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// When the newer one began; so for the older one, if there is one.
    begun_at: Option<Timestamp>,
    older_begun_at: Option<Timestamp>,
    bytes_max: u64,
    kept_for: Duration,
}

impl Halves {
    fn open(samples: &Samples, now: Timestamp) -> io::Result<Self> {
        let file = open_sealed(&samples.path)?;
        let mut halves = Self {
            bytes: file.metadata()?.len(),
            file,
            begun_at: begun(&samples.path),
            older_begun_at: begun(&older(&samples.path)),
            path: samples.path.clone(),
            bytes_max: samples.bytes_max,
            kept_for: samples.kept_for,
        };
        halves.let_go(now)?;
        Ok(halves)
    }

    fn write(&mut self, line: &str, now: Timestamp) -> io::Result<()> {
        self.let_go(now)?;
        let bytes = line.len() as u64;
        if bytes > self.bytes_max / 2 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a sample is larger than half of what all may be",
            ));
        }
        if self.bytes + bytes > self.bytes_max / 2 {
            self.turn_over()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.bytes += bytes;
        self.begun_at.get_or_insert(now);
        Ok(())
    }

    /// Lets go of what is too old.
    fn let_go(&mut self, now: Timestamp) -> io::Result<()> {
        let is_older = |begun: Option<Timestamp>, age| begun.is_some_and(|begun| now.since(begun) >= age);
        if is_older(self.begun_at, self.kept_for / 2) {
            self.turn_over()?;
        }
        if is_older(self.older_begun_at, self.kept_for) {
            std::fs::remove_file(older(&self.path)).or_else(unless_gone)?;
            self.older_begun_at = None;
        }
        Ok(())
    }

    /// The newer one takes the place of the older.
    fn turn_over(&mut self) -> io::Result<()> {
        if self.path.try_exists()? {
            std::fs::rename(&self.path, older(&self.path)).or_else(unless_gone)?;
            self.older_begun_at = self.begun_at;
        }
        self.begun_at = None;
        // Until there is a new one the next sample tries again, rather than to go into the older one.
        self.bytes = self.bytes_max;
        self.file = open_sealed(&self.path)?;
        self.bytes = 0;
        Ok(())
    }
}

/// Somebody took the file away, or it turned over before and no new one could be made then.
fn unless_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

/// Opens or makes a file that nobody else can read.
fn open_sealed(path: &Path) -> io::Result<File> {
    let no_links = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(no_links).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    if metadata.mode() & 0o077 != 0 {
        let told = "others can read it: chmod 600, or name another file";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, told));
    }
    Ok(file)
}

/// When the first line of a file was written; none if there is no such line.
fn begun(path: &Path) -> Option<Timestamp> {
    let mut first = String::new();
    BufReader::new(File::open(path).ok()?).read_line(&mut first).ok()?;
    let line: Value = serde_json::from_str(&first).ok()?;
    Timestamp::parse(line["at"].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use skybridge_api::screening::SampledText;
    use skybridge_domain::agency::AgencyName;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn samples(path: &Path) -> Samples {
        Samples { path: path.to_owned(), one_in: 1, bytes_max: 2_000, kept_for: DAY * 2 }
    }

    fn noon(day: u32) -> Timestamp {
        Timestamp::from_millis(1_798_804_800_000).plus(DAY * day)
    }

    fn sample(at: Timestamp, text: &str) -> String {
        let text = SampledText { field: "remarks", text: text.to_owned() };
        let agency = AgencyName::new("PartnerCo").unwrap();
        line(&Sample { at, agency, texts: vec![text], rules: vec![] })
    }

    #[test]
    fn all_of_it_stays_within_its_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("samples");
        let mut halves = Halves::open(&samples(&path), noon(0)).unwrap();
        for number in 0..100 {
            halves.write(&sample(noon(0), &format!("text {number}")), noon(0)).unwrap();
            let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
            assert!(size(&path) + size(&older(&path)) <= 2_000);
        }
        assert!(std::fs::read_to_string(&path).unwrap().contains("text 99"));
        for path in [&path, &older(&path)] {
            assert_eq!(std::fs::metadata(path).unwrap().mode() & 0o777, 0o600);
        }
        assert!(halves.write(&sample(noon(0), &"x".repeat(1_000)), noon(0)).is_err());
    }

    #[test]
    fn nothing_is_older_than_it_may_be_also_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("samples");
        let mut halves = Halves::open(&samples(&path), noon(0)).unwrap();
        halves.write(&sample(noon(0), "first"), noon(0)).unwrap();
        halves.let_go(noon(1)).unwrap();
        assert!(std::fs::read_to_string(older(&path)).unwrap().contains("first"), "half of the time is over");
        drop(halves);
        let mut halves = Halves::open(&samples(&path), noon(1)).unwrap();
        halves.write(&sample(noon(1), "second"), noon(1)).unwrap();
        halves.let_go(noon(2)).unwrap();
        assert!(std::fs::read_to_string(older(&path)).unwrap().contains("second"));
        drop(halves);
        Halves::open(&samples(&path), noon(9)).unwrap();
        assert!(!older(&path).exists(), "what grew old while nothing ran goes at the start");
    }

    #[test]
    fn a_file_that_is_gone_is_made_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("samples");
        let mut halves = Halves::open(&samples(&path), noon(0)).unwrap();
        halves.write(&sample(noon(0), &"x".repeat(800)), noon(0)).unwrap();
        // As a turn leaves it that ends before there is a new file.
        std::fs::rename(&path, older(&path)).unwrap();
        for day in 0..3 {
            halves.write(&sample(noon(day), &"y".repeat(800)), noon(day)).unwrap();
            assert!(std::fs::read_to_string(&path).unwrap().contains("yyy"), "day {day}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_or_a_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("samples");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Halves::open(&samples(&path), noon(0)).err().unwrap().to_string().contains("chmod 600"));
        let link = directory.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(Halves::open(&samples(&link), noon(0)).is_err());
    }
}
