//! All that happened: each call, each decision about limits in its order, and a log for whoever reads of a failure.

use std::sync::Arc;

use skybridge_domain::key::Mode;
use skybridge_domain::time::Clock;
use skybridge_gate::ThrottleRefusal;

use crate::Outcome;
use crate::call::{Answer, Ask};
use crate::clock::StoryClock;

/// What happened so far.
pub(crate) struct Story {
    clock: Arc<StoryClock>,
    /// Counts everything that happens, so that of two things one came first.
    step: usize,
    pub(crate) calls: Vec<Call>,
    pub(crate) decisions: Vec<Decision>,
    crashes: usize,
    log: Vec<String>,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) agency: usize,
    pub(crate) mode: Mode,
    pub(crate) process: usize,
    pub(crate) ask: Ask,
    /// The step in which it was asked.
    pub(crate) asked: usize,
    /// The moment, had the clock never been set back.
    pub(crate) asked_at: u64,
    /// That at which it was admitted, if it was.
    pub(crate) admitted_at: Option<u64>,
    pub(crate) end: End,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    UnderWay,
    /// In this step.
    Answered(usize, Answer),
    /// It was not let in.
    NotLetIn,
    /// Nobody was told what became of it.
    Open,
}

/// A moment that counts for limits. They stand in the order in which they came.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) agency: usize,
    pub(crate) process: usize,
    /// The moment, had the clock never been set back.
    pub(crate) at: u64,
    pub(crate) what: Decided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decided {
    Admitted,
    Refused(ThrottleRefusal),
    /// An admitted call ended, or its process did.
    Left,
}

impl Story {
    pub(crate) fn begin(clock: Arc<StoryClock>) -> Self {
        Self { clock, step: 0, calls: Vec::new(), decisions: Vec::new(), crashes: 0, log: Vec::new() }
    }

    pub(crate) fn log(&self) -> &[String] {
        &self.log
    }

    pub(crate) fn note(&mut self, what: impl std::fmt::Display) {
        self.step += 1;
        self.log.push(format!("{:4} {} {what}", self.step, self.clock.now()));
    }

    /// A call begins; gives its place.
    pub(crate) fn asked(&mut self, agency: usize, mode: Mode, process: usize, ask: Ask) -> usize {
        let call = self.calls.len();
        self.note(format_args!(
            "call {call}: agency {agency} {} at process {process}: {ask:?}",
            mode.as_str()
        ));
        let (asked, asked_at) = (self.step, self.clock.steady());
        let end = End::UnderWay;
        self.calls.push(Call { agency, mode, process, ask, asked, asked_at, admitted_at: None, end });
        call
    }

    pub(crate) fn admitted(&mut self, call: usize) {
        self.note(format_args!("call {call} is admitted"));
        self.calls[call].admitted_at = Some(self.clock.steady());
        self.decide(call, Decided::Admitted);
    }

    pub(crate) fn refused(&mut self, call: usize, refusal: ThrottleRefusal) {
        self.note(format_args!("call {call} is refused: {refusal}"));
        self.calls[call].end = End::NotLetIn;
        self.decide(call, Decided::Refused(refusal));
    }

    pub(crate) fn turned_away(&mut self, call: usize) {
        self.note(format_args!("call {call} is turned away"));
        self.calls[call].end = End::NotLetIn;
    }

    pub(crate) fn answered(&mut self, call: usize, answer: Answer) {
        self.note(format_args!("call {call} is answered: {answer:?}"));
        self.calls[call].end = End::Answered(self.step, answer);
        self.decide(call, Decided::Left);
    }

    /// Nobody is told what became of the call.
    pub(crate) fn left_open(&mut self, call: usize) {
        self.note(format_args!("call {call} is left open"));
        self.calls[call].end = End::Open;
        if self.calls[call].admitted_at.is_some() {
            self.decide(call, Decided::Left);
        }
    }

    pub(crate) fn crashed(&mut self, process: usize, calls: Vec<usize>) {
        self.note(format_args!("process {process} dies"));
        self.crashes += 1;
        for call in calls {
            self.left_open(call);
        }
    }

    /// How far clocks can be apart: a process that has not looked meanwhile goes by what it saw before.
    pub(crate) fn clocks_apart(&self) -> u64 {
        self.clock.behind()
    }

    fn decide(&mut self, call: usize, what: Decided) {
        let Call { agency, process, .. } = self.calls[call];
        self.decisions.push(Decision { agency, process, at: self.clock.steady(), what });
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let decided =
            |is: fn(&Decided) -> bool| self.decisions.iter().filter(|decision| is(&decision.what)).count();
        Outcome {
            calls: self.calls.len(),
            admitted: decided(|what| *what == Decided::Admitted),
            refused: decided(|what| matches!(what, Decided::Refused(_))),
            unknown: self.calls.iter().filter(|call| call.end == End::Open).count(),
            crashes: self.crashes,
            log: self.log.clone(),
        }
    }
}
