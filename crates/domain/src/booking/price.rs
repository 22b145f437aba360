//! What a booking costs.

use compact_str::CompactString;

use super::member::{Members, Shape};
use super::value::{WrongValue, text_field};
use crate::fault::{Faults, Path};
use crate::json::Json;

text_field!(Amount, Currency);

/// An amount of money with just as many decimals as its currency has: `199.00` USD, `4822` JPY, `12.500` BHD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    amount: Amount,
    currency: Currency,
}

impl Price {
    const SHAPE: Shape = Shape::of("a price", &["amount", "currency"]);

    /// Puts an amount and a currency together.
    ///
    /// # Errors
    /// When the amount has not just as many decimals as the currency.
    pub fn new(amount: Amount, currency: Currency) -> Result<Self, WrongValue> {
        let decimals = currency.decimals();
        if amount.decimals() == decimals {
            return Ok(Self { amount, currency });
        }
        let places = match decimals {
            0 => "no decimals".to_owned(),
            1 => "1 decimal".to_owned(),
            many => format!("{many} decimals"),
        };
        Err(WrongValue::says_at_length(format!("must have {places}, as {currency} has")))
    }

    pub(super) fn read(json: &Json<'_>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(json, at, faults)?;
        let amount = members.required("amount", faults);
        let currency = members.required("currency", faults);
        members.finish(&Self::SHAPE, faults);
        Self::new(amount?, currency?)
            .map_err(|wrong| faults.invalid(&at.member("amount"), wrong.into_detail()))
            .ok()
    }

    /// How much.
    #[must_use]
    pub fn amount(&self) -> &Amount {
        &self.amount
    }

    /// Of what.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }
}

/// A decimal number, never negative, written without sign, exponent or leading zeros. Kept as text, so that no
/// arithmetic can change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount(CompactString);

impl Amount {
    /// The most digits before the point.
    pub const WHOLE_DIGITS_MAX: usize = 12;
    /// The most digits after it: no currency of ISO 4217 has more.
    pub const DECIMALS_MAX: usize = 4;
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$";

    /// Takes `text` as an amount.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let (whole, decimals) =
            text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
        let digits = |text: &str, most| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let fits = digits(whole, Self::WHOLE_DIGITS_MAX)
            && (whole == "0" || !whole.starts_with('0'))
            && decimals.is_none_or(|decimals| digits(decimals, Self::DECIMALS_MAX));
        let refused = "must be a decimal number of at most 12 digits before the point, without sign, exponent or \
                       leading zeros, such as 199.00";
        if fits { Ok(Self(CompactString::from(text))) } else { Err(WrongValue::says(refused)) }
    }

    /// How many digits stand after the point.
    #[must_use]
    pub fn decimals(&self) -> usize {
        self.0.split_once('.').map_or(0, |(_, decimals)| decimals.len())
    }

    /// The amount's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A currency of ISO 4217 that money is counted in. Codes without an exponent are refused: metals (`XAU`),
/// baskets (`XDR`), tests (`XTS`) and no currency at all (`XXX`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// What a code looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = "^[A-Z]{3}$";

    /// Takes `text` as a currency code.
    ///
    /// # Errors
    /// When ISO 4217 has no such code, or it has no exponent.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let counted =
            iso_currency::Currency::from_code(text).filter(|currency| currency.exponent().is_some());
        counted
            .map(Self)
            .ok_or(WrongValue::says("must be an ISO 4217 currency code with decimals defined, such as USD"))
    }

    /// How many decimals its amounts have (the exponent of ISO 4217).
    #[must_use]
    pub fn decimals(&self) -> usize {
        self.0.exponent().map_or(0, usize::from)
    }

    /// The code's text.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.0.code()
    }
}
