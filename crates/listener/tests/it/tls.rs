//! TLS: what callers prove, what they are spoken to in, and certificates that change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use skybridge_listener::Seats;
use skybridge_listener::tls::{ClientCertificates, Reload, Settings, Tls};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::kit::answers::all_in;
use crate::kit::{House, PATIENCE, reception, sha256};

fn certificate(name: &str) -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed([name.to_owned()]).unwrap()
}

/// A directory with a certificate and its key.
struct Files(TempDir);

impl Files {
    fn of(certificate: &CertifiedKey<rcgen::KeyPair>) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(certificate);
        files
    }

    fn write(&self, certificate: &CertifiedKey<rcgen::KeyPair>) {
        std::fs::write(self.path("certificate.pem"), certificate.cert.pem()).unwrap();
        std::fs::write(self.path("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn settings(&self, client_certificates: ClientCertificates) -> Settings {
        Settings { certificate: self.path("certificate.pem"), key: self.path("key.pem"), client_certificates }
    }
}

/// A client that trusts `server`, and shows `own` if it has one.
fn client(
    server: &CertifiedKey<rcgen::KeyPair>,
    own: Option<&CertifiedKey<rcgen::KeyPair>>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let builder = builder.with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
            builder.with_client_auth_cert(vec![own.cert.der().clone()], key).unwrap()
        }
    }
}

async fn connect(house: &House, config: ClientConfig) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
    let stream = house.connect().await;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("sky.example").unwrap(), stream).await
}

async fn whence(house: &House, config: ClientConfig) -> std::io::Result<String> {
    let mut stream = connect(house, config).await?;
    stream.write_all(b"GET /whence HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(all_in(&answer).remove(0).body)
}

fn house(tls: &Arc<Tls>) -> House {
    House::with(reception(PATIENCE), Seats::new(9, 9), Some(Arc::clone(tls)))
}

const BOTH: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

#[tokio::test]
async fn a_certificate_that_the_caller_holds_goes_with_each_request() {
    let (server, own) = (certificate("sky.example"), certificate("agency.example"));
    let files = Files::of(&server);
    let tls = Arc::new(Tls::load(files.settings(ClientCertificates::Optional)).unwrap());
    let house = house(&tls);
    for version in BOTH {
        let answer = whence(&house, client(&server, Some(&own), &[version])).await.unwrap();
        assert_eq!(answer, format!("127.0.0.1 {}", sha256(own.cert.der())), "{version:?}");
        assert_eq!(whence(&house, client(&server, None, &[version])).await.unwrap(), "127.0.0.1 none");
    }
}

/// Somebody's certificate is public. Who shows it without its key is nobody.
#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let (server, own, other) =
        (certificate("sky.example"), certificate("agency.example"), certificate("thief.example"));
    let files = Files::of(&server);
    let tls = Arc::new(Tls::load(files.settings(ClientCertificates::Optional)).unwrap());
    let house = house(&tls);
    for version in BOTH {
        let mut config = client(&server, None, &[version]);
        config.client_auth_cert_resolver = Arc::new(Thief {
            shown: own.cert.der().clone(),
            key: rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::Pkcs8(
                PrivatePkcs8KeyDer::from(other.signing_key.serialize_der()),
            ))
            .unwrap(),
        });
        assert!(whence(&house, config).await.is_err(), "{version:?}");
    }
}

#[derive(Debug)]
struct Thief {
    shown: CertificateDer<'static>,
    key: Arc<dyn rustls::sign::SigningKey>,
}

impl rustls::client::ResolvesClientCert for Thief {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        _schemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::new(rustls::sign::CertifiedKey::new(vec![self.shown.clone()], Arc::clone(&self.key))))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_certificate_can_be_required_or_not_asked_for() {
    let (server, own) = (certificate("sky.example"), certificate("agency.example"));
    let files = Files::of(&server);
    let required = Arc::new(Tls::load(files.settings(ClientCertificates::Required)).unwrap());
    let house_of_required = house(&required);
    assert!(whence(&house_of_required, client(&server, None, BOTH)).await.is_err());
    assert!(whence(&house_of_required, client(&server, Some(&own), BOTH)).await.is_ok());

    let off = Arc::new(Tls::load(files.settings(ClientCertificates::Off)).unwrap());
    let answer = whence(&house(&off), client(&server, Some(&own), BOTH)).await.unwrap();
    assert_eq!(answer, "127.0.0.1 none");
}

#[tokio::test]
async fn certificates_are_replaced_while_serving() {
    let (first, second) = (certificate("sky.example"), certificate("sky.example"));
    let files = Files::of(&first);
    let tls = Arc::new(Tls::load(files.settings(ClientCertificates::Off)).unwrap());
    let house = house(&tls);
    let mut open = connect(&house, client(&first, None, BOTH)).await.unwrap();
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged);

    // The new certificate with the old key is nothing yet, and what was there stays.
    std::fs::write(files.path("certificate.pem"), second.cert.pem()).unwrap();
    for _again in 0..2 {
        let said = tls.reload().unwrap_err().to_string();
        let told = said.contains("certificate.pem") && said.contains("are not a certificate and its key");
        assert!(told, "{said}");
    }
    assert!(whence(&house, client(&first, None, BOTH)).await.is_ok());
    std::fs::write(files.path("key.pem"), "-----BEGIN").unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("holds no private key"));
    std::fs::remove_file(files.path("key.pem")).unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("cannot be read"));
    assert!(whence(&house, client(&first, None, BOTH)).await.is_ok());

    files.write(&second);
    assert_eq!(tls.reload().unwrap(), Reload::Taken);
    assert!(whence(&house, client(&second, None, BOTH)).await.is_ok());
    assert!(whence(&house, client(&first, None, BOTH)).await.is_err());
    // Connections that are open go on.
    open.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    open.read_to_end(&mut answer).await.unwrap();
    assert_eq!(all_in(&answer)[0].status, 200);
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut terms = rcgen::CertificateParams::new(["sky.example".to_owned()]).unwrap();
    for (year, seconds) in [(2031, 1_924_992_000), (2051, 2_556_144_000)] {
        terms.not_after = rcgen::date_time_ymd(year, 1, 1);
        let cert = terms.self_signed(&key).unwrap();
        let files = Files::of(&CertifiedKey {
            cert,
            signing_key: rcgen::KeyPair::from_pem(&key.serialize_pem()).unwrap(),
        });
        let tls = Tls::load(files.settings(ClientCertificates::Off)).unwrap();
        assert_eq!(tls.expires_at(), Some(seconds), "{year}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_the_time_of_a_head() {
    let files = Files::of(&certificate("sky.example"));
    let tls = Arc::new(Tls::load(files.settings(ClientCertificates::Off)).unwrap());
    let house = house(&tls);
    let mut stream = house.connect().await;
    stream.write_all(&[0x16, 0x03]).await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut nothing = Vec::new();
    let reading = stream.read_to_end(&mut nothing);
    let _broken_off = tokio::time::timeout(Duration::from_secs(600), reading).await.expect("it is closed");
    assert!(begun.elapsed() <= Duration::from_secs(11), "{:?}", begun.elapsed());
}

/// HTTP/2 is what is settled on if the caller offers it.
#[tokio::test]
async fn http2_is_spoken_by_agreement() {
    let server = certificate("sky.example");
    let files = Files::of(&server);
    let tls = Arc::new(Tls::load(files.settings(ClientCertificates::Off)).unwrap());
    let house = house(&tls);
    for (offered, spoken) in
        [(&["h2", "http/1.1"][..], Some(&b"h2"[..])), (&["http/1.1"], Some(b"http/1.1")), (&[], None)]
    {
        let mut config = client(&server, None, BOTH);
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut stream = connect(&house, config).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), spoken);
        if spoken == Some(b"h2") {
            let (sender, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            let mut sender = sender.ready().await.unwrap();
            let request = http::Request::get("https://sky.example/small").body(()).unwrap();
            let answer = sender.send_request(request, true).unwrap().0.await.unwrap();
            assert_eq!(answer.status(), 200);
        } else {
            stream.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(all_in(&answer)[0].body, "0123456789");
        }
    }
}
