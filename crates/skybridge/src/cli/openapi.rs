//! `skybridge openapi`: the public interface, described.

use super::failure::Failure;
use super::output;
use super::session::Session;

/// Print the OpenAPI 3.1 document of the public interface, as /openapi.json serves it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let document = skybridge_api::public::openapi();
        // Not through a `Value`, which would put the members into another order than they are served in.
        let text = if session.wants_json() {
            serde_json::to_string(&document)
        } else {
            serde_json::to_string_pretty(&document)
        };
        output::print(&text.map_err(anyhow::Error::from)?)
    }
}
