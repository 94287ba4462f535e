//! Every help text, as people read it.
use crate::program::{Home, keyfob, run};

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

/// The commands that do something by themselves, by their names, as the help texts list them.
pub(crate) fn leaves(home: &Home, path: &[String]) -> Vec<String> {
    let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let help = home.run(&words).stdout;
    let below = commands(&help);
    let usage = help.lines().find(|line| line.starts_with("Usage: ")).unwrap_or_default();
    let own = (!usage.ends_with("<COMMAND>")).then(|| path.join(" "));
    own.into_iter().chain(below.into_iter().flat_map(|name| leaves(home, &[path, &[name]].concat()))).collect()
}

/// Shows the help of a command and of every command below it, in a terminal of this width.
fn show(home: &Home, path: &[String], width: usize) {
    let mut command = keyfob(home.path());
    let ran = run(command.args(path).arg("--help").env("COLUMNS", width.to_string()), "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{path:?}");
    let name: Vec<&str> = ["keyfob"].into_iter().chain(path.iter().map(String::as_str)).collect();
    insta::assert_snapshot!(format!("{}-{width}", name.join("-")), ran.stdout);
    for command in commands(&ran.stdout) {
        show(home, &[path, &[command]].concat(), width);
    }
}

#[test]
fn every_command_explains_itself() {
    for width in [80, 140] {
        show(&Home::new(), &[], width);
    }
}

/// The ten tasks of the guide: every word of their commands is in the help texts on the way.
#[test]
fn each_of_the_ten_tasks_is_found_by_help_alone() {
    let guide = std::fs::read_to_string("../../docs/command-line.md").unwrap();
    let (_, table) = guide.split_once("| I want to | command |\n").unwrap();
    let rows: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 10);
    let home = Home::new();
    let help = |path: &[String]| run(keyfob(home.path()).args(path).arg("--help"), "").stdout;
    for row in rows {
        let (_, command) = row.split_once('`').unwrap();
        let mut words = command.trim_end_matches(['`', ' ', '|']).split_whitespace().skip(1).peekable();
        let mut path = Vec::new();
        while let Some(word) = words.next_if(|word| commands(&help(&path)).contains(&(*word).to_owned())) {
            path.push(word.to_owned());
        }
        assert!(!path.is_empty(), "{row}");
        let explained = help(&path);
        assert!(!explained.contains("\nCommands:\n") || path == ["login"], "{row}: it takes a command");
        for option in words.filter(|word| word.starts_with('-')) {
            assert!(explained.contains(&format!(" {option}")), "{row}: {option}");
        }
    }
}

#[test]
fn a_command_without_its_subcommand_shows_its_help_and_fails() {
    for command in ["tokens", "resources"] {
        let ran = Home::new().run(&[command]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(&format!("Usage: keyfob {command}")), "{}", ran.stderr);
    }
}
