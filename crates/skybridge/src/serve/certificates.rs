//! The server's certificate, which is taken anew whenever its files change: nobody restarts a counter for that.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics::{describe_gauge, gauge};
use skybridge_listener::tls::{Reload, Settings, Tls, TlsError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

/// How often the files are looked at. SIGHUP has them looked at now.
const EVERY: Duration = Duration::from_secs(5);

/// Reads the certificate, if there is to be one.
pub(super) fn load(settings: Option<&Settings>) -> anyhow::Result<Option<Arc<Tls>>> {
    let Some(settings) = settings else { return Ok(None) };
    let tls = Tls::load(settings.clone()).context("TLS cannot be served (tls.certificate, tls.key)")?;
    Ok(Some(Arc::new(tls)))
}

/// Watches the files for as long as the process runs. While they make no sense, the certificate that was read last is
/// used on, and that is told.
pub(super) fn keep_up(tls: Arc<Tls>) -> std::io::Result<()> {
    describe_gauge!(
        "skybridge_tls_certificate_stale",
        "1 while the certificate's files cannot be used, 0 otherwise"
    );
    describe_gauge!(
        "skybridge_tls_certificate_expires_seconds",
        "When the certificate in use ends, since 1970"
    );
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = String::new();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = hang_up.recv() => told.clear(),
            }
            // Two small files; no other task waits for them.
            let looking = Arc::clone(&tls);
            let looked = tokio::task::spawn_blocking(move || looking.reload()).await;
            let Ok(looked) = looked else { continue };
            note(&looked, &tls, &mut told);
        }
    });
    Ok(())
}

/// Tells what came of a look. The same failure is told once: it is the same until somebody does something.
fn note(looked: &Result<Reload, TlsError>, tls: &Tls, told: &mut String) {
    gauge!("skybridge_tls_certificate_stale").set(u8::from(looked.is_err()));
    if let Some(expires_at) = tls.expires_at() {
        gauge!("skybridge_tls_certificate_expires_seconds").set(expires_at as f64);
    }
    match looked {
        Ok(Reload::Unchanged) => told.clear(),
        Ok(Reload::Taken) => {
            told.clear();
            tracing::info!("another certificate is used from now on");
        }
        Err(error) => {
            let text = error.to_string();
            if *told != text {
                tracing::error!(
                    error = error as &dyn Error,
                    "the certificate's files cannot be used; the one that was read before is used on"
                );
                *told = text;
            }
        }
    }
}
