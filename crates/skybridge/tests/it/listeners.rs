//! Two listeners: one for agencies, one for the airline; and how a server ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::process::Command;

use command_fds::{CommandFdExt as _, FdMapping};

use crate::kit::Program;
use crate::kit::bodies::example;
use crate::kit::program::{Caller, agency_with_key, run, skybridge};

#[tokio::test]
async fn each_listener_serves_its_own() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let key = agency_with_key(data.path(), "PartnerCo");
    let caller = Caller::with_key(&key);
    caller.book(&server.public, "k", &example()).await.unwrap().expect(201);
    caller.get(&format!("{}/v1/bookings/x", server.public)).await.unwrap().expect_refusal(404, "not-found");

    for path in ["/admin/v1/plans", "/metrics"] {
        caller.get(&format!("{}{path}", server.public)).await.unwrap().expect_refusal(404, "not-found");
    }
    caller.get(&format!("{}/v1/usage", server.admin)).await.unwrap().expect_refusal(404, "not-found");
    let metrics = caller.get(&format!("{}/metrics", server.admin)).await.unwrap().expect(200);
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("skybridge_requests_total{code=\"ok\"} 1"), "{metrics}");
    assert!(metrics.contains("skybridge_requests_total{code=\"not-found\"} 3"), "{metrics}");
}

#[tokio::test]
async fn secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("new");
    let _server = Program::serve(&data, &[]);
    let mode = |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("pepper"), mode("admin.token")), (0o700, 0o600, 0o600));
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (unread, log) = std::io::pipe().unwrap();
    let server = Program::start_logging(skybridge(data.path()), &[], log.into());
    let caller = Caller::with_key("none");
    // More than the pipe takes: each has a line.
    for _ in 0..600 {
        caller.get(&format!("{}/healthz", server.public)).await.unwrap().expect(200);
    }
    // What it does has a line of its own, which is not of the access log.
    assert!(run(data.path(), &["address", "forgive", "203.0.113.7"]).status.success());
    for address in [&server.public, &server.admin] {
        // A connection of its own.
        let newcomer = Caller::with_key("none");
        newcomer.get(&format!("{address}/readyz")).await.unwrap().expect(200);
    }
    assert!(server.terminate());
    drop(unread);
}

/// A request whose body is still on its way when the server is told to stop is answered before it ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_finishes_what_it_began() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let key = agency_with_key(data.path(), "PartnerCo");
    let mut stream = begun_at(&server, &key);
    server.ask_to_end();
    wait_until_it_drains(&server);
    stream.write_all(b"{}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    assert_eq!(server.exit_code(), Some(0), "the server ends well");

    let server = Program::serve(data.path(), &[]);
    let listed = Caller::with_key(&key).get(&format!("{}/v1/bookings", server.public)).await.unwrap();
    assert_eq!(listed.expect(200).json()["bookings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_second_signal_ends_a_server_at_once_and_is_in_the_log() {
    let data = tempfile::tempdir().unwrap();
    let (mut log, end) = std::io::pipe().unwrap();
    let server = Program::start_logging(skybridge(data.path()), &[], end.into());
    let key = agency_with_key(data.path(), "PartnerCo");
    let _under_way = begun_at(&server, &key);
    server.ask_to_end();
    wait_until_it_drains(&server);
    server.ask_to_end();
    assert_eq!(server.exit_code(), Some(130));
    let mut lines = String::new();
    log.read_to_string(&mut lines).unwrap();
    assert!(lines.contains("a second signal: ending without waiting"), "{lines}");
}

/// A booking in the hands of the server: it has asked for the body.
fn begun_at(server: &Program, key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.public.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "POST /booking HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// It drains once nobody can connect any more; bounded by the drain's own deadline.
fn wait_until_it_drains(server: &Program) {
    while TcpStream::connect(server.public.strip_prefix("http://").unwrap()).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn a_socket_that_is_handed_over_takes_callers_in_between_two_servers() {
    let data = tempfile::tempdir().unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let serve = || Program::start(handed(data.path(), socket.as_fd(), "1"), &[]);
    let first = serve();
    assert_eq!(first.public, format!("http://{address}"));
    assert!(first.terminate());
    let mut waiting = TcpStream::connect(address).unwrap();
    waiting.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let _second = serve();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn what_is_handed_over_and_is_no_use_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let file = tempfile::tempfile().unwrap();
    for (count, complaint) in [
        ("1", "socket 0 of those handed over (LISTEN_FDS) is no socket of TCP"),
        ("3", "3 sockets were handed over (LISTEN_FDS)"),
    ] {
        let output = handed(data.path(), file.as_fd(), count).arg("serve").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains(complaint), "{told}");
    }
    assert_eq!(data.path().read_dir().unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_socket_of_one_connection_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listening.local_addr().unwrap()).unwrap();
    let output = handed(data.path(), connected.as_fd(), "1").arg("serve").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("it does not listen"), "{told}");
}

/// The program with `socket` where a supervisor puts the first of `count`.
fn handed(data: &Path, socket: BorrowedFd<'_>, count: &str) -> Command {
    let socket = FdMapping { parent_fd: socket.try_clone_to_owned().unwrap(), child_fd: 3 };
    let mut program = skybridge(data);
    program.env("LISTEN_FDS", count).fd_mappings(vec![socket]).unwrap();
    program
}

/// A start that fails leaves nothing that would be in the way of the next.
#[tokio::test]
async fn a_port_that_is_taken_is_said_before_anything_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("new");
    for options in [
        ["--listen", &address, "--admin-listen", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "--admin-listen", &address],
    ] {
        let refused = run(&data, &[&["serve"][..], &options].concat());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(&address) && said.contains("choose another"), "{said}");
        assert!(!data.exists());
    }
}
