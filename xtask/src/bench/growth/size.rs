//! Numbers of bookings as people write them: `10k`, `1m`.

use std::fmt::{self, Display};
use std::str::FromStr;

/// A number of bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Size(pub(super) usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let (digits, unit) = match lower.as_bytes().last() {
            Some(b'k') => (&lower[..lower.len() - 1], 1_000),
            Some(b'm') => (&lower[..lower.len() - 1], 1_000_000),
            _ => (&*lower, 1),
        };
        match digits.parse::<usize>() {
            Ok(count @ 1..=1_000_000) => Ok(Self(count * unit)),
            _ => Err(format!("`{text}` is no number of bookings such as 10k or 1m")),
        }
    }
}

impl Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            count if count.is_multiple_of(1_000_000) => write!(out, "{} M", count / 1_000_000),
            count if count.is_multiple_of(1_000) => write!(out, "{} k", count / 1_000),
            count => write!(out, "{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_told() {
        let told = ["10k", "1M", "1500k", "42"].map(|text| text.parse::<Size>().map(|size| size.to_string()));
        assert_eq!(told, ["10 k", "1 M", "1500 k", "42"].map(|text| Ok(text.to_owned())));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "k", "0", "-1k", "1.5m", "ten"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
