//! The reference of the commands, `docs/reference/commands.md`: made from the help text of every command.
use std::{fs, path::Path};

use crate::program::Home;

const FILE: &str = "../../docs/reference/commands.md";
const START: &str = "# Commands

<!-- Made from the help texts of the commands by `cargo xtask docs`: do not edit. -->

What every command of `keyfob` takes, as `keyfob <command> --help` says it. A flag wins over its environment variable.
Options that every command takes are under [`keyfob`](#keyfob) alone.
";
const GLOBAL: &str = "Global options";
/// The notes that `--help` puts in brackets behind an option, and their names here.
const NOTES: [(&str, &str); 3] = [("env", "environment"), ("default", "default"), ("possible values", "one of")];

/// A help text, in its parts.
#[derive(Debug, Default)]
struct Help {
    about: Vec<String>,
    usage: String,
    /// Arguments, options and commands, each under its heading.
    sections: Vec<(String, Vec<Entry>)>,
    /// The text after them: paragraphs and examples, unchanged.
    after: String,
}

/// An argument, an option, or a command.
#[derive(Debug, Default)]
struct Entry {
    name: String,
    /// Its lines, a blank one between paragraphs.
    lines: Vec<String>,
}

impl Help {
    fn parse(text: &str) -> Self {
        let mut help = Self::default();
        let (about, rest) = text.split_once("\nUsage: ").expect("a usage");
        help.about = paragraphs(about);
        let (usage, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        usage.clone_into(&mut help.usage);
        let mut lines = rest.lines().peekable();
        while let Some(line) = lines.next() {
            let heading = line.strip_suffix(':').filter(|heading| is_heading(heading));
            if let Some(heading) = heading {
                let mut body = Vec::new();
                while let Some(line) = lines.next_if(|line| line.is_empty() || line.starts_with(' ')) {
                    body.push(line);
                }
                help.sections.push((heading.to_owned(), entries(&body)));
            } else if !(line.is_empty() && help.after.is_empty()) {
                let rest: Vec<&str> = [line].into_iter().chain(lines.by_ref()).collect();
                rest.join("\n").trim_end().clone_into(&mut help.after);
            }
        }
        help
    }

    fn section(&self, heading: &str) -> &[Entry] {
        self.sections.iter().find(|(is, _)| is == heading).map_or(&[], |(_, entries)| entries)
    }
}

/// Examples are no section: they come last and are copied unchanged.
fn is_heading(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase()) && text != "Examples" && !text.contains(". ")
}

fn paragraphs(text: &str) -> Vec<String> {
    text.split("\n\n").map(|paragraph| paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")).collect()
}

/// The entries of a section: names are indented by less than their texts.
fn entries(lines: &[&str]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in lines {
        let text = line.trim();
        if !text.is_empty() && !line.starts_with("        ") {
            // A command has its text behind it, an option below.
            let (name, rest) = text.split_once("  ").unwrap_or((text, ""));
            entries.push(Entry { name: name.to_owned(), lines: vec![rest.trim().to_owned()] });
        } else if let Some(entry) = entries.last_mut() {
            entry.lines.push(text.to_owned());
        }
    }
    entries
}

/// An entry as a point of a list: its text, then its notes.
fn point(entry: &Entry) -> String {
    let (choices, said): (Vec<&String>, Vec<&String>) = entry.lines.iter().partition(|line| line.starts_with("- "));
    let said: Vec<&str> = said.iter().map(|line| line.as_str()).filter(|line| !line.is_empty()).collect();
    let (text, notes) = notes(&said.join(" ").replace("Possible values:", ""));
    let text = visible(&text);
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    let choices = choices.into_iter().map(|choice| {
        let (name, text) = choice.trim_start_matches("- ").split_once(':').unwrap_or((choice, ""));
        format!("\n  - `{name}`: {}", text.trim())
    });
    format!("- `{}`: {}{notes}{}\n", entry.name, text.trim(), choices.collect::<String>())
}

/// A text as Markdown shows it: `<this>` outside of code would be taken for HTML.
fn visible(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    let pieces = pieces.map(|(place, piece)| if place % 2 == 0 { piece.replace('<', "\\<") } else { piece.to_owned() });
    pieces.collect::<Vec<_>>().join("`")
}

/// Takes the notes in brackets out of a text.
fn notes(text: &str) -> (String, Vec<String>) {
    let (mut text, mut notes) = (text.to_owned(), Vec::new());
    for (written, called) in NOTES {
        let Some(start) = text.find(&format!("[{written}: ")) else { continue };
        let Some(end) = text.get(start..).and_then(|rest| rest.find(']')).map(|length| start + length) else {
            continue;
        };
        let value = text[start + written.len() + 3..end].trim_end_matches('=').to_owned();
        text.replace_range(start..=end, "");
        let value = if value.contains(' ') { value } else { format!("`{value}`") };
        notes.push(format!("{called}: {value}"));
    }
    (text.split_whitespace().collect::<Vec<_>>().join(" "), notes)
}

/// One command and every command below it.
fn describe(home: &Home, path: &[String], aliases: &str, page: &mut String) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let ran = home.run(&arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{path:?}");
    let help = Help::parse(&ran.stdout);
    let name = ["keyfob".to_owned()].iter().chain(path).map(String::as_str).collect::<Vec<_>>().join(" ");
    page.push_str(&format!("\n## {name}\n\n{}\n\n```text\n{}\n```\n", visible(&help.about.join("\n\n")), help.usage));
    if !aliases.is_empty() {
        page.push_str(&format!("\nAlso called: {aliases}.\n"));
    }
    let commands = || help.section("Commands").iter().filter(|command| command.name != "help");
    let links = commands().map(|command| link(&format!("{name} {}", command.name), command)).collect::<String>();
    if !links.is_empty() {
        page.push_str(&format!("\nCommands:\n\n{links}"));
    }
    for (heading, entries) in &help.sections {
        if heading == "Commands" || (heading == GLOBAL && !path.is_empty()) {
            continue;
        }
        let points: String = entries.iter().filter(|entry| entry.name != "-h, --help").map(point).collect();
        if !points.is_empty() {
            page.push_str(&format!("\n{heading}:\n\n{points}"));
        }
    }
    push_after(&help.after, page);
    for command in commands() {
        describe(home, &[path, std::slice::from_ref(&command.name)].concat(), &aliases_of(command), page);
    }
}

/// A point that leads to a command's section.
fn link(name: &str, command: &Entry) -> String {
    let about = command.lines.join(" ");
    let about = about.split(" [alias").next().unwrap_or_default();
    format!("- [`{name}`](#{}): {}\n", name.replace(' ', "-"), visible(about))
}

/// The other names of a command, from `[alias: a]` or `[aliases: a, b]`.
fn aliases_of(command: &Entry) -> String {
    let text = command.lines.join(" ");
    let listed = text.split_once("[alias").and_then(|(_, rest)| rest.split_once(": "));
    let names = listed.and_then(|(_, rest)| rest.split_once(']')).map_or("", |(names, _)| names);
    names.split(", ").filter(|name| !name.is_empty()).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Adds the text below the options: words, then examples.
fn push_after(after: &str, page: &mut String) {
    let (words, examples) = after.split_once("Examples:\n").unwrap_or((after, ""));
    if !words.trim().is_empty() {
        page.push_str(&format!("\n{}\n", visible(&paragraphs(words.trim()).join("\n\n"))));
    }
    if !examples.is_empty() {
        let lines: Vec<&str> = examples.lines().map(str::trim).collect();
        page.push_str(&format!("\nExamples:\n\n```text\n{}\n```\n", lines.join("\n")));
    }
}

#[test]
fn the_reference_of_the_commands_says_what_the_commands_say() {
    let mut page = START.to_owned();
    describe(&Home::new(), &[], "", &mut page);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("KEYFOB_WRITE_DOCS").is_some_and(|it| it == "1") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let first = written.lines().chain([""]).zip(page.lines().chain([""])).find(|(written, is)| written != is);
    assert!(written == page, "docs/reference/commands.md differs at {first:?}: run `cargo xtask docs`");
}

#[test]
fn a_help_text_becomes_points_with_their_notes() {
    let help = Help::parse(
        "Does it\n\nUsage: keyfob do [OPTIONS]\n\nCommands:\n  it  Do it [aliases: a, b]\n\nOptions:\n  -n, --name <NAME>\n          \
         The name of\n          <it>\n          \n          [env: NAME=]\n          [default: x]\n\nWords.\n\nExamples:\n  keyfob do\n",
    );
    let [(_, commands), (_, options)] = help.sections.as_slice() else { panic!("{help:?}") };
    assert_eq!((help.usage.as_str(), aliases_of(&commands[0]).as_str()), ("keyfob do [OPTIONS]", "`a`, `b`"));
    assert_eq!(point(&options[0]), "- `-n, --name <NAME>`: The name of \\<it> (environment: `NAME`; default: `x`)\n");
    let mut page = String::new();
    push_after(&help.after, &mut page);
    assert_eq!(page, "\nWords.\n\nExamples:\n\n```text\nkeyfob do\n```\n");
}
