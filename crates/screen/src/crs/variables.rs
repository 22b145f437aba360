//! Which texts of ours a rule looks at.
//!
//! A booking's fields and the values of a query are arguments (`ARGS`), the headers that are kept are
//! `REQUEST_HEADERS`. There are no cookies, no uploaded files and no XML, so that those variables are empty and ask
//! for nothing. The names of arguments are fixed by the contract: a rule that looks only at names has no work.

/// Where a text stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// A field of the body or a value of the query, by its name.
    Argument(&'a str),
    /// A header's value, by the header's name.
    Header(&'a str),
}

/// The texts that a rule looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    arguments: Choice,
    headers: Choice,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Choice {
    all: bool,
    named: Vec<String>,
    except: Vec<String>,
}

impl Choice {
    fn takes(&self, name: &str) -> bool {
        let among = |names: &[String]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        (self.all || among(&self.named)) && !among(&self.except)
    }

    fn is_empty(&self) -> bool {
        !self.all && self.named.is_empty()
    }
}

impl Looks {
    /// Reads the variables of a rule. Err says why none of our texts is among them.
    pub(super) fn read(variables: &[Vec<u8>]) -> Result<Self, String> {
        let mut looks = Self::default();
        let mut other = Vec::new();
        for variable in variables {
            let text = String::from_utf8_lossy(variable);
            let (excluded, text) = text.strip_prefix('!').map_or((false, text.as_ref()), |rest| (true, rest));
            let (collection, member) =
                text.split_once(':').map_or((text, None), |(name, member)| (name, Some(member)));
            let choice = match collection.to_ascii_uppercase().as_str() {
                "ARGS" | "ARGS_GET" | "ARGS_POST" => &mut looks.arguments,
                "REQUEST_HEADERS" => &mut looks.headers,
                _ => {
                    if !excluded {
                        other.push(collection.to_ascii_uppercase());
                    }
                    continue;
                }
            };
            match (member.map(|name| name.trim_matches('\'')), excluded) {
                (None, false) => choice.all = true,
                (None, true) => return Err(format!("excludes all of {collection}")),
                (Some(name), _) if name.starts_with('/') => {
                    return Err(format!("chooses members of {collection} by a pattern"));
                }
                // Content-Type, User-Agent and the like are the listener's business, and not kept.
                (Some(name), false) if collection.eq_ignore_ascii_case("REQUEST_HEADERS") => {
                    other.push(format!("the header {name}"));
                }
                (Some(name), false) => choice.named.push(name.to_owned()),
                (Some(name), true) => choice.except.push(name.to_owned()),
            }
        }
        if looks.arguments.is_empty() && looks.headers.is_empty() {
            other.dedup();
            return Err(format!("looks at {} only", other.join(", ")));
        }
        Ok(looks)
    }

    /// Whether a text of this place is looked at.
    pub(super) fn at(&self, place: Place<'_>) -> bool {
        match place {
            Place::Argument(name) => self.arguments.takes(name),
            Place::Header(name) => self.headers.takes(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Looks, String> {
        Looks::read(&text.split('|').map(|one| one.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn takes_arguments_and_headers_less_what_is_excluded() {
        let looks =
            read("REQUEST_COOKIES|!REQUEST_COOKIES:/__utm/|ARGS_NAMES|ARGS|!ARGS:token|XML:/*").unwrap();
        assert!(looks.at(Place::Argument("remarks")) && !looks.at(Place::Argument("TOKEN")));
        assert!(!looks.at(Place::Header("user-agent")));
        let looks = read("REQUEST_HEADERS:User-Agent|ARGS:remarks").unwrap();
        assert!(!looks.at(Place::Header("user-agent")));
        assert!(
            read("ARGS|REQUEST_HEADERS|!REQUEST_HEADERS:Referer").unwrap().at(Place::Header("x-request-id"))
        );
        assert!(looks.at(Place::Argument("remarks")) && !looks.at(Place::Argument("email")));
    }

    #[test]
    fn says_why_a_rule_looks_at_none_of_our_texts() {
        assert_eq!(read("REQUEST_COOKIES|XML:/*").unwrap_err(), "looks at REQUEST_COOKIES, XML only");
        assert_eq!(read("&ARGS").unwrap_err(), "looks at &ARGS only");
        assert!(read("ARGS|!ARGS:/^a/").unwrap_err().contains("by a pattern"));
    }
}
