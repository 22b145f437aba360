//! `cargo xtask package-lambda`: the Lambda function as a zip that `provided.al2023` runs.
//!
//! The program is linked statically with musl, so it needs nothing of the system that it runs on: neither its glibc
//! (2.34 there, often newer here) nor where it keeps its libraries. That takes a target of rustup and a C compiler,
//! for the cryptography and the allocator; what is missing is said with the command that installs it. It lies at fixed
//! addresses: that a process has a small machine of its own on Lambda, and that the cryptography is the only C that sees
//! what callers send, makes up for it, and half a millisecond of each start is what it gives. Before it is packed, the
//! file is looked at: one that would not start on Lambda never gets into a zip.

mod archive;
mod elf;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo;
pub(crate) use toolchain::Architecture;

/// The package, its executable, and the profile that it is built with.
const PACKAGE: &str = "skybridge-lambda";
const EXECUTABLE: &str = "bootstrap";
const PROFILE: &str = "lambda";

/// The most that the zip may have. Lambda's own limit is 50 MB; this one keeps the start short.
const ZIP_BYTES_MAX: usize = 5 * 1000 * 1000;

/// What to package for.
#[derive(Args)]
pub(crate) struct Options {
    /// For functions on Graviton processors.
    #[arg(long, conflicts_with = "x86_64")]
    arm64: bool,
    /// For functions on Intel and AMD processors. Without either: for this machine's own architecture.
    #[arg(long = "x86_64")]
    x86_64: bool,
}

/// Packages and prints where the zip is.
pub(crate) fn run(options: &Options) -> Result<()> {
    let architecture = match (options.arm64, options.x86_64) {
        (true, _) => Architecture::Arm64,
        (_, true) => Architecture::X86_64,
        _ => Architecture::here()?,
    };
    let packaged = package(architecture)?;
    println!("program   {:>9} bytes, static, {}", packaged.program_bytes, architecture.target());
    println!("zip       {:>9} bytes  {}", packaged.zip_bytes, packaged.zip.display());
    Ok(())
}

/// What came of it.
pub(crate) struct Packaged {
    /// The executable that is in the zip.
    pub(crate) program: PathBuf,
    pub(crate) program_bytes: usize,
    pub(crate) zip: PathBuf,
    pub(crate) zip_bytes: usize,
}

/// Builds the function for `architecture` and packs it.
pub(crate) fn package(architecture: Architecture) -> Result<Packaged> {
    let program = build(architecture)?;
    let bytes = std::fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    elf::runs_on_lambda(&bytes, architecture)
        .with_context(|| format!("{} would not start", program.display()))?;
    let zipped = archive::of_program(EXECUTABLE, &bytes)?;
    ensure!(
        zipped.len() <= ZIP_BYTES_MAX,
        "the zip has {} bytes, more than the {ZIP_BYTES_MAX} that keep the start short; `cargo bloat --profile {PROFILE} \
         -p {PACKAGE}` shows what takes the room",
        zipped.len()
    );
    let zip = zip_of(&program, architecture)?;
    std::fs::create_dir_all(zip.parent().expect("a file lies in a directory"))?;
    std::fs::write(&zip, &zipped).with_context(|| format!("cannot write {}", zip.display()))?;
    Ok(Packaged { program, program_bytes: bytes.len(), zip, zip_bytes: zipped.len() })
}

fn build(architecture: Architecture) -> Result<PathBuf> {
    let target = architecture.target();
    let settings = toolchain::find(architecture)?;
    let arguments = ["--profile", PROFILE, "--target", target, "--package", PACKAGE];
    // At fixed addresses, a start need not adapt 31,000 of them, in 160 pages that would each be copied for it.
    cargo::build_with(&["-C", "relocation-model=static"], &arguments, settings, EXECUTABLE)
}

/// `target/lambda/<architecture>/bootstrap.zip`, in whatever directory cargo builds in:
/// the program is in `<that directory>/<target>/lambda/`.
fn zip_of(program: &Path, architecture: Architecture) -> Result<PathBuf> {
    let builds = program.ancestors().nth(3).context("cargo put the program in an unexpected place")?;
    Ok(builds.join("lambda").join(architecture.name()).join("bootstrap.zip"))
}
