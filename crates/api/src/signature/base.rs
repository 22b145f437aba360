//! The signature base (RFC 9421, section 2.5): the text that is signed, made from the request as it arrived.

use std::fmt::Write as _;

use http::header::{self, HeaderName};
use http::request::Parts;

use super::Fault;

/// How callers address this service: what stands before the path in the address that they sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    /// In lower case, without the scheme's default port.
    authority: String,
    /// What stands before every path: empty, or `/prod` and the like.
    prefix: String,
}

impl Origin {
    /// The address of the service as callers know it, such as `https://api.example.com`, or with a path behind a
    /// gateway's stage. `None` if it is none.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let fits = ["http", "https"].contains(&scheme)
            && authority.parse::<http::uri::Authority>().is_ok_and(|parsed| !parsed.as_str().contains('@'))
            && !prefix.contains(['?', '#']);
        fits.then(|| Self::new(scheme, authority, prefix.trim_end_matches('/')))
    }

    fn new(scheme: &str, authority: &str, prefix: &str) -> Self {
        let authority = authority.to_ascii_lowercase();
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority).to_owned();
        Self { scheme: scheme.to_owned(), authority, prefix: prefix.to_owned() }
    }
}

/// The addresses that a request may have been signed for.
pub(crate) enum Addressed<'a> {
    /// The one that the operator has set.
    As(&'a Origin),
    /// The Host that the caller sent, by either scheme: who ends TLS in front of us does not tell us.
    ByHost,
}

impl Addressed<'_> {
    /// Each candidate. A request without a usable Host has none.
    pub(crate) fn candidates(&self, request: &Parts) -> Vec<Origin> {
        match self {
            Self::As(origin) => vec![(*origin).clone()],
            Self::ByHost => {
                let host = request.uri.authority().map(http::uri::Authority::as_str);
                let host = host.or_else(|| request.headers.get(header::HOST)?.to_str().ok());
                let origin = |host| ["https", "http"].map(|scheme| Origin::new(scheme, host, "")).into();
                host.map(origin).unwrap_or_default()
            }
        }
    }
}

/// The base of `request`, called at `origin`, for these components; `parameters` is the value of
/// `@signature-params`.
pub(crate) fn base(
    components: &[String],
    parameters: &str,
    request: &Parts,
    origin: &Origin,
) -> Result<String, Fault> {
    let mut base = String::with_capacity(512);
    for component in components {
        // Names hold no quotes: a derived one is in the list below, and a field's is a token.
        let _ = write!(base, "\"{component}\": ");
        write_value(component, request, origin, &mut base)?;
        base.push('\n');
    }
    let _ = write!(base, "\"@signature-params\": {parameters}");
    Ok(base)
}

fn write_value(component: &str, request: &Parts, origin: &Origin, base: &mut String) -> Result<(), Fault> {
    let Origin { scheme, authority, prefix } = origin;
    let path = request.uri.path();
    let query = request.uri.query();
    let written = match component {
        "@method" => write!(base, "{}", request.method),
        "@target-uri" => {
            let _ = write!(base, "{scheme}://{authority}{prefix}{path}");
            query.map_or(Ok(()), |query| write!(base, "?{query}"))
        }
        "@authority" => write!(base, "{authority}"),
        "@scheme" => write!(base, "{scheme}"),
        "@path" => write!(base, "{prefix}{path}"),
        "@query" => write!(base, "?{}", query.unwrap_or("")),
        "@request-target" => {
            let _ = write!(base, "{prefix}{path}");
            query.map_or(Ok(()), |query| write!(base, "?{query}"))
        }
        name => return write_field(name, request, base),
    };
    written.map_err(|_| Fault::new("The signature's base cannot be written."))
}

/// A header: its values without the white space around them, with commas between (RFC 9421, section 2.1).
fn write_field(name: &str, request: &Parts, base: &mut String) -> Result<(), Fault> {
    let unknown = || {
        let name: String = name.chars().take(64).collect();
        Fault::new(format!(
            "The signature covers {name:?}, which is neither a header of this request, in lower case, nor a derived \
             component that is served here: @method, @target-uri, @authority, @scheme, @path, @query, @request-target."
        ))
    };
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(unknown());
    }
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unknown())?;
    let mut values = request.headers.get_all(header).iter().peekable();
    if values.peek().is_none() {
        return Err(unknown());
    }
    for (at, value) in values.enumerate() {
        let value =
            value.to_str().map_err(|_| Fault::new(format!("The header {name} is covered and not ASCII.")))?;
        if at > 0 {
            base.push_str(", ");
        }
        base.push_str(value.trim_matches([' ', '\t']));
    }
    Ok(())
}
