//! DynamoDB itself, in memory.

use std::io;
use std::net::SocketAddr;

use crate::loopback::Loopback;

/// A DynamoDB on 127.0.0.1, empty at first, gone when dropped.
#[derive(Debug)]
pub struct LocalDynamo {
    server: Loopback,
}

impl LocalDynamo {
    /// Starts one on a free port. It answers as soon as this returns.
    ///
    /// # Errors
    ///
    /// When no port, thread or database in memory is to be had.
    pub fn start() -> io::Result<Self> {
        let database = dynoxide::Database::memory().map_err(io::Error::other)?;
        let server = Loopback::start("dynamodb", |listener| dynoxide::server::serve_on(listener, database))?;
        Ok(Self { server })
    }

    /// Where it is, as `AWS_ENDPOINT_URL` wants it: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}
