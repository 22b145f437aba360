//! The settings of the function: environment variables, as Lambda sets them. The one place that reads them.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use skybridge_api::problem::ErrorStyle;
use skybridge_api::public::PublicUrl;
use skybridge_api::screening::Signatures;
use skybridge_gate::{AddressTerms, Peppers, ScreenMode};
use skybridge_screen::{Crs, CrsOptions, Overrun, Profile, Screen};
use skybridge_store_dynamodb::{Credentials, Settings as StoreSettings, SharedCredentialsProvider};
use tracing_subscriber::filter::Targets;

use crate::logs;

const PEPPER: &str = "SKYBRIDGE_PEPPER";
const TABLE_PREFIX: &str = "SKYBRIDGE_DYNAMODB_TABLE_PREFIX";
const PUBLIC_URL: &str = "SKYBRIDGE_PUBLIC_URL";
const LOG_LEVEL: &str = "SKYBRIDGE_LOG_LEVEL";
const TRUST_GATEWAY_KEYS: &str = "SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS";
const ERRORS: &str = "SKYBRIDGE_ERRORS";
const ADDRESS_LISTS: &str = "SKYBRIDGE_SCREENING_ADDRESSES_LISTS";
const ADDRESS_RATE: &str = "SKYBRIDGE_SCREENING_ADDRESSES_RATE";
const SIGNATURES: &str = "SKYBRIDGE_SCREENING_SIGNATURES";
const PROFILE: &str = "SKYBRIDGE_SCREENING_PROFILE";
const CRS: &str = "SKYBRIDGE_SCREENING_CRS";
const OVERRUN: &str = "SKYBRIDGE_SCREENING_OVERRUN";
const ADVICE: &str = "SKYBRIDGE_SCREENING_ADVICE";

/// How long one request to DynamoDB may take, and all attempts at one operation.
const CALL_TIMEOUT: Duration = Duration::from_millis(1000);
const STORE_DEADLINE: Duration = Duration::from_secs(2);

/// How long one request's texts may be looked at on the clock, unless a profile says otherwise.
const SCREENING_TIME_MAX: Duration = Duration::from_secs(1);

/// What Lambda itself sets, and nobody else.
const OF_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// What the function was told.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) store: StoreSettings,
    /// None only where the gateway checks the keys.
    pub(crate) peppers: Option<Peppers>,
    pub(crate) gateway_keys: GatewayKeys,
    /// How refusals look.
    pub(crate) errors: ErrorStyle,
    /// The address that callers sign; without it, the host that they send.
    pub(crate) public_url: Option<PublicUrl>,
    /// What is done about addresses; all but the modes is what servers do if nobody chooses.
    pub(crate) addresses: AddressTerms,
    pub(crate) screening: Screening,
}

/// What is done with the texts of requests. Reading it costs nothing unless it names files; the automata are made when a
/// text first needs them, since a function's start is waited for and most texts need none.
#[derive(Debug)]
pub(crate) struct Screening {
    pub(crate) screen: Screen,
    pub(crate) signatures: Signatures,
    pub(crate) advice: Option<String>,
}

/// What to do with an API key that a REST API has checked against its usage plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayKeys {
    /// Its holder is the caller; the secret is not checked a second time.
    Trusted,
    /// It is not looked at.
    Ignored,
}

/// What is wrong with the settings, as a sentence that says what to do. Repeats no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidSettings {
    #[error(
        "SKYBRIDGE_PEPPER is not set; set it to the text of the file `pepper` in the data directory of the server that \
         the agencies' keys are made with, or, behind a REST API that checks them, set \
         SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS=true"
    )]
    PepperMissing,
    #[error(
        "SKYBRIDGE_PEPPER cannot be read: {0}; it takes the text of the file `pepper` in the server's data directory"
    )]
    Pepper(#[from] skybridge_gate::InvalidPeppers),
    #[error("SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS is {0:?}; set it to true or false")]
    TrustGatewayKeys(String),
    #[error("SKYBRIDGE_ERRORS is {0:?}; set it to problem or aws")]
    Errors(String),
    #[error("{0} is {1:?}; set it to block, count or off")]
    ScreenMode(&'static str, String),
    #[error(
        "SKYBRIDGE_PUBLIC_URL is {0:?}; set it to the address under which callers know the service, such as \
         https://api.example.com or https://ID.execute-api.REGION.amazonaws.com/prod"
    )]
    PublicUrl(String),
    #[error("SKYBRIDGE_SCREENING_SIGNATURES is {0:?}; set it to block, count or off")]
    Signatures(String),
    #[error("SKYBRIDGE_SCREENING_OVERRUN is {0:?}; set it to refuse or count")]
    Overrun(String),
    #[error("SKYBRIDGE_SCREENING_PROFILE names {0}, which is no profile: {1}")]
    Profile(String, String),
    #[error("SKYBRIDGE_SCREENING_CRS names {0}, in which there is no rule set: {1}")]
    Crs(String, String),
    #[error("SKYBRIDGE_LOG_LEVEL is {0:?}; set it to error, warn, info, debug or trace")]
    LogLevel(String),
    #[error("{0} is not set; Lambda sets it from the function's region and role, elsewhere set it by hand")]
    OfAws(&'static str),
    #[error(
        "{0} is {1:?}; set it to the address of a DynamoDB-compatible server, such as http://127.0.0.1:8000"
    )]
    Endpoint(&'static str, String),
    #[error("{0} holds what is not UTF-8; set it anew")]
    NotText(&'static str),
}

/// What Lambda's environment lacks, if this process runs anywhere else.
pub(crate) fn missing_of_lambda() -> Option<&'static str> {
    OF_LAMBDA.into_iter().find(|name| !matches!(variable(name), Ok(Some(_))))
}

/// How much to log.
pub(crate) fn log_filter() -> Result<Targets, InvalidSettings> {
    let level = variable(LOG_LEVEL)?.unwrap_or_else(|| "info".to_owned());
    logs::filter_of(&level).ok_or(InvalidSettings::LogLevel(level))
}

impl Settings {
    /// Reads the settings.
    pub(crate) fn read() -> Result<Self, InvalidSettings> {
        let gateway_keys = match variable(TRUST_GATEWAY_KEYS)?.as_deref() {
            None | Some("false") => GatewayKeys::Ignored,
            Some("true") => GatewayKeys::Trusted,
            Some(other) => return Err(InvalidSettings::TrustGatewayKeys(other.to_owned())),
        };
        let peppers = match variable(PEPPER)? {
            Some(text) => Some(Peppers::parse(&text)?),
            None if gateway_keys == GatewayKeys::Trusted => None,
            None => return Err(InvalidSettings::PepperMissing),
        };
        let public_url = variable(PUBLIC_URL)?
            .map(|text| PublicUrl::parse(&text).ok_or(InvalidSettings::PublicUrl(text)))
            .transpose()?;
        let addresses = AddressTerms {
            lists: screen_mode(ADDRESS_LISTS)?,
            rate: screen_mode(ADDRESS_RATE)?,
            ..AddressTerms::default()
        };
        let screening = screening()?;
        Ok(Self {
            store: store()?,
            peppers,
            gateway_keys,
            errors: errors()?,
            public_url,
            addresses,
            screening,
        })
    }
}

fn screen_mode(name: &'static str) -> Result<ScreenMode, InvalidSettings> {
    match variable(name)? {
        None => Ok(ScreenMode::Block),
        Some(text) => ScreenMode::parse(&text).ok_or(InvalidSettings::ScreenMode(name, text)),
    }
}

fn screening() -> Result<Screening, InvalidSettings> {
    let signatures = match variable(SIGNATURES)? {
        None => Signatures::default(),
        Some(text) => Signatures::parse(&text).ok_or(InvalidSettings::Signatures(text))?,
    };
    let mut profile = match variable(PROFILE)? {
        None => patient(Profile::default()),
        Some(path) => profile(&path).map_err(|wrong| InvalidSettings::Profile(path, wrong))?,
    };
    profile.overrun = overrun(variable(OVERRUN)?.as_deref(), profile.overrun)?;
    let read = variable(CRS)?.map(|path| rule_set(&path).map_err(|wrong| InvalidSettings::Crs(path, wrong)));
    let crs = read.transpose()?;
    Ok(Screening { screen: Screen::new(profile, crs), signatures, advice: variable(ADVICE)? })
}

/// The setting if there is one, and else what the profile says.
fn overrun(set: Option<&str>, of_profile: Overrun) -> Result<Overrun, InvalidSettings> {
    match set {
        None => Ok(of_profile),
        Some("refuse") => Ok(Overrun::Refuse),
        Some("count") => Ok(Overrun::Count),
        Some(other) => Err(InvalidSettings::Overrun(other.to_owned())),
    }
}

/// What of it cannot be honoured is said in the log, rule by rule.
fn rule_set(path: &str) -> Result<Crs, String> {
    let (crs, report) = Crs::read_dir(Path::new(path), CrsOptions::default()).map_err(|error| {
        let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
        format!("{error}{cause}")
    })?;
    crs.self_test().map_err(|failure| failure.to_string())?;
    report.to_string().lines().for_each(|line| tracing::warn!("rule set: {line}"));
    Ok(crs)
}

/// A small function has a fraction of a processor, and stands still for most of each tenth of a second. Time on the clock
/// is then no measure of what a text costs.
fn patient(mut profile: Profile) -> Profile {
    profile.budget.time = SCREENING_TIME_MAX;
    profile
}

fn profile(path: &str) -> Result<Profile, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    Profile::parse(&text).map_err(|error| error.to_string())
}

fn errors() -> Result<ErrorStyle, InvalidSettings> {
    match variable(ERRORS)? {
        None => Ok(ErrorStyle::default()),
        Some(text) => ErrorStyle::parse(&text).ok_or(InvalidSettings::Errors(text)),
    }
}

/// Where the tables are. The SDK's own loader is done without: it would look for files, profiles and a metadata
/// service that a function does not have. Lambda renews the credentials with the process, never within it.
fn store() -> Result<StoreSettings, InvalidSettings> {
    let required = |name| variable(name)?.ok_or(InvalidSettings::OfAws(name));
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN")?,
        None,
        "environment",
    );
    let mut store = StoreSettings::new(required("AWS_REGION")?, SharedCredentialsProvider::new(credentials));
    // Less patience than a server's: a lease is read and written and a booking put within the function's time limit,
    // or it would be killed before it could answer that the store is away.
    (store.call_timeout, store.deadline) = (CALL_TIMEOUT, STORE_DEADLINE);
    // The more special of the two counts, as for all of AWS's own tools.
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"] {
        if let Some(endpoint) = variable(name)? {
            if !["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme)) {
                return Err(InvalidSettings::Endpoint(name, endpoint));
            }
            store.endpoint = Some(endpoint);
            break;
        }
    }
    if let Some(prefix) = variable(TABLE_PREFIX)? {
        store.table_prefix = prefix;
    }
    Ok(store)
}

/// The text of a variable; none if it is not set, or empty, as templates leave what nobody filled in.
#[expect(clippy::disallowed_methods, reason = "this is the configuration of this binary")]
fn variable(name: &'static str) -> Result<Option<String>, InvalidSettings> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(InvalidSettings::NotText(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_profile_says_of_an_overrun_holds_unless_it_is_set() {
        for of_profile in [Overrun::Refuse, Overrun::Count] {
            assert_eq!(overrun(None, of_profile).unwrap(), of_profile);
            assert_eq!(overrun(Some("refuse"), of_profile).unwrap(), Overrun::Refuse);
            assert_eq!(overrun(Some("count"), of_profile).unwrap(), Overrun::Count);
        }
        assert!(overrun(Some("maybe"), Overrun::Refuse).is_err());
    }
}
