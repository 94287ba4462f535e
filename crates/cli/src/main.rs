//! Keyfob's program: the server, and every command that talks to one.
#![forbid(unsafe_code)]
#![allow(rustdoc::invalid_html_tags, reason = "the comments on arguments are their help texts")]

mod app;
mod args;
mod audit;
mod authcheck;
mod completion;
mod debug_options;
mod failure;
mod groups;
mod lifetime;
mod login;
mod logout;
mod lookup;
mod notices;
mod organizations;
mod output;
mod prompt;
mod reach;
mod resources;
mod roles;
mod scopes;
mod server;
mod server_url;
mod state;
mod table;
mod tokens;
mod usage;
mod users;
mod version;
mod whoami;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::{
    app::App,
    args::{Cli, Command},
    output::Output,
    prompt::Declined,
};

/// How a command ended that did what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// And that is all.
    Done,
    /// The answer is no, which scripts want to see in the exit code.
    Refused,
}

fn main() -> ExitCode {
    let out = Output::new();
    let command = args::with_coder_environment(Cli::command());
    if let Some(checked) = server::check_config(&command, out) {
        return ended(checked.map(|()| Outcome::Done), "keyfob server config check", false, out);
    }
    let command = match server::with_settings(command) {
        Ok(command) => command,
        Err(error) => return ended(Err(error), "keyfob server", false, out),
    };
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return misunderstood(&command, &error, out),
    };
    let (name, ..) = usage::leaf(&command, &matches);
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&command, &error, out),
    };
    if cli.global.debug_options {
        debug_options::print(command, &matches, out);
        return ExitCode::SUCCESS;
    }
    let is_verbose = cli.global.verbose;
    ended(run(cli, &matches, &name, out), &name, is_verbose, out)
}

/// Says what went wrong, and how the program ends.
fn ended(ran: anyhow::Result<Outcome>, name: &str, is_verbose: bool, out: Output) -> ExitCode {
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

fn run(cli: Cli, matches: &clap::ArgMatches, name: &str, out: Output) -> anyhow::Result<Outcome> {
    let app = App::new(cli.global, matches, name.to_owned(), out)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let outcome = dispatch(&app, cli.command).await;
        notices::print(&app).await;
        outcome
    })
}

async fn dispatch(app: &App, command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Login(args) => login::run(app, args).await?,
        Command::Logout(args) => logout::run(app, &args).await?,
        Command::Whoami(args) => whoami::run(app, &args).await?,
        Command::Tokens(command) => tokens::run(app, command).await?,
        Command::Authcheck(args) => return authcheck::run(app, args).await,
        Command::Scopes(args) => scopes::run(app, &args).await?,
        Command::Resources(command) => resources::run(app, command).await?,
        Command::Users(command) => users::run(app, command).await?,
        Command::Organizations(command) => organizations::run(app, command).await?,
        Command::Groups(command) => groups::run(app, command).await?,
        Command::Roles(command) => roles::run(app, command).await?,
        Command::Audit(command) => return audit::run(app, command).await,
        Command::Server(command) => Box::pin(server::run(app, *command)).await?,
        Command::Version(args) => version::run(app, &args)?,
        Command::Completion(args) => completion::run(app, &args),
    }
    Ok(Outcome::Done)
}

/// Help and version are no errors; everything else ends with 1, as errors of commands do.
fn misunderstood(command: &clap::Command, error: &clap::Error, out: Output) -> ExitCode {
    if let Some((name, problem)) = usage::wrong_count(command, error) {
        out.remark(failure::describe(&anyhow::anyhow!(problem), &name, false, out));
        return ExitCode::FAILURE;
    }
    let _closed = error.print();
    if error.exit_code() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
