//! The program from its arguments to its exit code.
mod command_line;
mod debug_options;
mod failure;
mod usage;
mod variables;
mod warnings;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use self::{
    command_line::{Cli, Command},
    variables::Likeness,
};
use crate::{
    commands::server,
    invocation::{Invocation, Outcome},
    options,
    terminal::{output::Output, prompt::Declined},
};

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    server::outlive_hangups();
    let out = Output::new();
    let command = options::with_coder_environment(Cli::command());
    let unknown = || variables::warnings(&Cli::command(), Likeness::Any);
    if let Some(checked) = server::check_config(&command, unknown, out) {
        return exit_code(checked.map(|()| Outcome::Done), "keyfob server config check", false, out);
    }
    let command = match server::with_settings(command) {
        Ok(command) => command,
        Err(error) => return exit_code(Err(error), "keyfob server", false, out),
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
    let is_verbose = cli.options.verbose;
    if cli.options.debug_options {
        let printed = debug_options::print(command, &matches, out);
        return exit_code(printed.map(|()| Outcome::Done).map_err(Into::into), &name, is_verbose, out);
    }
    let is_server = matches!(cli.command, Command::Server(_));
    let likeness = if is_server { Likeness::Any } else { Likeness::Close };
    for warning in variables::warnings(&Cli::command(), likeness) {
        out.remark(format!("warning: {warning}"));
    }
    exit_code(run_command(cli, &matches, &name, out), &name, is_verbose, out)
}

fn run_command(cli: Cli, matches: &ArgMatches, name: &str, out: Output) -> anyhow::Result<Outcome> {
    let invocation = Invocation::new(cli.options, matches, name.to_owned(), out);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let outcome = cli.command.run(&invocation).await;
        warnings::print(&invocation).await;
        outcome
    });
    // What still runs may wait for ever, such as for a pipe that holds a secret. The command has waited for all that
    // would be lost.
    runtime.shutdown_background();
    outcome
}

/// The exit code of a command, after its error has been printed.
fn exit_code(ran: anyhow::Result<Outcome>, name: &str, is_verbose: bool, out: Output) -> ExitCode {
    match ran {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::FAILURE,
        Err(error) => {
            if !error.is::<Declined>() {
                out.remark(failure::describe(&error, name, is_verbose, out));
            }
            ExitCode::FAILURE
        }
    }
}

/// The exit code of arguments that name no command to run: 0 for help and version, 1 for mistakes, as for errors of
/// commands.
fn refuse_arguments(command: &clap::Command, error: &clap::Error, out: Output) -> ExitCode {
    if let Some((name, problem)) = usage::wrong_count(command, error) {
        out.remark(failure::describe(&anyhow::anyhow!(problem), &name, false, out));
        return ExitCode::FAILURE;
    }
    let text = error.render();
    let text = if out.is_coloured() { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        out.remark(text.trim_end());
        return ExitCode::FAILURE;
    }
    exit_code(out.result(&text).map(|()| Outcome::Done).map_err(Into::into), command.get_name(), false, out)
}
