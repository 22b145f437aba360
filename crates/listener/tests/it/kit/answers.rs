//! Answers as they stand on the wire.

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn closes(&self) -> bool {
        self.head.to_ascii_lowercase().contains("\r\nconnection: close")
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        assert!(self.head.contains(&format!("x-request-id: {}", problem["request_id"].as_str().unwrap())));
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// All answers in `bytes`, which must end with the last of them.
pub(crate) fn all_in(bytes: &[u8]) -> Vec<Answer> {
    let mut text = std::str::from_utf8(bytes).unwrap();
    let mut answers = Vec::new();
    while !text.is_empty() {
        let (head, rest) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("half an answer: {text:?}"));
        let status = head.strip_prefix("HTTP/1.").unwrap()[2..5].parse().unwrap();
        let length = if status < 200 { 0 } else { length_in(head) };
        let (body, rest) = rest.split_at(length);
        answers.push(Answer { status, head: head.to_owned(), body: body.to_owned() });
        text = rest;
    }
    answers
}

fn length_in(head: &str) -> usize {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.unwrap_or_else(|| panic!("no length: {head}")).1.parse().unwrap()
}
