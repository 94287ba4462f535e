//! The program as a process: a server that stops with the test, and commands in a home folder of their own.
use std::{
    fs,
    io::{BufRead as _, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Message;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keyfob");
/// Longer than any start takes; only a server that does not start reaches it.
const START: Duration = Duration::from_mins(1);

pub(crate) const PASSWORD: &str = "Sup3rSecret!pw";

/// The program, with nothing of this machine's environment.
pub(crate) fn keyfob(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home).env("KEYFOB_CONFIG_DIR", config_dir(home)).current_dir(home);
    command
}

/// Where [`keyfob`] keeps its state.
pub(crate) fn config_dir(home: &Path) -> PathBuf {
    home.join("config")
}

/// A running server.
pub(crate) struct Server {
    process: Child,
    /// `127.0.0.1:<port>`.
    pub(crate) address: String,
    data: TempDir,
    output: Output,
    /// The threads that read its standard output and its standard error.
    watches: [Option<JoinHandle<()>>; 2],
}

/// The server's output so far.
type Output = Arc<Mutex<String>>;

impl Server {
    /// A server without users. It is ready when it prints its address.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(flags: &[&str]) -> Self {
        Self::start_in(&[], flags)
    }

    /// The same with more environment variables.
    pub(crate) fn start_in(environment: &[(&str, &str)], flags: &[&str]) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), environment, flags)
    }

    /// The same on the folder of a server that has stopped.
    pub(crate) fn start_on(data: TempDir, environment: &[(&str, &str)], flags: &[&str]) -> Self {
        let mut process = keyfob(data.path())
            .args(["server", "--http-address", "127.0.0.1:0", "--data-dir"])
            .arg(data.path().join("data"))
            .args(flags)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (found, address) = mpsc::channel();
        let output = Output::default();
        let watches = [
            Some(watch(process.stdout.take().unwrap(), found.clone(), Arc::clone(&output))),
            Some(watch(process.stderr.take().unwrap(), found, Arc::clone(&output))),
        ];
        // Both ends hang up when the process ends: no server, no wait.
        let address = address.recv_timeout(START);
        let address = address.unwrap_or_else(|_| {
            let _ended = process.kill();
            panic!("the server did not print its address")
        });
        Self { process, address, data, output, watches }
    }

    /// A server with its first user, and that user's session.
    pub(crate) fn with_owner() -> (Self, String) {
        Self::with_owner_and(&[])
    }

    /// The same with more flags.
    pub(crate) fn with_owner_and(flags: &[&str]) -> (Self, String) {
        let server = Self::start_with(flags);
        let session = server.set_up();
        (server, session)
    }

    /// Makes the first user, and signs in.
    pub(crate) fn set_up(&self) -> String {
        let owner = json!({"email": "owner@example.com", "username": "owner", "name": "Owner", "password": PASSWORD});
        assert_eq!(self.post(None, "/api/v2/users/first", &owner).status(), 201);
        let login = json!({"email": "owner@example.com", "password": PASSWORD});
        let answer = self.post(None, "/api/v2/users/login", &login).json().unwrap();
        answer["session_token"].as_str().unwrap().to_owned()
    }

    /// Sends the process a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// The number of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Its output so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its data folder.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Stops it as a supervisor does, and returns its whole output.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> (String, TempDir) {
        let ended = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(ended.success());
        assert!(self.process.wait().unwrap().success(), "the server stops cleanly when it is told to");
        // The whole output, not only the part that was read by now.
        for watch in self.watches.iter_mut().filter_map(Option::take) {
            watch.join().unwrap();
        }
        let output = self.output.lock().unwrap().clone();
        (output, std::mem::replace(&mut self.data, tempfile::tempdir().unwrap()))
    }

    /// Kills it as a power cut does, and returns its folder.
    pub(crate) fn kill(mut self) -> TempDir {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    pub(crate) fn post(&self, key: Option<&str>, path: &str, body: &Value) -> Message {
        let request = Message::request("POST", path).with_json(body);
        let request = if let Some(key) = key { request.with_header("Coder-Session-Token", key) } else { request };
        request.send(&self.address).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Reads everything, so that the process never waits, and passes on the first address in it.
fn watch(output: impl Read + Send + 'static, found: mpsc::Sender<String>, kept: Output) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            eprintln!("server: {line}");
            kept.lock().unwrap().push_str(&format!("{line}\n"));
            if let Some((_, rest)) = line.split_once("http://").or_else(|| line.split_once("https://")) {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
                let _first = found.send(rest[..end].to_owned());
            }
        }
    })
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, stdin: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input may have exited already.
    let _unread = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A home folder, and the commands run in it.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One in which a key is stored.
    pub(crate) fn signed_in(server: &Server, key: &str) -> Self {
        let home = Self::new();
        fs::create_dir_all(config_dir(home.path())).unwrap();
        fs::write(config_dir(home.path()).join("url"), server.url()).unwrap();
        fs::write(config_dir(home.path()).join("session"), key).unwrap();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        run(keyfob(self.path()).args(arguments), stdin)
    }

    /// A stored file.
    pub(crate) fn stored(&self, name: &str) -> Option<String> {
        fs::read_to_string(config_dir(self.path()).join(name)).ok()
    }
}
