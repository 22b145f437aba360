//! How the agency can be reached about a booking.

use compact_str::CompactString;
use email_address::{EmailAddress, Options};

use super::member::{Members, Shape};
use super::name::may_stand_in_a_name;
use super::value::{WrongValue, text_field};
use crate::fault::{Faults, Path};
use crate::json::Json;

text_field!(Email, PhoneNumber);

/// An e-mail address, a telephone number, or both; never neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    email: Option<Email>,
    phone: Option<PhoneNumber>,
}

impl Contact {
    const SHAPE: Shape = Shape::of("a contact", &["email", "phone"]);

    pub(super) fn read(json: &Json<'_>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(json, at, faults)?;
        let neither = members.absent("email") && members.absent("phone");
        let email = members.optional("email", faults);
        let phone = members.optional("phone", faults);
        members.finish(&Self::SHAPE, faults);
        if neither {
            faults.invalid(at, "must have an email, a phone, or both");
            return None;
        }
        Some(Self { email: email?, phone: phone? })
    }

    /// The e-mail address, if one was given.
    #[must_use]
    pub fn email(&self) -> Option<&Email> {
        self.email.as_ref()
    }

    /// The telephone number, if one was given.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.phone.as_ref()
    }
}

/// An e-mail address of at most 254 bytes (RFC 5321): a dot-atom, `@`, a domain of at least two labels. It may be
/// international (RFC 6531). The forms of RFC 5322 that no mailbox of an agency has are refused: quoted local
/// parts, address literals, display names, domains that are no host names; and so are the characters that names of
/// people refuse beyond ASCII, because they hide or reorder what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(CompactString);

impl Email {
    /// The longest address, in bytes of UTF-8.
    pub const BYTES_MAX: usize = 254;

    /// Takes `text` as an address.
    ///
    /// # Errors
    /// When it is not of the form that the type describes.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let plain = text.len() <= Self::BYTES_MAX && text.chars().all(is_plain);
        let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
        let host = domain.split('.').all(is_host_label);
        match EmailAddress::parse_with_options(text, options) {
            Ok(_) if plain && host => Ok(Self(CompactString::from(text))),
            _ => Err(WrongValue::says(
                "must be an e-mail address of at most 254 bytes, such as ops@partner.example",
            )),
        }
    }

    /// The address's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What may stand in a dot-atom beyond ASCII is what may stand in a name; the quote begins a quoted local part.
fn is_plain(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_graphic() && character != '"'
    } else {
        may_stand_in_a_name(character)
    }
}

/// Letters, digits and hyphens, no hyphen at either end (RFC 1123); beyond ASCII as the library has it.
fn is_host_label(label: &str) -> bool {
    let fits =
        |character: char| !character.is_ascii() || character.is_ascii_alphanumeric() || character == '-';
    label.chars().all(fits) && !label.starts_with('-') && !label.ends_with('-')
}

/// A telephone number in E.164: `+` and 7 to 15 digits, the first of which is not 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(CompactString);

impl PhoneNumber {
    /// The longest number, in characters, with its `+`.
    pub const CHARS_MAX: usize = 16;
    /// What it looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = r"^\+[1-9][0-9]{6,14}$";

    /// Takes `text` as a number.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let fits = match text.as_bytes() {
            [b'+', b'1'..=b'9', rest @ ..] => {
                (6..=14).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        };
        let refused = "must be a telephone number in E.164: + and 7 to 15 digits, such as +16145550100";
        if fits { Ok(Self(CompactString::from(text))) } else { Err(WrongValue::says(refused)) }
    }

    /// The number's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
