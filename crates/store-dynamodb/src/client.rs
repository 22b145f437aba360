//! The SDK's client, with what this store decides by itself turned off.
//!
//! It lives as long as the process. Its connections wait in a pool for at most [`IDLE_MAX`], less than DynamoDB or a
//! gateway in between would keep them; one that died unnoticed, as all do while a Lambda is frozen, fails the first
//! attempt and is replaced by the next.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Config, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::{Builder, tls};

use crate::Settings;

/// How long a connection may wait for its next request.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// The client for `settings`. Nothing is sent.
pub(crate) fn connect(settings: &Settings) -> Client {
    let endpoint = settings.endpoint.as_deref();
    // One layer of retries and time limits, and it is ours.
    let timeouts = TimeoutConfig::builder().connect_timeout(settings.connect_timeout).build();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(settings.credentials.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        // Answers are small and read whole; an attempt that stalls meets its time limit.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client(endpoint));
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

/// TLS with ring, or none for a server that is asked for by `http://`: its certificates need not be loaded then.
fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    let builder = Builder::new().pool_idle_timeout(IDLE_MAX);
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    if is_plain || !has_certificates() {
        // Without certificates, a client that cannot do TLS at all refuses every connection in an orderly way.
        return builder.build_http();
    }
    builder.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}

/// Does this machine know whom to trust? A small container image may not, and the SDK's client would panic when it
/// first connects.
fn has_certificates() -> bool {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        tracing::error!(
            errors = ?found.errors,
            "no certificates of authorities on this machine, so DynamoDB cannot be reached by https: install the \
             package ca-certificates, or name a file of them in SSL_CERT_FILE"
        );
    }
    !found.certs.is_empty()
}
