//! A passenger: who travels.

use super::date::Date;
use super::member::{Members, Shape};
use super::name::{PersonName, Title};
use super::value::{WrongValue, text_field};
use crate::fault::{Faults, Path};
use crate::json::Json;

text_field!(PassengerType);

/// Somebody who travels.
///
/// Type and family name are required. The given name is optional, because there are people with one name; the
/// trade writes it as the family name. Title and date of birth are optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passenger {
    kind: PassengerType,
    title: Option<Title>,
    given_name: Option<PersonName>,
    family_name: PersonName,
    date_of_birth: Option<Date>,
}

/// What was read of a passenger: the rules across fields need the type and the date of birth even when the rest
/// is wrong.
pub(super) struct PassengerRead {
    pub(super) kind: Option<PassengerType>,
    pub(super) date_of_birth: Option<Date>,
    pub(super) passenger: Option<Passenger>,
}

impl Passenger {
    const SHAPE: Shape =
        Shape::of("a passenger", &["type", "title", "given_name", "family_name", "date_of_birth"]);

    pub(super) fn read(json: &Json<'_>, at: &Path<'_>, faults: &mut Faults) -> PassengerRead {
        let Some(mut members) = Members::of(json, at, faults) else {
            return PassengerRead { kind: None, date_of_birth: None, passenger: None };
        };
        let kind = members.required("type", faults);
        let title = members.optional("title", faults);
        let given_name = members.optional("given_name", faults);
        let family_name = members.required("family_name", faults);
        let date_of_birth = members.optional("date_of_birth", faults);
        members.finish(&Self::SHAPE, faults);
        let whole = || {
            Some(Self {
                kind: kind?,
                title: title?,
                given_name: given_name?,
                family_name: family_name?,
                date_of_birth: date_of_birth?,
            })
        };
        PassengerRead { kind, date_of_birth: date_of_birth.flatten(), passenger: whole() }
    }

    /// Adult, child or infant: `type` in the contract.
    #[must_use]
    pub fn kind(&self) -> PassengerType {
        self.kind
    }

    /// How they are addressed, if that was given.
    #[must_use]
    pub fn title(&self) -> Option<&Title> {
        self.title.as_ref()
    }

    /// The given name, if they have one.
    #[must_use]
    pub fn given_name(&self) -> Option<&PersonName> {
        self.given_name.as_ref()
    }

    /// The family name, or the only one.
    #[must_use]
    pub fn family_name(&self) -> &PersonName {
        &self.family_name
    }

    /// The day on which they were born, if that was given.
    #[must_use]
    pub fn date_of_birth(&self) -> Option<Date> {
        self.date_of_birth
    }
}

/// A passenger type code of IATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PassengerType {
    /// `ADT`
    Adult,
    /// `CHD`
    Child,
    /// `INF`: an infant without a seat, on an adult's lap.
    InfantOnLap,
    /// `INS`: an infant with a seat.
    InfantWithSeat,
}

impl PassengerType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Adult, Self::Child, Self::InfantOnLap, Self::InfantWithSeat];

    /// Takes `text` as a passenger type.
    ///
    /// # Errors
    /// When it is not the code of one of [`Self::ALL`].
    pub fn new(text: &str) -> Result<Self, WrongValue> {
        let named = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        named.ok_or(WrongValue::says("must be one of ADT, CHD, INF, INS"))
    }

    /// The code's text.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Adult => "ADT",
            Self::Child => "CHD",
            Self::InfantOnLap => "INF",
            Self::InfantWithSeat => "INS",
        }
    }
}
