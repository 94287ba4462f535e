//! `keyfob server`: the server itself, and what an operator does on its host.
mod host;

use std::io::IsTerminal as _;

use keyfob_server::{Ready, ServerArgs};
use tracing_subscriber::EnvFilter;

use self::host::HostCommand;
use crate::{app::App, output::Output};

/// Runs a server in the foreground
#[derive(clap::Args)]
pub(crate) struct ServerCommand {
    #[command(flatten)]
    server: ServerArgs,
    /// What to log: off, error, warn, info, debug, trace, or a filter such as `keyfob_server=debug`.
    #[arg(long, env = "KEYFOB_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
    /// How to log.
    #[arg(long, env = "KEYFOB_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    host: Option<HostCommand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Lets the server's settings be given under the names of the original, too.
pub(crate) fn with_environment(command: clap::Command) -> clap::Command {
    command.mut_subcommand("server", keyfob_server::with_coder_environment)
}

/// Runs until it is told to stop.
pub(crate) async fn run(app: &App, command: ServerCommand) -> anyhow::Result<()> {
    let out = app.out;
    if let Some(host) = command.host {
        return host::run(app, &command.server, host).await;
    }
    start_log(&command)?;
    keyfob_server::serve(command.server, |ready| greet(ready, out), stop_signal()).await?;
    out.remark("Keyfob has stopped.");
    Ok(())
}

fn start_log(command: &ServerCommand) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&command.log).map_err(|error| anyhow::anyhow!("--log: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match command.log_format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Where it runs, for people and for scripts; on a terminal also what to do next.
fn greet(ready: &Ready, out: Output) {
    out.line(format!("Keyfob {} is running at {}", env!("CARGO_PKG_VERSION"), ready.url));
    if !std::io::stdout().is_terminal() {
        return;
    }
    out.line(format!("Its data is in {}. Ctrl-C stops it.", ready.data_dir.display()));
    let next = if ready.needs_set_up { "Make the first user" } else { "Sign in" };
    out.line(format!("\n{next} from another terminal:\n\n    {}\n", out.bold(&format!("keyfob login {}", ready.url))));
}

/// Done when the program is told to end: by Ctrl-C, or by whoever supervises it. It listens from now on, so that whoever
/// is told that the server runs may end it in the same moment.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
    let received = async |signal: Option<Signal>| match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    };
    async move {
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

/// Done when the program is told to end.
#[cfg(not(unix))]
async fn stop_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
