use super::*;

fn check(cases: &[(&str, &[u8], &[u8])]) {
    for (name, text, expected) in cases {
        let transform = Transform::named(name).unwrap();
        let got = transform.apply(text);
        assert_eq!(
            String::from_utf8_lossy(&got),
            String::from_utf8_lossy(expected),
            "{name} of {}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn undoes_encodings() {
    check(&[
        ("urlDecode", b"a%20b+c%zz%4", b"a b c%zz%4"),
        ("urlDecode", b"%u0041", b"%u0041"),
        ("urlDecodeUni", b"%u0041%uff1cx%u00", b"A<x%u00"),
        ("htmlEntityDecode", b"&lt;&#x3c;&#60;&LT a &copy; &#;&", b"<<<< a &copy; &#;&"),
        ("jsDecode", b"\\u003c\\x3c\\74\\n\\q\\", b"<<<\nq\\"),
        ("escapeSeqDecode", b"\\x41\\101\\n\\\\\\q\\", b"AA\n\\\\q\\"),
        ("cssDecode", b"ja\\vascript\\3a x\\00003cy\\\nz", b"javascript:x<yz"),
        ("hexDecode", b"414", b"A"),
        ("base64Decode", b"PHNjcmlwdD4=", b"<script>"),
        ("base64Decode", b"PHNj cmlw", b"<sc"),
        ("utf8toUnicode", "aé\u{ff1c}".as_bytes(), b"a%u00e9%uff1c"),
        ("utf8toUnicode", b"a\xffb", b"a\xffb"),
    ]);
}

#[test]
fn takes_disguises_away() {
    check(&[
        ("lowercase", b"UNION", b"union"),
        ("removeNulls", b"a\0b", b"ab"),
        ("replaceNulls", b"a\0b", b"a b"),
        ("removeWhitespace", b" a\t\xa0b\n", b"ab"),
        ("compressWhitespace", b"a \t\n b", b"a b"),
        ("replaceComments", b"un/**/ion/*x", b"un ion "),
        ("removeComments", b"a/*b*/c<!--d-->e--f", b"ace"),
        ("removeCommentsChar", b"a/*b*/c--d#e", b"abcde"),
        ("cmdLine", b"C^M\"D , ;  /c  (x", b"cmd/c(x"),
        ("normalizePath", b"/a//b/./../../../etc/passwd", b"/etc/passwd"),
        ("normalisePath", b"../../x/../y/", b"../../y/"),
        ("normalizePathWin", b"a\\..\\..\\win.ini", b"../win.ini"),
        ("trim", b" a ", b"a"),
        ("length", b"abc", b"3"),
    ]);
}

#[test]
fn changes_nothing_where_no_byte_triggers_it() {
    let every: Vec<u8> = (0..=255).collect();
    for (_, transform) in NAMES {
        let triggers = transform.triggers();
        // Each byte thrice and in pairs with its neighbours, without the triggers.
        let quiet: Vec<u8> =
            every.iter().copied().filter(|byte| !triggers.has(*byte)).flat_map(|byte| [byte; 3]).collect();
        assert!(triggers == Set::ALL || *transform.apply(&quiet) == *quiet, "{transform:?}");
        assert_eq!(Transform::named("sha1"), None);
    }
}

/// Bytes of all kinds, and texts of the signs that the transformations turn on.
fn texts() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let sign = proptest::sample::select(b"%2u0e+&#x;lt/*.\\ -aA\n\0\"'<!>".as_slice());
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..400), proptest::collection::vec(sign, 0..12)]
}

proptest::proptest! {
    #[test]
    fn never_panics_and_never_grows_beyond_six_times(text in texts()) {
        for (_, transform) in NAMES {
            let out = transform.apply(&text);
            proptest::prop_assert!(transform.may_change(&text) || *out == *text, "{:?}", transform);
            proptest::prop_assert!(out.len() <= text.len() * 6 + 4, "{:?}", transform);
        }
    }
}
