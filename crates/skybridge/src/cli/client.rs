//! The client of the admin API.
//!
//! A running server leaves its admin address in the data directory, beside the token that opens it, so on the
//! server's own machine a command needs no options. Another server is named by `--server` and
//! SKYBRIDGE_ADMIN_TOKEN. The token of the data directory goes to loopback addresses only: it must not leave the
//! machine because of a mistyped address.

use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use http::request::Builder;
use http::{Request, Response, Uri};
use serde_json::{Value, json};
use ureq::{Agent, Body};

use super::failure::Failure;
use crate::config::environment;
use crate::data_dir::{ADMIN_TOKEN, ADMIN_URL, DataDir};

/// Where a server is, and what opens it. It holds a secret, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Server {
    /// Scheme, host and port of its admin listener, without a final slash.
    pub(crate) url: String,
    token: String,
    /// Where the token comes from, for the sentence that says it is wrong.
    token_from: String,
    /// What to say when nobody answers there.
    when_away: String,
}

impl Server {
    /// The server that runs on this data directory.
    pub(crate) fn running_on(data: &DataDir) -> Result<Self, Failure> {
        let path = std::path::absolute(data.path()).unwrap_or_else(|_| data.path().to_owned());
        let place = path.display();
        if !path.exists() {
            return Err(Failure::Unusable(format!(
                "there is no data directory {place}: name the server's with --data, or its admin address with --server"
            )));
        }
        let start = format!("start it with: skybridge serve --data {place}");
        let Some(url) = data.read(ADMIN_URL).map_err(|error| Failure::Unusable(format!("{error:#}")))? else {
            return Err(Failure::Unusable(format!("no server is running on {place}; {start}")));
        };
        let (token, token_from) = token_for(&url, data)?;
        let when_away = format!(
            "no server is running on {place}: it left its address {url}, but nobody answers there; {start}"
        );
        Ok(Self { url, token, token_from, when_away })
    }

    /// The server at `url`.
    pub(crate) fn named(url: &str, data: &DataDir) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") {
            return Err(Failure::Unusable(format!(
                "the server's address `{url}` must begin with http://; the admin listener speaks plain HTTP, so \
                 reach a server on another machine through a tunnel, such as ssh -L 8081:127.0.0.1:8081 HOST"
            )));
        }
        let (token, token_from) = token_for(&url, data)?;
        let when_away = format!("no server answers at {url}: is that its admin address, and is it running?");
        Ok(Self { url, token, token_from, when_away })
    }
}

fn token_for(url: &str, data: &DataDir) -> Result<(String, String), Failure> {
    if let Some(token) = environment::read("SKYBRIDGE_ADMIN_TOKEN") {
        return Ok((token, "SKYBRIDGE_ADMIN_TOKEN".to_owned()));
    }
    let path = data.path().join(ADMIN_TOKEN);
    let missing = |why: &str| Failure::Unusable(format!("{why}: give it in SKYBRIDGE_ADMIN_TOKEN"));
    if !is_loopback(url) {
        return Err(missing(&format!("the token of the server at {url} is not known")));
    }
    match data.read(ADMIN_TOKEN) {
        Ok(Some(token)) => Ok((token, path.display().to_string())),
        Ok(None) => Err(missing(&format!("the server's token is not in {}", path.display()))),
        Err(error) => Err(Failure::Unusable(format!("{error:#}"))),
    }
}

fn is_loopback(url: &str) -> bool {
    let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    host.is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// Asks one server.
pub(crate) struct Client {
    server: Server,
    agent: Agent,
    operator: String,
}

/// How long a question may take. Work on the whole store is not bounded by it.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// The largest answer that is taken into memory; a page of bookings is far smaller.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl Client {
    /// A client of `server`, in the name of the user who runs the command.
    pub(crate) fn of(server: Server) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_DEADLINE))
            // A proxy would see the token.
            .proxy(None)
            .max_redirects(0)
            .user_agent(concat!("skybridge/", env!("CARGO_PKG_VERSION")))
            .build();
        let user = environment::read("USER").or_else(|| environment::read("LOGNAME")).unwrap_or_default();
        let operator: String = user.chars().filter(char::is_ascii_graphic).take(64).collect();
        Self { server, agent: config.new_agent(), operator }
    }

    /// Does anybody answer there, whatever they say?
    pub(crate) fn is_answered(&self) -> bool {
        !matches!(self.get("/admin/v1/status"), Err(Failure::Unusable(_)))
    }

    /// Reads what is at `path`.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.request("GET", path).body(()).context("the request is well-formed")?;
        let bounded = self.agent.configure_request(request).timeout_global(Some(ANSWER_DEADLINE)).build();
        answer(self.accepted(self.agent.run(bounded))?)
    }

    /// Changes something: `method` is POST, PUT or DELETE.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.json_request(method, path, body)?;
        let bounded = self.agent.configure_request(request).timeout_global(Some(ANSWER_DEADLINE)).build();
        answer(self.accepted(self.agent.run(bounded))?)
    }

    /// Asks for work on the whole store, which takes as long as it takes.
    pub(crate) fn send_and_wait(&self, path: &str) -> Result<Value, Failure> {
        let request = self.json_request("POST", path, &json!({}))?;
        answer(self.accepted(self.agent.run(request))?)
    }

    /// Reads what is at `path` as a stream of bytes, however long.
    pub(crate) fn stream(&self, path: &str) -> Result<impl Read, Failure> {
        let request = self.request("GET", path).body(()).context("the request is well-formed")?;
        let response = self.accepted(self.agent.run(request))?;
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server.url))
            .header("authorization", format!("Bearer {}", self.server.token))
            .header("x-skybridge-operator", &self.operator)
    }

    fn json_request(&self, method: &str, path: &str, body: &Value) -> Result<Request<String>, Failure> {
        let request = self.request(method, path).header("content-type", "application/json");
        Ok(request.body(body.to_string()).context("the request is well-formed")?)
    }

    /// The response, if it is a success.
    fn accepted(&self, outcome: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Failure> {
        let response = outcome.map_err(|error| self.unanswered(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.as_u16() == 401 {
            return Err(Failure::Failed(anyhow::anyhow!(
                "the server at {} does not accept the token from {}",
                self.server.url,
                self.server.token_from
            )));
        }
        let problem = answer(response).ok().filter(|problem| problem["code"].is_string());
        let bare = || json!({ "title": status.to_string(), "status": status.as_u16(), "code": "-" });
        Err(Failure::Refused(problem.unwrap_or_else(bare)))
    }

    fn unanswered(&self, error: &ureq::Error) -> Failure {
        use ureq::{Error, Timeout};
        let away = match error {
            Error::HostNotFound | Error::ConnectionFailed | Error::Timeout(Timeout::Connect) => true,
            Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            _ => false,
        };
        if away {
            return Failure::Unusable(self.server.when_away.clone());
        }
        Failure::Unusable(format!("the server at {} gave no whole answer: {error}", self.server.url))
    }
}

fn answer(response: Response<Body>) -> Result<Value, Failure> {
    let text = response
        .into_body()
        .into_with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()
        .context("the server's answer broke off")?;
    Ok(serde_json::from_slice(&text)
        .context("the server's answer is not JSON: is this its admin address?")?)
}

/// One segment of a path: everything but unreserved characters (RFC 3986) as `%XX`.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `path` with those parameters that have a value.
pub(crate) fn with_query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_into_a_path_whole() {
        assert_eq!(segment("Partner Co/../x?"), "Partner%20Co%2F..%2Fx%3F");
        assert_eq!(with_query("/a", &[("q", None)]), "/a");
        assert_eq!(with_query("/a", &[("q", Some("x y".into())), ("r", Some("1".into()))]), "/a?q=x%20y&r=1");
    }

    #[test]
    fn the_token_of_this_machine_stays_on_it() {
        for url in ["http://127.0.0.1:8081", "http://[::1]:1", "http://localhost:8081", "http://127.9.9.9"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://10.0.0.1:8081", "http://localhost.example", "http://127.0.0.1@evil.example/", "x"]
        {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
