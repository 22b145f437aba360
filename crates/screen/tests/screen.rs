//! The screen as those who call it see it: verdicts, modes, exceptions, budgets, figures.

#[path = "corpus/lib.rs"]
mod corpus;

#[path = "screen/attacks.rs"]
mod attacks;
#[path = "screen/hostile.rs"]
mod hostile;
#[path = "screen/verdicts.rs"]
mod verdicts;

use skybridge_screen::{Exceptions, Field, Pointer, Profile, Screen, Text, Verdict};

/// A screen with the default profile.
fn default_screen() -> Screen {
    Screen::new(Profile::default(), None)
}

/// A screen with this profile.
fn screen_of(profile: &str) -> Screen {
    Screen::new(Profile::parse(profile).expect("the profiles of these tests are well formed"), None)
}

fn remark(value: &str) -> Text<'_> {
    Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value }
}

/// What the screen says of one remark.
fn inspect(screen: &Screen, value: &str) -> Verdict {
    screen.inspect([remark(value)], Exceptions::NONE)
}
