//! `keyfob server`: the server itself, and the commands of an operator on its host.
mod host;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::FromArgMatches as _;
use keyfob_server::{Ready, ServerArgs};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use self::host::HostCommand;
use crate::{invocation::Invocation, terminal::output::Output};

/// Runs a server in the foreground
#[derive(clap::Args)]
pub(crate) struct ServerCommand {
    #[command(flatten)]
    server: ServerArgs,
    /// Log level: off, error, warn, info, debug, trace, or a filter such as `keyfob_server=debug`.
    #[arg(long, env = "KEYFOB_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
    /// Log format.
    #[arg(long, env = "KEYFOB_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    host: Option<HostCommand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Lets the server's settings come from variables with Coder's names, and from the settings file that a flag or a
/// variable names.
pub(crate) fn with_settings(command: clap::Command) -> anyhow::Result<clap::Command> {
    let command = command.mut_subcommand("server", keyfob_server::with_coder_environment);
    let Some(given) = server_matches(&command) else { return Ok(command) };
    let Some(file) = keyfob_server::config_file(&given) else { return Ok(command) };
    let mut problems = Vec::new();
    let command = command.mut_subcommand("server", |server| {
        keyfob_server::with_config_file(server.clone(), &file, &given).unwrap_or_else(|found| {
            problems = found;
            server
        })
    });
    anyhow::ensure!(problems.is_empty(), "--config: {}", problems.join("\n"));
    Ok(command)
}

/// The arguments of `server`, as far as they can be read in spite of mistakes.
fn server_matches(command: &clap::Command) -> Option<clap::ArgMatches> {
    let matches = command.clone().ignore_errors(true).try_get_matches().ok()?;
    matches.subcommand_matches("server").cloned()
}

/// Checks the settings if the command line says so, and reports all their problems at once.
pub(crate) fn check_config(command: &clap::Command, out: Output) -> Option<anyhow::Result<()>> {
    let command = command.clone().mut_subcommand("server", keyfob_server::with_coder_environment);
    let matches = server_matches(&command)?;
    matches.subcommand_matches("config")?.subcommand_matches("check")?;
    let file = keyfob_server::config_file(&matches);
    let server = command.find_subcommand("server")?.clone();
    let (mut problems, server) = keyfob_server::check_values(server, file.as_deref(), &matches);
    let together = problems_together(command.mut_subcommand("server", |_| server));
    Some(together.and_then(|together| {
        problems.extend(together);
        if problems.is_empty() {
            out.remark("The settings are good.");
            return Ok(());
        }
        let count = problems.len();
        anyhow::bail!("{count} problem{} found\n{}", if count == 1 { "" } else { "s" }, problems.join("\n"))
    }))
}

/// The problems of settings that are each well formed.
fn problems_together(command: clap::Command) -> anyhow::Result<Vec<String>> {
    let matches = command.try_get_matches()?;
    let matches = matches.subcommand_matches("server").context("no server")?;
    let mut problems = keyfob_server::check(&ServerArgs::from_arg_matches(matches)?);
    let filter = matches.get_one::<String>("log").map(|text| text.parse::<Targets>());
    problems.extend(filter.and_then(Result::err).map(|error| format!("--log: {error}")));
    Ok(problems)
}

/// Runs the server until it is told to stop, or a command for its host.
pub(crate) async fn run(invocation: &Invocation, command: ServerCommand) -> anyhow::Result<()> {
    let out = invocation.out;
    if let Some(host) = command.host {
        return host::run(invocation, &command.server, host).await;
    }
    start_log(&command)?;
    keyfob_server::serve(command.server, Box::new(move |ready| greet(ready, out)), Box::pin(stop_signal())).await?;
    out.remark("Keyfob has stopped.");
    Ok(())
}

fn start_log(command: &ServerCommand) -> anyhow::Result<()> {
    let filter: Targets = command.log.parse().map_err(|error| anyhow::anyhow!("--log: {error}"))?;
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    match command.log_format {
        LogFormat::Text => registry.with(log.with_ansi(std::io::stderr().is_terminal())).init(),
        LogFormat::Json => registry.with(log.json()).init(),
    }
    Ok(())
}

/// Prints the server's address, for people and for scripts; on a terminal also the next step.
fn greet(ready: &Ready, out: Output) {
    out.line(format!("Keyfob {} is running at {}", env!("CARGO_PKG_VERSION"), ready.url));
    if !std::io::stdout().is_terminal() {
        return;
    }
    out.line(format!("Its data is in {}. Ctrl-C stops it.", ready.data_dir.display()));
    let next = if ready.needs_set_up { "Create the first user" } else { "Sign in" };
    out.line(format!("\n{next} from another terminal:\n\n    {}\n", out.bold(&format!("keyfob login {}", ready.url))));
}

/// Completes on Ctrl-C and on a supervisor's signal to stop. It listens from the call on: a supervisor that reads that
/// the server runs may stop it in the same moment.
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

/// Completes on Ctrl-C.
#[cfg(not(unix))]
async fn stop_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
