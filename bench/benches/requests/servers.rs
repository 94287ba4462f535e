//! The servers, each a process of its own.
use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    anchors::Anchor,
    load::{self, Load},
};

const PASSWORD: &str = "Sup3rSecret!pw";

/// A server that runs until this is dropped.
pub(crate) struct Running {
    process: Child,
    pub(crate) address: String,
    /// The key that it knows.
    pub(crate) key: String,
    _data: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The program, as `cargo build --release -p keyfob` leaves it beside this one.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let beside = own.ancestors().nth(2).unwrap().join("keyfob");
    std::env::var_os("KEYFOB_BIN").map_or(beside, PathBuf::from)
}

/// Where a server runs.
#[derive(Clone, Copy)]
enum Cores {
    First,
    All,
}

/// A command that runs there.
fn on(cores: Cores, program: &PathBuf) -> Command {
    let mut command = match cores {
        Cores::First => {
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(program);
            command
        }
        Cores::All => Command::new(program),
    };
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Starts a server, and waits for its address.
fn start(mut command: Command) -> (Child, String) {
    let mut process = command.spawn().expect("taskset (util-linux) and the program can be started");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the server says its address").unwrap();
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.chars().take_while(|one| !one.is_whitespace()).collect::<String>();
        }
    };
    // What it says later must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (process, address)
}

impl Running {
    /// Keyfob on one core, with an owner who has signed in, and without rate limits.
    pub(crate) fn keyfob() -> Self {
        Self::keyfob_on(Cores::First)
    }

    /// The same on all cores.
    pub(crate) fn keyfob_on_all_cores() -> Self {
        Self::keyfob_on(Cores::All)
    }

    fn keyfob_on(cores: Cores) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = on(cores, &program());
        command.args(["server", "--http-address", "127.0.0.1:0", "--dangerous-disable-rate-limits"]);
        let (process, address) = start({
            command.arg("--data-dir").arg(data.path());
            command
        });
        let ask = |path: &str, body: &Value| -> Value {
            let load = Load::new(&address, "", "POST", path, &body.to_string(), process.id());
            serde_json::from_str(&load::once(&load)).unwrap()
        };
        ask("/api/v2/users/first", &json!({"email": "amy@example.com", "username": "amy", "password": PASSWORD}));
        let session = ask("/api/v2/users/login", &json!({"email": "amy@example.com", "password": PASSWORD}));
        let key = session["session_token"].as_str().expect("a session").to_owned();
        Self { process, address, key, _data: data }
    }

    /// A small server that knows this key and gives this answer.
    pub(crate) fn anchor(anchor: Anchor, key: &str, answer: &str) -> Self {
        let mut command = on(Cores::First, &std::env::current_exe().unwrap());
        command.env("KEYFOB_BENCH_ANCHOR", anchor.name()).env("KEYFOB_BENCH_KEY", key);
        command.env("KEYFOB_BENCH_ANSWER", answer);
        let (process, address) = start(command);
        Self { process, address, key: key.to_owned(), _data: tempfile::tempdir().unwrap() }
    }

    /// Who is asking?
    pub(crate) fn profile(&self) -> Load {
        Load::new(&self.address, &self.key, "GET", "/api/v2/users/me", "", self.process.id())
    }

    /// May they do this?
    pub(crate) fn check(&self) -> Load {
        let object = json!({"resource_type": "workspace", "owner_id": "me"});
        let checks = json!({"checks": {"it": {"action": "read", "object": object}}}).to_string();
        Load::new(&self.address, &self.key, "POST", "/api/v2/authcheck", &checks, self.process.id())
    }
}
