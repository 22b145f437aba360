//! The program over TLS: its certificate is read, told about, and replaced while it serves.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedKey, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::kit::Program;
use crate::kit::program::{agency_with_key, run_json, skybridge};

fn certificate() -> CertifiedKey<KeyPair> {
    let signing_key = KeyPair::generate().unwrap();
    let mut terms = CertificateParams::new(["sky.example".to_owned()]).unwrap();
    terms.not_after = date_time_ymd(2099, 1, 1);
    CertifiedKey { cert: terms.self_signed(&signing_key).unwrap(), signing_key }
}

fn write(directory: &Path, certificate: &CertifiedKey<KeyPair>) {
    std::fs::write(directory.join("certificate.pem"), certificate.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
}

/// The answer to a request from a client that trusts `certificate` alone.
async fn healthz(address: &str, certificate: &CertifiedKey<KeyPair>) -> std::io::Result<String> {
    let request = "GET /healthz HTTP/1.1\r\nHost: sky.example\r\nConnection: close\r\n\r\n";
    exchange(address, certificate, None, request).await
}

/// The answer to `request` from a client that trusts `certificate` alone, and shows one of its `own` if it has one.
async fn exchange(
    address: &str,
    certificate: &CertifiedKey<KeyPair>,
    own: Option<&CertifiedKey<KeyPair>>,
    request: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match own {
        None => config.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
            config.with_client_auth_cert(vec![own.cert.der().clone()], key).unwrap()
        }
    };
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("sky.example").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_program_serves() {
    let (files, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (certificate(), certificate());
    write(files.path(), &first);
    let program = || {
        let mut program = skybridge(data.path());
        program.env("SKYBRIDGE_TLS_CERTIFICATE", files.path().join("certificate.pem"));
        program.env("SKYBRIDGE_TLS_KEY", files.path().join("key.pem"));
        program
    };
    let server = Program::start(program(), &["--store", "memory"]);
    let address = server.public.strip_prefix("https://").expect("the public address says TLS");
    assert!(healthz(address, &first).await.unwrap().starts_with("HTTP/1.1 200"));

    write(files.path(), &second);
    server.hang_up();
    // As soon as it has looked; each turn of the loop is a whole handshake. The look itself comes within seconds.
    while healthz(address, &second).await.is_err() {}
    assert!(healthz(address, &first).await.is_err());

    let doctor = program().arg("doctor").output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("key.pem can be read by others"), "{said}");
    let key = files.path().join("key.pem");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let doctor = program().arg("doctor").output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("certificate.pem is valid until 2099-01-01"), "{said}");

    std::fs::write(files.path().join("key.pem"), "nothing").unwrap();
    let refused = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let checked = program().args(["config", "check"]).output().unwrap();
    for refused in [refused, checked] {
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("tls.key") && said.contains("holds no private key"), "{said}");
    }
}

#[tokio::test]
async fn an_agency_that_must_show_its_certificate_is_served_with_no_other() {
    let (files, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (servers, pinned, stranger) = (certificate(), certificate(), certificate());
    write(files.path(), &servers);
    let mut program = skybridge(data.path());
    program.env("SKYBRIDGE_TLS_CERTIFICATE", files.path().join("certificate.pem"));
    program.env("SKYBRIDGE_TLS_KEY", files.path().join("key.pem"));
    program.env("SKYBRIDGE_TLS_CLIENT_CERTIFICATES", "optional");
    let server = Program::start(program, &["--store", "memory"]);
    let address = server.public.strip_prefix("https://").unwrap();
    let key = agency_with_key(data.path(), "PartnerCo");
    let till = files.path().join("till.pem");
    std::fs::write(&till, pinned.cert.pem()).unwrap();
    let words = ["agency", "pin-certificate", "PartnerCo", "--certificate", till.to_str().unwrap()];
    run_json(data.path(), &words);
    run_json(data.path(), &["agency", "require", "PartnerCo", "certificate"]);

    let request = format!(
        "GET /v1/usage HTTP/1.1\r\nHost: sky.example\r\nx-api-key: {key}\r\nConnection: close\r\n\r\n"
    );
    let shown = exchange(address, &servers, Some(&pinned), &request).await.unwrap();
    assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
    for other in [None, Some(&stranger)] {
        let refused = exchange(address, &servers, other, &request).await.unwrap();
        assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("certificate-required"), "{refused}");
    }
}
