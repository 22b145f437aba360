//! The query string, as the client sent it so far as the event tells.

use std::borrow::Cow;

use form_urlencoded::Serializer;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What cannot stand in a query as it is (RFC 3986, section 3.4). Everything else, escapes above all, stays.
const NOT_IN_QUERIES: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// A query that came as text: the same, byte for byte, unless a URI cannot hold it.
pub(super) fn raw(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then(|| utf8_percent_encode(text, NOT_IN_QUERIES).into())
}

/// A query that came taken apart and decoded: put together and encoded again. It reads as the original does, value
/// by value; which of several ways of writing a value was used is lost in the event.
pub(super) fn from_members(members: &[(String, Vec<String>)]) -> Option<String> {
    let mut query = Serializer::new(String::new());
    for (name, values) in members {
        for value in values {
            query.append_pair(name, value);
        }
    }
    Some(query.finish()).filter(|query| !query.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_came_as_text_stays_as_it_is() {
        for text in ["a=1&a=2&b=%2B+x%2f&c", "created_from=2027-01-01T00%3A00%3A00Z&limit=5", "=&=&&"] {
            assert_eq!(raw(text).as_deref(), Some(text));
        }
        assert_eq!(raw("a=b c\"#ü").as_deref(), Some("a=b%20c%22%23%C3%BC"));
        assert_eq!(raw(""), None);
    }

    #[test]
    fn a_query_that_came_in_parts_reads_as_before() {
        let members = [
            ("b".to_owned(), vec!["x y".to_owned(), "1+1".to_owned()]),
            ("a&".to_owned(), vec!["ü%".to_owned()]),
        ];
        let query = from_members(&members).unwrap();
        assert_eq!(query, "b=x+y&b=1%2B1&a%26=%C3%BC%25");
        assert_eq!(from_members(&[]), None);
    }
}
