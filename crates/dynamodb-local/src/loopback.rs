//! A server on loopback with a thread and a runtime of its own, which ends when it is dropped.
//!
//! Its own runtime, because tests make many runtimes and a server must outlive each of them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running server. Dropping it closes its port and every connection.
#[derive(Debug)]
pub(crate) struct Loopback {
    address: SocketAddr,
    /// Dropped to end the server; `None` once that was done.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Loopback {
    /// Binds a port of the system's choice on 127.0.0.1 and hands it to `serve`, on a new thread named `name`.
    pub(crate) fn start<F, S>(name: &str, serve: S) -> io::Result<Self>
    where
        S: FnOnce(TcpListener) -> F + Send + 'static,
        F: Future<Output = ()>,
    {
        // Bound here, so that a caller can connect as soon as this returns.
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (running, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener) => {}
                    _ = ended => {}
                }
            });
            // Ends the tasks of open connections too.
            drop(runtime);
        })?;
        Ok(Self { address, running: Some(running), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its own thread; it must not hide the test's.
            let _ = thread.join();
        }
    }
}
