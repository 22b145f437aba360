//! What it takes to build for an architecture: a target of rustup, and a C compiler for it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cargo;

/// The processors that Lambda has, by Lambda's names for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Arm64,
    X86_64,
}

impl Architecture {
    /// This machine's.
    pub(crate) fn here() -> Result<Self> {
        Self::of(std::env::consts::ARCH).with_context(|| {
            format!("Lambda has no {} processors; say --arm64 or --x86_64", std::env::consts::ARCH)
        })
    }

    fn of(arch: &str) -> Option<Self> {
        [Self::Arm64, Self::X86_64].into_iter().find(|known| known.arch() == arch)
    }

    /// Lambda's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// The name that compilers have for it.
    const fn arch(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64",
            Self::X86_64 => "x86_64",
        }
    }

    /// What it is built for.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-musl",
            Self::X86_64 => "x86_64-unknown-linux-musl",
        }
    }

    /// Is this machine, as it is, one of those that the function runs on?
    fn is_here(self) -> bool {
        cfg!(target_os = "linux") && std::env::consts::ARCH == self.arch()
    }

    /// C compilers that will do, the better first. One for glibc does as well: what is compiled (cryptography, the
    /// allocator) calls only what musl has under the same names, and Rust brings its own musl to link with.
    fn compilers(self) -> Vec<String> {
        let arch = self.arch();
        let mut compilers = vec![format!("{arch}-linux-musl-gcc"), format!("{arch}-linux-gnu-gcc")];
        if self.is_here() {
            compilers.insert(1, "musl-gcc".to_owned());
        }
        compilers
    }

    fn how_to_get_a_compiler(self) -> String {
        let arch = self.arch();
        let gnu = arch.replace('_', "-");
        let (debian, fedora) = if self.is_here() {
            ("musl-tools".to_owned(), "musl-gcc".to_owned())
        } else {
            (format!("gcc-{gnu}-linux-gnu"), format!("gcc-{arch}-linux-gnu"))
        };
        format!(
            "no C compiler for {} is here (looked for {}); install one:\n  Debian, Ubuntu   apt install {debian}\n  \
             Fedora           dnf install {fedora}\n  macOS            brew install filosottile/musl-cross/musl-cross\n\
             or name your own in {}",
            self.target(),
            self.compilers().join(", "),
            variable("CC", self.target()),
        )
    }
}

/// For the allocator, mimalloc. With huge pages, the first small piece of each kind costs 2 MiB of memory that must be
/// zeroed: 10 MB at the start of the function instead of 4.
const NO_HUGE_PAGES: &str = "-DMI_DEFAULT_ALLOW_THP=0";

/// The environment that makes cargo build for `architecture`; or what is missing, with the command that installs it.
pub(super) fn find(architecture: Architecture) -> Result<Vec<(String, String)>> {
    let target = architecture.target();
    let sysroot = cargo::output(&mut cargo::command("rustc", &["--print", "sysroot"]))?;
    if !Path::new(sysroot.trim()).join("lib/rustlib").join(target).is_dir() {
        bail!("Rust cannot build for {target} yet; install it:\n  rustup target add {target}");
    }
    let chosen = variable("CC", target);
    let compiler = match std::env::var(&chosen) {
        Ok(compiler) => compiler,
        Err(_) => architecture
            .compilers()
            .into_iter()
            .find(|compiler| on_path(compiler).is_some())
            .with_context(|| architecture.how_to_get_a_compiler())?,
    };
    let flags = variable("CFLAGS", target);
    let given = std::env::var(&flags).unwrap_or_default();
    let mut environment = vec![(chosen, compiler.clone()), (flags, format!("{given} {NO_HUGE_PAGES}"))];
    // A machine links for itself with what it has. Debian's musl-gcc would not do: it links dynamically, with musl.
    if !architecture.is_here() {
        let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        environment.push((linker, compiler));
    }
    Ok(environment)
}

fn variable(name: &str, target: &str) -> String {
    format!("{name}_{}", target.replace('-', "_"))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_the_command_that_installs_it() {
        for architecture in [Architecture::Arm64, Architecture::X86_64] {
            let said = architecture.how_to_get_a_compiler();
            let package = if architecture.is_here() {
                "apt install musl-tools"
            } else {
                match architecture {
                    Architecture::Arm64 => "apt install gcc-aarch64-linux-gnu",
                    Architecture::X86_64 => "apt install gcc-x86-64-linux-gnu",
                }
            };
            assert!(said.contains(package), "{said}");
            assert!(said.contains(&format!("CC_{}", architecture.target().replace('-', "_"))), "{said}");
        }
    }
}
