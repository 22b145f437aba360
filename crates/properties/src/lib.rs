//! What must hold for any bytes that come in from outside, one function for each kind of input.
//!
//! `fuzz/` feeds them from libFuzzer, for as long as one likes; the test of this crate feeds them from the corpora in
//! `fuzz/corpus`, so that inputs which once found something go on being tried with every change. A function that
//! panics has found something.

mod bookings;
mod exchanges;
#[cfg(feature = "lambda")]
mod lambda_events;
mod names;
mod records;
mod rule_sets;
mod texts;

/// A property: holds for these bytes, or panics.
pub type Property = fn(&[u8]);

/// All of them, by the names of their corpora and fuzz targets.
pub const ALL: &[(&str, Property)] = &[
    ("booking", bookings::booking),
    ("exchange", exchanges::exchange),
    ("idempotency_key", names::idempotency_key),
    ("key", names::key),
    #[cfg(feature = "lambda")]
    ("lambda_event", lambda_events::lambda_event),
    ("record", records::record),
    ("rule_set", rule_sets::rule_set),
    ("text", texts::text),
];

/// The property of this name.
///
/// # Panics
/// When there is none: a fuzz target without a property.
#[must_use]
pub fn named(name: &str) -> Property {
    ALL.iter().find(|(of, _)| *of == name).unwrap_or_else(|| panic!("there is no property {name}")).1
}
