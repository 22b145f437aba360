//! Thousands of requests that are a little wrong, against a reader of the rules that is too slow to be used and too
//! plain to be wrong in the same way: as many answers as it finds sound requests, one for what is faulty behind them,
//! and not one more; none that blames the server; and always an end.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::framing::vectors;
use crate::kit::answers::all_in;
use crate::kit::{PATIENCE, in_memory, reception};

const SOUND: &[&str] = &[
    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /a?b=c HTTP/1.1\r\nHost: localhost:80\r\nAccept: */*\r\nUser-Agent: x/1\r\n\r\n",
    "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
];

const PIECES: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    " ",
    "\t",
    ":",
    "\0",
    "0",
    ";",
    ",",
    "chunked",
    "Content-Length: 1\r\n",
    "\r\n\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: y\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\u{7f}",
    "\u{e9}",
    "a",
    "5",
];

/// xorshift64*: the same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).unwrap() % bound
    }
}

/// One to three changes: a byte of another value, a byte taken out or doubled, a piece put in, the rest cut off.
fn mutated(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=chance.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = chance.below(bytes.len());
        match chance.below(6) {
            0 => bytes[at] ^= 1 << chance.below(8),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            3 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, PIECES[chance.below(PIECES.len())].bytes())),
        }
    }
    bytes
}

#[tokio::test(start_paused = true)]
async fn mutations_end_as_the_rules_say() {
    let faulty: Vec<Vec<u8>> = vectors().into_iter().map(|(_, bytes)| bytes).collect();
    let sound_ones: Vec<Vec<u8>> = SOUND.iter().map(|text| text.as_bytes().to_vec()).collect();
    let reception = Arc::new(reception(PATIENCE));
    let mut chance = Chance(0x5eed);
    let (mut sound, mut refused) = (0, 0);
    for round in 0..6_000 {
        let sources = if round % 3 == 0 { &faulty } else { &sound_ones };
        let bytes = mutated(&sources[chance.below(sources.len())], &mut chance);
        let (mut stream, serving) = in_memory(Arc::clone(&reception), 1 << 20);
        stream.write_all(&bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut wire = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut wire));
        let text = String::from_utf8_lossy(&bytes);
        reading.await.unwrap_or_else(|_| panic!("{text:?} hangs")).unwrap();
        serving.await.unwrap();

        let read = plain::read(&bytes);
        let statuses: Vec<u16> =
            all_in(&wire).iter().map(|answer| answer.status).filter(|status| *status >= 200).collect();
        let mut expected = vec![true; read.sound];
        expected.extend(read.is_faulty.then_some(false));
        let found: Vec<bool> = statuses.iter().map(|status| *status == 200).collect();
        assert_eq!(found, expected, "{text:?}: {statuses:?}");
        assert!(statuses.iter().all(|status| *status < 500), "{text:?}: {statuses:?}");
        sound += read.sound;
        refused += usize::from(read.is_faulty);
    }
    assert!(sound > 1_000 && refused > 1_000, "both kinds are met: {sound} sound, {refused} refused");
}

/// The rules, read plainly.
mod plain {
    /// What stands in a connection's bytes.
    pub(super) struct Read {
        pub(super) sound: usize,
        pub(super) is_faulty: bool,
    }

    /// Reads requests until the bytes end, are faulty, or a request closes.
    pub(super) fn read(mut bytes: &[u8]) -> Read {
        let mut sound = 0;
        loop {
            let rest = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
            if rest.is_empty() || bytes == b"\r" {
                return Read { sound, is_faulty: false };
            }
            match request(rest) {
                None => return Read { sound, is_faulty: true },
                Some((_, true)) => return Read { sound: sound + 1, is_faulty: false },
                Some((length, false)) => bytes = &rest[length..],
            }
            sound += 1;
        }
    }

    /// Length of the first request, and whether the connection closes after it.
    fn request(bytes: &[u8]) -> Option<(usize, bool)> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        // One character per byte.
        let head: String = bytes[..end].iter().map(|byte| char::from(*byte)).collect();
        let mut lines = head.split("\r\n");
        let (authority, is_1_1) = request_line(lines.next()?)?;
        let mut fields = Vec::new();
        for line in lines {
            fields.push(field(line)?);
        }
        let all = |name: &str| -> Vec<&str> {
            fields.iter().filter(|(held, _)| held == name).map(|(_, value)| value.as_str()).collect()
        };
        let hosts = all("host");
        match hosts.as_slice() {
            [] if is_1_1 => return None,
            [] => {}
            [host] if is_host(host) => {
                if authority.is_some_and(|authority| !authority.eq_ignore_ascii_case(host)) {
                    return None;
                }
            }
            _ => return None,
        }
        if all("expect").iter().any(|value| !value.eq_ignore_ascii_case("100-continue")) {
            return None;
        }
        let body = &bytes[end + 4..];
        let length = match (all("content-length").as_slice(), all("transfer-encoding").as_slice()) {
            ([], []) => 0,
            ([length], []) if !length.is_empty() && length.chars().all(|digit| digit.is_ascii_digit()) => {
                let length: usize = length.parse().ok().filter(|length| *length <= 1 << 20)?;
                (length <= body.len()).then_some(length)?
            }
            ([], [coding]) if is_1_1 && coding.eq_ignore_ascii_case("chunked") => chunked(body)?,
            _ => return None,
        };
        let options: Vec<String> =
            all("connection").join(",").split(',').map(|option| option.trim().to_lowercase()).collect();
        let has = |name: &str| options.iter().any(|option| option == name);
        let closes = has("close") || !(is_1_1 || has("keep-alive"));
        Some((end + 4 + length, closes))
    }

    fn request_line(line: &str) -> Option<(Option<String>, bool)> {
        let words: Vec<&str> = line.split(' ').collect();
        let [method, target, version] = words.as_slice() else { return None };
        let is_1_1 = match *version {
            "HTTP/1.1" => true,
            "HTTP/1.0" => false,
            _ => return None,
        };
        if !is_token(method) || *method == "CONNECT" {
            return None;
        }
        let fits = |path: &str| {
            path.chars().all(|c| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%/?".contains(c))
        };
        if target.starts_with('/') {
            return fits(target).then_some((None, is_1_1));
        }
        if *target == "*" {
            return (*method == "OPTIONS").then_some((None, is_1_1));
        }
        let (scheme, rest) = target.split_once("://")?;
        if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        (is_host(authority) && fits(path)).then(|| (Some(authority.to_owned()), is_1_1))
    }

    fn field(line: &str) -> Option<(String, String)> {
        let (name, value) = line.split_once(':')?;
        let fits = |c: char| c == '\t' || (c >= ' ' && c != '\u{7f}');
        let value_fits = value.chars().all(fits);
        (is_token(name) && value_fits)
            .then(|| (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
    }

    fn is_token(text: &str) -> bool {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    }

    /// The vectors have no addresses in brackets, and no mutation makes one.
    fn is_host(text: &str) -> bool {
        let (name, port) = text.split_once(':').unwrap_or((text, ""));
        let name_fits =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        let port_fits =
            port.chars().all(|c| c.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok());
        name_fits && port_fits
    }

    /// How long a chunked body is.
    fn chunked(body: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let line = body[at..].windows(2).position(|two| two == b"\r\n")?;
            let digits = std::str::from_utf8(&body[at..at + line]).ok()?;
            let fits = (1..=8).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
            let size = usize::from_str_radix(digits, 16).ok().filter(|_| fits)?;
            at += line + 2;
            if size == 0 {
                return (body.get(at..at + 2)? == b"\r\n").then_some(at + 2);
            }
            at += size;
            if body.get(at..at + 2)? != b"\r\n" {
                return None;
            }
            at += 2;
        }
    }
}
