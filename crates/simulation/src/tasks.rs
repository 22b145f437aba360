//! Calls under way, polled one at a time, in the order that somebody else chooses.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

/// Calls under way.
#[derive(Default)]
pub(crate) struct Tasks(Vec<Task>);

struct Task {
    /// The call, by its place in the story.
    call: usize,
    /// The process that it runs in.
    process: usize,
    work: Pin<Box<dyn Future<Output = ()>>>,
    woken: Arc<Woken>,
}

/// Has anything happened that the task waits for?
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Tasks {
    pub(crate) fn start(&mut self, call: usize, process: usize, work: impl Future<Output = ()> + 'static) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.0.push(Task { call, process, work: Box::pin(work), woken });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn are_in(&self, process: usize) -> bool {
        self.0.iter().any(|task| task.process == process)
    }

    /// The places of those that can go on.
    pub(crate) fn ready(&self) -> Vec<usize> {
        (0..self.0.len()).filter(|at| self.0[*at].woken.0.load(Ordering::Relaxed)).collect()
    }

    /// Lets the task at this place go on until it waits again; gives its call if it has ended.
    pub(crate) fn go_on(&mut self, at: usize) -> Option<usize> {
        let task = &mut self.0[at];
        task.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.woken));
        let ended = task.work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        ended.then(|| self.0.remove(at).call)
    }

    /// The process dies; gives the calls that die with it.
    pub(crate) fn kill(&mut self, process: usize) -> Vec<usize> {
        let dying = self.0.extract_if(.., |task| task.process == process);
        dying.map(|task| task.call).collect()
    }
}
