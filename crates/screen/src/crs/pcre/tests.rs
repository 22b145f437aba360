use super::translate;
use regex::bytes::RegexBuilder;

fn matches(pattern: &str, text: &[u8]) -> bool {
    let written = translate(pattern.as_bytes()).unwrap();
    RegexBuilder::new(&written).unicode(false).build().unwrap().is_match(text)
}

#[test]
fn reads_patterns_as_pcre_does() {
    for (pattern, text, expected) in [
        (r"a.c", b"a\nc".as_slice(), true),
        (r"a.c", b"a\xffc", true),
        (r"^ab$", b"ab\n", false),
        (r"^b$", b"a\nb", false),
        (r"x[\s\v]y", b"x\x85y", true),
        (r"x\vy", b"x\ny", true),
        (r"x\vy", b"xvy", false),
        (r"\<b\>", b"<b>", true),
        (r"[[a]x", b"[x", true),
        (r"[]a]x", b"]x", true),
        (r"[a&&b]x", b"&x", true),
        (r"[+--]", b",", true),
        (r"[\w-.]+$", b"a-.", true),
        (r"(?i)[^a]", b"A", false),
        (r"(?i:union)\s+select", b"UNION  select", true),
        (r"(?i:union)\s+select", b"UNION SELECT", false),
        (r"[[:alpha:]]{2}", b"a1b", false),
        (r"a{,2}", b"a{,2}", true),
        (r"\x{41}\x5c\x", b"A\\\0", true),
        (r"(?#note)a(?P<n>b)(?<m>c)(?'k'd)", b"abcd", true),
        (r"[\x80-\xff]", "é".as_bytes(), true),
        (r"\bor\b", b"for", false),
        ("é", "É".as_bytes(), false),
        (r"/\*!?", b"/*", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {}", String::from_utf8_lossy(text));
    }
}

#[test]
fn rewrites_possessive_quantifiers_only_where_nothing_changes() {
    assert!(matches(r"a[0-9]++x", b"a12x"));
    assert!(matches(r"a\d*+", b"a"));
    for pattern in [r"[0-9]++5", r"(?:ab)++c", r"[a-z]*+b?c", r"(?i)a++A", r"(?:a++|b)a", r"a++$"] {
        assert!(translate(pattern.as_bytes()).is_err(), "{pattern}");
    }
}

#[test]
fn refuses_by_name_what_has_no_equal() {
    for (pattern, why) in [
        (r"a(?=b)", "looks ahead"),
        (r"a(?!b)", "looks ahead"),
        (r"(?<=a)b", "looks behind"),
        (r"(?<!a)b", "looks behind"),
        (r"(a)\1", "refers back to what it caught"),
        (r"(?P<n>a)(?P=n)", "refers back to what it caught"),
        (r"(?>a+)b", "has an atomic group"),
        (r"(?|a|b)", "has a branch-reset group"),
        (r"(a(?R)?)", "calls itself"),
        (r"(?(1)a|b)", "has a condition"),
        (r"(*FAIL)", "has a backtracking verb"),
        (r"\p{L}", "asks for Unicode properties"),
        (r"(?x)a b", "is written in the extended form (x)"),
        (r"[a", "has a class without an end"),
        (r"a\", "ends in a backslash"),
    ] {
        assert_eq!(translate(pattern.as_bytes()), Err(why), "{pattern}");
    }
}
