//! The vectors of RFC 9421, appendix B, and what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http::request::Parts;

use super::base::base;
use super::digest::DIGESTS_MAX;
use super::field::PARAMETERS_MAX;
use super::input::{COMPONENTS_MAX, the_input, the_signature};
use super::*;

/// The request of appendix B.2.
fn test_request() -> Parts {
    let request = Request::post("/foo?param=Value&Pet=dog")
        .header("host", "example.com")
        .header("date", "Tue, 20 Apr 2021 02:07:55 GMT")
        .header("content-type", "application/json")
        .header(
            "content-digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        )
        .header("content-length", "18");
    request.body(()).unwrap().into_parts().0
}

/// The base of the RFC's request for this member of Signature-Input.
fn base_of(input: &str) -> String {
    let (_, covered) = the_input(input).unwrap();
    let origin = Origin::parse("https://example.com").unwrap();
    base(&covered.components, &covered.text(), &test_request(), &origin).unwrap()
}

#[test]
fn b_2_1_a_base_of_its_parameters_alone_keeps_their_order() {
    let input = "sig-b21=();created=1618884473;keyid=\"test-key-rsa-pss\";nonce=\"b3k2pp5k7z-50gnwp.yemd\"";
    let expected = "\"@signature-params\": ();created=1618884473;keyid=\"test-key-rsa-pss\";\
                    nonce=\"b3k2pp5k7z-50gnwp.yemd\"";
    assert_eq!(base_of(input), expected);
}

#[test]
fn b_2_2_selected_components() {
    // The RFC covers a query parameter here; such components, with parameters of their own, are not served.
    let input = "sig-b22=(\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\");created=1618884473;\
                 keyid=\"test-key-rsa-pss\";tag=\"header-example\"";
    assert!(the_input(input).is_err());
    let input =
        "sig-b22=(\"@authority\" \"content-digest\");created=1618884473;keyid=\"k\";tag=\"header-example\"";
    let expected = "\"@authority\": example.com\n\
        \"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n\
        \"@signature-params\": (\"@authority\" \"content-digest\");created=1618884473;keyid=\"k\";tag=\"header-example\"";
    assert_eq!(base_of(input), expected);
}

#[test]
fn b_2_3_full_coverage() {
    let input = "sig-b23=(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" \"content-digest\" \
                 \"content-length\");created=1618884473;keyid=\"test-key-rsa-pss\"";
    let expected = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
        \"@method\": POST\n\
        \"@path\": /foo\n\
        \"@query\": ?param=Value&Pet=dog\n\
        \"@authority\": example.com\n\
        \"content-type\": application/json\n\
        \"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n\
        \"content-length\": 18\n\
        \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" \
        \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-rsa-pss\"";
    assert_eq!(base_of(input), expected);
}

/// Both are checked against the RFC's own signatures, with the keys of B.1.5 and B.1.4, as the gate does it.
#[test]
fn b_2_5_hmac_sha256() {
    let input =
        "sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
    let secret = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    let signature = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";
    let (bytes, base) = (the_bytes(signature, "sig-b25"), base_of(input));
    let secret = STANDARD.decode(secret).unwrap();
    assert!(skybridge_gate::hmac_sha256_is_of(&secret, base.as_bytes(), &bytes));
    assert!(!skybridge_gate::hmac_sha256_is_of(&secret, base.replace("Apr", "May").as_bytes(), &bytes));
}

#[test]
fn b_2_6_ed25519() {
    let input = "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");\
                 created=1618884473;keyid=\"test-key-ed25519\"";
    let public = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----";
    let signature =
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
    let (bytes, base) = (the_bytes(signature, "sig-b26"), base_of(input));
    let public = skybridge_domain::key::Ed25519PublicKey::from_pem(public).unwrap();
    assert!(skybridge_gate::ed25519_is_of(&public, base.as_bytes(), &bytes));
    assert!(!skybridge_gate::ed25519_is_of(&public, base.replace("POST", "GET").as_bytes(), &bytes));
}

fn the_bytes(signature: &str, label: &str) -> Vec<u8> {
    the_signature(signature, label).unwrap()
}

/// RFC 9421, section 2.1: the values of a header are joined, each without the white space around it.
#[test]
fn a_header_that_comes_twice_is_one_line() {
    let request =
        Request::get("/").header("x-ows", "  Leading and trailing.  ").header("cache-control", "max-age=60");
    let request = request.header("cache-control", "   must-revalidate").body(()).unwrap().into_parts().0;
    let (_, covered) = the_input("a=(\"x-ows\" \"cache-control\");created=1").unwrap();
    let origin = Origin::parse("http://x").unwrap();
    let base = base(&covered.components, &covered.text(), &request, &origin).unwrap();
    assert!(
        base.starts_with(
            "\"x-ows\": Leading and trailing.\n\"cache-control\": max-age=60, must-revalidate\n"
        )
    );
}

#[test]
fn a_target_is_written_as_callers_know_it() {
    for (url, target) in [
        ("https://API.Example.com:443", "https://api.example.com/foo?param=Value&Pet=dog"),
        ("http://api.example.com:80/", "http://api.example.com/foo?param=Value&Pet=dog"),
        ("https://api.example.com:8443/prod", "https://api.example.com:8443/prod/foo?param=Value&Pet=dog"),
        ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080/foo?param=Value&Pet=dog"),
    ] {
        let (_, covered) = the_input("a=(\"@target-uri\");created=1").unwrap();
        let base = base(&covered.components, &covered.text(), &test_request(), &Origin::parse(url).unwrap());
        let expected =
            format!("\"@target-uri\": {target}\n\"@signature-params\": (\"@target-uri\");created=1");
        assert_eq!(base.unwrap(), expected);
    }
    for wrong in ["api.example.com", "ftp://x", "https://", "https://u@x", "https://x/?a", "https://x y"] {
        assert_eq!(Origin::parse(wrong), None, "{wrong}");
    }
    let by_host = Addressed::ByHost.candidates(&test_request());
    assert_eq!(
        by_host,
        [Origin::parse("https://example.com").unwrap(), Origin::parse("http://example.com").unwrap()]
    );
}

#[test]
fn what_is_no_signature_input_is_refused() {
    for wrong in [
        "",
        "a",
        "a=",
        "a=?1",
        "a=\"x\"",
        "A=();created=1",
        "a=(@method)",
        "a=(\"x\"\"y\")",
        "a=(\"x\" \"y\"",
        "a=(\"x\";sf)",
        "a=(\"x\" \"x\")",
        "a=();created=1.5",
        "a=();created=12345678901234567",
        "a=();created=1;created=1",
        "a=();nonce=token",
        "a=();nonce=\"open",
        "a=();nonce=\"bad \\x escape\"",
        "a=();created=1,",
        "a=();created=1, b=();created=1",
        "a=();created=1 x",
    ] {
        assert!(the_input(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn digests_count_only_if_all_that_are_known_fit() {
    let body = b"{\"hello\": \"world\"}";
    let sha_256 = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    let sha_512 =
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
    let read = |text: &str| {
        let request = Request::get("/").header("content-digest", text).body(()).unwrap();
        Digests::read(request.headers())
    };
    for good in [sha_256, sha_512, &format!("{sha_256}, {sha_512}"), &format!("md5=:AAAA:,\t{sha_256}")] {
        let digests = read(good).unwrap().unwrap();
        assert!(digests.are_of(body), "{good}");
        assert!(!digests.are_of(b"{\"hello\": \"World\"}"), "{good}");
    }
    let mixed = format!("{sha_256}, sha-512=:AAAA:");
    assert!(!read(&mixed).unwrap().unwrap().are_of(body), "one that does not fit is enough");
    for wrong in
        ["", "md5=:AAAA:", "sha-256", "sha-256=X48E", "sha-256=:X48E9:", &format!("{sha_256}, {sha_256}")]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

/// What comes after the last that is read is not even looked at: it could not be read, and that is not what is told.
#[test]
fn no_more_is_read_than_a_signature_needs() {
    let covering = |count: usize| (0..count).map(|n| format!("\"x-{n}\" ")).collect::<String>();
    assert!(the_input(&format!("a=({});created=1", covering(COMPONENTS_MAX))).is_ok());
    let Fault(told) = the_input(&format!("a=({}\"open", covering(COMPONENTS_MAX))).err().unwrap();
    assert_eq!(told, "Signature-Input has too many covered components: no more than 32 are read.");

    let with = |count: usize| (0..count).map(|n| format!(";p{n}=1")).collect::<String>();
    assert!(the_input(&format!("a=(){}", with(PARAMETERS_MAX))).is_ok());
    let Fault(told) = the_input(&format!("a=(){};!", with(PARAMETERS_MAX))).err().unwrap();
    assert_eq!(told, "Signature-Input has too many parameters: no more than 16 are read.");

    let read = |others: usize, last: &str| {
        let others: String = (0..others).map(|n| format!("md{n}=:AAAA:, ")).collect();
        let request = Request::get("/").header("content-digest", others + last).body(()).unwrap();
        Digests::read(request.headers())
    };
    let sha_256 = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    assert!(read(DIGESTS_MAX - 1, sha_256).is_ok());
    let Fault(told) = read(DIGESTS_MAX, "!").err().unwrap();
    assert_eq!(told, "Content-Digest has too many digests: no more than 16 are read.");

    // One member is all that there may be of these two; the second is not read.
    let Fault(told) = the_input("a=();created=1, !").err().unwrap();
    assert!(told.contains("several members"), "{told}");
    let Fault(told) = the_signature("a=:AAAA:, !", "a").err().unwrap();
    assert!(told.contains("several members"), "{told}");
}
