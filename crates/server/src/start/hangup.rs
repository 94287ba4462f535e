//! SIGHUP: what can be read again while the server runs is read again. The signal never ends the server.
use std::sync::Arc;

use super::supervisor;
use crate::{app::App, listen::tls::Tls, mail::Mailer};

/// Files of the settings that can be read again.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) app: App,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Files {
    /// Reads all of them again. What is no good is logged, and what was read before stays in use.
    fn reload(&self) {
        if let Some(tls) = &self.tls {
            tls.reload();
        }
        let mails = self.app.mailer().map_or(Ok(()), Mailer::reload);
        for problems in [mails, self.app.providers().reload()].into_iter().filter_map(Result::err) {
            tracing::error!(%problems, "what was read before stays in use");
        }
        self.app.authority().forget_keys();
        tracing::info!("read certificates and secrets again");
    }
}

/// Told by SIGHUP, where there are signals.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    /// From here on the signal does not end the program.
    #[cfg(unix)]
    pub(super) fn new() -> Self {
        Self { signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok() }
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        match &mut self.signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn wait(&mut self) {
        std::future::pending().await
    }

    /// Reads the files again each time that it is told.
    pub(super) fn watch(mut self, files: Files) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                self.wait().await;
                let files = files.clone();
                supervisor::reloading();
                drop(tokio::task::spawn_blocking(move || files.reload()).await);
                supervisor::ready();
            }
        })
    }
}
