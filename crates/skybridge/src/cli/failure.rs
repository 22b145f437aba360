//! Why a command did not do what it was asked, and how that is told.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::fields::Fields as _;
use crate::config::Faults;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server said no; its problem document.
    Refused(Value),
    /// The command itself did not work.
    Failed(anyhow::Error),
    /// The command or the configuration makes no sense, or there is no server to ask.
    Unusable(String),
    /// What is wrong has been printed already, as a result.
    Told,
    /// Whoever read the output has gone, as `head` does. Nothing is wrong.
    ReaderGone,
}

impl Failure {
    /// Prints it on standard error, and gives the exit code that belongs to it.
    pub(crate) fn tell(&self, json: bool) -> ExitCode {
        let text = if json { self.as_json() } else { self.as_text() };
        if let Some(text) = text {
            // Without a standard error there is nobody left to tell; the exit code still says it.
            let _ = writeln!(io::stderr(), "{text}");
        }
        match self {
            Self::ReaderGone => ExitCode::SUCCESS,
            Self::Refused(_) | Self::Failed(_) | Self::Told => ExitCode::from(1),
            Self::Unusable(_) => ExitCode::from(2),
        }
    }

    fn as_text(&self) -> Option<String> {
        match self {
            Self::Refused(_) => Some(self.to_string()),
            Self::Failed(_) | Self::Unusable(_) => Some(format!("error: {self}")),
            Self::Told | Self::ReaderGone => None,
        }
    }

    fn as_json(&self) -> Option<String> {
        match self {
            Self::Refused(problem) => Some(problem.to_string()),
            Self::Failed(_) | Self::Unusable(_) => Some(json!({ "error": self.to_string() }).to_string()),
            Self::Told | Self::ReaderGone => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => f.write_str(&refusal_text(problem)),
            Self::Failed(error) => write!(f, "{error:#}"),
            Self::Unusable(why) => f.write_str(why),
            Self::Told => f.write_str("something is wrong, as printed"),
            Self::ReaderGone => f.write_str("nobody reads the output"),
        }
    }
}

/// A problem document (RFC 9457) as lines: what, why, and each field that is wrong.
fn refusal_text(problem: &Value) -> String {
    let mut text = format!("refused: {} ({})", problem.text("title"), problem.text("code"));
    if problem["detail"].is_string() {
        text.push_str(&format!("\n  {}", problem.text("detail")));
    }
    for error in problem.list("errors") {
        let pointer = error.text("pointer");
        let field = pointer.trim_start_matches('/').replace('/', ".");
        text.push_str(&format!("\n  - {field}: {}", error.text("detail")));
    }
    if problem["request_id"].is_string() {
        text.push_str(&format!("\n  request {}", problem.text("request_id")));
    }
    text
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Unusable(faults.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_why_and_where() {
        let problem = json!({
            "title": "Invalid plan", "code": "invalid-plan", "detail": "Two fields are wrong.",
            "request_id": "r-1",
            "errors": [{"pointer": "/rate", "detail": "must be above zero"}, {"pointer": "/a/0", "detail": "x"}],
        });
        assert_eq!(
            refusal_text(&problem),
            "refused: Invalid plan (invalid-plan)\n  Two fields are wrong.\n  - rate: must be above zero\n  \
             - a.0: x\n  request r-1"
        );
    }
}
