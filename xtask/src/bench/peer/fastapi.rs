//! nginx with keys and limits -> uvicorn, FastAPI and SQLite: what a careful team puts up in a week.
//!
//! `fastapi.py` says what it does: the same checks by shape, one booking per agency and Idempotency-Key, on disk before
//! the 201. It leaves out what ours does beyond that: quotas, screening, the history of a booking, keys that can be
//! revoked while it runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Nginx, uvicorn};
use crate::bench::process::Process;
use crate::python;

const APPLICATION: &str = include_str!("fastapi.py");

/// Beside uvicorn.
const PACKAGES: [&str; 3] = ["fastapi==0.165.0", "pydantic==2.14.4", "email-validator==2.4.0"];

/// What it runs on.
pub(in crate::bench) struct FastApi {
    bin: PathBuf,
    pub(in crate::bench) versions: String,
}

impl FastApi {
    /// Installs it below `target`.
    pub(in crate::bench) fn fetch() -> Result<Self> {
        let bin = python::environment("fastapi", &[&PACKAGES[..], &uvicorn::PACKAGES].concat())?;
        let versions = uvicorn::versions(&bin, &["fastapi", "pydantic", "uvicorn"])?;
        let ask = ["-c", "import sqlite3; print(sqlite3.sqlite_version)"];
        let sqlite = crate::cargo::output(std::process::Command::new(bin.join("python3")).args(ask))?;
        Ok(Self { bin, versions: format!("{versions}, SQLite {}", sqlite.trim()) })
    }

    /// Starts it over an empty database, and nginx before it.
    pub(in crate::bench) fn start(&self, nginx: &Nginx, folder: &Path) -> Result<(Vec<Process>, SocketAddr)> {
        std::fs::write(folder.join("bookings.py"), APPLICATION)?;
        let database = folder.join("bookings.db").to_str().context("a path is not UTF-8")?.to_owned();
        let (service, behind) = uvicorn::start(&self.bin, folder, "bookings:app", &[("BOOKINGS", database)])?;
        let (front, address) = nginx.start_before(behind, folder)?;
        Ok((vec![service, front], address))
    }
}
