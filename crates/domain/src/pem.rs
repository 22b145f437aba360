//! PEM (RFC 7468), as far as keys and certificates come in it: the bytes of the first block with a label.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The bytes of the first block of `text` with this label; `None` if there is none, or it is not base64. What stands
/// before and after it, such as explanations and other blocks, is passed over.
#[must_use]
pub(crate) fn first_block(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (inside, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let base64: String = inside.chars().filter(|char| !char.is_ascii_whitespace()).collect();
    STANDARD.decode(base64).ok().filter(|bytes| !bytes.is_empty())
}
