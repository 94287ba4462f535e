//! Command lines that cannot be understood.
use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind};

const SURPLUS: &str = "surplus arguments";

/// The command and the words for an error about the number of arguments; none for other errors.
pub(crate) fn wrong_count(command: &Command, error: &clap::Error) -> Option<(String, String)> {
    if !matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::MissingRequiredArgument) {
        return None;
    }
    let lenient = lenient(command.clone());
    let matches = lenient.clone().try_get_matches_from(std::env::args_os()).ok()?;
    let (name, command, matches) = leaf(&lenient, &matches);
    let wanted: Vec<&Arg> = command.get_positionals().filter(|arg| arg.get_id() != SURPLUS).collect();
    let (least, most) = (wanted.iter().filter(|arg| is_marked(arg)).count(), wanted.len());
    let given = values(matches, command);
    if (least..=most).contains(&given.len()) {
        return None;
    }
    let wanted = if least == most { most.to_string() } else { format!("between {least} and {most}") };
    Some((name, format!("wanted {wanted} args but got {} [{}]", given.len(), given.join(" "))))
}

/// Whether the arguments are for this command, as far as they can be read in spite of mistakes.
pub(crate) fn is_meant(command: &Command, name: &str) -> bool {
    let read = command.clone().ignore_errors(true).try_get_matches();
    read.is_ok_and(|matches| matches.subcommand_name() == Some(name))
}

/// The full name of the command that the arguments chose, with that command and its arguments.
pub(crate) fn leaf<'a>(command: &'a Command, matches: &'a ArgMatches) -> (String, &'a Command, &'a ArgMatches) {
    let (mut command, mut matches, mut name) = (command, matches, command.get_name().to_owned());
    while let Some((chosen, below)) = matches.subcommand() {
        let Some(next) = command.find_subcommand(chosen) else { break };
        (command, matches, name) = (next, below, format!("{name} {}", next.get_name()));
    }
    (name, command, matches)
}

/// The same command with any number of arguments. Required arguments are marked by their help heading.
fn lenient(command: Command) -> Command {
    let command = command.mut_args(|arg| if arg.is_positional() && arg.is_required_set() { marked(arg) } else { arg });
    let command = command.mut_subcommands(lenient);
    let takes_any = command.get_positionals().any(|arg| arg.get_num_args().is_some_and(|count| count.max_values() > 1));
    let takes_none = command.has_subcommands() && command.get_positionals().next().is_none();
    if takes_any || takes_none {
        return command;
    }
    command.arg(Arg::new(SURPLUS).action(ArgAction::Append).num_args(0..))
}

fn marked(arg: Arg) -> Arg {
    arg.required(false).help_heading(SURPLUS)
}

fn is_marked(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(SURPLUS)
}

fn values(matches: &ArgMatches, command: &Command) -> Vec<String> {
    let positionals = command.get_positionals().filter_map(|arg| matches.get_raw(arg.get_id().as_str()));
    positionals.flatten().map(|value| value.to_string_lossy().into_owned()).collect()
}
