//! `keyfob server`: the server itself, and the commands of an operator on its host.
mod host;
mod log;
mod log_filter;
mod outlived;
#[cfg(feature = "otel")]
mod traces;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::{ArgMatches, Command, FromArgMatches as _, parser::ValueSource};
use keyfob_server::{Ready, ServerArgs, StartError};

use self::{host::HostCommand, log::LogFormat, log_filter::LogFilter};
use crate::{invocation::Invocation, terminal::output::Output};

/// Runs a server in the foreground
#[derive(clap::Args)]
pub(crate) struct ServerCommand {
    #[command(flatten)]
    server: ServerArgs,
    /// Log level: off, error, warn, info, debug or trace; with levels for parts, such as `info,keyfob_server=debug`.
    #[arg(long, env = "KEYFOB_LOG", value_name = "FILTER", default_value = "info")]
    log: LogFilter,
    /// Log format.
    #[arg(long, env = "KEYFOB_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// Send traces by OpenTelemetry, to where `OTEL_EXPORTER_OTLP_ENDPOINT` says [default: `http://localhost:4318`].
    #[cfg(feature = "otel")]
    #[arg(long, env = "KEYFOB_TRACE", value_parser = clap::builder::BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true)]
    trace: bool,
    #[command(subcommand)]
    host: Option<HostCommand>,
}

/// The settings of a server, each looked at by itself.
struct Checked {
    /// The command line, with the settings of the file as its defaults.
    command: Command,
    /// What keeps the server from starting.
    problems: Vec<String>,
    /// The arguments of `server`, unless the last problem is one of the command line.
    matches: Option<ArgMatches>,
}

/// Keeps SIGHUP from ending a server that has yet to parse its arguments.
pub(crate) fn outlive_hangups() {
    if outlived::surely_run_a_server(std::env::args_os().skip(1)) {
        outlived::outlive();
    }
}

/// Lets the server's settings come from variables with Coder's names, and from the settings file that a flag or a
/// variable names.
///
/// # Errors
/// All problems of the settings, as `config check` reports them, if one of them by itself is no good. Whether they go
/// together is left to the server, which reads its files once.
pub(crate) fn with_settings(command: Command) -> anyhow::Result<Command> {
    let command = command.mut_subcommand("server", keyfob_server::with_coder_environment);
    let Some(given) = server_matches(&command) else { return Ok(command) };
    if given.subcommand_name().is_none() {
        outlived::outlive();
    }
    let checked = Checked::new(command, &given)?;
    // Options can be shown while they are no good, and bad flags alone are refused as everywhere.
    let is_shown = given.try_get_one::<bool>("debug_options").is_ok_and(|shown| shown == Some(&true));
    let is_refused_later = checked.matches.is_none() && checked.problems.len() == 1;
    if !(is_shown || is_refused_later || checked.problems.is_empty()) {
        no_problems(&checked.with_others()?.0)?;
    }
    Ok(checked.command)
}

/// The arguments of `server`, as far as they can be read in spite of mistakes.
fn server_matches(command: &Command) -> Option<ArgMatches> {
    let matches = command.clone().ignore_errors(true).try_get_matches().ok()?;
    matches.subcommand_matches("server").cloned()
}

/// Checks the settings if the command line says so, and reports all their problems at once, with these warnings.
pub(crate) fn check_config(
    command: &Command,
    more_warnings: impl FnOnce() -> Vec<String>,
    out: Output,
) -> Option<anyhow::Result<()>> {
    let command = command.clone().mut_subcommand("server", keyfob_server::with_coder_environment);
    let given = server_matches(&command)?;
    given.subcommand_matches("config")?.subcommand_matches("check")?;
    Some(Checked::new(command, &given).and_then(|checked| {
        let (problems, warnings) = checked.with_others()?;
        for warning in more_warnings().iter().chain(&warnings) {
            out.remark(format!("warning: {warning}"));
        }
        no_problems(&problems)?;
        out.remark("The settings are good.");
        Ok(())
    }))
}

fn no_problems(problems: &[String]) -> anyhow::Result<()> {
    let count = problems.len();
    let plural = if count == 1 { "" } else { "s" };
    anyhow::ensure!(problems.is_empty(), "{count} problem{plural} found\n{}", problems.join("\n"));
    Ok(())
}

impl Checked {
    fn new(command: Command, given: &ArgMatches) -> anyhow::Result<Self> {
        let file = keyfob_server::config_file(given);
        let server = command.find_subcommand("server").context("no server")?.clone();
        let (mut problems, server) = keyfob_server::check_values(server, file.as_deref(), given);
        let command = command.mut_subcommand("server", |_| server);
        let matches = match command.clone().try_get_matches() {
            Ok(matches) => Some(matches.subcommand_matches("server").context("no server")?.clone()),
            Err(error) => {
                problems.push(keyfob_server::description(&error));
                None
            }
        };
        Ok(Self { command, problems, matches })
    }

    /// These problems and those of settings that do not go together, and what is probably not meant.
    fn with_others(&self) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let Some(matches) = &self.matches else { return Ok((self.problems.clone(), Vec::new())) };
        let args = ServerArgs::from_arg_matches(matches)?;
        let problems = [self.problems.clone(), keyfob_server::check(&args)].concat();
        Ok((problems, keyfob_server::warnings(&args)))
    }
}

/// Runs the server until it is told to stop, or a command for its host.
pub(crate) async fn run(invocation: &Invocation, command: ServerCommand, program: Command) -> anyhow::Result<()> {
    let out = invocation.out;
    if let Some(host) = command.host {
        return host::run(invocation, &command.server, host).await;
    }
    let has_access_log = command.server.access_log;
    let filter = command.log.targets(has_access_log);
    #[cfg(feature = "otel")]
    let traces = command.trace.then(traces::Traces::start).transpose()?;
    #[cfg(feature = "otel")]
    let set_filter = match &traces {
        Some(traces) => log::start_with_traces(filter, command.log_format, traces),
        None => log::start(filter, command.log_format),
    };
    #[cfg(not(feature = "otel"))]
    let set_filter = log::start(filter, command.log_format);
    let reread = move || Ok(log_filter(&program)?.targets(has_access_log));
    let rereading = tokio::spawn(log::reread_on_hangup(set_filter, reread));
    // Whoever waits for the address hears of the failure from the log; the server is there for all others.
    let (told, greeted) = std::sync::mpsc::channel();
    let on_ready = move |ready: &Ready| {
        let greeted = greet(ready, out);
        if let Err(error) = &greeted {
            tracing::error!("the address of the server was not printed: {error:#}");
        }
        let _nobody_listens = told.send(greeted);
    };
    let served = keyfob_server::serve(command.server, Box::new(on_ready), Box::pin(stop_signal())).await;
    rereading.abort();
    #[cfg(feature = "otel")]
    if let Some(traces) = traces {
        traces.end().await;
    }
    if let Err(StartError::Settings(bad)) = &served {
        no_problems(&bad.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
    }
    served?;
    out.remark("Keyfob has stopped.");
    greeted.try_recv().unwrap_or(Ok(()))
}

/// The log filter as it is set now: the settings file may have changed.
fn log_filter(program: &Command) -> anyhow::Result<LogFilter> {
    let given = server_matches(program).context("no server")?;
    let is_given = matches!(given.value_source("log"), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    let from_file = match (keyfob_server::config_file(&given), program.find_subcommand("server")) {
        (Some(file), Some(server)) if !is_given => keyfob_server::value_in_file(server, &file, "log")
            .map_err(|problems| anyhow::anyhow!(problems.join("; ")))?,
        _ => None,
    };
    match from_file {
        Some(text) => text.parse().map_err(|error| anyhow::anyhow!("--log: {error}")),
        None => given.get_one::<LogFilter>("log").cloned().context("no filter"),
    }
}

/// Prints the server's address, for people and for scripts; on a terminal also the next step.
fn greet(ready: &Ready, out: Output) -> anyhow::Result<()> {
    out.line(format!("Keyfob {} is running at {}", env!("CARGO_PKG_VERSION"), ready.url))?;
    if !std::io::stdout().is_terminal() {
        return Ok(());
    }
    out.line(format!("Its data is in {}. Ctrl-C stops it.", ready.data_dir.display()))?;
    let next = if ready.needs_set_up { "Create the first user" } else { "Sign in" };
    let login = out.bold(&format!("keyfob login {}", ready.url));
    Ok(out.line(format!("\n{next} from another terminal:\n\n    {login}\n"))?)
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
