//! The tour of the README works as it is written.
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::program::{Home, Server, config_dir};

/// The server of the tour; the test's server is elsewhere.
const WRITTEN_URL: &str = "http://localhost:3000";

/// A command of the tour, and the text that each line of its output is to contain.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    command: String,
    expected: Vec<String>,
}

/// The first shell block below the heading.
fn block(readme: &str) -> String {
    let below = readme.lines().skip_while(|line| *line != "## A tour");
    let lines = below.skip_while(|line| !line.starts_with("```sh")).skip(1).take_while(|line| !line.starts_with("```"));
    lines.fold(String::new(), |block, line| block + line + "\n")
}

/// Commands with the `# => text` lines that follow them. A line that ends in a backslash goes on.
fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_open = false;
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(text) = line.strip_prefix("# => ") {
            steps.last_mut().expect("a command before what it prints").expected.push(text.to_owned());
            continue;
        }
        if !is_open {
            steps.push(Step::default());
        }
        steps.last_mut().unwrap().command += &format!("{line}\n");
        is_open = line.ends_with('\\');
    }
    steps
}

/// What each step printed, in a shell that stops at the first failure.
fn run(steps: &[Step], server: &Server, home: &Home) -> Vec<String> {
    const END: &str = "-- end of step --";
    let script: Vec<String> = steps.iter().map(|step| format!("{}echo '{END}'\n", step.command)).collect();
    let script = script.concat().replace(WRITTEN_URL, &server.url());
    let program = Path::new(env!("CARGO_BIN_EXE_keyfob")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-eu", "-c", &format!("exec 2>&1\n{script}")])
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("KEYFOB_CONFIG_DIR", config_dir(home.path()))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "the tour stops with {}:\n{printed}", output.status);
    printed.split(&format!("{END}\n")).map(ToOwned::to_owned).collect()
}

#[test]
fn the_tour_of_the_readme_works_as_it_is_written() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let steps = steps(&block(&fs::read_to_string(readme).expect("the README is there")));
    assert!(steps.len() >= 5, "the tour is under the heading `## A tour`, in a block that begins with ```sh");
    let (server, home) = (Server::start(), Home::new());
    for (step, printed) in steps.iter().zip(run(&steps, &server, &home)) {
        let mut lines = printed.lines();
        for expected in &step.expected {
            let line = lines.next().unwrap_or_default();
            assert!(line.contains(expected.as_str()), "`{}` prints {line:?}, not {expected:?}", step.command.trim());
        }
    }
}

#[test]
fn a_tour_is_commands_with_what_they_print() {
    let readme =
        "## Other\n```sh\nno\n```\n## A tour\nWords.\n```sh\na \\\n  b\n# => one\n# => two\n\n# remark\nc\n```\n";
    let step = |command: &str, expected: &[&str]| Step {
        command: command.to_owned(),
        expected: expected.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert_eq!(
        steps(&block(readme)),
        [step("a \\\n  b\n", &["one", "two"]), step("# remark\n", &[]), step("c\n", &[])]
    );
}
