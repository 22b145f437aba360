//! Exceptions from screening: a rule that is not applied to one agency's texts, until a day, for a reason.
//!
//! An exception always ends. One that was forgotten would be a hole that nobody remembers digging; one that is still
//! needed is granted anew, by somebody who looks at it again.

use std::fmt;

use crate::booking::can_be_shown;
use crate::time::Timestamp;

/// A rule, or a family of rules, that is switched off for one agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreeningException {
    /// The rule or the family.
    pub rule: RuleName,
    /// Until when; from that moment on the rule is applied again.
    pub until: Timestamp,
    /// Since when.
    pub granted_at: Timestamp,
    /// Why, in the operator's words.
    pub reason: Reason,
}

impl ScreeningException {
    /// How many an agency may have at a time, ended ones not counted.
    pub const PER_AGENCY_MAX: usize = 32;

    /// Does it hold at `now`?
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// The name of a rule of screening or of a family of them: 1 to 64 ASCII letters, digits and `- _ . : /`. Whether there
/// is such a rule depends on what is loaded, and is not said here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleName(String);

impl RuleName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 64;

    /// Takes `text` as a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        ((1..=Self::CHARS_MAX).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an exception was granted: 1 to 200 characters that can be seen, not all of them spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The longest reason, in characters.
    pub const CHARS_MAX: usize = 200;

    /// Takes `text` as a reason, without white space at its ends.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=Self::CHARS_MAX).contains(&text.chars().count()) && text.chars().all(can_be_shown);
        fits.then(|| Self(text.to_owned()))
    }

    /// The reason's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_reasons_have_forms() {
        for text in ["sqli-union", "942100", "crs:942100", "xss", "a/b_c.d"] {
            assert_eq!(RuleName::parse(text).unwrap().as_str(), text);
        }
        let long = "r".repeat(RuleName::CHARS_MAX + 1);
        for text in ["", "two words", "r|s", "é", &long] {
            assert_eq!(RuleName::parse(text), None, "{text:?}");
        }
        assert_eq!(Reason::parse("  asked by Ana, order 7 ").unwrap().as_str(), "asked by Ana, order 7");
        let long = "é".repeat(Reason::CHARS_MAX + 1);
        for text in ["", "   ", "line\nbreak", "\u{202e}", &long] {
            assert_eq!(Reason::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_exception_ends() {
        let exception = ScreeningException {
            rule: RuleName::parse("xss").unwrap(),
            until: Timestamp::from_millis(1_000),
            granted_at: Timestamp::from_millis(0),
            reason: Reason::parse("tests").unwrap(),
        };
        assert!(exception.holds(Timestamp::from_millis(999)));
        assert!(!exception.holds(Timestamp::from_millis(1_000)));
    }
}
