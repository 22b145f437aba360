//! The ranges of numbers that issuers have.

/// Who issued a card, by the beginning of its number (ISO/IEC 7812).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// 34, 37: 15 digits.
    AmericanExpress,
    /// 30, 36, 38, 39: 14 to 19 digits.
    DinersClub,
    /// 6011, 644 to 649, 65: 16 to 19 digits.
    Discover,
    /// 3528 to 3589: 16 to 19 digits.
    Jcb,
    /// 50, 56 to 69: 13 to 19 digits, and only where a word such as `card` stands nearby.
    Maestro,
    /// 51 to 55, 2221 to 2720: 16 digits.
    Mastercard,
    /// 62: 16 to 19 digits.
    UnionPay,
    /// 4: 16 or 19 digits, or 13 where a word such as `card` stands nearby.
    Visa,
}

impl Issuer {
    /// Who issues numbers of so many digits that begin so; `said_card`, whether the text speaks of a card.
    pub(super) fn of(digits: &[u8], said_card: bool) -> Option<Self> {
        let begin = digits.iter().take(4).fold(0_u16, |sum, digit| sum * 10 + u16::from(*digit));
        let long = (16..=19).contains(&digits.len());
        match (begin, digits.len()) {
            (4000..=4999, 16 | 19) => Some(Self::Visa),
            (4000..=4999, 13) if said_card => Some(Self::Visa),
            (2221..=2720 | 5100..=5599, 16) => Some(Self::Mastercard),
            (3400..=3499 | 3700..=3799, 15) => Some(Self::AmericanExpress),
            (3000..=3059 | 3095 | 3600..=3699 | 3800..=3999, 14) => Some(Self::DinersClub),
            (3000..=3059 | 3095 | 3600..=3699 | 3800..=3999, _) if long && said_card => {
                Some(Self::DinersClub)
            }
            (3528..=3589, _) if long => Some(Self::Jcb),
            (6011 | 6440..=6599, _) if long => Some(Self::Discover),
            (6200..=6299, _) if long => Some(Self::UnionPay),
            (5000..=5099 | 5600..=6999, _) if said_card => Some(Self::Maestro),
            _ => None,
        }
    }
}
