//! `Signature-Input` and `Signature`: what is covered, by which key, when; and the signature itself.

use std::fmt::Write as _;

use http::HeaderMap;
use http::header::HeaderName;
use skybridge_domain::key::{Algorithm, KeyId};

use super::Fault;
use super::field::{Field, NotThat, Value, write_string};

const SIGNATURE: HeaderName = HeaderName::from_static("signature");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");

/// How many components are read. Four have to be covered at most; a request has few headers that matter.
pub(super) const COMPONENTS_MAX: usize = 32;

/// How long a nonce may be.
const NONCE_CHARS_MAX: usize = 128;

/// A signature as a request presents it: well-formed, and nothing more is known of it yet.
#[derive(Debug)]
pub(crate) struct Input {
    /// What is covered, in the order in which it was signed.
    pub(crate) components: Vec<String>,
    /// When it was signed, in seconds since 1970.
    pub(crate) created: u64,
    /// Until when the signer wants it taken.
    pub(crate) expires: Option<u64>,
    /// The number used once.
    pub(crate) nonce: String,
    /// The key that signed.
    pub(crate) key: KeyId,
    /// The algorithm, if the request names it.
    pub(crate) algorithm: Option<Algorithm>,
    /// The signature's bytes.
    pub(crate) signature: Vec<u8>,
    /// The value of `@signature-params`, as the signer must have written it.
    pub(crate) parameters: String,
}

impl Input {
    /// Does the request present a signature, or half of one?
    pub(crate) fn is_in(headers: &HeaderMap) -> bool {
        headers.contains_key(SIGNATURE) || headers.contains_key(SIGNATURE_INPUT)
    }

    /// Is this component covered?
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.components.iter().any(|component| component == name)
    }

    /// The one signature that `headers` present.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Fault> {
        let text = |name: &HeaderName| {
            let value = headers.get(name).ok_or_else(|| {
                Fault::new(format!(
                    "A signed request has both Signature-Input and Signature; {name} is missing."
                ))
            })?;
            value.to_str().map_err(|_| Fault::new(format!("{name} is not ASCII.")))
        };
        let (input, signature) = (text(&SIGNATURE_INPUT)?, text(&SIGNATURE)?);
        let (label, covered) = the_input(input)?;
        let bytes = the_signature(signature, &label)?;
        covered.complete(bytes)
    }
}

/// The covered components and the parameters, as they stand in the field.
pub(super) struct Covered {
    pub(super) components: Vec<String>,
    parameters: Vec<(String, Value)>,
}

/// The one member of `Signature-Input`, with its label.
pub(super) fn the_input(text: &str) -> Result<(String, Covered), Fault> {
    let malformed = |not: NotThat| {
        not.told_of(
            "Signature-Input",
            "Signature-Input is not of the form label=(\"@method\" …);created=…;keyid=\"…\";nonce=\"…\", with names \
             in double quotes and without parameters of their own (RFC 9421).",
        )
    };
    let mut field = Field::new(text);
    let label = field.key().map_err(malformed)?.to_owned();
    field.expect('=').map_err(malformed)?;
    let components = components(&mut field).map_err(malformed)?;
    let parameters = field.parameters().map_err(malformed)?;
    if field.next_member().map_err(malformed)? {
        return Err(Fault::new("Signature-Input has several members; a request carries one signature."));
    }
    for (at, component) in components.iter().enumerate() {
        if components[..at].contains(component) {
            return Err(Fault::new(format!("Signature-Input covers {component:?} twice.")));
        }
    }
    Ok((label, Covered { components, parameters }))
}

/// An inner list of at most [`COMPONENTS_MAX`] strings.
fn components(field: &mut Field<'_>) -> Result<Vec<String>, NotThat> {
    field.expect('(')?;
    let mut components = Vec::new();
    loop {
        let spaced = field.spaces();
        if field.takes(')') {
            return Ok(components);
        }
        if !components.is_empty() && !spaced {
            return Err(NotThat::Form);
        }
        if components.len() == COMPONENTS_MAX {
            return Err(NotThat::TooMany(COMPONENTS_MAX, "covered components"));
        }
        components.push(field.string()?);
    }
}

/// The bytes of the one member of `Signature`, which has to have the same label.
pub(super) fn the_signature(text: &str, label: &str) -> Result<Vec<u8>, Fault> {
    let malformed =
        |not: NotThat| not.told_of("Signature", "Signature is not of the form label=:base64: (RFC 9421).");
    let mut field = Field::new(text);
    let found = field.key().map_err(malformed)?;
    if found != label {
        return Err(Fault::new("Signature-Input and Signature do not have the same label."));
    }
    field.expect('=').map_err(malformed)?;
    let bytes = field.bytes().map_err(malformed)?;
    if field.next_member().map_err(malformed)? {
        return Err(Fault::new("Signature has several members; a request carries one signature."));
    }
    Ok(bytes)
}

impl Covered {
    /// With the parameters that every signature needs, by name.
    fn complete(self, signature: Vec<u8>) -> Result<Input, Fault> {
        let parameters = self.text();
        let missing = |name: &str| {
            Fault::new(format!("Signature-Input lacks the parameter {name}, or it is of another kind."))
        };
        let number = |name| match self.parameter(name) {
            Some(Value::Number(number)) => u64::try_from(*number).map(Some).map_err(|_| missing(name)),
            Some(Value::Text(_)) => Err(missing(name)),
            None => Ok(None),
        };
        let string = |name| match self.parameter(name) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Number(_)) => Err(missing(name)),
            None => Ok(None),
        };
        let nonce = string("nonce")?.ok_or_else(|| missing("nonce"))?;
        if !(1..=NONCE_CHARS_MAX).contains(&nonce.len()) {
            return Err(Fault::new("The nonce takes 1 to 128 characters; take 16 random bytes in base64."));
        }
        let algorithm = string("alg")?.map(|name| {
            let known =
                "The parameter alg is neither ed25519 nor hmac-sha256; leave it out, or name the key's own.";
            Algorithm::parse(name).ok_or_else(|| Fault::new(known))
        });
        let key = string("keyid")?.ok_or_else(|| missing("keyid"))?;
        Ok(Input {
            created: number("created")?.ok_or_else(|| missing("created"))?,
            expires: number("expires")?,
            nonce: nonce.clone(),
            key: KeyId::parse(key).ok_or_else(|| {
                Fault::new("The keyid is not the id of a signing key, which has 12 letters and digits.")
            })?,
            algorithm: algorithm.transpose()?,
            components: self.components,
            signature,
            parameters,
        })
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.iter().find(|(held, _)| held == name).map(|(_, value)| value)
    }

    /// As RFC 9651 serialises it, in the sender's own order.
    pub(super) fn text(&self) -> String {
        let mut out = String::from("(");
        for (at, component) in self.components.iter().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            write_string(component, &mut out);
        }
        out.push(')');
        for (name, value) in &self.parameters {
            // Writing into a text cannot fail.
            let _ = write!(out, ";{name}=");
            match value {
                Value::Text(text) => write_string(text, &mut out),
                Value::Number(number) => {
                    let _ = write!(out, "{number}");
                }
            }
        }
        out
    }
}
