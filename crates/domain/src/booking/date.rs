//! Days of the calendar.

use jiff::civil;

use super::value::{TextField, WrongValue};

/// A day that exists in the Gregorian calendar, from 1900-01-01 to 2199-12-31, without a time or a zone: flights
/// depart and people are born on a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// What it looks like, as a regular expression (ECMA-262). Some texts that match are not days, such as
    /// `2027-02-29`.
    pub const PATTERN: &str = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

    /// Takes `text` as a day, written `YYYY-MM-DD` (RFC 3339, full-date) and in no other way.
    ///
    /// # Errors
    /// When it is not of that form, the day does not exist, or the year is not 1900 to 2199.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(WrongValue::says("must be a date written YYYY-MM-DD"));
        };
        if ![y1, y2, y3, y4, m1, m2, d1, d2].iter().all(u8::is_ascii_digit) {
            return Err(WrongValue::says("must be a date written YYYY-MM-DD"));
        }
        let two = |tens: u8, ones: u8| (tens - b'0') * 10 + (ones - b'0');
        let (century, years) = (two(y1, y2), two(y3, y4));
        if !(19..=21).contains(&century) {
            return Err(WrongValue::says("must be a date in the years 1900 to 2199"));
        }
        let year = i16::from(century) * 100 + i16::from(years);
        let (month, day) = (two(m1, m2).cast_signed(), two(d1, d2).cast_signed());
        let exists = civil::Date::new(year, month, day);
        exists.map(Self).map_err(|_| WrongValue::says("must be a date that exists in the calendar"))
    }

    /// The day's text, `YYYY-MM-DD`.
    #[must_use]
    pub fn to_text(self) -> [u8; 10] {
        let digit = |number: i16| b'0' + u8::try_from(number.rem_euclid(10)).unwrap_or_default();
        let (year, month, day) = (self.0.year(), i16::from(self.0.month()), i16::from(self.0.day()));
        [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]
    }
}

impl TextField for Date {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        Self::new(text)
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(super::value::ascii_code(&self.to_text()))
    }
}
