//! A command line that is not finished, and what its last word can be.
use std::collections::HashMap;

use clap::{Arg, Command};

/// The line up to the word that is completed.
pub(super) struct Line<'a> {
    command: &'a Command,
    /// How many arguments without an option came.
    positional: usize,
    /// The option whose value the word is.
    expecting: Option<&'a Arg>,
    only_positionals: bool,
    /// The values of options so far, by the id of the option.
    given: HashMap<String, String>,
    word: String,
}

/// What the word is.
pub(super) enum Wanted<'a> {
    /// One of these.
    Words(Vec<String>),
    /// The value of an argument.
    Value(&'a Arg),
}

impl<'a> Line<'a> {
    /// Reads the words, of which the first is the program's name.
    pub(super) fn read(program: &'a Command, words: &[String]) -> Self {
        let (word, before) = words.split_last().map_or((String::new(), words), |(last, before)| (last.clone(), before));
        let mut line = Self {
            command: program,
            positional: 0,
            expecting: None,
            only_positionals: false,
            given: HashMap::new(),
            word,
        };
        for word in before.iter().skip(1) {
            line.pass(word);
        }
        line
    }

    fn pass(&mut self, word: &str) {
        if let Some(option) = self.expecting.take() {
            self.given.insert(option.get_id().to_string(), word.to_owned());
        } else if word == "--" {
            self.only_positionals = true;
        } else if self.is_option(word) {
            let (option, value) = self.option(word);
            match (option, value) {
                (Some(option), Some(value)) => {
                    self.given.insert(option.get_id().to_string(), value.to_owned());
                }
                (option, None) => self.expecting = option.filter(|option| takes_next_word(option)),
                (None, _) => {}
            }
        } else if let Some(command) = self.command.find_subcommand(word).filter(|_| self.positional == 0) {
            self.command = command;
        } else {
            self.positional += 1;
        }
    }

    fn is_option(&self, word: &str) -> bool {
        word.starts_with('-') && word.len() > 1 && !self.only_positionals
    }

    /// The option that a word names, and the value in the same word.
    fn option<'w>(&self, word: &'w str) -> (Option<&'a Arg>, Option<&'w str>) {
        let find = |is: &dyn Fn(&Arg) -> bool| self.command.get_arguments().find(|arg| is(arg));
        let Some(long) = word.strip_prefix("--") else {
            let letters = word.get(1..).unwrap_or_default();
            let last = letters.chars().last();
            return (find(&|arg| last.is_some() && arg.get_short() == last), None);
        };
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let names = |arg: &Arg| {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        };
        (find(&names), value)
    }

    /// What the last word is, and the part of it that stays: an option with its `=`, and values before a comma.
    pub(super) fn wanted(&self) -> (Wanted<'a>, String) {
        if let Some(option) = self.expecting {
            return (value(option), self.settled(option, ""));
        }
        if self.is_option(&self.word) {
            let (option, has_value) = self.option(&self.word);
            return match (option, self.word.split_once('=').filter(|_| has_value.is_some())) {
                (Some(option), Some((name, _))) => (value(option), self.settled(option, &format!("{name}="))),
                _ => (Wanted::Words(self.options()), String::new()),
            };
        }
        let positionals: Vec<&Arg> = self.command.get_positionals().collect();
        let next = positionals.get(self.positional).or(positionals.last().filter(|last| is_repeated(last)));
        let commands = || self.command.get_subcommands().filter(|command| !command.is_hide_set());
        match next {
            _ if self.positional == 0 && self.command.has_subcommands() => {
                let names = commands().map(|command| command.get_name().to_owned());
                (Wanted::Words(names.collect()), String::new())
            }
            Some(argument) => (value(argument), self.settled(argument, "")),
            None => (Wanted::Words(Vec::new()), String::new()),
        }
    }

    /// The part of the word before the value that is completed.
    fn settled(&self, argument: &Arg, option: &str) -> String {
        let typed = self.word.get(option.len()..).unwrap_or_default();
        let values = argument
            .get_value_delimiter()
            .and_then(|comma| typed.rfind(comma))
            .map_or("", |at| typed.get(..=at).unwrap_or(""));
        format!("{option}{values}")
    }

    fn options(&self) -> Vec<String> {
        let shown = self.command.get_arguments().filter(|arg| !arg.is_hide_set());
        shown.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect()
    }

    /// The whole word.
    pub(super) fn word(&self) -> &str {
        &self.word
    }

    /// The value of an option so far.
    pub(super) fn given(&self, option: &str) -> Option<&str> {
        self.given.get(option).map(String::as_str)
    }

    /// The name of the command.
    pub(super) fn command(&self) -> &str {
        self.command.get_name()
    }
}

fn takes_next_word(option: &Arg) -> bool {
    option.get_action().takes_values() && !option.is_require_equals_set()
}

fn is_repeated(argument: &Arg) -> bool {
    argument.get_num_args().is_some_and(|count| count.max_values() > 1)
        || matches!(argument.get_action(), clap::ArgAction::Append)
}

/// The values that the command line knows itself, else those that others know.
fn value(argument: &Arg) -> Wanted<'_> {
    let known: Vec<String> = argument
        .get_possible_values()
        .into_iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    if known.is_empty() { Wanted::Value(argument) } else { Wanted::Words(known) }
}

/// The words of a line as a shell splits it, as far as that is known without one; the last is empty behind a blank.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quote, mut is_escaped) = (None, false);
    for c in line.chars() {
        let Some(word) = words.last_mut() else { break };
        match c {
            _ if is_escaped => {
                word.push(c);
                is_escaped = false;
            }
            '\\' if quote != Some('\'') => is_escaped = true,
            '\'' | '"' if quote == Some(c) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(c),
            c if c.is_whitespace() && quote.is_none() => {
                if !word.is_empty() {
                    words.push(String::new());
                }
            }
            c => word.push(c),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_shells_do() {
        assert_eq!(split("keyfob tokens  create "), ["keyfob", "tokens", "create", ""]);
        assert_eq!(
            split("keyfob users show 'a b' \"c\\\" d\" e\\ f"),
            ["keyfob", "users", "show", "a b", "c\" d", "e f"]
        );
    }
}
