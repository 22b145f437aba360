//! A thousand slow callers of each kind, and one that is in no hurry but honest. `cargo xtask bench slow` does the same
//! to the program itself, at full scale and in real time.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep_until};

use crate::kit::{PATIENCE, in_memory, reception};

const CALLERS: usize = 1_000;

/// A kind of slowness: what is sent at once, then what is sent byte by byte, and whether answers are taken.
struct Kind {
    name: &'static str,
    at_once: &'static str,
    then: &'static [u8],
    /// By when all must be gone, with the while of a farewell.
    seconds_max: u64,
}

const KINDS: [Kind; 4] = [
    Kind { name: "silent", at_once: "", then: b"", seconds_max: 60 },
    Kind { name: "heads", at_once: "GET / HTTP/1.1\r\n", then: b"X: y\r\n", seconds_max: 12 },
    Kind {
        name: "bodies",
        at_once: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        then: b"x",
        seconds_max: 62,
    },
    Kind { name: "reads", at_once: "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", then: b"", seconds_max: 60 },
];

/// One slow caller; ends when the server has closed.
async fn dawdle(mut stream: DuplexStream, kind: &Kind) {
    stream.write_all(kind.at_once.as_bytes()).await.unwrap();
    for byte in kind.then.iter().cycle() {
        sleep_until(Instant::now() + Duration::from_secs(1)).await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_slow_callers_are_gone_within_their_deadline() {
    for kind in &KINDS {
        let reception = Arc::new(reception(PATIENCE));
        let begun = Instant::now();
        let mut crowd = Vec::new();
        for _ in 0..CALLERS {
            let (stream, serving) = in_memory(Arc::clone(&reception), 256);
            let dawdling = async move {
                tokio::select! {
                    () = dawdle(stream, kind) => {}
                    _ended = serving => {}
                }
                begun.elapsed().as_secs()
            };
            crowd.push(tokio::spawn(dawdling));
        }
        let (mut good, _serving) = in_memory(Arc::clone(&reception), 4096);
        for _ in 0..5 {
            let asked = Instant::now();
            good.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = [0; 12];
            good.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200", "{}", kind.name);
            assert_eq!(asked.elapsed(), Duration::ZERO, "{}: nobody waits for the slow", kind.name);
            sleep_until(Instant::now() + Duration::from_secs(5)).await;
            while futures_util::FutureExt::now_or_never(good.read_u8()).is_some() {}
        }
        for caller in crowd {
            let seconds = caller.await.unwrap();
            assert!(seconds <= kind.seconds_max, "{}: {seconds} s", kind.name);
        }
    }
}
