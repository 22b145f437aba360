//! What the server is compared with: the least that can be done, and what a team would put up otherwise.
//!
//! Each peer is the strongest of its kind that we could write, and its file says what it does and what it leaves out.
//! What a peer needs is fetched below `target`; nothing is installed on the machine.

mod bare_axum;
mod bare_hyper;
mod fastapi;
mod lesson;
mod nginx;
mod uvicorn;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::process::Process;
pub(super) use fastapi::FastApi;
pub(super) use lesson::Lesson;
pub(super) use nginx::Nginx;

/// As many as the server has on the two-core machine that the targets were set on.
const WORKER_THREADS: usize = 2;

const ANSWER: &str = r#"{"status":"CREATED"}"#;

/// A server of a few lines, in this program.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bare {
    Hyper,
    Axum,
}

impl Bare {
    /// Serves on a free port of the loopback interface, which it prints as `public http://…`, until it is stopped.
    pub(crate) fn serve(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .enable_io()
            .build()
            .context("cannot start the runtime")?;
        match self {
            Self::Hyper => runtime.block_on(bare_hyper::serve()),
            Self::Axum => runtime.block_on(bare_axum::serve()),
        }
    }

    /// Starts it as a process of its own.
    pub(super) fn start(self) -> Result<(Process, SocketAddr)> {
        let name = self.to_possible_value().expect("none is skipped");
        let mut command = std::process::Command::new(std::env::current_exe()?);
        let process = Process::start(command.args(["bare-peer", name.get_name()]))?;
        let [address] = process.addresses(["public"])?;
        Ok((process, address))
    }
}

/// A key as ours look, so that requests to all servers are of one length.
pub(super) fn made_up_key() -> String {
    format!("sbk_live_{}_{}_{}", "k".repeat(12), "s".repeat(43), "c".repeat(6))
}

/// A port that nobody listens on, for servers that cannot choose one themselves.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen")?;
    Ok(listener.local_addr()?)
}
