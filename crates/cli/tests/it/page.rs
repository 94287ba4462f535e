//! Pages of Markdown whose commands are run as they are written, against a server.
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::program::{Home, Server, config_dir};

/// The server's URL on every page; the test's server has another.
const WRITTEN_URL: &str = "http://localhost:3000";
/// The data folder of every page.
const WRITTEN_DATA: &str = "/var/lib/keyfob";
const END: &str = "-- end of step --";

/// A fenced block: its language and what else the opening fence says, its first line's number, its lines.
#[derive(Debug, PartialEq, Eq)]
struct Block<'a> {
    info: &'a str,
    first: usize,
    lines: Vec<&'a str>,
}

/// A command, and the text that each line of its output is to contain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

/// Commands of a page that run under the same conditions.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Blocks ```` ```sh ````, one after the other in one shell: commands for a running server.
    Run(Vec<Step>),
    /// Blocks ```` ```sh stopped ````: commands for the host, while the server does not run.
    Stopped(Vec<Step>),
}

/// A block such as ```` ```toml types.toml ````.
#[derive(Debug, PartialEq, Eq)]
struct File {
    name: String,
    text: String,
}

/// A page of Markdown.
pub(crate) struct Page {
    name: String,
    files: Vec<File>,
    /// A block ```` ```sh server ````: the flags of the page's server.
    flags: Vec<String>,
    parts: Vec<Part>,
}

impl Page {
    /// Reads a page; its name is for messages.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let blocks = blocks(text);
        let mut parts: Vec<Part> = Vec::new();
        for part in blocks.iter().filter_map(part) {
            match (parts.last_mut(), part) {
                (Some(Part::Run(before)), Part::Run(steps)) | (Some(Part::Stopped(before)), Part::Stopped(steps)) => {
                    before.extend(steps);
                }
                (_, part) => parts.push(part),
            }
        }
        let servers = blocks.iter().filter(|block| block.info == "sh server");
        let flags = servers.flat_map(|block| server_flags(&block.lines.join("\n"))).collect();
        Self { name: name.to_owned(), files: blocks.iter().filter_map(file).collect(), flags, parts }
    }

    /// How many commands it has.
    pub(crate) fn len(&self) -> usize {
        let steps = self.parts.iter().map(|part| match part {
            Part::Run(steps) | Part::Stopped(steps) => steps.len(),
        });
        steps.sum()
    }

    /// Follows the page with a fresh server and in an empty home, up to the first difference.
    pub(crate) fn follow(&self) {
        let home = Home::new();
        for File { name, text } in &self.files {
            fs::write(home.path().join(name), text).unwrap();
        }
        let flags: Vec<String> = self.flags.iter().map(|word| in_home(word, &home)).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let mut server = Server::start_with(&flags);
        for part in &self.parts {
            match part {
                Part::Run(steps) => self.run(steps, &server.url(), &server.data_dir(), &home),
                Part::Stopped(steps) => {
                    let url = server.url();
                    let (_log, data) = server.stop();
                    self.run(steps, &url, &data.path().join("data"), &home);
                    server = Server::start_on(data, &[], &flags);
                    move_to(&server, &home);
                }
            }
        }
    }

    /// Runs commands in a shell that stops at the first failure, and compares what they print.
    fn run(&self, steps: &[Step], url: &str, data: &Path, home: &Home) {
        let script: Vec<String> = steps.iter().map(|step| format!("{}echo '{END}'\n", step.command)).collect();
        let script = script.concat().replace(WRITTEN_URL, url).replace(WRITTEN_DATA, data.to_str().unwrap());
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
        let printed: Vec<&str> = printed.split(&format!("{END}\n")).collect();
        for (step, printed) in steps.iter().zip(&printed) {
            let Step { line, command, .. } = step;
            let difference = difference(step, printed);
            assert_eq!(difference, None, "{}:{line}: `{}` prints\n{printed}", self.name, command.trim());
        }
        if let Some(Step { line, command, .. }) = steps.get(printed.len() - 1) {
            let (name, command, printed) = (&self.name, command.trim(), printed.concat());
            panic!("{name}:{line}: `{command}` ends with {}; so far:\n{printed}", output.status);
        }
    }
}

/// The first line that differs from the step, and the text that it should contain.
fn difference<'a>(step: &'a Step, printed: &'a str) -> Option<(&'a str, &'a str)> {
    let lines = printed.lines().chain(std::iter::repeat(""));
    let mut pairs = lines.zip(step.expected.iter().map(String::as_str));
    pairs.find(|(line, expected)| !line.contains(expected))
}

/// A restarted server has another port, while the page has only one URL: the stored URL is changed.
fn move_to(server: &Server, home: &Home) {
    if home.stored("url").is_some() {
        fs::write(config_dir(home.path()).join("url"), server.url()).unwrap();
    }
}

/// A file of the home by its whole path, any other word as it is.
fn in_home(word: &str, home: &Home) -> String {
    let file = home.path().join(word);
    if file.is_file() { file.to_str().unwrap().to_owned() } else { word.to_owned() }
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(text.lines()) {
        match line.strip_prefix("```") {
            Some(info) if !is_open => blocks.push(Block { info: info.trim(), first: number + 1, lines: Vec::new() }),
            None if is_open => blocks.last_mut().unwrap().lines.push(line),
            _ => {}
        }
        is_open ^= line.starts_with("```");
    }
    blocks
}

fn part(block: &Block<'_>) -> Option<Part> {
    match block.info.split_once(' ').unwrap_or((block.info, "")) {
        ("sh", "") => Some(Part::Run(steps(block))),
        ("sh", "stopped") => Some(Part::Stopped(steps(block))),
        ("sh", other) if !["server", "not-run"].contains(&other) => {
            panic!("line {}: what is `sh {other}`?", block.first - 1)
        }
        _ => None,
    }
}

fn file(block: &Block<'_>) -> Option<File> {
    let (_, name) = block.info.split_once(' ').filter(|(language, _)| *language != "sh")?;
    Some(File { name: name.to_owned(), text: block.lines.join("\n") + "\n" })
}

/// Commands with the `# => text` lines that follow them. A line that ends in a backslash goes on.
fn steps(block: &Block<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_open = false;
    for (number, line) in (block.first..).zip(&block.lines).filter(|(_, line)| !line.trim().is_empty()) {
        if let Some(text) = line.strip_prefix("# => ") {
            steps.last_mut().expect("a command before what it prints").expected.push(text.to_owned());
            continue;
        }
        if !is_open {
            steps.push(Step { line: number, ..Step::default() });
        }
        steps.last_mut().unwrap().command += &format!("{line}\n");
        is_open = line.ends_with('\\');
    }
    steps
}

/// The flags of a `keyfob server`, without its address and its data folder.
fn server_flags(command: &str) -> Vec<String> {
    let mut words = command.split_whitespace().filter(|word| *word != "\\");
    assert_eq!((words.next(), words.next()), (Some("keyfob"), Some("server")), "{command}");
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        if ["--data-dir", "--http-address"].contains(&word) {
            words.next();
        } else {
            flags.push(word.to_owned());
        }
    }
    flags
}

#[test]
fn a_page_is_commands_with_what_they_print() {
    let text = "Words.\n```sh\na \\\n  b\n# => one\n# => two\n```\n```sh\n\n# remark\nc\n```\n```text\nno\n```\n\
                ```toml x.toml\ny\n```\n```sh server\nkeyfob server --data-dir /d \\\n  --flag x.toml\n```\n```sh stopped\nd\n```\n";
    let step = |line, command: &str, expected: &[&str]| Step {
        line,
        command: command.to_owned(),
        expected: expected.iter().map(|text| (*text).to_owned()).collect(),
    };
    let run =
        Part::Run(vec![step(3, "a \\\n  b\n", &["one", "two"]), step(10, "# remark\n", &[]), step(11, "c\n", &[])]);
    let page = Page::new("page.md", text);
    assert_eq!(page.parts, [run, Part::Stopped(vec![step(24, "d\n", &[])])]);
    assert_eq!(page.flags, ["--flag", "x.toml"]);
    assert_eq!(page.files, [File { name: "x.toml".to_owned(), text: "y\n".to_owned() }]);
}

#[test]
#[should_panic(expected = "page.md:4: `false` ends with")]
fn a_command_that_fails_is_named() {
    Page::new("page.md", "\n```sh\ntrue\nfalse\ntrue\n```\n").follow();
}

#[test]
#[should_panic(expected = "page.md:2: `echo one` prints")]
fn output_that_differs_is_named() {
    Page::new("page.md", "```sh\necho one\n# => two\n```\n").follow();
}
