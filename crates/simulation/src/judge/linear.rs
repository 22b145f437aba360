//! Is there an order in which one caller after the other would have been told the same?
//!
//! Wing and Gong's search ("Testing and verifying concurrent objects", 1993) with Lowe's memory of what was tried:
//! from the calls that nothing else has to precede, one is taken, if the booking as it stands then gives its answer;
//! and so on, until all that were answered are taken. A call without an answer may be taken at any moment after its
//! question, or never.

use std::collections::HashSet;

use skybridge_domain::booking::Status;

use crate::call::{Answer, Shown};

/// A call on one booking.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    /// The step in which it was asked.
    pub(crate) asked: usize,
    /// That in which it was answered; no step at all without an answer.
    pub(crate) ended: usize,
    pub(crate) wish: Wish,
    pub(crate) answer: Option<Answer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Create { body: usize },
    Confirm,
    Cancel,
    Read,
}

/// The calls that were taken, a bit each; and the booking as it stands after them.
type Taken = (u128, Option<Shown>);

/// Can the calls have come one after the other?
pub(crate) fn is_linearizable(ops: &[Op]) -> bool {
    assert!(ops.len() <= 128, "a story has fewer calls on one booking");
    let answered = (0..ops.len()).filter(|at| ops[*at].answer.is_some()).fold(0, |bits, at| bits | 1 << at);
    let mut open: Vec<Taken> = vec![(0, None)];
    let mut seen = HashSet::new();
    while let Some((taken, standing)) = open.pop() {
        if taken & answered == answered {
            return true;
        }
        let left = || (0..ops.len()).filter(|at| taken & (1 << at) == 0);
        let first_end = left().map(|at| ops[at].ended).min().unwrap_or(usize::MAX);
        for at in left().filter(|at| ops[*at].asked < first_end) {
            if let Some(after) = after(standing, &ops[at])
                && seen.insert((taken | 1 << at, after))
            {
                open.push((taken | 1 << at, after));
            }
        }
    }
    false
}

/// The booking after the call; `None` if the call would have been told something else.
fn after(standing: Option<Shown>, op: &Op) -> Option<Option<Shown>> {
    let (after, told) = carried_out(standing, op.wish);
    let fits = match (&op.answer, &told) {
        (None, _) => true,
        (Some(Answer::Created(_, shown)), Answer::Created(_, told)) => shown == told,
        (Some(answer), told) => answer == told,
    };
    fits.then_some(after)
}

/// What a booking is after a call, and what the caller is told.
fn carried_out(standing: Option<Shown>, wish: Wish) -> (Option<Shown>, Answer) {
    let stepped = |shown: Shown, status| Shown { status, version: shown.version + 1, ..shown };
    match (wish, standing) {
        (Wish::Create { body }, None) => {
            let made = Shown { body, status: Status::Created, version: 1 };
            let nameless = skybridge_domain::id::BookingId::from_random([0; 16]);
            (Some(made), Answer::Created(nameless, made))
        }
        (Wish::Create { body }, Some(shown)) if shown.body == body => (standing, Answer::Replayed(shown)),
        (Wish::Create { .. }, Some(_)) => (standing, Answer::KeyReused),
        (_, None) => (None, Answer::NotFound),
        (Wish::Read, Some(shown)) => (standing, Answer::Found(shown)),
        (Wish::Confirm, Some(shown)) => match shown.status {
            Status::Created => {
                let confirmed = stepped(shown, Status::Confirmed);
                (Some(confirmed), Answer::Changed(confirmed))
            }
            Status::Confirmed => (standing, Answer::Changed(shown)),
            Status::Cancelled => (standing, Answer::TooLate),
        },
        (Wish::Cancel, Some(shown)) if shown.status == Status::Cancelled => {
            (standing, Answer::Changed(shown))
        }
        (Wish::Cancel, Some(shown)) => {
            let cancelled = stepped(shown, Status::Cancelled);
            (Some(cancelled), Answer::Changed(cancelled))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Shown = Shown { body: 0, status: Status::Created, version: 1 };

    fn op(asked: usize, ended: usize, wish: Wish, answer: Answer) -> Op {
        Op { asked, ended, wish, answer: Some(answer) }
    }

    fn created() -> Answer {
        Answer::Created(skybridge_domain::id::BookingId::from_random([1; 16]), MADE)
    }

    #[test]
    fn twins_make_one_booking() {
        let create = Wish::Create { body: 0 };
        let twin = |answer| op(1, 4, create, answer);
        assert!(is_linearizable(&[op(1, 3, create, created()), twin(Answer::Replayed(MADE))]));
        assert!(!is_linearizable(&[op(1, 3, create, created()), twin(created())]), "both made it");
        assert!(!is_linearizable(&[op(1, 3, create, Answer::Replayed(MADE))]), "nobody made it");
    }

    #[test]
    fn what_was_acknowledged_is_seen_from_then_on() {
        let create = op(1, 2, Wish::Create { body: 0 }, created());
        let read = |asked, answer| op(asked, 9, Wish::Read, answer);
        assert!(!is_linearizable(&[create.clone(), read(3, Answer::NotFound)]));
        assert!(is_linearizable(&[Op { ended: 5, ..create }, read(3, Answer::NotFound)]));
    }

    #[test]
    fn a_call_without_an_answer_took_place_once_or_never() {
        let open = Op { asked: 1, ended: usize::MAX, wish: Wish::Create { body: 0 }, answer: None };
        let read = |asked, ended, answer| op(asked, ended, Wish::Read, answer);
        let (there, gone) = (Answer::Found(MADE), Answer::NotFound);
        assert!(is_linearizable(&[open.clone(), read(2, 3, gone.clone()), read(4, 5, there.clone())]));
        assert!(is_linearizable(&[open.clone(), read(2, 3, gone.clone())]));
        assert!(!is_linearizable(&[open, read(2, 3, there), read(4, 5, gone)]));
    }
}
