//! `skybridge serve`: the server.

use super::failure::Failure;
use super::session::Session;
use crate::config::{Config, Options};
use crate::serve;

/// Run the counter: take bookings from agencies, and orders from operators
///
/// Prints the addresses it listens on, one per line, before it takes the first request. SIGTERM and SIGINT
/// drain: requests in flight are finished, then the store is closed. A second signal ends it at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every value can also stand in a file or in the environment; see: skybridge config show"
)]
pub(crate) struct Args {
    /// Where agencies connect; port 0 takes a free port [default: 127.0.0.1:8080] [env: SKYBRIDGE_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// Where operators connect: admin API and metrics [default: 127.0.0.1:8081] [env: SKYBRIDGE_ADMIN_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin_listen: Option<String>,

    /// Where bookings are kept: embedded (this machine's disk), dynamodb (tables that many servers share) or memory
    /// (gone when the program ends) [default: embedded] [env: SKYBRIDGE_STORE]
    #[arg(long, value_name = "STORE")]
    store: Option<String>,

    /// What becomes of requests whose texts look like attacks: block, count or off [default: block]
    /// [env: SKYBRIDGE_SCREENING_SIGNATURES]
    #[arg(long, value_name = "MODE")]
    screening: Option<String>,

    /// A directory with an unmodified OWASP CRS, whose rules are read beside the built-in ones
    /// [env: SKYBRIDGE_SCREENING_CRS]
    #[arg(long, value_name = "DIR")]
    crs: Option<String>,

    /// With --store dynamodb: make the tables and indexes that are not there, and wait until they can be used
    #[arg(long)]
    create_tables: bool,

    /// Create, once, the agency PartnerCo with a key to try things with
    #[arg(long)]
    demo: bool,

    /// Go on although the pepper is lost under which the keys were made: all of them must be created anew
    #[arg(long)]
    new_pepper: bool,
}

impl Args {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let given = [
            ("listen", "--listen", self.listen),
            ("admin_listen", "--admin-listen", self.admin_listen),
            ("store", "--store", self.store),
            ("screening.signatures", "--screening", self.screening),
            ("screening.crs", "--crs", self.crs),
        ];
        let options: Options =
            given.into_iter().filter_map(|(key, option, text)| Some((key, option, text?))).collect();
        let config = Config::read(&session.layers(options)?)?;
        let manner = serve::Manner {
            demo: self.demo,
            create_tables: self.create_tables,
            new_pepper: self.new_pepper,
            json: session.wants_json(),
        };
        serve::run(&config, manner)?;
        Ok(())
    }
}
