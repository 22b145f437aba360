//! HTTP/2 over raw frames: an ordinary exchange, and floods that end with the connection cut off while others go on.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

use crate::kit::{House, PATIENCE, in_memory, reception};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// `:method: GET`, `:scheme: http`, `:authority: x`.
const BEFORE_PATH: &[u8] = &[0x82, 0x86, 0x41, 0x01, b'x'];

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(crate) fn settings(entries: &[(u16, u32)]) -> Vec<u8> {
    let payload =
        entries.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
    frame(4, 0, 0, &payload.collect::<Vec<u8>>())
}

/// HEADERS of a GET for `path`.
fn get(stream: u32, path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    frame(1, END_STREAM | END_HEADERS, stream, &[BEFORE_PATH, &[0x44, length], path.as_bytes()].concat())
}

fn reset(stream: u32) -> Vec<u8> {
    frame(3, 0, stream, &8_u32.to_be_bytes())
}

/// The frame that comes: kind, stream, payload, flags.
pub(crate) async fn frames(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u32, Vec<u8>, u8)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], u32::from_be_bytes(head[5..9].try_into().unwrap()) & 0x7fff_ffff, payload, head[4]))
}

/// Reads until the server closes; gives the error of its GOAWAY, if it sent one.
async fn goaway(stream: &mut DuplexStream) -> Option<u32> {
    let mut error = None;
    while let Some((kind, _, payload, _)) = frames(stream).await {
        if kind == 7 {
            error = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
    }
    error
}

/// A connection in memory that has said what everybody says first.
async fn begun(entries: &[(u16, u32)]) -> (DuplexStream, tokio::task::JoinHandle<()>) {
    let (mut stream, serving) = in_memory(Arc::new(reception(PATIENCE)), 1 << 20);
    stream.write_all(&[PREFACE, &settings(entries)].concat()).await.unwrap();
    (stream, serving)
}

#[tokio::test(start_paused = true)]
async fn http2_is_understood_from_its_first_line() {
    let (mut stream, _serving) = begun(&[]).await;
    stream.write_all(&get(1, "/small")).await.unwrap();
    let mut body = Vec::new();
    while body.len() < 10 {
        let (kind, id, payload, _) = frames(&mut stream).await.unwrap();
        if kind == 0 {
            assert_eq!(id, 1);
            body.extend(payload);
        }
    }
    assert_eq!(body, b"0123456789");
}

/// Some callers drop an answer that RST_STREAM follows, so what they still send is read, and the stream ends in peace.
#[tokio::test(start_paused = true)]
async fn an_answer_before_the_body_was_read_is_followed_by_no_reset() {
    let (mut stream, _serving) = begun(&[]).await;
    let path = b"/small";
    let head = [&[0x83, 0x86, 0x41, 0x01, b'x', 0x44, 6], &path[..]].concat();
    stream.write_all(&frame(1, END_HEADERS, 1, &head)).await.unwrap();
    tokio::time::advance(Duration::from_millis(5)).await;
    stream.write_all(&frame(0, END_STREAM, 1, b"{}")).await.unwrap();
    // Frames come in order: the answer to a PING tells that no more came of the stream.
    let (mut kinds, mut is_over) = (Vec::new(), false);
    while let Some((kind, id, _, flags)) = frames(&mut stream).await {
        if id == 1 {
            kinds.push(kind);
        }
        if id == 1 && flags & END_STREAM != 0 && !is_over {
            is_over = true;
            stream.write_all(&frame(6, 0, 0, b"anything")).await.unwrap();
        }
        if kind == 6 {
            break;
        }
    }
    assert!(is_over && !kinds.contains(&3), "{kinds:?}");
}

/// But only where nothing was said before.
#[tokio::test]
async fn http2_in_the_middle_of_http1_is_refused() {
    let house = House::open(reception(PATIENCE));
    let text = [b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n", PREFACE].concat();
    let answers = crate::kit::answers::all_in(&house.exchange(&text).await);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test(start_paused = true)]
async fn resets_in_one_go_end_the_connection() {
    let (mut stream, serving) = begun(&[]).await;
    let mut flood = Vec::new();
    for id in (1..20_000).step_by(2) {
        flood.extend([get(id, "/stuck"), reset(id)].concat());
    }
    let _cut_off = stream.write_all(&flood).await;
    assert_eq!(goaway(&mut stream).await, Some(0xb), "ENHANCE_YOUR_CALM");
    serving.await.unwrap();
}

/// Patiently, each after the server has taken it up: h2 cannot tell that from a caller who changes its mind.
#[tokio::test(start_paused = true)]
async fn resets_one_by_one_end_the_connection() {
    let (mut stream, serving) = begun(&[]).await;
    let mut sent = 0;
    for id in (1..20_000).step_by(2) {
        if stream.write_all(&get(id, "/stuck")).await.is_err() || serving.is_finished() {
            break;
        }
        tokio::time::advance(Duration::from_millis(1)).await;
        let _ended = stream.write_all(&reset(id)).await;
        tokio::time::advance(Duration::from_millis(1)).await;
        sent += 1;
    }
    assert!(sent < 200, "{sent} were let pass");
}

#[tokio::test(start_paused = true)]
async fn headers_without_end_end_the_connection() {
    let (mut stream, serving) = begun(&[]).await;
    let mut flood = frame(1, END_STREAM, 1, BEFORE_PATH);
    // A header's name and value as they are, without the table: 1,000 bytes of value.
    let header = [&[0x00, 0x01, b'a', 0x7f, 0xe9, 0x06][..], &[b'b'; 1_000]].concat();
    for _ in 0..2_000 {
        flood.extend(frame(9, 0, 1, &header));
    }
    let _cut_off = stream.write_all(&flood).await;
    let begun = Instant::now();
    assert!(goaway(&mut stream).await.is_some());
    assert!(begun.elapsed() < Duration::from_secs(1));
    serving.await.unwrap();
}

/// Windows that stay shut, or open by a byte at a time: answers wait, and then nobody does any more.
#[tokio::test(start_paused = true)]
async fn a_window_that_never_opens_ends_the_connection() {
    for (initial_window, path) in [(0, "/small"), (9, "/small"), (1, "/large")] {
        let (mut stream, serving) = begun(&[(4, initial_window)]).await;
        for id in (1..64).step_by(2) {
            stream.write_all(&get(id, path)).await.unwrap();
        }
        let begun = Instant::now();
        goaway(&mut stream).await;
        serving.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 60, "window {initial_window}, {path}");
    }
}

/// Told to go when its time is up, it has 2 s to do so.
#[tokio::test(start_paused = true)]
async fn a_connection_that_rests_or_trickles_its_headers_is_closed() {
    let half = frame(1, END_STREAM, 1, BEFORE_PATH);
    for sent in [&half[..], &[]] {
        let (mut stream, serving) = begun(&[]).await;
        stream.write_all(sent).await.unwrap();
        let begun = Instant::now();
        goaway(&mut stream).await;
        serving.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(62));
    }
}

/// Pings keep nothing open, and do not make a caller go later than others.
#[tokio::test(start_paused = true)]
async fn a_connection_that_only_pings_is_closed() {
    let (stream, serving) = begun(&[]).await;
    let (mut receiving, mut sending) = tokio::io::split(stream);
    let begun = Instant::now();
    tokio::spawn(async move {
        while sending.write_all(&frame(6, 0, 0, &[7; 8])).await.is_ok() {
            tokio::time::sleep_until(Instant::now() + Duration::from_secs(1)).await;
        }
    });
    let mut told_at = None;
    while let Some((kind, ..)) = frames(&mut receiving).await {
        if kind == 7 {
            told_at.get_or_insert(begun.elapsed().as_secs());
        }
    }
    serving.await.unwrap();
    assert_eq!((told_at, begun.elapsed()), (Some(60), Duration::from_secs(62)));
}

/// A caller that does as it is told is gone at once; what it asked for before it knew is answered.
#[tokio::test(start_paused = true)]
async fn a_connection_whose_caller_goes_is_closed_at_once() {
    let (mut stream, serving) = begun(&[]).await;
    let begun = Instant::now();
    let mut body = Vec::new();
    while let Some((kind, _, payload, flags)) = frames(&mut stream).await {
        match kind {
            // The ping with which the server finds out that its GOAWAY has come.
            6 if flags == 0 => {
                stream.write_all(&[get(1, "/small"), frame(6, 1, 0, &payload)].concat()).await.unwrap();
            }
            0 => body.extend(payload),
            _ => {}
        }
    }
    serving.await.unwrap();
    assert_eq!((&body[..], begun.elapsed()), (&b"0123456789"[..], Duration::from_secs(60)));
}

/// A flood is its own connection's end and nobody else's, over real sockets.
#[tokio::test]
async fn others_are_unharmed_by_a_flood() {
    let house = House::open(reception(PATIENCE));
    let mut good = house.connect().await;
    let mut flood = [PREFACE, &settings(&[])].concat();
    for id in (1..20_000).step_by(2) {
        flood.extend([get(id, "/stuck"), reset(id)].concat());
    }
    for _ in 0..3 {
        let mut bad = house.connect().await;
        let _cut_off = bad.write_all(&flood).await;
        let _reset = bad.read_to_end(&mut Vec::new()).await;
        good.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4096];
        let length = good.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    }
}
