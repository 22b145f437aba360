//! Can what callers were told be true?

mod limits;
mod linear;

use skybridge_domain::key::Mode;

use crate::call::{Answer, Ask};
use crate::scene::{self, KEYS, Scene};
use crate::story::{Call, End, Story};
use crate::world::{Audit, MODES};
use linear::{Op, Wish};

/// Judges a whole story by what it told and by what stands in the end.
pub(crate) fn judge(scene: &Scene, story: &Story, audit: &Audit) -> Result<(), String> {
    for ((agency, mode, key), standing) in &audit.named {
        let mut ops = ops_on(scene, story, *agency, *mode, *key);
        let found = standing.map_or(Answer::NotFound, Answer::Found);
        ops.push(Op { asked: usize::MAX - 1, ended: usize::MAX, wish: Wish::Read, answer: Some(found) });
        if !linear::is_linearizable(&ops) {
            return Err(format!("agency {agency} {} key {key} is not linearizable: {ops:#?}", mode.as_str()));
        }
    }
    for (agency, mode) in (0..scene.agencies.len()).flat_map(|agency| MODES.map(|mode| (agency, mode))) {
        check_listed(scene, story, audit, agency, mode)?;
    }
    check_strangers(story)?;
    limits::check(scene, story)
}

/// The calls on one booking.
fn ops_on(scene: &Scene, story: &Story, agency: usize, mode: Mode, key: u8) -> Vec<Op> {
    let id = scene::booking_id(&scene.agencies[agency].0, mode, key);
    let of_holder = story.calls.iter().filter(|call| call.agency == agency && call.mode == mode);
    let op = |call: &Call| {
        let wish = match call.ask {
            Ask::Create { key: of, body } if of == key => Wish::Create { body },
            Ask::Confirm { key: of } if of == key => Wish::Confirm,
            Ask::Cancel { key: of } if of == key => Wish::Cancel,
            Ask::Read { key: of } if of == key => Wish::Read,
            Ask::List => Wish::Read,
            _ => return None,
        };
        // What was not let in has done nothing.
        call.admitted_at?;
        let (ended, answer) = match &call.end {
            End::Answered(_, Answer::NotDone) | End::NotLetIn => return None,
            End::Answered(step, Answer::Listed(listed)) => {
                let shown = listed.iter().find(|(listed, _)| *listed == id).map(|(_, shown)| *shown);
                (*step, Some(shown.map_or(Answer::NotFound, Answer::Found)))
            }
            End::Answered(step, answer) => (*step, Some(answer.clone())),
            End::Open | End::UnderWay => (usize::MAX, None),
        };
        Some(Op { asked: call.asked, ended, wish, answer })
    };
    of_holder.filter_map(op).collect()
}

/// Each booking without a key that was acknowledged is there, once; and no more than were asked for.
fn check_listed(
    scene: &Scene,
    story: &Story,
    audit: &Audit,
    agency: usize,
    mode: Mode,
) -> Result<(), String> {
    let of_holder = story.calls.iter().filter(|call| call.agency == agency && call.mode == mode);
    let asked: Vec<&Call> = of_holder.filter(|call| call.ask == Ask::CreateWithoutKey).collect();
    let made = asked.iter().filter_map(|call| match &call.end {
        End::Answered(_, Answer::Created(id, _)) => Some(*id),
        _ => None,
    });
    let (_, listed) = audit.listed.iter().find(|(of, _)| *of == (agency, mode)).expect("all are listed");
    let mut count = 0;
    for id in made {
        count += 1;
        if listed.iter().filter(|listed| **listed == id).count() != 1 {
            return Err(format!("booking {id} was acknowledged and is not listed once"));
        }
    }
    let named: Vec<_> =
        (0..KEYS).map(|key| scene::booking_id(&scene.agencies[agency].0, mode, key)).collect();
    let without_key = listed.iter().filter(|id| !named.contains(id)).count();
    let open = asked.iter().filter(|call| call.end == End::Open).count();
    if (count..=count + open).contains(&without_key) {
        return Ok(());
    }
    Err(format!(
        "agency {agency} has {without_key} bookings without a key; {count} were made, {open} are open"
    ))
}

/// Nobody was shown what is not its own.
fn check_strangers(story: &Story) -> Result<(), String> {
    for call in &story.calls {
        let is_shown = matches!(call.end, End::Answered(_, Answer::Found(_)));
        if is_shown && matches!(call.ask, Ask::ReadAnothers { .. }) {
            return Err(format!("a booking was shown to a stranger: {call:?}"));
        }
    }
    Ok(())
}
