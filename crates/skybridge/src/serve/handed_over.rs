//! Sockets that somebody else opened for this process: systemd, or another supervisor that speaks its protocol
//! (`LISTEN_FDS`). They outlive a restart, so callers who connect meanwhile wait instead of being refused.

use std::net::TcpListener;

use anyhow::{Context as _, ensure};
use listenfd::ListenFd;

/// The sockets that were handed over, if any were.
#[derive(Debug, Default)]
pub(crate) struct HandedOver {
    /// The first.
    pub(super) public: Option<TcpListener>,
    /// The second.
    pub(super) admin: Option<TcpListener>,
}

impl HandedOver {
    /// Takes them. It changes the environment, so it comes before there are other threads.
    pub(crate) fn take() -> anyhow::Result<Self> {
        let mut sockets = ListenFd::from_env();
        ensure!(
            sockets.len() <= 2,
            "{} sockets were handed over (LISTEN_FDS); the first is the public listener's, the second the admin \
             listener's, and there is no use for a third",
            sockets.len()
        );
        let mut socket = |at| {
            let taken = sockets.take_tcp_listener(at);
            taken
                .with_context(|| format!("socket {at} of those handed over (LISTEN_FDS) is no socket of TCP"))
        };
        Ok(Self { public: socket(0)?, admin: socket(1)? })
    }
}
