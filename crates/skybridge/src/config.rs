//! The configuration: layers of text ([`mod@layers`]), read once into values of the right kind.
//!
//! `default.toml` < file < environment < options. Everything that is wrong is reported at once, each fault
//! naming the key, where its value comes from, the value, and what is right.

mod addresses;
pub(crate) mod environment;
mod fault;
mod layers;
mod screening;
#[cfg(test)]
mod tests;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use skybridge_api::problem::ErrorStyle;
use skybridge_api::public::PublicUrl;
use skybridge_desk::Capacity;
use skybridge_domain::network::Network;
use skybridge_gate::{LockoutTerms, SignatureTerms};
use tracing_subscriber::EnvFilter;

pub(crate) use addresses::{AddressFiles, Addresses};
pub(crate) use fault::{Fault, Faults};
pub(crate) use layers::{DEFAULT_TOML, Layers};
#[cfg(test)]
use layers::{Source, environment_name};
pub(crate) use screening::{Samples, Screening};

use crate::duration;

/// Every value, as the program uses it. The keys are documented in `default.toml`.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) store: StoreKind,
    pub(crate) drain_deadline: Duration,
    pub(crate) errors: ErrorStyle,
    pub(crate) http: Http,
    pub(crate) capacity: Capacity,
    /// `None`: the public listener speaks plain HTTP.
    pub(crate) tls: Option<skybridge_listener::tls::Settings>,
    pub(crate) commit_queue: usize,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) log: Log,
    pub(crate) lockout: LockoutTerms,
    pub(crate) addresses: Addresses,
    pub(crate) signatures: SignatureTerms,
    /// `None`: by the Host that callers send.
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) screening: Screening,
}

/// The `[http]` section.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) exchange_timeout: Duration,
    pub(crate) connections_max: usize,
    pub(crate) connections_per_address_max: usize,
    pub(crate) streams_max: u32,
    pub(crate) trusted_proxies: Vec<IpNet>,
}

/// The `[dynamodb]` section.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDb {
    pub(crate) table_prefix: String,
    /// `None`: as the AWS tools find it.
    pub(crate) region: Option<String>,
    /// `None`: as the AWS tools find it.
    pub(crate) endpoint: Option<String>,
}

/// The `[log]` section.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    /// A filter that parses.
    pub(crate) level: String,
    /// Is a line written for each request?
    pub(crate) access: bool,
}

/// Where bookings are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Embedded,
    DynamoDb,
    Memory,
}

impl StoreKind {
    const ALL: [Self; 3] = [Self::Embedded, Self::DynamoDb, Self::Memory];

    /// Its name in the configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::DynamoDb => "dynamodb",
            Self::Memory => "memory",
        }
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Auto,
    Json,
    Pretty,
}

/// What a command line gives over the other layers: key, name of the option, value.
pub(crate) type Options = Vec<(&'static str, &'static str, String)>;

/// Lays all layers. `file` is the path given by option; without it SKYBRIDGE_CONFIG may name one.
pub(crate) fn layers(file: Option<&Path>, options: Options) -> Result<Layers, Faults> {
    let path = file.map(Path::to_owned).or_else(|| environment::read("SKYBRIDGE_CONFIG").map(PathBuf::from));
    let text = path.as_deref().map(std::fs::read_to_string).transpose().map_err(|source| {
        let path = path.clone().expect("only a file that was named can fail to be read");
        Faults(vec![Fault::Unreadable { path, source }])
    })?;
    lay(path.as_deref().zip(text.as_deref()), environment::read, options)
}

/// The order of the layers: each covers what lies below.
fn lay(
    file: Option<(&Path, &str)>,
    environment: impl Fn(&str) -> Option<String>,
    options: Options,
) -> Result<Layers, Faults> {
    let mut layers = Layers::of_defaults();
    let mut faults = file.map_or_else(Vec::new, |(path, text)| layers.lay_file(path, text));
    layers.lay_environment(environment);
    for (key, option, text) in options {
        layers.lay_option(key, option, text);
    }
    if faults.is_empty() {
        return Ok(layers);
    }
    // Whatever else is wrong is told in the same breath.
    if let Err(Faults(more)) = Config::read(&layers) {
        faults.extend(more);
    }
    Err(Faults(faults))
}

impl Config {
    /// Reads every value out of its text.
    pub(crate) fn read(layers: &Layers) -> Result<Self, Faults> {
        let mut reader = Reader { layers, faults: Vec::new() };
        let mut config = Self {
            data: reader.take("data", directory, "the path of a directory"),
            listen: reader.take("listen", address, "an address and a port, such as 127.0.0.1:8080"),
            admin_listen: reader.take(
                "admin_listen",
                address,
                "an address and a port, such as 127.0.0.1:8081",
            ),
            store: reader.take("store", store_kind, "\"embedded\", \"dynamodb\" or \"memory\""),
            drain_deadline: reader.duration("drain_deadline"),
            errors: reader.take("errors", ErrorStyle::parse, "\"problem\" or \"aws\""),
            http: Http {
                header_timeout: reader.duration("http.header_timeout"),
                body_timeout: reader.duration("http.body_timeout"),
                idle_timeout: reader.duration("http.idle_timeout"),
                exchange_timeout: reader.duration("http.exchange_timeout"),
                connections_max: reader.count("http.connections_max"),
                connections_per_address_max: reader.count("http.connections_per_address_max"),
                streams_max: reader.take("http.streams_max", streams, "a whole number from 1 to 1000"),
                trusted_proxies: reader.take(
                    "http.trusted_proxies",
                    networks,
                    "a list of addresses and networks, such as [\"10.0.0.0/8\", \"2001:db8::1\"]",
                ),
            },
            capacity: Capacity {
                calls_max: reader.take("overload.calls_max", calls, "a whole number from 1 to 1000000"),
                latency_target: reader.duration("overload.latency_target"),
            },
            addresses: addresses::read(&mut reader),
            tls: tls::read(&mut reader),
            commit_queue: reader.count("embedded.commit_queue"),
            dynamodb: DynamoDb {
                table_prefix: reader.take(
                    "dynamodb.table_prefix",
                    table_prefix,
                    "1 to 64 letters, digits, dots, underscores or hyphens",
                ),
                region: reader.take("dynamodb.region", region, "the name of a region, such as us-east-2"),
                endpoint: reader.take(
                    "dynamodb.endpoint",
                    endpoint,
                    "an address such as http://127.0.0.1:8000",
                ),
            },
            log: Log {
                format: reader.take("log.format", log_format, "\"auto\", \"json\" or \"pretty\""),
                level: reader.take(
                    "log.level",
                    log_level,
                    "\"error\", \"warn\", \"info\", \"debug\", \"trace\", or a tracing filter",
                ),
                access: reader.take("log.access", on_or_off, "\"on\" or \"off\""),
            },
            signatures: SignatureTerms {
                age_max: reader.duration("signatures.age_max"),
                ahead_max: reader.duration("signatures.ahead_max"),
                remembered_max: reader.count("signatures.remembered_max"),
            },
            public_url: reader.take(
                "public_url",
                public_url,
                "an address such as https://api.example.com, without a query",
            ),
            screening: screening::read(&mut reader),
            lockout: LockoutTerms {
                failures: reader.failures("lockout.failures"),
                refill: reader.duration("lockout.refill"),
            },
        };
        let proxies = config.http.trusted_proxies.iter().copied();
        config.addresses.terms.proxies = proxies.map(Network::of).collect();
        if reader.faults.is_empty() { Ok(config) } else { Err(Faults(reader.faults)) }
    }
}

/// Reads values and collects the faults; a value that does not read is replaced by its default, so that
/// reading can go on to the next.
struct Reader<'a> {
    layers: &'a Layers,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn take<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>, wanted: &str) -> T {
        let entry = self.layers.get(key);
        if let Some(value) = read(&entry.text) {
            return value;
        }
        self.faults.push(Fault::WrongValue {
            key: key.to_owned(),
            origin: entry.source.clone(),
            given: format!("{:?}", entry.text),
            wanted: wanted.to_owned(),
        });
        read(&Layers::of_defaults().get(key).text).expect("the defaults are right; a test reads them all")
    }

    fn duration(&mut self, key: &str) -> Duration {
        let above_zero = |text: &str| duration::parse(text).ok().filter(|duration| !duration.is_zero());
        self.take(key, above_zero, "a duration above zero, such as 500ms, 10s or 5m")
    }

    fn failures(&mut self, key: &str) -> u32 {
        let in_range = |text: &str| text.parse().ok().filter(|count| (1..=1_000_000).contains(count));
        self.take(key, in_range, "a whole number from 1 to 1000000")
    }

    fn count(&mut self, key: &str) -> usize {
        let in_range = |text: &str| text.parse().ok().filter(|count| (1..=1_000_000).contains(count));
        self.take(key, in_range, "a whole number from 1 to 1000000")
    }
}

fn calls(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| (1..=1_000_000).contains(count))
}

fn on_or_off(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn address(text: &str) -> Option<SocketAddr> {
    text.replacen("localhost", "127.0.0.1", 1).parse().ok()
}

fn streams(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| (1..=1_000).contains(count))
}

/// Networks, or addresses alone. A proxy is never all the world: everybody could then name any source.
fn networks(text: &str) -> Option<Vec<IpNet>> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let network = |entry: &str| entry.parse().ok().or_else(|| Some(entry.parse::<IpAddr>().ok()?.into()));
    entries.map(|entry| network(entry).filter(|network: &IpNet| network.prefix_len() > 0)).collect()
}

fn store_kind(text: &str) -> Option<StoreKind> {
    StoreKind::ALL.into_iter().find(|kind| kind.name() == text)
}

fn table_prefix(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((1..=64).contains(&text.len()) && text.bytes().all(fits)).then(|| text.to_owned())
}

/// An empty text leaves it to others to say; so below.
fn region(text: &str) -> Option<Option<String>> {
    let named = !text.is_empty();
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| named.then(|| text.to_owned()))
}

fn public_url(text: &str) -> Option<Option<PublicUrl>> {
    if text.is_empty() { Some(None) } else { PublicUrl::parse(text).map(Some) }
}

fn endpoint(text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    let uri: http::Uri = text.parse().ok()?;
    let fits = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    fits.then(|| Some(text.to_owned()))
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "auto" => Some(LogFormat::Auto),
        "json" => Some(LogFormat::Json),
        "pretty" => Some(LogFormat::Pretty),
        _ => None,
    }
}

fn log_level(text: &str) -> Option<String> {
    EnvFilter::try_new(text).ok().map(|_| text.to_owned())
}

fn directory(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}
