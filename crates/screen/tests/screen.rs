//! The screen as those who call it see it: verdicts, modes, exceptions, budgets, figures.

#[path = "corpus/lib.rs"]
mod corpus;

#[path = "screen/attacks.rs"]
mod attacks;
#[path = "screen/hostile.rs"]
mod hostile;
#[path = "screen/verdicts.rs"]
mod verdicts;

use std::time::Duration;

use skybridge_screen::{Exceptions, Field, Pointer, Profile, Screen, Text, Verdict};

/// A screen with the default profile, but for the clock: no outcome depends on how busy the machine is.
fn default_screen() -> Screen {
    screen_of("")
}

/// A screen with this profile, and all the time that it needs.
fn screen_of(profile: &str) -> Screen {
    let mut profile = Profile::parse(profile).expect("the profiles of these tests are well formed");
    profile.budget.time = Duration::MAX;
    Screen::new(profile, None)
}

fn remark(value: &str) -> Text<'_> {
    Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value }
}

/// What the screen says of one remark. A refusal is for what was found, never for a budget.
fn inspect(screen: &Screen, value: &str) -> Verdict {
    let verdict = screen.inspect([remark(value)], Exceptions::NONE);
    assert!(!verdict.overrun, "read to its end: {value:?}");
    verdict
}
