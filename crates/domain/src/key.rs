//! API keys.

/// Whether a key makes real bookings or ones to try things with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Real bookings; the keys begin with `sbk_live_`.
    Live,
    /// Bookings to try things with, never seen by live keys; the keys begin with `sbk_test_`.
    Test,
}

impl Mode {
    /// The word in keys and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}
