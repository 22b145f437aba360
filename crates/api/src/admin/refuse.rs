//! From what the desk says of partners to what the operator is told.

use skybridge_desk::audit::AuditError;
use skybridge_desk::partners::PartnerError;

use crate::problem::{Code, Refusal};
use crate::refuse;

/// A change of partners that was not made.
pub(super) fn partner(error: PartnerError) -> Refusal {
    let code = match &error {
        PartnerError::AgencyNotFound(_)
        | PartnerError::PlanNotFound(_)
        | PartnerError::KeyNotFound(_)
        | PartnerError::NetworkNotListed(_) => Code::NotFound,
        PartnerError::AgencyExists(_) => Code::AlreadyExists,
        PartnerError::KeyNotActive(_)
        | PartnerError::KeyReplaced { .. }
        | PartnerError::KeySigns(_)
        | PartnerError::KeyDoesNotSign(_)
        | PartnerError::TooManyCertificates(_)
        | PartnerError::TooManyExceptions(_)
        | PartnerError::TooManyNetworks
        | PartnerError::NoCertificateLeft(_) => Code::InvalidTransition,
        PartnerError::PublicKeyMismatch(_)
        | PartnerError::NetworkVast(_)
        | PartnerError::NetworkOfProxy { .. } => Code::InvalidRequest,
        PartnerError::Contended => Code::Overloaded,
        PartnerError::Roster(_) => return Refusal::internal(error),
        PartnerError::Store(_) => {
            let PartnerError::Store(error) = error else { return Refusal::internal(error) };
            return refuse::store(error);
        }
    };
    Refusal::new(code, sentence(&error.to_string()) + hint(&error))
}

/// What to do about it, where the error alone does not say.
fn hint(error: &PartnerError) -> &'static str {
    match error {
        PartnerError::AgencyNotFound(_) => {
            " Names are told apart by upper and lower case; `skybridge agency list` shows those there are."
        }
        PartnerError::PlanNotFound(_) => {
            " `skybridge plan list` shows those there are, `skybridge plan set` makes one."
        }
        PartnerError::KeyNotFound(_) => " `skybridge key list AGENCY` shows an agency's keys.",
        PartnerError::NoCertificateLeft(_) => {
            " `skybridge agency pin-certificate` pins one, `skybridge agency require` changes what is required."
        }
        PartnerError::TooManyExceptions(_) => " `skybridge screen exceptions AGENCY` lists them.",
        PartnerError::NetworkNotListed(_) => {
            " `skybridge address list` shows those that are; a file's are changed in the file."
        }
        PartnerError::NetworkVast(_) => {
            " Blocking it shuts out most callers; if that is meant, say so (`--deliberately`, `\"deliberately\":true`)."
        }
        PartnerError::NetworkOfProxy { .. } => {
            " Requests come from it on behalf of everybody; if blocking it is meant, say so (`--deliberately`, \
             `\"deliberately\":true`)."
        }
        _ => "",
    }
}

/// A page of the audit trail that was not given.
pub(super) fn audit(error: AuditError) -> Refusal {
    match error {
        AuditError::InvalidCursor(_) => refuse::invalid_cursor(),
        AuditError::Store(error) => refuse::store(error),
    }
}

/// `text` as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase()).into_iter();
    first.chain(chars).chain(['.']).collect()
}
