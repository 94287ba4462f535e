//! The program from its arguments to its exit code.
mod command_line;
mod debug_options;
mod failure;
mod rules;
mod usage;
mod variables;
mod warnings;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use self::{
    command_line::{Cli, Command},
    failure::Run,
    variables::Likeness,
};
use crate::{
    commands::server,
    invocation::{Invocation, Outcome},
    options, signals,
    terminal::{output::Output, prompt::Declined},
};

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    signals::outlive_file_limits();
    server::outlive_hangups();
    let out = Output::new();
    let command = options::with_coder_environment(Cli::command());
    let unknown = || variables::warnings(&Cli::command(), Likeness::Any);
    if let Some(checked) = server::check_config(&command, unknown, out) {
        return exit_code(checked.map(|()| Outcome::Done), UNBEGUN, out);
    }
    let command = match server::with_settings(command) {
        Ok(command) => command,
        Err(error) => return exit_code(Err(error), UNBEGUN, out),
    };
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse_arguments(&command, &error, out),
    };
    let (name, ..) = usage::leaf(&command, &matches);
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return refuse_arguments(&command, &error, out),
    };
    if cli.options.debug_options {
        let printed = debug_options::print(command, &matches, out);
        return exit_code(printed.map(|()| Outcome::Done).map_err(Into::into), UNBEGUN, out);
    }
    let is_server = matches!(cli.command, Command::Server(_));
    let likeness = if is_server { Likeness::Any } else { Likeness::Close };
    for warning in variables::warnings(&Cli::command(), likeness) {
        out.remark(format!("warning: {warning}"));
    }
    run_command(cli, &matches, name, out)
}

/// What is known of a run that failed before its command began.
const UNBEGUN: Run<'static> = Run { is_verbose: false, invocation: None };

/// The exit code of `keyfob authcheck` where nothing could be decided: 1 is the answer no.
const UNDECIDED: u8 = 2;

fn run_command(cli: Cli, matches: &ArgMatches, name: String, out: Output) -> ExitCode {
    let failed = if matches!(cli.command, Command::Authcheck(_)) { UNDECIDED.into() } else { ExitCode::FAILURE };
    let is_verbose = cli.options.verbose;
    let out = out.forced(cli.options.force_tty);
    let invocation = Invocation::new(cli.options, matches, name, out);
    let ran = in_runtime(cli.command, &invocation);
    exit_code_or(failed, ran, Run { is_verbose, invocation: Some(&invocation) }, out)
}

fn in_runtime(command: Command, invocation: &Invocation) -> anyhow::Result<Outcome> {
    let is_completing = matches!(command, Command::Complete(_));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let outcome = command.run(invocation).await;
        if !is_completing {
            warnings::print(invocation).await;
        }
        outcome
    });
    // What still runs may wait for ever, such as for a pipe that holds a secret. The command has waited for all that
    // would be lost.
    runtime.shutdown_background();
    outcome
}

/// The exit code of a command, after its error has been printed.
fn exit_code(ran: anyhow::Result<Outcome>, run: Run<'_>, out: Output) -> ExitCode {
    exit_code_or(ExitCode::FAILURE, ran, run, out)
}

fn exit_code_or(failed: ExitCode, ran: anyhow::Result<Outcome>, run: Run<'_>, out: Output) -> ExitCode {
    match ran {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::FAILURE,
        Err(error) => {
            if !error.is::<Declined>() {
                out.remark(failure::describe(&error, run, out));
            }
            failed
        }
    }
}

/// The exit code of arguments that name no command to run: 0 for help and version, that of failed commands for mistakes.
fn refuse_arguments(command: &clap::Command, error: &clap::Error, out: Output) -> ExitCode {
    let failed = if usage::is_meant(command, "authcheck") { UNDECIDED.into() } else { ExitCode::FAILURE };
    if let Some((name, problem)) = usage::wrong_count(command, error) {
        out.remark(failure::describe_usage(&problem, &name, out));
        return failed;
    }
    let text = error.render();
    let text = if out.is_coloured() { text.ansi().to_string() } else { text.to_string() };
    let text = keyfob_server::without_secrets(error, text);
    if error.use_stderr() {
        out.remark(text.trim_end());
        return failed;
    }
    exit_code(out.result(&text).map(|()| Outcome::Done).map_err(Into::into), UNBEGUN, out)
}
