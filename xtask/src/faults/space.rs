//! No room: a file system that fills up, and a file that may not grow.
//!
//! The file system is a real one, a small tmpfs, so that writes end short as they do on a full disk. The limit on the
//! size of files makes the write that crosses it a short one, and the next one fail with EFBIG.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Resource, Rlimit};

use super::dice::Dice;
use super::series::{Blow, Ground, Series, Strikes};
use super::site::{Guise, Server, Site};
use super::strace::newest_journal;
use super::tally::{Tally, Wrongs};

/// The load under which the room runs out.
const LOAD: Duration = Duration::from_millis(1500);

/// How often it is tried to leave no more room than the dice say.
const TRIES: u32 = 50;

/// A tmpfs, gone with it.
struct Tmpfs<'a>(&'a Path);

impl<'a> Tmpfs<'a> {
    fn mount(place: &'a Path) -> Result<Self> {
        std::fs::create_dir_all(place)?;
        passes(Command::new("mount").args(["-t", "tmpfs", "-o", ROOM, "tmpfs"]).arg(place))?;
        Ok(Self(place))
    }
}

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        // What cannot be unmounted now is told by the directory that cannot be removed.
        let _ = Command::new("umount").arg(self.0).status();
    }
}

/// More than a series needs; none of it is taken before it is written.
const ROOM: &str = "size=1g";

/// May this user mount a tmpfs?
pub(super) fn can_mount(ground: &Ground) -> bool {
    Tmpfs::mount(&ground.scratch.path().join("tmpfs-tried")).is_ok()
}

/// A disk that fills up under load. The program stops; with room made, it recovers.
pub(super) fn full_disk(ground: &Ground) -> Result<Tally> {
    let place = ground.scratch.path().join("full-disk");
    let _tmpfs = Tmpfs::mount(&place)?;
    let blow = |dice: &mut Dice, _: &Site| {
        let (place, left) = (place.clone(), dice.between(4, 120) * 1024);
        let fill = move |_: &Server| {
            fill_up_to(&place, left)?;
            Ok(Wrongs::default())
        };
        Ok(Blow { load: LOAD, amid: Some(Box::new(fill)), strikes: Strikes::IfItFalls, ..Blow::default() })
    };
    let make_room = |_: &mut Dice, _: &Site| remount(&place, ROOM);
    ground.run(&Series { name: "full-disk", place: &place, blow: &blow, aftermath: &make_room })
}

/// A write that is cut short at a byte that the dice choose: by a signal that ends the program, or by an error.
pub(super) fn short_write(ground: &Ground) -> Result<Tally> {
    let blow = |dice: &mut Dice, site: &Site| {
        let words = match dice.between(0, 1) {
            0 => Vec::new(),
            _ => ["sh", "-c", r#"trap "" XFSZ; exec "$@""#, "sh"].map(str::to_owned).to_vec(),
        };
        let (site, more) = (site.clone(), dice.between(1, 40_000));
        let limit = move |server: &Server| {
            let end = written(&newest_journal(&site))? + more;
            rustix::process::prlimit(
                Some(Pid::from_raw(i32::try_from(server.id())?).context("a process id is positive")?),
                Resource::Fsize,
                Rlimit { current: Some(end), maximum: Some(end) },
            )?;
            Ok(Wrongs::default())
        };
        let guise = Guise { words, variables: Vec::new() };
        let amid: Option<super::series::Amid> = Some(Box::new(limit));
        Ok(Blow { guise, load: LOAD, amid, strikes: Strikes::IfItFalls, ..Blow::default() })
    };
    let place = ground.scratch.path();
    ground.run(&Series { name: "short-write", place, blow: &blow, aftermath: &|_, _| Ok(()) })
}

/// Leaves this much room. A file system cannot be made smaller than what is written by then, so it is tried again.
fn fill_up_to(place: &Path, left: u64) -> Result<()> {
    let mut outcome = Ok(());
    for _ in 0..TRIES {
        let found = rustix::fs::statvfs(place)?;
        let used = (found.f_blocks - found.f_bfree) * found.f_frsize;
        outcome = remount(place, &format!("size={}", used + left));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// How far a journal is written; zeros follow.
fn written(journal: &Path) -> Result<u64> {
    let bytes = std::fs::read(journal)?;
    Ok(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1))
}

fn remount(place: &Path, size: &str) -> Result<()> {
    passes(Command::new("mount").args(["-o", &format!("remount,{size}")]).arg(place))
}

fn passes(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
