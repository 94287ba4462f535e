//! All that is wrong with settings, at once.
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, error::ErrorKind};

use super::{ServerArgs, file::ConfigFile};
use crate::start;

/// The file of settings that a command line or the environment names.
pub fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    matches.try_get_one::<PathBuf>("config").ok().flatten().cloned()
}

/// A command with [`ServerArgs`] whose defaults are the settings of a file.
///
/// # Errors
/// All that is wrong with the file.
pub fn with_config_file(command: Command, file: &Path) -> Result<Command, Vec<String>> {
    let loaded = ConfigFile::load(file, &command);
    if loaded.problems.is_empty() { Ok(loaded.applied_to(command)) } else { Err(loaded.problems) }
}

/// What is wrong with single settings: with each of a file's, and with each of the environment's.
pub fn check_values(command: &Command, file: Option<&Path>) -> Vec<String> {
    // What each is given is looked at alone.
    let bare = command.clone().mut_args(|arg| arg.env(None::<&'static str>));
    let mut problems = Vec::new();
    if let Some(file) = file {
        let loaded = ConfigFile::load(file, command);
        problems.extend(loaded.problems);
        for (key, values) in loaded.settings {
            let flags = values.iter().map(|value| format!("--{key}={value}"));
            let problem = problem(&bare, flags);
            problems.extend(problem.map(|problem| format!("{}: {problem}", file.display())));
        }
    }
    for (name, flag) in command.get_arguments().filter_map(given) {
        let value = std::env::var(&name).unwrap_or_default();
        let problem = problem(&bare, [format!("--{flag}={value}")]);
        problems.extend(problem.map(|problem| format!("{name}: {problem}")));
    }
    problems
}

/// A setting that the environment gives: the variable, and the flag.
fn given(arg: &Arg) -> Option<(String, String)> {
    let name = arg.get_env()?.to_str()?.to_owned();
    std::env::var_os(&name)?;
    Some((name, arg.get_long()?.to_owned()))
}

fn problem(bare: &Command, flags: impl IntoIterator<Item = String>) -> Option<String> {
    let error = bare.clone().no_binary_name(true).try_get_matches_from(flags).err()?;
    // What else it takes is looked at with all settings together.
    let is_about_others = matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict);
    (!is_about_others).then(|| first_line(&error))
}

/// What a mistake is, without how to use the command.
fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.split("\n\n").next().unwrap_or_default().split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}

/// What is wrong with settings that are each well formed: each part of the server says what it cannot work with.
pub fn check(args: &ServerArgs) -> Vec<String> {
    start::problems(args)
}
