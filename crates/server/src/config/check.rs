//! Checks settings, and reports all problems at once.
use std::path::{Path, PathBuf};

use clap::{
    Arg, ArgMatches, Command,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use keyfob_authority::Database;

use super::{ServerArgs, database, file::ConfigFile, given::shown_value};
use crate::start::{Equipment, likely_url};

/// Returns the file of settings that the command line or the environment names.
pub fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    matches.try_get_one::<PathBuf>("config").ok().flatten().cloned()
}

/// Returns the value of one setting of a command with [`ServerArgs`] as the file has it now; none if it is not there.
///
/// # Errors
/// All problems of the file.
pub fn value_in_file(command: &Command, file: &Path, key: &str) -> Result<Option<String>, Vec<String>> {
    let loaded = ConfigFile::load(file, command);
    if loaded.problems.is_empty() {
        Ok(loaded.value_of(key).map(|values| values.join(",")))
    } else {
        Err(loaded.problems)
    }
}

/// Parses each setting of the file and of the environment alone. Returns the problems, and the command whose defaults
/// are those settings of the file that are well formed and not given in another way.
pub fn check_values(command: Command, file: Option<&Path>, given: &ArgMatches) -> (Vec<String>, Command) {
    // Without variables, so that each setting is parsed alone.
    let bare = command.clone().mut_args(|arg| arg.env(None::<&'static str>));
    let mut problems = Vec::new();
    let mut command = command;
    if let Some(file) = file {
        let mut loaded = ConfigFile::load(file, &command);
        problems.append(&mut loaded.problems);
        loaded.settings.retain(|(key, values)| {
            let flags = values.iter().map(|value| format!("--{key}={value}"));
            let problem = find_problem(&bare, flags).map(|problem| format!("{}: {problem}", file.display()));
            let is_well_formed = problem.is_none();
            problems.extend(problem);
            is_well_formed
        });
        command = loaded.applied_to(command, |flag| is_given(given, flag));
    }
    let from_environment: Vec<_> = command.get_arguments().filter_map(variable_and_flag).collect();
    for (name, flag) in from_environment {
        let value = std::env::var(&name).unwrap_or_default();
        if let Some(problem) = find_problem(&bare, [format!("--{flag}={value}")]) {
            problems.push(format!("{name}: {problem}"));
            command = command.mut_arg(flag.replace('-', "_"), |arg| arg.env(None::<&'static str>));
        }
    }
    (problems, command)
}

/// Whether a flag or a variable gives this setting.
fn is_given(given: &ArgMatches, flag: &str) -> bool {
    let source = given.try_contains_id(flag).ok().and_then(|_| given.value_source(flag));
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// The variable and the flag of a setting, if the environment gives it.
fn variable_and_flag(arg: &Arg) -> Option<(String, String)> {
    let name = arg.get_env()?.to_str()?.to_owned();
    std::env::var_os(&name)?;
    Some((name, arg.get_long()?.to_owned()))
}

fn find_problem(bare: &Command, flags: impl IntoIterator<Item = String>) -> Option<String> {
    let error = bare.clone().no_binary_name(true).try_get_matches_from(flags).err()?;
    // What one setting requires of others is checked with all settings together.
    let is_about_others = matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict);
    (!is_about_others).then(|| description(&error))
}

/// Takes what may be secret inside a value that was refused out of the text of its error.
pub fn without_secrets(error: &clap::Error, text: String) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let given = context(ContextKind::InvalidArg).zip(context(ContextKind::InvalidValue));
    let Some((option, value)) = given else { return text };
    let flag = option.trim_start_matches('-').split([' ', '=', '[']).next().unwrap_or_default();
    let shown = shown_value(&flag.replace('-', "_"), value);
    if shown == value { text } else { text.replace(value, &shown) }
}

/// The description of an error of a command line, in one line, without the usage of the command.
pub fn description(error: &clap::Error) -> String {
    let text = without_secrets(error, error.render().to_string());
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.split("\n\n").next().unwrap_or_default().split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Returns what is probably not meant, in settings with which a server starts.
pub fn warnings(args: &ServerArgs) -> Vec<String> {
    let mut warnings = Vec::new();
    if args.allow_query_tokens {
        warnings.push("tokens in the query string are accepted (--allow-query-tokens)".to_owned());
    }
    if let Ok(Database::Postgres(options)) = database(args)
        && options.is_unprotected()
    {
        warnings.push(
            "the connection to PostgreSQL is not protected: add sslmode=verify-full to --postgres-url, and sslrootcert= if its \
             certificate is not of a public authority"
                .to_owned(),
        );
    }
    let address = args.people_address();
    if args.access_url.is_none() && address.ip().is_unspecified() {
        warnings.push(format!(
            "nobody can be sent to {address}: set --access-url to the URL at which people reach this server"
        ));
    }
    warnings
}

/// Returns the problems of settings that are each well formed: each part of the server checks its own.
pub fn check(args: &ServerArgs) -> Vec<String> {
    let bad = Equipment::new(args, &likely_url(args)).err().unwrap_or_default();
    bad.0.iter().map(ToString::to_string).collect()
}
