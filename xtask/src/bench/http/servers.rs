//! The servers of `bench http`: what each needs is made ready once, then each is started anew for every turn.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use skybridge_dynamodb_local::LocalDynamo;

use crate::bench::counter::Counter;
use crate::bench::peer::{Bare, FastApi, Lesson, Nginx, made_up_key};
use crate::bench::process::Process;
use crate::bench::program::Program;

/// A server that is measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A bare hyper server with a constant answer.
    Hyper,
    /// The same on axum.
    Axum,
    /// nginx with a constant answer.
    Nginx,
    /// nginx with a map of keys, limit_req and a constant answer.
    NginxLimits,
    /// `skybridge serve --store memory`.
    Memory,
    /// `skybridge serve --store embedded`.
    Embedded,
    /// The same without screening by signatures.
    EmbeddedUnscreened,
    /// `skybridge serve --store dynamodb`, over dynoxide.
    Dynamodb,
    /// nginx with limit_req in front of uvicorn, FastAPI and SQLite.
    Fastapi,
    /// The lesson's handler on boto3, over dynoxide.
    Lesson,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "minimal hyper",
            Self::Axum => "minimal axum",
            Self::Nginx => "nginx, constant answer",
            Self::NginxLimits => "nginx, key map and limit_req",
            Self::Memory => "skybridge, memory",
            Self::Embedded => "skybridge, embedded",
            Self::EmbeddedUnscreened => "skybridge, no screening",
            Self::Dynamodb => "skybridge, DynamoDB",
            Self::Fastapi => "nginx > FastAPI > SQLite",
            Self::Lesson => "the lesson's handler > DynamoDB",
        }
    }

    /// Those that refuse whoever has no key.
    const fn knows_keys(self) -> bool {
        !matches!(self, Self::Hyper | Self::Axum | Self::Nginx | Self::Lesson)
    }
}

/// All that is to be measured, ready to be started.
pub(super) struct Servers {
    ready: Vec<(Kind, Ready)>,
    missing: Vec<String>,
}

/// What a server is started from.
enum Ready {
    Bare(Bare),
    Nginx(Nginx),
    FastApi { nginx: Nginx, service: FastApi },
    Lesson { lesson: Lesson, skybridge: PathBuf },
    Skybridge(PathBuf),
}

impl Servers {
    /// Builds what is ours and brings the peers; those that cannot be had are left out and named.
    pub(super) fn prepare(kinds: impl Iterator<Item = Kind>, program: &Program) -> Result<Self> {
        let mut servers = Self { ready: Vec::new(), missing: Vec::new() };
        for kind in kinds {
            match Ready::of(kind, program) {
                Ok(ready) => servers.ready.push((kind, ready)),
                Err(error) if matches!(kind, Kind::Hyper | Kind::Axum) => return Err(error),
                Err(error) => servers.missing.push(format!("missing   {}: {error:#}", kind.name())),
            }
        }
        ensure!(!servers.ready.is_empty(), "no server can be measured: {}", servers.missing.join("; "));
        for missing in &servers.missing {
            println!("{missing}");
        }
        Ok(servers)
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.ready.iter().map(|(kind, _)| *kind)
    }

    /// Who could not be measured, and why.
    pub(super) fn missing(&self) -> Vec<String> {
        self.missing.clone()
    }

    /// What the peers run on.
    pub(super) fn versions(&self) -> Vec<String> {
        let mut versions: Vec<String> = Vec::new();
        for told in self.ready.iter().flat_map(|(_, ready)| ready.versions()) {
            if !versions.contains(told) {
                versions.push(told.clone());
            }
        }
        versions
    }

    /// Starts one over an empty store, and looks that it refuses strangers if it should.
    pub(super) fn start(&self, kind: Kind) -> Result<Running> {
        let (_, ready) = self.ready.iter().find(|(ready, _)| *ready == kind).context("it is not ready")?;
        let server = ready.start(kind)?;
        if kind.knows_keys() {
            server.refuses_strangers()?;
        }
        Ok(server)
    }
}

impl Ready {
    fn of(kind: Kind, program: &Program) -> Result<Self> {
        let skybridge = || program.path();
        Ok(match kind {
            Kind::Hyper => Self::Bare(Bare::Hyper),
            Kind::Axum => Self::Bare(Bare::Axum),
            Kind::Nginx | Kind::NginxLimits => Self::Nginx(Nginx::fetch()?),
            Kind::Fastapi => Self::FastApi { nginx: Nginx::fetch()?, service: FastApi::fetch()? },
            Kind::Lesson => Self::Lesson { lesson: Lesson::fetch()?, skybridge: skybridge()? },
            Kind::Memory | Kind::Embedded | Kind::EmbeddedUnscreened | Kind::Dynamodb => {
                Self::Skybridge(skybridge()?)
            }
        })
    }

    fn versions(&self) -> Vec<&String> {
        match self {
            Self::Bare(_) | Self::Skybridge(_) => Vec::new(),
            Self::Nginx(nginx) => vec![&nginx.version],
            Self::FastApi { nginx, service } => vec![&nginx.version, &service.versions],
            Self::Lesson { lesson, .. } => vec![&lesson.versions],
        }
    }

    fn start(&self, kind: Kind) -> Result<Running> {
        let directory = tempfile::Builder::new().prefix("skybridge-bench-").tempdir()?;
        let folder = directory.path();
        let mut running = match self {
            Self::Bare(bare) => {
                let (process, address) = bare.start()?;
                Running::of_peer(vec![process], address)
            }
            Self::Nginx(nginx) => {
                let started = if kind == Kind::Nginx {
                    nginx.start_bare(folder)
                } else {
                    nginx.start_with_limits(folder)
                };
                let (process, address) = started?;
                Running::of_peer(vec![process], address)
            }
            Self::FastApi { nginx, service } => {
                let (processes, address) = service.start(nginx, folder)?;
                Running::of_peer(processes, address)
            }
            Self::Lesson { lesson, skybridge } => {
                let dynamo = LocalDynamo::start()?;
                // It makes the lesson's table with the others, and goes.
                drop(Counter::start_over(skybridge, &dynamo)?);
                let (process, address) = lesson.start(&dynamo, folder)?;
                Running { _dynamo: Some(dynamo), ..Running::of_peer(vec![process], address) }
            }
            Self::Skybridge(program) => start_skybridge(program, kind)?,
        };
        running._directory = Some(directory);
        Ok(running)
    }
}

/// Ours, with an agency that is never throttled.
fn start_skybridge(program: &Path, kind: Kind) -> Result<Running> {
    let mut dynamo = None;
    let counter = match kind {
        Kind::Memory => Counter::start(program, "memory")?,
        Kind::Embedded => Counter::start(program, "embedded")?,
        Kind::EmbeddedUnscreened => {
            Counter::start_with(program, "embedded", &[("SKYBRIDGE_SCREENING_SIGNATURES", "off")])?
        }
        Kind::Dynamodb => Counter::start_over(program, dynamo.insert(LocalDynamo::start()?))?,
        _ => bail!("it is none of ours"),
    };
    counter.set_plan("bench", 1_000_000, 1_000_000)?;
    let api_key = counter.create_agency("Bench", "bench")?;
    let address = counter.address;
    Ok(Running {
        address,
        api_key,
        processes: Vec::new(),
        counter: Some(counter),
        _dynamo: dynamo,
        _directory: None,
    })
}

/// A server in its turn. Its processes end before what they work on.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) api_key: String,
    processes: Vec<Process>,
    counter: Option<Counter>,
    _dynamo: Option<LocalDynamo>,
    _directory: Option<tempfile::TempDir>,
}

impl Running {
    fn of_peer(processes: Vec<Process>, address: SocketAddr) -> Self {
        Self { address, api_key: made_up_key(), processes, counter: None, _dynamo: None, _directory: None }
    }

    /// The processor time that all of its processes have used.
    pub(super) fn cpu(&self) -> Result<Duration> {
        self.all().map(Process::cpu).sum()
    }

    /// The memory of all of its processes.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        self.all().map(Process::resident_bytes).sum()
    }

    fn all(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().chain(self.counter.as_ref().map(Counter::process))
    }

    /// A peer that does less than it says would look good without deserving it.
    fn refuses_strangers(&self) -> Result<()> {
        let url = format!("http://{}/v1/bookings", self.address);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let answer =
            agent.post(&url).header("x-api-key", "nobody's").header("idempotency-key", "k").send("{}")?;
        ensure!(answer.status() == 401, "a stranger was answered {}", answer.status());
        Ok(())
    }
}
