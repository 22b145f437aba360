//! The `[tls]` section: a certificate and its key, or nothing.

use std::path::PathBuf;

use skybridge_listener::tls::{ClientCertificates, Settings};

use super::{Fault, Reader};

/// Reads the section; `None` is no TLS.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let certificate = reader.take("tls.certificate", path, "the path of a file, or empty");
    let key = reader.take("tls.key", path, "the path of a file, or empty");
    let client_certificates =
        reader.take("tls.client_certificates", asked, "\"off\", \"optional\" or \"required\"");
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Settings { certificate, key, client_certificates }),
        (None, None) if client_certificates == ClientCertificates::Off => None,
        (Some(_), None) => lacks(reader, "tls.key", "the path of the key that belongs to tls.certificate"),
        (None, Some(_)) => {
            lacks(reader, "tls.certificate", "the path of the certificate that belongs to tls.key")
        }
        (None, None) => lacks(reader, "tls.certificate", "set, for client certificates to be asked for"),
    }
}

/// One key alone makes no sense without the other.
fn lacks(reader: &mut Reader<'_>, key: &str, wanted: &str) -> Option<Settings> {
    let origin = reader.layers.get(key).source.clone();
    reader.faults.push(Fault::WrongValue {
        key: key.to_owned(),
        origin,
        given: "empty".to_owned(),
        wanted: wanted.to_owned(),
    });
    None
}

fn path(text: &str) -> Option<Option<PathBuf>> {
    Some((!text.is_empty()).then(|| PathBuf::from(text)))
}

fn asked(text: &str) -> Option<ClientCertificates> {
    match text {
        "off" => Some(ClientCertificates::Off),
        "optional" => Some(ClientCertificates::Optional),
        "required" => Some(ClientCertificates::Required),
        _ => None,
    }
}
