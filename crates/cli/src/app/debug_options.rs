//! `--debug-options`: the options of a command, with their values and sources.
use clap::{Arg, ArgMatches, Command, parser::ValueSource};

use super::usage;
use crate::terminal::output::{Output, Unwritten};

/// Prints one line per option. Secrets are not printed, and neither are those inside values.
pub(crate) fn print(mut program: Command, matches: &ArgMatches, out: Output) -> Result<(), Unwritten> {
    // Subcommands have the global options only when they are built.
    program.build();
    let (_, command, matches) = usage::leaf(&program, matches);
    for arg in command.get_arguments().filter(|arg| arg.get_id() != "help" && arg.get_id() != "version") {
        let id = arg.get_id().as_str();
        let source = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "command line",
            Some(ValueSource::EnvVariable) => "environment",
            Some(ValueSource::DefaultValue) => "default",
            _ => "not set",
        };
        out.line(format!("{}: {} ({source})", name(arg), shown(arg, matches)))?;
    }
    Ok(())
}

fn name(arg: &Arg) -> String {
    arg.get_long().map_or_else(|| format!("<{}>", arg.get_id()), |long| format!("--{long}"))
}

fn shown(arg: &Arg, matches: &ArgMatches) -> String {
    if keyfob_server::is_secret(arg) {
        return "…".to_owned();
    }
    let id = arg.get_id().as_str();
    let values = matches.get_raw(id).into_iter().flatten();
    // A value that is no secret may have one inside.
    values.map(|value| keyfob_server::shown_value(id, &value.to_string_lossy())).collect::<Vec<_>>().join(", ")
}
