//! Texts made to be costly: every sign and word that a rule hangs on, over and over, and never what it waits for.

/// Units that are repeated.
const UNITS: [&str; 48] = [
    "'",
    "\"",
    "`",
    "(",
    ")",
    "[",
    "{",
    "${",
    "$(",
    "<",
    "<a ",
    "</",
    "<!--",
    "/*",
    "*/",
    "/**/",
    "--",
    "#",
    "%",
    "%25",
    "%2525",
    "&#",
    "&#0",
    "&amp;",
    "&lt",
    "\\",
    "\\u00",
    "\\x",
    "\u{200b}",
    "／",
    "а",
    "a\u{301}",
    " ",
    "\n",
    "-- \n",
    "select ",
    "select a,",
    "union ",
    " or ",
    "1=",
    "' or ",
    "../",
    ";cat ",
    "|",
    "java.",
    "O:1:",
    "http://",
    "a_",
];

/// Longer ones, in which many rules have begun.
const PHRASES: [&str; 10] = [
    "select a, b from c where d ' or e and f union g insert into h values i drop table j exec k ",
    "<a b c <script x onload y javascript z document w ",
    "; cat | sh & curl $ ( ` nohup x > y < z find a for %x if not exist ",
    "${ {{ <% {% #{ @{ [[ %{ ",
    "process require constructor prototype while ( function ( eval system exec include ->",
    "' \" ` ( ) -- # /* */ || && = < > ! ~ ^ % * + , ; : ? @ $ [ ] { } ",
    "union/**/ select/**/ 'a' or 'b' like concat( char( if( case when ",
    "a(b(c(d(e(f(g(h(i(j(k(l(m(n(o(p(",
    "0x 0x 1e( in ( exists ( match ( cast( convert( sleep( benchmark( ",
    "content-disposition set-cookie http/1 get post ehlo mail from data quit ",
];

/// Hostile texts of `bytes` bytes each (a little less where a character does not fit), with what they are made of.
pub(crate) fn hostile(bytes: usize) -> impl Iterator<Item = (&'static str, String)> {
    UNITS.into_iter().chain(PHRASES).map(move |unit| (unit, unit.repeat(bytes / unit.len())))
}
