//! What names a flight and a place on it: carrier, number, airports, cabin, booking class.

use compact_str::CompactString;

use super::value::{WrongValue, ascii_code, text_field};

text_field!(CarrierCode, FlightNumber, AirportCode, Cabin, BookingClass);

/// An airline by its IATA designator: two capital letters or digits, at least one of them a letter (`SB`, `9W`,
/// `U2`; IATA Resolution 762).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CarrierCode([u8; 2]);

impl CarrierCode {
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^([A-Z][A-Z0-9]|[0-9][A-Z])$";

    /// Takes `text` as a designator.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        match *text.as_bytes() {
            [first @ b'A'..=b'Z', second @ (b'A'..=b'Z' | b'0'..=b'9')]
            | [first @ b'0'..=b'9', second @ b'A'..=b'Z'] => Ok(Self([first, second])),
            _ => Err(WrongValue::says(
                "must be an IATA airline designator: two capital letters or digits with at least one letter, such as SB",
            )),
        }
    }

    /// The designator's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii_code(&self.0)
    }
}

/// The number of a flight: 1 to 4 digits and, on some days, an operational suffix, a capital letter (IATA SSIM).
/// Leading zeros stay as they were written: `951` and `0951` are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlightNumber(CompactString);

impl FlightNumber {
    /// The longest, in characters.
    pub const CHARS_MAX: usize = 5;
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[0-9]{1,4}[A-Z]?$";

    /// Takes `text` as a flight number.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let digits = text.strip_suffix(|suffix: char| suffix.is_ascii_uppercase()).unwrap_or(text).as_bytes();
        if (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
            return Ok(Self(CompactString::from(text)));
        }
        Err(WrongValue::says(
            "must be a flight number: 1 to 4 digits, with or without a capital letter after them",
        ))
    }

    /// The number's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An airport by its IATA code: three capital letters (IATA Resolution 763).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AirportCode([u8; 3]);

impl AirportCode {
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[A-Z]{3}$";

    /// Takes `text` as an airport code.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        match *text.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z', c @ b'A'..=b'Z'] => Ok(Self([a, b, c])),
            _ => Err(WrongValue::says("must be an IATA airport code: three capital letters, such as CMH")),
        }
    }

    /// The code's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii_code(&self.0)
    }
}

/// A cabin of the aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cabin {
    /// `ECONOMY`
    Economy,
    /// `PREMIUM_ECONOMY`
    PremiumEconomy,
    /// `BUSINESS`
    Business,
    /// `FIRST`
    First,
}

impl Cabin {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Economy, Self::PremiumEconomy, Self::Business, Self::First];

    /// Takes `text` as a cabin.
    ///
    /// # Errors
    /// When it is not the word of one of [`Self::ALL`].
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let named = Self::ALL.into_iter().find(|cabin| cabin.as_str() == text);
        named.ok_or(WrongValue::says("must be one of ECONOMY, PREMIUM_ECONOMY, BUSINESS, FIRST"))
    }

    /// The cabin's word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Economy => "ECONOMY",
            Self::PremiumEconomy => "PREMIUM_ECONOMY",
            Self::Business => "BUSINESS",
            Self::First => "FIRST",
        }
    }
}

/// A booking class (reservation booking designator): one capital letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BookingClass([u8; 1]);

impl BookingClass {
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[A-Z]$";

    /// Takes `text` as a booking class.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        match *text.as_bytes() {
            [letter @ b'A'..=b'Z'] => Ok(Self([letter])),
            _ => Err(WrongValue::says("must be a booking class: one capital letter, such as Y")),
        }
    }

    /// The class's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii_code(&self.0)
    }
}
