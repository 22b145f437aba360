//! Reading answers of the admin API for people: a member that is absent or null shows as `-`, and one of
//! another shape than expected shows as it is, so a newer server never breaks an older command.

use serde_json::Value;

/// Members of a JSON object, for showing.
pub(crate) trait Fields {
    /// The member as text.
    fn text(&self, name: &str) -> String;
    /// The member as text, with digits in groups of three if it is a whole number.
    fn number(&self, name: &str) -> String;
    /// The member as a moment, to the second: `2027-03-14 09:26:53`.
    fn moment(&self, name: &str) -> String;
    /// The member as a list; anything else is an empty list.
    fn list(&self, name: &str) -> &[Value];
    /// The member, a list of texts, with commas.
    fn joined(&self, name: &str) -> String;
}

impl Fields for Value {
    fn text(&self, name: &str) -> String {
        match &self[name] {
            Self::Null => "-".to_owned(),
            Self::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    fn number(&self, name: &str) -> String {
        self[name].as_u64().map_or_else(|| self.text(name), grouped)
    }

    fn moment(&self, name: &str) -> String {
        let text = self.text(name);
        match (text.get(..10), text.get(10..11), text.get(11..19)) {
            (Some(date), Some("T"), Some(time)) => format!("{date} {time}"),
            _ => text,
        }
    }

    fn list(&self, name: &str) -> &[Value] {
        self[name].as_array().map_or(&[], Vec::as_slice)
    }

    fn joined(&self, name: &str) -> String {
        let texts: Vec<&str> = self.list(name).iter().filter_map(Self::as_str).collect();
        if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_show_whatever_they_are() {
        let value = json!({"a": "text", "n": 1_234_567, "at": "2027-03-14T09:26:53.589Z", "z": null, "l": ["x", "y"]});
        assert_eq!(value.text("a"), "text");
        assert_eq!(value.number("n"), "1,234,567");
        assert_eq!(value.number("a"), "text");
        assert_eq!(value.moment("at"), "2027-03-14 09:26:53");
        assert_eq!(value.moment("a"), "text");
        assert_eq!((value.text("z"), value.text("absent")), ("-".to_owned(), "-".to_owned()));
        assert_eq!(value.joined("l"), "x, y");
        assert_eq!(value.joined("absent"), "-");
    }

    #[test]
    fn digits_stand_in_groups() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (100_000, "100,000")] {
            assert_eq!(grouped(number), text);
        }
    }
}
