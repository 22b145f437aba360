//! One `SecRule` as it is written: what it looks at, what it does to the text, what it asks, what it adds.
//!
//! Reading is lenient about order and blanks, as ModSecurity is, and strict about meaning: an action that changes
//! whether or how a rule counts and is not known here makes the rule one that cannot be honoured.

/// A rule, or one link of a chain of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// 0 for the later links of a chain, which have none.
    pub(super) id: u32,
    pub(super) variables: Vec<Vec<u8>>,
    pub(super) operator: Operator,
    pub(super) actions: Actions,
}

/// What is asked of the text: `!@rx PATTERN`.
#[derive(Clone, Debug, Default)]
pub(super) struct Operator {
    pub(super) negated: bool,
    /// In lower case, without the `@`.
    pub(super) name: String,
    pub(super) argument: Vec<u8>,
}

/// The actions that matter here.
#[derive(Clone, Debug, Default)]
pub(super) struct Actions {
    pub(super) transformations: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) severity: Option<String>,
    pub(super) message: String,
    pub(super) phase: Option<String>,
    pub(super) sets: Vec<String>,
    pub(super) chain: bool,
    pub(super) multi_match: bool,
    pub(super) skips: bool,
    pub(super) control: Option<String>,
}

/// Reads the words of a `SecRule`: variables, operator and, unless they are left out, actions.
pub(super) fn secrule(words: &[Vec<u8>]) -> Result<Written, &'static str> {
    let [variables, operator, rest @ ..] = words else {
        return Err("has no operator");
    };
    let (id, read) = rest.first().map_or_else(|| (None, Actions::default()), |text| actions(text));
    Ok(Written {
        id: id.unwrap_or(0),
        variables: variables.split(|byte| *byte == b'|').map(|one| one.trim_ascii().to_vec()).collect(),
        operator: asked(operator),
        actions: read,
    })
}

/// The id in the actions of a `SecRule` or `SecAction`, however damaged the rest is.
pub(super) fn id_of(words: &[Vec<u8>]) -> Option<u32> {
    words.iter().rev().find_map(|word| actions(word).0)
}

fn asked(text: &[u8]) -> Operator {
    let text = text.trim_ascii();
    let (negated, text) =
        text.strip_prefix(b"!").map_or((false, text), |rest| (true, rest.trim_ascii_start()));
    let Some(named) = text.strip_prefix(b"@") else {
        return Operator { negated, name: "rx".to_owned(), argument: text.to_vec() };
    };
    let end = named.iter().position(u8::is_ascii_whitespace).unwrap_or(named.len());
    let name = String::from_utf8_lossy(&named[..end]).to_ascii_lowercase();
    Operator { negated, name, argument: named[end..].trim_ascii_start().to_vec() }
}

fn actions(text: &[u8]) -> (Option<u32>, Actions) {
    let mut read = Actions::default();
    let mut id = None;
    for action in split(text) {
        let action = String::from_utf8_lossy(action);
        let (name, value) = action.split_once(':').unwrap_or((&action, ""));
        let value = value.trim().trim_matches('\'').to_owned();
        match name.trim().to_ascii_lowercase().as_str() {
            "id" => id = value.parse().ok().or(id),
            "t" if value.eq_ignore_ascii_case("none") => read.transformations.clear(),
            "t" => read.transformations.push(value),
            "tag" => read.tags.push(value.to_ascii_lowercase()),
            "severity" => read.severity = Some(value.to_ascii_lowercase()),
            "msg" => read.message = value,
            "phase" => read.phase = Some(value.to_ascii_lowercase()),
            "setvar" => read.sets.push(value.to_ascii_lowercase()),
            "chain" => read.chain = true,
            "multimatch" => read.multi_match = true,
            "skip" | "skipafter" => read.skips = true,
            "ctl" => read.control = Some(value),
            _ => {}
        }
    }
    (id, read)
}

/// Splits at commas outside single quotes.
fn split(text: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut begun, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\'' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(&text[begun..at]);
                begun = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begun..]);
    parts
}

impl Actions {
    /// What the rule adds to the anomaly score: that of its `setvar`, else of its severity, else nothing.
    pub(super) fn score(&self) -> u8 {
        let set = self.sets.iter().find_map(|set| {
            let (name, value) = set.split_once('=')?;
            (name.contains("anomaly_score_pl") || name == "tx.anomaly_score").then(|| scored(value)).flatten()
        });
        set.unwrap_or(0)
    }

    /// The paranoia level at which CRS begins to use the rule; 1 when it does not say.
    pub(super) fn paranoia(&self) -> u8 {
        let level = self.tags.iter().find_map(|tag| tag.strip_prefix("paranoia-level/")?.parse().ok());
        level.unwrap_or(1)
    }
}

/// The number in `+%{tx.critical_anomaly_score}` or `+5`.
fn scored(value: &str) -> Option<u8> {
    let value = value.trim().strip_prefix('+')?.trim();
    if let Ok(number) = value.parse() {
        return Some(number);
    }
    let named = value.strip_prefix("%{tx.")?.strip_suffix("_anomaly_score}")?;
    severity_score(named)
}

/// The scores that CRS gives its severities, unless `crs-setup.conf` says otherwise.
pub(super) fn severity_score(severity: &str) -> Option<u8> {
    match severity {
        "critical" => Some(5),
        "error" => Some(4),
        "warning" => Some(3),
        "notice" => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_counts_of_a_rule() {
        let words = [
            "ARGS_NAMES|ARGS|!ARGS:token|XML:/*",
            "!@rx ^a, 'b'$",
            "id:'4711',phase:2,block,t:lowercase,\
            t:none,t:urlDecodeUni,msg:'one, two',tag:'attack-sqli',tag:'paranoia-level/2',severity:'CRITICAL',\
            setvar:'tx.inbound_anomaly_score_pl2=+%{tx.error_anomaly_score}',chain",
        ];
        let rule = secrule(&words.map(|word| word.as_bytes().to_vec())).unwrap();
        assert_eq!((rule.id, rule.variables.len(), rule.operator.negated), (4711, 4, true));
        assert_eq!(
            (rule.operator.name.as_str(), rule.operator.argument.as_slice()),
            ("rx", b"^a, 'b'$".as_slice())
        );
        assert_eq!(rule.actions.transformations, ["urlDecodeUni"]);
        assert_eq!((rule.actions.score(), rule.actions.paranoia(), rule.actions.chain), (4, 2, true));
        assert_eq!(rule.actions.message, "one, two");
    }

    #[test]
    fn a_rule_without_a_score_of_its_own_adds_nothing() {
        let (_, actions) =
            actions(b"id:1,severity:'NOTICE',setvar:tx.foo=+5,setvar:'tx.anomaly_score_pl1=7'");
        assert_eq!(actions.score(), 0);
        assert_eq!(severity_score("notice"), Some(2));
    }
}
