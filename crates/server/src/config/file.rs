//! Settings in a TOML file. Each key is a flag's name without the leading dashes. Flags and variables win.
use std::path::Path;

use clap::{Arg, Command};
use toml::{Table, Value};

use keyfob_authority::nearest_name;

use super::environment::counterpart;

/// A parsed file of settings.
#[derive(Clone, Debug)]
pub(super) struct ConfigFile {
    /// Its settings, in the form that flags take.
    pub(super) settings: Vec<(String, Vec<String>)>,
    /// What is wrong with the file.
    pub(super) problems: Vec<String>,
}

/// What is wrong with TOML, and in which line. The line itself may hold a secret.
fn without_the_line(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

impl ConfigFile {
    /// Reads a file with settings of this command.
    pub(super) fn load(path: &Path, command: &Command) -> Self {
        Self::read(path, command).unwrap_or_else(|problem| Self { settings: Vec::new(), problems: vec![problem] })
    }

    fn read(path: &Path, command: &Command) -> Result<Self, String> {
        let in_file = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| in_file(&error))?;
        let table: Table = toml::from_str(&text).map_err(|error| in_file(&without_the_line(&error, &text)))?;
        let (mut settings, mut problems) = (Vec::new(), Vec::new());
        for (key, value) in table {
            let found = find_setting(command, &key).map_err(|problem| in_file(&problem));
            match found
                .and_then(|arg| flag_values(arg, &value).map_err(|problem| in_file(&format!("`{key}` {problem}"))))
            {
                Ok(values) => settings.push((key, values)),
                Err(problem) => problems.push(problem),
            }
        }
        Ok(Self { settings, problems })
    }

    /// One setting, if the file has it.
    pub(super) fn value_of(&self, key: &str) -> Option<&[String]> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, values)| values.as_slice())
    }

    /// Makes these settings the command's defaults.
    pub(super) fn applied_to(self, command: Command, is_given: impl Fn(&str) -> bool) -> Command {
        self.settings.into_iter().fold(command, |command, (key, values)| {
            let id = key.replace('-', "_");
            if counterpart(&id).is_some_and(&is_given) {
                return command;
            }
            // Leaked, because clap takes static defaults. The program reads them once.
            let values: Vec<&'static str> = values.into_iter().map(|value| &*value.leak()).collect();
            command.mut_arg(id, |arg| arg.default_values(values))
        })
    }
}

fn find_setting<'a>(command: &'a Command, key: &str) -> Result<&'a Arg, String> {
    let settings = || command.get_arguments().filter(|arg| arg.get_env().is_some() && arg.get_id() != "config");
    let found = settings().find(|arg| arg.get_long() == Some(key));
    found.ok_or_else(|| match nearest_name(key, settings().filter_map(Arg::get_long)) {
        Some(nearest) => format!("there is no setting `{key}`; the nearest is `{nearest}`"),
        None => format!("there is no setting `{key}`: `keyfob server --help` lists all"),
    })
}

/// Returns the values to give to the flag: one for each member of a list, and JSON for a table.
fn flag_values(arg: &Arg, value: &Value) -> Result<Vec<String>, String> {
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(is) => Ok(is.to_string()),
        Value::Table(table) => serde_json::to_string(table).map_err(|error| error.to_string()),
        Value::Array(_) => Err("takes no list in a list".to_owned()),
        Value::Datetime(_) => Err("takes no date".to_owned()),
    };
    match value {
        Value::Array(values) if arg.get_value_delimiter().is_some() => values.iter().map(one).collect(),
        Value::Array(_) => Err("takes one value, not a list".to_owned()),
        value => one(value).map(|text| vec![text]),
    }
}
