use super::*;

fn plain(text: &str) -> String {
    Views::of(text, Traits::of(text)).plain.unwrap_or_else(|| text.to_owned())
}

fn shell(text: &str) -> Option<String> {
    Views::of(text, Traits::of(text)).shell
}

#[test]
fn encodings_are_undone() {
    for (sent, expected) in [
        ("%27%20or%201%3d1", "' or 1=1"),
        ("%2527", "'"),
        ("%25252527", "'"),
        ("%u0027 or", "' or"),
        ("%c0%af..", "/.."),
        ("caf%C3%A9", "café"),
        ("%e9", "é"),
        ("a+b%20c", "a b c"),
        ("&lt;script&gt;", "<script>"),
        ("&#60;&#x73;&#0000000099;", "<sc"),
        ("&#60script", "<script"),
        ("&#00000000000000000060;b&#x0000000000000000003E;", "<b>"),
        ("&#0000000000000060b", "<b"),
        ("s&#0;e&#000000000000000;l", "sel"),
        ("\\u{00000000003c}b", "<b"),
        ("$&LBRACE;x}", "${x}"),
        ("$&lbracejndi", "${jndi"),
        ("\\x3cscript\\u003e\\u{3e}\\076", "<script>>>"),
        ("\\U0000003c", "<"),
        ("ｓｅｌｅｃｔ＇", "select'"),
        ("sel\u{200b}ect", "select"),
        ("s\0elect", "select"),
        ("𝐬𝐞𝐥𝐞𝐜𝐭", "select"),
        ("ѕеlect", "select"),
        ("\u{1f122}🄴🄻ᵉᶜᵗ ⓊⓃⒾⓄⓃ", "select union"),
        ("𝐬ᵉℓℯ©ⅽⓣ", "sele©ct"),
        ("ˢᵉˡᵉᶜᵗ ①⓪²³₄", "select 10234"),
        ("\\65 xpression(", "expression("),
        ("\\000065xpression\\28 ", "expression("),
        ("C:\\boot \\dead \\9", "C:\\boot \\dead \\9"),
        ("O’Brien", "O'Brien"),
        ("a\u{3000}b", "a b"),
    ] {
        assert_eq!(plain(sent), expected, "{sent}");
    }
}

#[test]
fn comments_and_white_space_become_one_space() {
    for (sent, expected) in [
        ("union/**/select", "union select"),
        ("union /* a */\t\n select", "union select"),
        ("/*!50000select*/ 1", " select 1"),
        ("select -- x\n1", "select 1"),
        ("a /* never closed", "a /* never closed"),
        ("a  b", "a b"),
        ("a\r\nb", "a b"),
    ] {
        assert_eq!(plain(sent), expected, "{sent}");
    }
}

#[test]
fn a_text_with_nothing_to_undo_is_borrowed() {
    for text in [
        "wheelchair at gate, seat 12A",
        "50% off; no refund & no change",
        "Übergepäck für Jürgen, 東京 からの便",
        "Почта и телефон агента",
        "AND/OR 12*3",
        "C:\\Users",
    ] {
        let views = Views::of(text, Traits::of(text));
        assert_eq!(views.plain, None, "{text}");
    }
    assert_eq!(shell("O'Brien"), None);
}

#[test]
fn a_shell_reads_through_quotes() {
    for (sent, expected) in [
        ("c'a't /etc/p\\asswd", "cat /etc/passwd"),
        ("c$@at${IFS}x", "cat x"),
        ("w^hoami /x", "whoami /x"),
        ("adduse[r] x", "adduser x"),
        ("pi``ng x", "ping x"),
        ("sh$XX -c", "sh -c"),
    ] {
        assert_eq!(shell(sent).as_deref(), Some(expected), "{sent}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, ..Default::default() })]

    /// Any text, and one of the signs that encodings, comments and shells are made of.
    #[test]
    fn no_view_is_longer_than_the_text(
        any in ".{0,80}",
        signs in "(%|%u|%c0|&#|&#x|&lt|;|\\\\|\\\\x|\\\\u\\{|\\$|\\$@|\\{IFS\\}|'|\"|`|/\\*|\\*/|[0-9a-f]|\r|\n| |\t|\u{0}|\u{200b}|ｆ|²|①|ﷺ|ⓐ|é){0,60}",
        signs_first: bool,
    ) {
        let text = if signs_first { signs + &any } else { any + &signs };
        let views = Views::of(&text, Traits::of(&text));
        for view in views.texts().chain(views.shell.as_deref()) {
            proptest::prop_assert!(view.len() <= text.len(), "{text:?} became {view:?}");
        }
    }
}
