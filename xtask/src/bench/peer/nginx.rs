//! nginx: the one that is installed, or Debian's unpacked below `target`.
//!
//! One worker per core, connections kept open, TCP_NODELAY as it comes. Alone it answers a constant 201. With limits it
//! also looks the key up in a map, refuses unknown ones, counts each call against its agency's `limit_req` (a rate
//! that never refuses), and writes an access log, buffered. In front of another server it does the same and passes
//! the call on, over connections that it keeps.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{ANSWER, free_address, made_up_key};
use crate::bench::debian;
use crate::bench::process::Process;

/// Debian's packages of it.
const PACKAGES: [&str; 2] = ["nginx", "nginx-common"];

/// An executable.
pub(in crate::bench) struct Nginx {
    program: PathBuf,
    /// As it tells it.
    pub(in crate::bench) version: String,
}

/// What it does with a request.
enum Task {
    Answer,
    LimitAndAnswer,
    LimitAndPass(SocketAddr),
}

impl Nginx {
    /// Finds it, or fetches it.
    pub(in crate::bench) fn fetch() -> Result<Self> {
        let installed = ["nginx", "/usr/sbin/nginx"].map(PathBuf::from);
        if let Some(found) = installed.into_iter().find_map(|program| Self::at(program).ok()) {
            return Ok(found);
        }
        let unpacked = debian::unpacked("nginx", &PACKAGES)?;
        Self::at(unpacked.join("usr/sbin/nginx")).context("Debian's nginx does not run here")
    }

    fn at(program: PathBuf) -> Result<Self> {
        // It tells its version on standard error.
        let told = Command::new(&program).arg("-v").output()?.stderr;
        let version = String::from_utf8_lossy(&told).trim().replace("nginx version: ", "");
        Ok(Self { program, version })
    }

    /// Starts it with a constant answer.
    pub(in crate::bench) fn start_bare(&self, folder: &Path) -> Result<(Process, SocketAddr)> {
        self.start(folder, &Task::Answer)
    }

    /// The same behind keys and limits.
    pub(in crate::bench) fn start_with_limits(&self, folder: &Path) -> Result<(Process, SocketAddr)> {
        self.start(folder, &Task::LimitAndAnswer)
    }

    /// Starts it with keys and limits before another server.
    pub(super) fn start_before(&self, server: SocketAddr, folder: &Path) -> Result<(Process, SocketAddr)> {
        self.start(folder, &Task::LimitAndPass(server))
    }

    fn start(&self, folder: &Path, task: &Task) -> Result<(Process, SocketAddr)> {
        let address = free_address()?;
        let file = folder.join("nginx.conf");
        std::fs::write(&file, settings(address, folder, task))?;
        let mut command = Command::new(&self.program);
        command.arg("-p").arg(folder).arg("-c").arg(&file).args(["-e", "stderr", "-g", "daemon off;"]);
        let process = Process::start(&mut command)?;
        process.accepts_at(address)?;
        Ok((process, address))
    }
}

fn settings(address: SocketAddr, folder: &Path, task: &Task) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {folder}/{what};\n"))
        .concat();
    let (limits, locations) = match task {
        Task::Answer => ("    access_log off;\n".to_owned(), format!("location / {{ {} }}", answer())),
        Task::LimitAndAnswer => {
            let passes_on = "open_file_cache max=10; open_file_cache_errors on; try_files /none @answer;";
            // `return` alone would answer before `limit_req` has its turn.
            let locations = format!("{}\n        location @answer {{ {} }}", limited(passes_on), answer());
            (limits(&folder.to_string()), locations)
        }
        Task::LimitAndPass(server) => {
            let upstream = format!(
                "    upstream behind {{ server {server}; keepalive 128; keepalive_requests 1000000000; }}\n"
            );
            let passes_on = "proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                             proxy_set_header X-Agency $agency;";
            (limits(&folder.to_string()) + &upstream, limited(passes_on))
        }
    };
    format!(
        "worker_processes auto;\npid {folder}/nginx.pid;\nerror_log stderr error;\nworker_rlimit_nofile 65536;\n\
         events {{ worker_connections 4096; }}\nhttp {{\n{temporary}{limits}    \
         server {{\n        listen {address} backlog=4096;\n        keepalive_requests 1000000000;\n        \
         client_body_buffer_size 64k;\n        {locations}\n    }}\n}}\n"
    )
}

fn answer() -> String {
    format!("default_type application/json; return 201 '{ANSWER}';")
}

/// The map of keys, the rate of each agency, and the log.
fn limits(folder: &str) -> String {
    format!(
        "    map_hash_bucket_size 256;\n    map $http_x_api_key $agency {{ default \"\"; \"{}\" \"PartnerCo\"; }}\n    \
         limit_req_zone $agency zone=plans:10m rate=1000000r/s;\n    limit_req_status 429;\n    \
         access_log {folder}/access.log combined buffer=64k flush=1s;\n",
        made_up_key()
    )
}

/// Everything is for agencies with a key, and counted.
fn limited(passes_on: &str) -> String {
    format!(
        "location / {{ if ($agency = \"\") {{ return 401; }} limit_req zone=plans burst=1000000 nodelay; {passes_on} }}"
    )
}
