//! `cargo xtask plant`: are the tests worth anything? Plants one bug after the other, and sees which tests fail.
//!
//! Each bug of `xtask/plant/*.toml` breaks one promise in a few characters of source, and names the tests that have to
//! notice. The sources are copied to `target/plant/tree` first, so the working tree is never touched. There, the
//! unplanted selections must pass; then each bug is put in, its own selection is built and run, and the bug is taken
//! out again. A bug that does not build, or whose tests do not end, is an error of the list: only a test that fails has
//! caught anything.
//!
//! The table of `docs/planted-bugs.md` is written from a whole run. That it lists the bugs that are planted, and that
//! each still fits the sources, are ordinary tests, so a change that moves the sources is told at once.

mod bug;
mod selection;
mod table;
mod tree;

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use bug::Bug;
use selection::Verdict;
use table::Row;
use tree::Tree;

/// Which bugs to plant.
#[derive(Args)]
pub(crate) struct Options {
    /// Plant this one alone, and leave the documentation as it is (repeatable).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// Plants the bugs and tells what caught them.
pub(crate) fn run(options: &Options) -> Result<()> {
    let bugs = chosen(bug::all()?, &options.only)?;
    let tree = Tree::of_working_tree()?;
    let begun = Instant::now();
    check_unplanted(&tree, &bugs)?;
    let mut rows = Vec::new();
    let mut missed = Vec::new();
    for bug in &bugs {
        match plant(&tree, bug) {
            Ok(caught_by) if caught_by.is_empty() => {
                println!("{}: NOT CAUGHT", bug.name);
                missed.push(bug.name.as_str());
            }
            Ok(caught_by) => {
                println!("{}: caught by {}", bug.name, table::told(&caught_by));
                rows.push(Row { bug, caught_by });
            }
            // The others are worth their run all the same.
            Err(error) => {
                println!("{}: NOT PLANTED: {error:#}", bug.name);
                missed.push(bug.name.as_str());
            }
        }
    }
    println!("{} bugs, {} caught, in {} s", bugs.len(), rows.len(), begun.elapsed().as_secs());
    ensure!(missed.is_empty(), "not caught: {}", missed.join(", "));
    if options.only.is_empty() {
        table::write(&rows)?;
    }
    Ok(())
}

fn chosen(bugs: Vec<Bug>, only: &[String]) -> Result<Vec<Bug>> {
    if let Some(unknown) = only.iter().find(|name| bugs.iter().all(|bug| bug.name != **name)) {
        let names: Vec<&str> = bugs.iter().map(|bug| bug.name.as_str()).collect();
        bail!("there is no bug {unknown}; there are: {}", names.join(", "));
    }
    Ok(bugs.into_iter().filter(|bug| only.is_empty() || only.contains(&bug.name)).collect())
}

/// A test that fails without a bug catches none.
fn check_unplanted(tree: &Tree, bugs: &[Bug]) -> Result<()> {
    let mut seen = Vec::new();
    for selection in bugs.iter().map(|bug| &bug.tests) {
        if seen.contains(&selection) {
            continue;
        }
        seen.push(selection);
        match selection.run(tree)? {
            Verdict::Passed { tests: 0 } => bail!("{selection} selects no test"),
            Verdict::Passed { tests } => println!("without a bug: {selection}: {tests} passed"),
            Verdict::Failed { tests } => bail!("{selection} fails without a bug: {}", tests.join(", ")),
        }
    }
    Ok(())
}

/// The tests that fail with `bug`.
fn plant(tree: &Tree, bug: &Bug) -> Result<Vec<String>> {
    let place = tree.path(&bug.file);
    let sound = std::fs::read_to_string(&place).with_context(|| format!("cannot read {}", bug.file))?;
    std::fs::write(&place, bug.planted_in(&sound)?)?;
    let verdict = bug.tests.run(tree).with_context(|| format!("with the bug {}", bug.name));
    std::fs::write(&place, sound)?;
    Ok(match verdict? {
        Verdict::Passed { .. } => Vec::new(),
        Verdict::Failed { tests } => tests,
    })
}
