//! The environment, read here and nowhere else.

use super::layers::{Layers, environment_name};

/// Variables that are not keys of the configuration.
const OTHERS: [&str; 4] =
    ["SKYBRIDGE_CONFIG", "SKYBRIDGE_SERVER", "SKYBRIDGE_ADMIN_TOKEN", "SKYBRIDGE_PEPPER"];

/// The value of a variable. Set but empty counts as not set, as `NAME= command` is commonly meant.
#[expect(clippy::disallowed_methods, reason = "this is the reader of the environment")]
pub(crate) fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Variables that begin with `SKYBRIDGE_` but mean nothing to this program: most likely a misspelt key.
///
/// Reported by `config check` and `doctor`, not refused: Kubernetes sets `SKYBRIDGE_SERVICE_HOST` and its like
/// for a service that is called skybridge.
pub(crate) fn unknown() -> Vec<String> {
    let known = Layers::of_defaults();
    let means =
        |name: &str| OTHERS.contains(&name) || known.iter().any(|(key, _)| environment_name(key) == name);
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("SKYBRIDGE_") && !means(name))
        .collect()
}
