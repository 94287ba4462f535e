//! A PostgreSQL server for the tests: in a folder of its own, on a port of its own, without durability.
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::process;

/// The oldest version that the store is tested with.
const OLDEST: u32 = 15;
/// The user that the server runs as if this program runs as root, whom PostgreSQL refuses.
const USER: &str = "postgres";

/// The server; it ends when this is dropped.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server with an empty cluster.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().context("PostgreSQL is not installed")?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("keyfob-postgres-{port}"));
        fs::create_dir(&folder)?;
        if is_root() {
            let mut give = Command::new("chown");
            process::run(give.arg(USER).arg(&folder))?;
        }
        let server = Self { programs, folder, port };
        server.program("initdb", &["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=500 -c fsync=off \
             -c full_page_writes=off -c synchronous_commit=off",
            server.folder.display()
        );
        let log = server.folder.join("log").display().to_string();
        server.program("pg_ctl", &["start", "--wait", "--silent", "--log", &log, "--options", &options])?;
        Ok(server)
    }

    /// Where its databases are made.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs a program of PostgreSQL on the cluster.
    fn program(&self, name: &str, arguments: &[&str]) -> Result<()> {
        let program = self.programs.join(name);
        let mut command = Command::new(if is_root() { Path::new("runuser") } else { &program });
        if is_root() {
            command.args(["-u", USER, "--"]).arg(&program);
        }
        command.args(arguments).arg("--pgdata").arg(self.folder.join("data")).current_dir(&self.folder);
        // A server that inherits a pipe keeps it open.
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let status = status.with_context(|| format!("{name} could not be started"))?;
        ensure!(status.success(), "{name} failed: {status}");
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.program("pg_ctl", &["stop", "--mode=immediate", "--silent"]) {
            process::log(&format!("the PostgreSQL server of the tests goes on: {error:#}"));
        }
        let _leftover = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a server can be started.
pub(crate) fn is_installed() -> bool {
    programs().is_some()
}

/// The folder with the server's programs: where Debian has those of the newest version, or on the path.
fn programs() -> Option<PathBuf> {
    let version = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian.filter(|entry| version(entry).is_some_and(|version| version >= OLDEST)).max_by_key(version);
    let debian = newest.map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian.into_iter().chain(std::env::split_paths(&path)).find(|folder| has_all(folder))
}

fn has_all(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists())
}

/// Whether this program runs as root.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}
