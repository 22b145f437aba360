//! The OWASP Core Rule Set beside the built-in rules.

/// A rule set read from a directory of OWASP CRS. None can be made yet: the reader is not there.
#[derive(Debug)]
pub enum Crs {}
