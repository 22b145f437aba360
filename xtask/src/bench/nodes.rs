//! `cargo xtask bench nodes`: does one plan hold over many servers, and what does that cost?
//!
//! Several `skybridge serve` processes share one DynamoDB (dynoxide on loopback, behind a door that counts). One agency
//! books through all of them at several times its plan; on the way one process is killed without warning. Whatever
//! was admitted is judged from outside against the plan, and set beside the writes that sharing its limits took.

mod bound;
mod traffic;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use skybridge_dynamodb_local::{Counts, Faults, FaultyDoor, LocalDynamo};
use tokio::task::JoinSet;

use super::counter::PEPPER;
use super::machine::Machine;
use super::process::Process;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};
use crate::cargo;
use bound::distance_to_bound;
use traffic::{Seen, Traffic};

/// How the load is made.
#[derive(Args)]
pub(crate) struct Options {
    /// How long the agency books.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..=3600))]
    seconds: u64,
    /// How many servers there are; one of them is killed after a third of the time.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=8))]
    nodes: u32,
    /// The plan's rate, per second.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5000))]
    rate: u32,
    /// The plan's burst.
    #[arg(long, default_value_t = 400)]
    burst: u32,
    /// How many times its plan the agency asks for, over all servers.
    #[arg(long, default_value_t = 3.0)]
    times: f64,
    #[command(flatten)]
    program: Program,
}

/// What the agency books: the lesson's own body.
const BODY: &str = r#"{"agency":"PartnerCo"}"#;

/// Runs, reports, and fails if more was admitted than the plan allows.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = options.program.path()?;
    let machine = Machine::here()?;
    let dynamo = LocalDynamo::start()?;
    let door = FaultyDoor::before(&dynamo.endpoint(), Faults::none())?;
    let directory = tempfile::Builder::new().prefix("skybridge-nodes-").tempdir()?;
    let nodes = Nodes { program, directory: directory.path().to_owned(), endpoint: door.endpoint() };
    let mut servers = (0..options.nodes).map(|number| nodes.start(number)).collect::<Result<Vec<_>>>()?;
    let api_key = nodes.create_key(options)?;
    // Each server looks for new keys twice a second.
    std::thread::sleep(Duration::from_secs(1));
    door.take_counts();

    let begin = Instant::now();
    let end = begin + Duration::from_secs(options.seconds);
    let kill = begin + Duration::from_secs(options.seconds) / 3;
    let per_second = options.times * f64::from(options.rate) / f64::from(options.nodes);
    let body = BODY.to_owned();
    let traffic = servers.iter().enumerate().map(|(node, (_, address))| Traffic {
        node,
        address: *address,
        api_key: api_key.clone(),
        body: body.clone(),
        per_second,
        begin,
        end,
    });
    let traffic: Vec<Traffic> = traffic.collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let seen = runtime.block_on(async {
        let all = tokio::spawn(all_of(traffic));
        tokio::time::sleep_until(kill.into()).await;
        // To drop a server is to kill it: SIGKILL.
        drop(servers.pop());
        all.await?
    })?;
    Judgement { options, seen, elapsed: begin.elapsed(), counts: door.take_counts() }.tell(machine)
}

/// The traffic to all nodes at once.
async fn all_of(traffic: Vec<Traffic>) -> Result<Seen> {
    let mut tasks = JoinSet::new();
    for node in traffic {
        tasks.spawn(node.run());
    }
    let mut seen = Seen::default();
    while let Some(node) = tasks.join_next().await {
        seen.add(node??);
    }
    Ok(seen)
}

/// What the servers have in common.
struct Nodes {
    program: PathBuf,
    directory: PathBuf,
    endpoint: String,
}

impl Nodes {
    /// Starts a server with a data directory of its own, and the secrets and tables of all.
    fn start(&self, number: u32) -> Result<(Process, SocketAddr)> {
        let mut command = self.command(number);
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.args(["--store", "dynamodb", "--create-tables"]).env("SKYBRIDGE_LOG_LEVEL", "warn");
        let server = Process::start(&mut command)?;
        let [address, _admin] = server.addresses(["public", "admin"])?;
        Ok((server, address))
    }

    /// The program, told which server's data it is about.
    fn command(&self, number: u32) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(self.directory.join(number.to_string()));
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "us-east-2");
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        command.env("SKYBRIDGE_PEPPER", PEPPER);
        command
    }

    /// Makes the agency through the first server, as an operator would, and returns its key.
    fn create_key(&self, options: &Options) -> Result<String> {
        let call = |words: &str| {
            let mut command = self.command(0);
            cargo::output(command.args(words.split(' ')).arg("--json"))
        };
        call(&format!("plan set nodes --rate {} --burst {}", options.rate, options.burst))?;
        call("agency create PartnerCo --plan nodes")?;
        let answer: serde_json::Value = serde_json::from_str(&call("key create PartnerCo")?)?;
        Ok(answer["key"].as_str().context("the command line showed no key")?.to_owned())
    }
}

/// What came of it.
struct Judgement<'a> {
    options: &'a Options,
    seen: Seen,
    elapsed: Duration,
    counts: Counts,
}

impl Judgement<'_> {
    fn tell(&self, machine: Machine) -> Result<()> {
        let Options { seconds, nodes, rate, burst, times, program } = self.options;
        let (rate, burst) = (f64::from(*rate), f64::from(*burst));
        let admitted = self.seen.admitted.len() as f64;
        ensure!(admitted > 0.0, "no call was admitted; answers by status: {:?}", self.seen.answers);
        let plan = burst + rate * self.elapsed.as_secs_f64();
        let distance = distance_to_bound(&self.seen.admitted, rate, burst);
        let limit_writes = self.counts.writes_to("skybridge-limits") as f64;
        let load = format!(
            "{nodes} servers on one DynamoDB (dynoxide on loopback), one agency at {times} times its plan of {rate}/s with \
             bursts of {burst}, {seconds} s, one server killed after a third"
        );
        let mut report = Report::new("nodes", "One plan over several servers", machine, load);
        let mut table = Table::new("calls", [Column::new("calls", 0).drawn(Scale::Linear)]);
        table.add("that the plan allows", &[plan]);
        table.add("admitted", &[admitted]);
        table.add("writes of bookings", &[self.counts.writes_to("skybridge-bookings") as f64]);
        table.add("writes of shared limits", &[limit_writes]);
        report.tables.push(table);
        report.notes = vec![
            format!("answers by status: {:?}", self.seen.answers),
            format!("{:.1} % of what the plan allows was admitted", 100.0 * admitted / plan),
            format!("nearest to the bound: {distance:.1} calls below it, over every span of time"),
            format!("{:.3} writes of shared limits per admitted call", limit_writes / admitted),
            format!("requests to DynamoDB: {:?}", self.counts.requests),
        ];
        report.notes.extend(program.notes());
        report.finish()?;
        ensure!(distance >= 0.0, "more was admitted than the plan allows");
        Ok(())
    }
}
