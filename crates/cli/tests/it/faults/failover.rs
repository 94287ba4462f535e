//! A PostgreSQL that Patroni makes highly available, whose primary is killed under load: nothing acknowledged is lost, and
//! the servers work again without a restart.
use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::{cut::Network, load::Load, pass, seed, times};
use crate::{http::Message, program::Server};

const NODES: usize = 3;
const REPLICAS: usize = 2;
const CLIENTS: u64 = 4;
/// How long the servers work before the primary is killed, and afterwards.
const WORK: Duration = Duration::from_secs(3);
/// How long a cluster may take until it has a primary and a standby.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LEASE: Duration = Duration::from_secs(2);

/// A process that is killed with all that it started when this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = (self.0.kill(), self.0.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program as a user whom PostgreSQL accepts.
fn program(name: &str, folder: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new(if is_root { "runuser" } else { name });
    if is_root {
        command.args(["-u", "postgres", "--", name]);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// A program that goes on until it is killed, with its output in a file.
fn start(mut command: Command, log: &Path) -> Process {
    let file = fs::File::create(log).unwrap();
    command.stdout(file.try_clone().unwrap()).stderr(file);
    Process(command.spawn().unwrap())
}

/// The folder with PostgreSQL's programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap().flatten();
    versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("postgres").exists()).max().unwrap()
}

struct Node {
    name: String,
    rest: u16,
    postgres: u16,
    patroni: Option<Process>,
}

impl Node {
    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.postgres)
    }

    /// Whether Patroni says this of it.
    fn is(&self, role: &str) -> bool {
        let answer = Message::request("GET", &format!("/{role}")).send(&format!("127.0.0.1:{}", self.rest));
        answer.is_ok_and(|answer| answer.word(1) == "200")
    }
}

/// Three nodes on this machine, and what they agree by.
struct Cluster {
    nodes: Vec<Node>,
    folder: TempDir,
    _etcd: Process,
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        assert!(Command::new("chmod").arg("777").arg(folder.path()).status().unwrap().success());
        let (client, peer) = (free_port(), free_port());
        let mut etcd = program("etcd", folder.path());
        let peers = format!("http://127.0.0.1:{peer}");
        let clients = format!("http://127.0.0.1:{client}");
        etcd.args(["--data-dir", "etcd", "--listen-client-urls", &clients, "--advertise-client-urls", &clients])
            .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}")]);
        let etcd = start(etcd, &folder.path().join("etcd.log"));
        let nodes = (0..NODES).map(|number| Node {
            name: format!("node{number}"),
            rest: free_port(),
            postgres: free_port(),
            patroni: None,
        });
        let mut cluster = Self { nodes: nodes.collect(), folder, _etcd: etcd };
        for number in 0..NODES {
            cluster.write_settings(number, client);
            cluster.start_node(number);
        }
        cluster
    }

    fn write_settings(&self, number: usize, etcd: u16) {
        let Node { name, rest, postgres, .. } = &self.nodes[number];
        let folder = self.folder.path().display();
        let mut text = String::new();
        write!(
            text,
            "scope: keyfob
name: {name}
restapi: {{listen: '127.0.0.1:{rest}', connect_address: '127.0.0.1:{rest}'}}
etcd3: {{host: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql: {{use_pg_rewind: true, parameters: {{max_connections: 100, wal_log_hints: 'on'}}}}
  initdb: [{{encoding: UTF8}}, {{locale: C.UTF-8}}, {{auth: trust}}]
postgresql:
  listen: '127.0.0.1:{postgres}'
  connect_address: '127.0.0.1:{postgres}'
  data_dir: {folder}/{name}
  bin_dir: {programs}
  pgpass: {folder}/{name}.pgpass
  pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust']
  authentication: {{superuser: {{username: postgres}}, replication: {{username: postgres}}}}
  parameters: {{unix_socket_directories: '{folder}'}}
",
            programs = programs().display()
        )
        .unwrap();
        fs::write(self.folder.path().join(format!("{name}.yml")), text).unwrap();
    }

    fn start_node(&mut self, number: usize) {
        let name = self.nodes[number].name.clone();
        let mut patroni = program("patroni", self.folder.path());
        patroni.arg(format!("{name}.yml"));
        self.nodes[number].patroni = Some(start(patroni, &self.folder.path().join(format!("{name}.log"))));
    }

    /// The primary, once there is one with a standby that has all that it acknowledges.
    fn await_primary(&self) -> usize {
        let begin = Instant::now();
        loop {
            let primary = self.nodes.iter().position(|node| node.is("primary"));
            if let Some(primary) = primary.filter(|_| self.nodes.iter().any(|node| node.is("sync"))) {
                return primary;
            }
            assert!(begin.elapsed() < PATIENCE, "the cluster has no primary: {}", self.logs());
            pass(LOOK_EVERY);
        }
    }

    /// Waits until a node that was killed follows again: the cluster outlives one failure at a time.
    fn await_all(&self) {
        let begin = Instant::now();
        while !self.nodes.iter().all(|node| node.is("primary") || node.is("replica")) {
            assert!(begin.elapsed() < PATIENCE, "a node does not follow: {}", self.logs());
            pass(LOOK_EVERY);
        }
    }

    fn logs(&self) -> String {
        let log = |node: &Node| fs::read_to_string(self.folder.path().join(format!("{}.log", node.name)));
        self.nodes.iter().map(|node| log(node).unwrap_or_default()).collect()
    }

    /// Kills Patroni and PostgreSQL of a node, as if the machine lost its power.
    fn kill(&mut self, number: usize) {
        let data = self.folder.path().join(&self.nodes[number].name);
        let of_folder = ["-9", "-f", data.to_str().unwrap()];
        self.nodes[number].patroni = None;
        for _ in 0..3 {
            // Patroni by its settings, PostgreSQL by its data.
            let _none_left =
                Command::new("pkill").args(["-9", "-f", &format!("{}.yml", self.nodes[number].name)]).status();
            let _none_left = Command::new("pkill").args(of_folder).status();
            let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if let Some(pid) = pid.lines().next() {
                let _none_left = Command::new("pkill").args(["-9", "-P", pid]).status();
                let _none_left = Command::new("kill").args(["-9", pid]).status();
            }
            pass(LOOK_EVERY);
        }
        assert!(!self.nodes[number].is("health"), "it is gone");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for number in 0..self.nodes.len() {
            self.kill(number);
        }
    }
}

/// Ends the work of the clients, also when the test fails: it would wait for them.
struct Ended<'a>(&'a Load);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// `KEYFOB_FAILOVERS` says how often; without it, nothing is tried: it takes Patroni and etcd, and minutes.
#[test]
fn a_failover_loses_nothing_that_was_acknowledged() {
    let failovers = times("KEYFOB_FAILOVERS", 0);
    if failovers == 0 {
        return;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed());
    let mut cluster = Cluster::start();
    let mut primary = cluster.await_primary();
    let network = Network::to(&format!("postgres://postgres@{}/keyfob", cluster.nodes[primary].address()));
    let port = cluster.nodes[primary].postgres.to_string();
    let create = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-c", "CREATE DATABASE keyfob"];
    assert!(program("psql", cluster.folder.path()).args(create).status().unwrap().success());

    let flags = [
        "--dangerous-disable-rate-limits".to_owned(),
        format!("--revocation-lease={}ms", LEASE.as_millis()),
        format!("--postgres-url={}", network.url()),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut servers = vec![Server::start_with(&flags)];
    let session = servers[0].set_up();
    while servers.len() < REPLICAS {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        for key in ["seal.key", "audit.key"] {
            fs::copy(servers[0].data_dir().join(key), folder.path().join("data").join(key)).unwrap();
        }
        servers.push(Server::start_on(folder, &[], &flags));
    }
    let load = Load::new(servers.iter().map(|server| server.address.clone()).collect(), &session);
    thread::scope(|scope| {
        let _ended = Ended(&load);
        for _ in 0..CLIENTS {
            let (load, seed) = (&load, random.random());
            scope.spawn(move || load.work(seed));
        }
        for failover in 0..failovers {
            cluster.await_all();
            pass(WORK);
            let killed = Instant::now();
            cluster.kill(primary);
            let before = load.tokens();
            let former = primary;
            primary = cluster.await_primary();
            network.lead_to(&cluster.nodes[primary].address());
            while load.tokens() == before {
                assert!(killed.elapsed() < PATIENCE, "the servers do not work again");
                pass(LOOK_EVERY);
            }
            eprintln!("failover {failover}: tokens are minted again after {:?}", killed.elapsed());
            cluster.start_node(former);
        }
        pass(WORK);
    });
    for replica in 0..REPLICAS {
        load.await_all(replica);
    }
    let history = load.history.lock().unwrap();
    eprintln!("{} tokens and {} revocations were acknowledged", load.tokens(), history.revocations());
    assert!(load.tokens() > 0 && history.revocations() > 0, "the load did something");
    let violations = history.violations(LEASE);
    assert!(violations.is_empty(), "{}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}
