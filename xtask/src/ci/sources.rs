//! Source files stay short and have names of their own.
//!
//! A file that has outgrown one reading, or one called after nothing in particular, is where code without a place
//! collects. Tests are not counted: neither files of tests nor a module of tests at the end of a file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// The most lines that a source file has, its tests apart.
const LINES_MAX: usize = 400;

/// Names that say nothing about what is inside.
const NAMELESS: &[&str] =
    &["common", "helper", "helpers", "manager", "misc", "mod", "types", "util", "utils"];

/// Checks every Rust file of the workspace.
pub(super) fn check() -> Result<()> {
    let mut found = Vec::new();
    for folder in ["crates", "xtask"] {
        for path in rust_files(&cargo::root().join(folder))? {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let shown = path.strip_prefix(cargo::root()).unwrap_or(&path);
            found.extend(faults(shown, &text));
        }
    }
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn faults(path: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if NAMELESS.contains(&stem) {
        faults.push(format!("{}: name the file after what it holds", path.display()));
    }
    let lines = code_lines(text);
    if !is_test(path) && lines > LINES_MAX {
        faults.push(format!("{}: {lines} lines, {LINES_MAX} at most; split it by concept", path.display()));
    }
    faults
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// The lines before the module of tests that ends a file.
fn code_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'))
        .unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(path: &str, lines: usize, rest: &str) -> Vec<String> {
        faults(Path::new(path), &("// line\n".repeat(lines) + rest))
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_are_not_counted() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// line\n".repeat(500));
        assert!(faults_of("crates/desk/src/create.rs", 400, &tests).is_empty());
        assert_eq!(faults_of("crates/desk/src/create.rs", 401, &tests).len(), 1);
        assert!(faults_of("crates/desk/src/create/tests.rs", 900, "").is_empty());
        assert!(faults_of("crates/skybridge/tests/it/kill.rs", 900, "").is_empty());
    }

    #[test]
    fn a_module_of_tests_in_another_file_does_not_hide_what_follows() {
        assert_eq!(
            faults_of("crates/desk/src/create.rs", 1, &("#[cfg(test)]\nmod tests;\n".repeat(300))).len(),
            1
        );
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(faults_of("crates/desk/src/utils.rs", 1, "").len(), 1);
        assert_eq!(faults_of("crates/skybridge/tests/it/mod.rs", 1, "").len(), 1);
    }
}
