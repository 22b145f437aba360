//! TLS 1.2 and 1.3 by rustls, with certificates that are replaced while serving, and client certificates.
//!
//! A client certificate is **not** traced to an issuer. The handshake proves that the caller holds the private key of
//! the certificate it shows; that is all, and all that is needed: which agency a certificate belongs to is pinned by
//! its fingerprint, so that no issuer anywhere can make one that passes for it. Names, dates and extensions of the
//! certificate are not looked at either. A caller without a certificate, or with one that nobody pinned, is a caller
//! with a key like others, unless an agency demands more.

mod possession;
mod validity;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use skybridge_api::public::ClientCertificate;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use possession::PossessionVerifier;

/// What is asked of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked for a certificate.
    Off,
    /// They may show one.
    Optional,
    /// They must show one, or the handshake fails.
    Required,
}

/// Where the server's certificate is, and what callers are asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The certificate and those that lead to its issuer, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// What callers are asked for.
    pub client_certificates: ClientCertificates,
}

/// Why a certificate is not used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} holds no {what} in PEM", .path.display())]
    NotPem {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The two do not fit together, or are of a kind that is not known.
    #[error("{} and {} are not a certificate and its key", .certificate.display(), .key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// What came of looking at the files again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// They are as they were.
    Unchanged,
    /// New handshakes use what they hold now.
    Taken,
}

/// A certificate that can be replaced while it is in use.
pub struct Tls {
    settings: Settings,
    config: ArcSwap<ServerConfig>,
    /// The files as they were read last.
    files: Mutex<Files>,
}

#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    pub fn load(settings: Settings) -> Result<Self, TlsError> {
        let files = Files::read(&settings)?;
        let config = ArcSwap::from_pointee(files.config(&settings)?);
        Ok(Self { settings, config, files: Mutex::new(files) })
    }

    /// Reads the files again, and takes what they hold if it has changed. On an error everything stays as it was, and
    /// the next call tries again: files that are replaced one after the other do not fit together in between.
    pub fn reload(&self) -> Result<Reload, TlsError> {
        let fresh = Files::read(&self.settings)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if *files == fresh {
            return Ok(Reload::Unchanged);
        }
        self.config.store(Arc::new(fresh.config(&self.settings)?));
        *files = fresh;
        Ok(Reload::Taken)
    }

    /// When the certificate in use ends to be valid, in seconds since 1970; `None` if that cannot be read from it.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let first = CertificateDer::pem_slice_iter(&files.certificate).next()?.ok()?;
        validity::not_after(&first)
    }

    /// The handshake. Gives the stream, the certificate that the caller has proven to hold, and whether HTTP/2 is what
    /// it wants to speak.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<(TlsStream<TcpStream>, Option<ClientCertificate>, bool)> {
        let stream = TlsAcceptor::from(self.config.load_full()).accept(stream).await?;
        let (_, session) = stream.get_ref();
        let shown = session.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(|shown| ClientCertificate(Sha256::digest(shown).into()));
        let speaks_http2 = session.alpn_protocol() == Some(b"h2");
        Ok((stream, certificate, speaks_http2))
    }
}

impl Files {
    fn read(settings: &Settings) -> Result<Self, TlsError> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.clone(), source })
        };
        Ok(Self { certificate: read(&settings.certificate)?, key: read(&settings.key)? })
    }

    fn config(&self, settings: &Settings) -> Result<ServerConfig, TlsError> {
        let Settings { certificate, key, .. } = settings;
        let no_certificate = || TlsError::NotPem { path: certificate.clone(), what: "certificate" };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(no_certificate)?;
        let no_key = |_| TlsError::NotPem { path: key.clone(), what: "private key" };
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(no_key)?;
        configure(settings.client_certificates, chain, private).map_err(|source| TlsError::Unusable {
            certificate: certificate.clone(),
            key: key.clone(),
            source,
        })
    }
}

fn configure(
    asked: ClientCertificates,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match asked {
        ClientCertificates::Off => builder.with_no_client_auth(),
        ClientCertificates::Optional => {
            builder.with_client_cert_verifier(Arc::new(PossessionVerifier::optional(provider)))
        }
        ClientCertificates::Required => {
            builder.with_client_cert_verifier(Arc::new(PossessionVerifier::required(provider)))
        }
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
