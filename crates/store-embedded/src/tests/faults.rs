//! Makes the writer's next group fail.

use std::sync::Mutex;

use crate::health::CommitFailure;

/// When the next group fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Before anything was written.
    BeforePersist,
    /// After everything was synced, as when only the answer of the disk was lost.
    AfterPersist,
    /// By a panic.
    Panic,
}

/// The fault to come, if any.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<Fault>>);

impl Faults {
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock().unwrap() = Some(fault);
    }

    pub(crate) fn before_persist(&self) -> Result<(), CommitFailure> {
        assert!(!self.take(Fault::Panic), "a test made the writer panic");
        self.fail_on(Fault::BeforePersist)
    }

    pub(crate) fn after_persist(&self) -> Result<(), CommitFailure> {
        self.fail_on(Fault::AfterPersist)
    }

    fn fail_on(&self, fault: Fault) -> Result<(), CommitFailure> {
        if self.take(fault) { Err(CommitFailure::Injected) } else { Ok(()) }
    }

    fn take(&self, fault: Fault) -> bool {
        self.0.lock().unwrap().take_if(|set| *set == fault).is_some()
    }
}
