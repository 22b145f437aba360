//! The threads that serve connections, each with a runtime of its own.
//!
//! A connection stays on the worker that it was given to, from its first byte to its last, and so do the tasks of its
//! requests: no worker that has nothing to do looks for tasks of another. What that costs is that one who is busy keeps
//! all its connections waiting: connections are counted, not what they ask for.
//!
//! One socket is listened on, and each connection goes to the worker that has the fewest. A socket per worker
//! (`SO_REUSEPORT`) would save the handing over, but deals by a hash of addresses, which leaves one worker with half as
//! many again as another, and drops whoever waits to be taken when a socket is closed.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, oneshot};

/// The workers of a listener. Those with threads of their own end when the last of these is dropped.
#[derive(Debug, Clone)]
pub struct Workers {
    all: Arc<[Worker]>,
    /// Notified by each thread that ends.
    ended: Arc<Notify>,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// How many connections it has.
    connections: Arc<AtomicUsize>,
    /// Dropped, it ends the thread, if the worker has one.
    _end: Option<oneshot::Sender<()>>,
}

impl Workers {
    /// Threads called `name`, as many as this process may use processors.
    pub fn one_per_core(name: &str) -> io::Result<Self> {
        Self::start(name, thread::available_parallelism()?)
    }

    /// So many threads.
    pub fn start(name: &str, count: NonZeroUsize) -> io::Result<Self> {
        let ended = Arc::default();
        let all = (0..count.get()).map(|number| Worker::start(format!("{name}-{number}"), &ended));
        Ok(Self { all: all.collect::<io::Result<_>>()?, ended })
    }

    /// One, which is the runtime that this is called on: it must be on one.
    #[must_use]
    pub fn here() -> Self {
        Self { all: [Worker::on(Handle::current(), None)].into(), ended: Arc::default() }
    }

    /// Waits until a thread ends although it is still wanted, which nothing but a fault of its runtime makes it do.
    /// Connections would go on being given to it: nobody has fewer.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Has the worker with the fewest connections `serve` one more.
    pub(crate) fn give<F>(&self, stream: TcpStream, serve: impl FnOnce(TcpStream) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let connections = |worker: &&Worker| worker.connections.load(Relaxed);
        let worker = self.all.iter().min_by_key(connections).expect("there is one at least");
        let held = Held::by(worker);
        // A stream is known to the runtime that took it, and from now on to the worker's.
        let stream = stream.into_std();
        worker.runtime.spawn(async move {
            match stream.and_then(TcpStream::from_std) {
                Ok(stream) => serve(stream).await,
                Err(error) => tracing::error!(%error, "a connection could not be given to a worker"),
            }
            drop(held);
        });
    }
}

impl Worker {
    fn on(runtime: Handle, end: Option<oneshot::Sender<()>>) -> Self {
        Self { runtime, connections: Arc::default(), _end: end }
    }

    fn start(name: String, ended: &Arc<Notify>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, asked_to_end) = oneshot::channel::<()>();
        let told = TellsItsEnd(Arc::clone(ended));
        thread::Builder::new().name(name).spawn(move || {
            let _told = told;
            // It is never sent, only dropped.
            let _ = runtime.block_on(asked_to_end);
            runtime.shutdown_background();
        })?;
        Ok(Self::on(handle, Some(end)))
    }
}

/// Tells that a thread has ended, however it came about.
struct TellsItsEnd(Arc<Notify>);

impl Drop for TellsItsEnd {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A connection that counts among its worker's.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn by(worker: &Worker) -> Self {
        worker.connections.fetch_add(1, Relaxed);
        Self(Arc::clone(&worker.connections))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::sync::watch;

    use super::*;

    /// A connection to a listener of its own.
    async fn connection() -> TcpStream {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        TcpStream::connect(listener.local_addr().unwrap()).await.unwrap()
    }

    /// How many connections each has.
    fn held(workers: &Workers) -> Vec<usize> {
        workers.all.iter().map(|worker| worker.connections.load(Relaxed)).collect()
    }

    #[tokio::test]
    async fn the_worker_with_the_fewest_connections_gets_the_next() {
        let worker = || Worker::on(Handle::current(), None);
        let workers = Workers { all: [worker(), worker(), worker()].into(), ended: Arc::default() };
        let (leave, leaving) = watch::channel(0);
        for number in 1..=7 {
            let mut leaving = leaving.clone();
            workers.give(connection().await, async move |_stream| {
                leaving.wait_for(|who| *who == number).await.unwrap();
            });
        }
        assert_eq!(held(&workers), [3, 2, 2]);
        for who in [2, 5] {
            leave.send_replace(who);
            // All tasks are this thread's: whoever leaves has done so when it comes to its turn again.
            while held(&workers).iter().sum::<usize>() > if who == 2 { 6 } else { 5 } {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(held(&workers), [3, 0, 2], "the second and the fifth were the second worker's");
        workers.give(connection().await, async |_stream| std::future::pending().await);
        assert_eq!(held(&workers), [3, 1, 2]);
    }

    #[tokio::test]
    async fn threads_end_with_the_last_who_knows_them() {
        let workers = Workers::start("test", NonZeroUsize::MIN).unwrap();
        let ended = Arc::clone(&workers.ended);
        workers.give(connection().await, async |_stream| std::future::pending().await);
        drop(workers);
        ended.notified().await;
    }
}
