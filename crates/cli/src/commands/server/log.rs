//! The server's log, on standard error. Its filter can change while the server runs.
use std::io::IsTerminal as _;
#[cfg(unix)]
use std::sync::Arc;

use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _};

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Gives the running log another filter.
pub(super) type SetFilter = Box<dyn Fn(Targets) -> anyhow::Result<()> + Send>;

/// Starts the log.
pub(super) fn start(filter: Targets, format: LogFormat) -> SetFilter {
    let (filter, handle) = reload::Layer::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => registry.with(lines.with_ansi(std::io::stderr().is_terminal())).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    Box::new(move |filter| Ok(handle.reload(filter)?))
}

/// Starts the log beside traces, which its filter does not concern.
#[cfg(feature = "otel")]
pub(super) fn start_with_traces(filter: Targets, format: LogFormat, traces: &super::traces::Traces) -> SetFilter {
    use tracing_subscriber::Layer as _;
    let (filter, handle) = reload::Layer::new(filter);
    let registry = tracing_subscriber::registry().with(traces.layer());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            registry.with(lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter)).init();
        }
        LogFormat::Json => registry.with(lines.json().with_filter(filter)).init(),
    }
    Box::new(move |filter| Ok(handle.reload(filter)?))
}

/// Reads the filter again each time that SIGHUP comes. While it is no good, the one before stays in use. From the call
/// on, the signal does not end the program.
#[cfg(unix)]
pub(super) fn reread_on_hangup(
    set: SetFilter,
    read: impl Fn() -> anyhow::Result<Targets> + Send + Sync + 'static,
) -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let hangups = signal(SignalKind::hangup());
    let read = Arc::new(read);
    async move {
        let Ok(mut hangups) = hangups else { return };
        while hangups.recv().await.is_some() {
            let read = Arc::clone(&read);
            // The settings file may be a pipe: nothing else waits for it.
            let Ok(filter) = tokio::task::spawn_blocking(move || read()).await else { continue };
            match filter.and_then(&set) {
                Ok(()) => tracing::info!("read the log filter again"),
                Err(error) => tracing::error!("the log filter stays as it is: {error:#}"),
            }
        }
    }
}

/// There are no signals.
#[cfg(not(unix))]
pub(super) async fn reread_on_hangup(_set: SetFilter, _read: impl Fn() -> anyhow::Result<Targets>) {}
