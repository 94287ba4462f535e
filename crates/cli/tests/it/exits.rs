//! Exit statuses: every command, in every situation that a script meets.
#![cfg(unix)]
mod cases;

use std::{
    fs::File,
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use self::cases::{CASES, Case, OTHERWISE};
use crate::{
    help::leaves,
    program::{Home, PASSWORD, Server, keyfob},
};

/// How a run is surrounded.
#[derive(Clone, Copy)]
enum Situation {
    Done,
    Refused,
    NotFound,
    WrongUsage,
    ServerAway,
    ExpiredKey,
    OutputClosed,
    OutputFull,
    NoHome,
    Piped,
    OutputShut,
}

const SITUATIONS: [(&str, Situation); 11] = [
    ("done", Situation::Done),
    ("refused", Situation::Refused),
    ("not found", Situation::NotFound),
    ("usage", Situation::WrongUsage),
    ("away", Situation::ServerAway),
    ("expired", Situation::ExpiredKey),
    ("closed", Situation::OutputClosed),
    ("full", Situation::OutputFull),
    ("no home", Situation::NoHome),
    ("piped", Situation::Piped),
    ("shut", Situation::OutputShut),
];

struct Bench {
    home: Home,
    /// A key that may do nothing that the commands do.
    narrow: String,
    expired: String,
    url: String,
    session: String,
    runs: u32,
    data: PathBuf,
    /// Where the server listens.
    address: String,
    /// The id of an audit record.
    record: String,
}

impl Bench {
    fn words(&self, line: &str) -> Vec<String> {
        let fill = |word: &str| {
            let word = word.replace("{n}", &self.runs.to_string()).replace("{password}", PASSWORD);
            word.replace("{data}", self.data.to_str().unwrap()).replace("{record}", &self.record)
        };
        line.split_whitespace().map(fill).collect()
    }

    fn run(&mut self, case: &Case, situation: Situation) -> Option<i32> {
        self.runs += 1;
        let is_about_something = !matches!(situation, Situation::WrongUsage | Situation::NotFound);
        for line in case.before.iter().filter(|_| is_about_something) {
            let words = self.words(line);
            let ran = self.home.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(ran.code, Some(0), "{words:?}: {}", ran.stderr);
        }
        let line = match situation {
            Situation::NotFound => case.missing?,
            _ => case.line,
        };
        let mut command = keyfob(self.home.path());
        command.args(self.words(line)).env("KEYFOB_HTTP_ADDRESS", &self.address);
        match situation {
            Situation::Refused => command.args(["--token", &self.narrow]),
            Situation::WrongUsage => command.arg("--nope"),
            Situation::ServerAway => command.args(["--url", "http://127.0.0.1:1", "--token", &self.narrow]),
            Situation::ExpiredKey => command.args(["--token", &self.expired]),
            Situation::NoHome => {
                command.env_remove("HOME").env_remove("KEYFOB_CONFIG_DIR");
                command.args(["--url", &self.url, "--token", &self.session])
            }
            Situation::Done
            | Situation::NotFound
            | Situation::OutputClosed
            | Situation::OutputFull
            | Situation::Piped
            | Situation::OutputShut => &mut command,
        };
        Some(status(command, situation))
    }
}

fn status(mut command: Command, situation: Situation) -> i32 {
    let stdout = match situation {
        Situation::OutputFull => File::options().write(true).open("/dev/full").unwrap().into(),
        Situation::OutputClosed => {
            let (reader, writer) = io::pipe().unwrap();
            drop(reader);
            writer.into()
        }
        Situation::Piped => Stdio::piped(),
        _ => Stdio::null(),
    };
    if matches!(situation, Situation::OutputShut) {
        command = without_output(&command);
    }
    if matches!(situation, Situation::Piped) {
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
        return output.status.code().expect("no command is ended by a signal");
    }
    let status = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null()).status().unwrap();
    status.code().expect("no command is ended by a signal")
}

/// The same with a standard output that was closed before it began.
fn without_output(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" >&-"]).arg(command.get_program()).args(command.get_args());
    let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    shell.env_clear().envs(environment).env("PATH", std::env::var_os("PATH").unwrap());
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

/// A command that is new, or has another name, has a row or a reason.
#[test]
fn every_command_has_its_exit_statuses() {
    let mut lines: Vec<&str> = CASES.iter().flat_map(|case| [Some(case.line), case.missing]).flatten().collect();
    lines.extend(OTHERWISE.iter().map(|(name, _)| *name));
    let leaves = leaves(&Home::new(), &[]);
    let is_of = |line: &str, leaf: &str| line == leaf || line.starts_with(&format!("{leaf} "));
    let without: Vec<_> = leaves.iter().filter(|leaf| !lines.iter().any(|line| is_of(line, leaf))).collect();
    assert!(without.is_empty(), "{without:?}");
    let gone: Vec<_> = lines.iter().filter(|line| !leaves.iter().any(|leaf| is_of(line, leaf))).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// 0 is done, 1 is not done, and 2 of `authcheck` is not decided; `-` where there is no such case.
#[test]
fn the_exit_status_says_what_became_of_a_command() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let minted = |name: &str| home.run(&["tokens", "create", "-n", name, "--scope", "user_skill:read"]).stdout;
    let (narrow, expired) = (minted("narrow").trim().to_owned(), minted("expired").trim().to_owned());
    assert_eq!(home.run(&["tokens", "remove", "expired"]).code, Some(0));
    let record = home.run(&["audit", "list", "-l", "1", "-o", "name"]).stdout.trim().to_owned();
    let (url, data, address) = (server.url(), server.data_dir(), server.address.clone());
    let mut bench = Bench { home, narrow, expired, url, session, runs: 0, data, address, record };
    let heads: Vec<&str> = SITUATIONS.iter().map(|(name, _)| *name).collect();
    let mut table = format!("{:<40}{}\n", "", heads.join("  "));
    for case in &CASES {
        let words =
            case.line.split_whitespace().filter(|word| !word.contains(['{', ':', '@', '=']) && !word.starts_with('-'));
        let name: Vec<&str> = words.take(3).collect();
        let cells = SITUATIONS.iter().map(|(head, situation)| {
            let code = bench.run(case, *situation).map_or_else(|| "-".to_owned(), |code| code.to_string());
            format!("{code:<width$}", width = head.len())
        });
        table += &format!("{:<40}{}", name.join(" "), cells.collect::<Vec<_>>().join("  "));
        table = table.trim_end().to_owned() + "\n";
    }
    let no = bench.home.run(&["--token", &bench.narrow.clone(), "authcheck", "file:read"]).code;
    table += &format!("authcheck, where the answer is no: {}\n", no.unwrap());
    insta::assert_snapshot!(table);
}
