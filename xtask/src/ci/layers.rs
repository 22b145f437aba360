//! Dependencies point one way: what a crate must never come to depend on, however far down its tree.
//!
//! `ARCHITECTURE.md` states these as absences; here they become facts about the lock file.

use anyhow::{Result, ensure};

use crate::cargo;

/// A package and what has no place in its tree.
struct Layer {
    package: &'static str,
    never: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer { package: "skybridge-domain", never: &["tokio", "mio", "hyper", "axum", "tower", "fjall"] },
    Layer {
        package: "skybridge-gate",
        never: &["tokio", "mio", "hyper", "axum", "fjall", "skybridge-store"],
    },
    Layer { package: "skybridge-store", never: &["hyper", "axum", "fjall"] },
    Layer { package: "skybridge-store-dynamodb", never: &["axum", "fjall", "aws-config", "skybridge-gate"] },
    Layer {
        package: "skybridge-desk",
        never: &["hyper", "axum", "fjall", "aws-sdk-dynamodb", "skybridge-store-embedded"],
    },
    Layer { package: "skybridge-api", never: &["fjall", "aws-sdk-dynamodb", "skybridge-store-embedded"] },
    Layer {
        package: "skybridge-listener",
        never: &["fjall", "aws-lc-rs", "aws-sdk-dynamodb", "clap", "skybridge-store-embedded"],
    },
    Layer { package: "skybridge-screen", never: &["tokio", "hyper", "axum", "http", "skybridge-domain"] },
    Layer { package: "skybridge", never: &["skybridge-properties", "skybridge-simulation", "shuttle"] },
    // What Lambda loads at each start: nothing that only the server needs. Screening brings regular expressions and
    // TOML, in which its rules are written; neither is touched at a start.
    Layer { package: "skybridge-lambda", never: &["clap", "fjall", "skybridge-store-embedded"] },
];

/// Checks every layer's tree of normal dependencies (those of tests and build scripts are free).
pub(super) fn check() -> Result<()> {
    let mut found = Vec::new();
    for Layer { package, never } in LAYERS {
        for name in strangers(&tree(package)?, never) {
            found.push(format!(
                "{package} depends on {name}: see cargo tree -p {package} -e normal -i {name}"
            ));
        }
    }
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

fn tree(package: &str) -> Result<String> {
    let arguments = ["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none"];
    cargo::output(&mut cargo::command("cargo", &arguments))
}

/// Those of `never` that the tree names; a line begins with a package's name and a space.
fn strangers<'a>(tree: &str, never: &[&'a str]) -> Vec<&'a str> {
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    never.iter().copied().filter(|name| names.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_found_by_its_whole_name() {
        let tree = "skybridge-gate v0.1.0 (/path)\ntokio-util v0.7.0\nskybridge-store v0.1.0 (/path)\n";
        assert_eq!(strangers(tree, &["tokio", "skybridge-store"]), ["skybridge-store"]);
    }
}
