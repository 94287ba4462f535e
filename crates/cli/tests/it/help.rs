//! Every help text, as people read it.
use crate::program::{Home, keyfob, run};

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
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

#[test]
fn a_command_without_its_subcommand_shows_its_help_and_fails() {
    for command in ["tokens", "resources"] {
        let ran = Home::new().run(&[command]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(&format!("Usage: keyfob {command}")), "{}", ran.stderr);
    }
}
