//! Is this text an attack, or a card number? Signatures for free text, as pure decisions.
//!
//! Codes, dates and amounts have a character set each, and the contract refuses whatever does not fit it. What is left
//! are the texts that people write: remarks, references, names, values of queries and headers. A [`Screen`] reads
//! them and returns a [`Verdict`]; it touches no network, no disk and no HTTP, and knows nothing of bookings.
//!
//! One text takes four steps, each of which most honest texts do not get past:
//!
//! 1. One look at its bytes (`traits`): a short word of letters and digits is passed without more ado.
//! 2. What a web server, an interpreter or a browser would undo is undone (`normal`): up to four views of the text.
//! 3. One search for the words and signs that the rules hang on (`anchors`): an automaton of fixed size, built once.
//! 4. The rules whose words were found have their say (`rules/*.toml`), each a regular expression of its own that reads
//!    the stretches around those words (`places`).
//!
//! Everything is linear in the length of the text, and stops at the end of the budget ([`Budget`]). Nothing that is
//! kept of a text is in clear: a [`Hit`] carries its shape (`excerpt`).
//!
//! [`card_data`] stands apart: it looks for card numbers and security codes, which no field may hold.

#![forbid(unsafe_code)]

mod anchors;
mod boundary;
mod budget;
mod card;
mod crs;
mod engine;
mod exceptions;
mod excerpt;
mod family;
mod field;
mod injection;
mod needed;
mod normal;
mod places;
mod profile;
mod rules;
mod screen;
mod set;
mod traits;
mod verdict;
mod warm;

pub use budget::Budget;
pub use card::{CardFinding, DIGITS_MIN as CARD_DIGITS_MIN, Issuer, card_data};
pub use crs::{CanaryFailure, Crs, CrsError, CrsOptions, CrsReport, CrsRule, Place};
pub use exceptions::Exceptions;
pub use family::Family;
pub use field::{Field, Pointer, Text};
pub use profile::{InvalidProfile, Mode, Overrun, Profile};
pub use rules::{RuleCard, RuleId, UnknownRule, builtin_rules};
pub use screen::Screen;
pub use verdict::{Action, Hit, Verdict};
pub use warm::WarmFailure;
