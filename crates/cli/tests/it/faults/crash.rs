//! A server that is killed at any instant: what it acknowledged is there after its restart.
use std::{mem, thread, time::Duration};

use keyfob_testdb::TestDatabase;
use keyfob_testkit::history::{History, Outcome};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{
    load::{Load, request, send},
    on_postgres, pass, seed, times,
};
use crate::program::{Home, Server};

/// How often the server is killed; `KEYFOB_KILLS` says otherwise.
const KILLS: u32 = 20;
/// How long it works at most before it is killed, in milliseconds.
const LONGEST_WORK: u64 = 250;
const CLIENTS: u64 = 4;
/// After so many kills, the tokens so far are left alone until the end: each is tried after every kill before that.
const KILLS_OF_A_LOAD: u32 = 25;
const ROLES: [&str; 3] = ["auditor", "user-admin", "template-admin"];

/// A user whose roles change all the time.
struct Changing {
    id: String,
    /// What was acknowledged last, and what was asked for since then.
    acknowledged: Value,
    asked: Vec<Value>,
}

impl Changing {
    /// Gives the user other roles again and again, until the server is gone.
    fn change(&mut self, address: &str, session: &str, random: &mut ChaCha8Rng, load: &Load) {
        let path = format!("/api/v2/users/{}/roles", self.id);
        while !load.is_over() {
            let roles = json!(ROLES.iter().filter(|_| random.random_bool(0.5)).collect::<Vec<_>>());
            self.asked.push(roles.clone());
            let answer = send(address, &request("PUT", &path, session, Some(&json!({"roles": roles}))));
            match answer {
                Ok((200, _)) => (self.acknowledged, self.asked) = (roles, Vec::new()),
                Ok((status, body)) if status != 503 => panic!("{status}: {body}"),
                _ => {}
            }
        }
    }

    /// The user has the roles that were acknowledged last, or those that were asked for since.
    fn verify(&mut self, address: &str, session: &str) {
        let (status, user) =
            send(address, &request("GET", &format!("/api/v2/users/{}", self.id), session, None)).unwrap();
        assert_eq!(status, 200, "{user}");
        let mut names: Vec<&str> =
            user["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        let sorted = |roles: &Value| {
            let mut roles: Vec<String> = serde_json::from_value(roles.clone()).unwrap();
            roles.sort_unstable();
            roles
        };
        let possible: Vec<Vec<String>> = [&self.acknowledged].into_iter().chain(&self.asked).map(sorted).collect();
        assert!(possible.iter().any(|roles| *roles == names), "{names:?} is none of {possible:?}");
        (self.acknowledged, self.asked) = (json!(names), Vec::new());
    }
}

/// All that was acknowledged under this load holds on a server that has started again.
fn verify(load: &mut Load, server: &Server) {
    load.restarted(vec![server.address.clone()]);
    load.try_all(0);
    // A revocation that was acknowledged before the kill is one by this replica.
    let violations = load.history.lock().unwrap().violations(Duration::ZERO);
    assert!(violations.is_empty(), "{}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

fn kill_again_and_again(flags: &[&str], verify_records: impl Fn(&Server) -> Vec<String>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed());
    let mut server = Server::start_with(flags);
    let session = server.set_up();
    let bob = json!({
        "username": "bob", "email": "bob@example.com", "password": crate::program::PASSWORD,
        "organization_ids": ["00000000-0000-0000-0000-000000000000"],
    });
    let bob = server.post(Some(&session), "/api/v2/users", &bob).json().unwrap();
    let id = bob["id"].as_str().unwrap().to_owned();
    let mut changing = Changing { id, acknowledged: json!([]), asked: Vec::new() };
    let mut load = Load::new(vec![server.address.clone()], &session);
    let mut earlier = Vec::new();
    for kill in 1..=times("KEYFOB_KILLS", KILLS) {
        let work = Duration::from_millis(random.random_range(0..LONGEST_WORK));
        let mut of_roles = ChaCha8Rng::seed_from_u64(random.random());
        let seeds: Vec<u64> = (0..CLIENTS).map(|_| random.random()).collect();
        let (load_now, changing_now, session_now) = (&load, &mut changing, &session);
        let folder = thread::scope(|scope| {
            let address = server.address.clone();
            for seed in seeds {
                scope.spawn(move || load_now.work(seed));
            }
            scope.spawn(move || changing_now.change(&address, session_now, &mut of_roles, load_now));
            pass(work);
            let folder = server.kill();
            load_now.end();
            folder
        });
        server = Server::start_on(folder, &[], flags);
        verify(&mut load, &server);
        changing.verify(&server.address, &session);
        if kill % KILLS_OF_A_LOAD == 0 {
            let next = Load::new(vec![server.address.clone()], &session);
            earlier.push(mem::replace(&mut load, next));
        }
    }
    for load in &mut earlier {
        verify(load, &server);
    }
    let loads: Vec<&Load> = earlier.iter().chain([&load]).collect();
    let tokens: usize = loads.iter().map(|load| load.tokens()).sum();
    let sum =
        |count: fn(&History) -> usize| -> usize { loads.iter().map(|load| count(&load.history.lock().unwrap())).sum() };
    let revocations = sum(History::revocations);
    eprintln!(
        "{tokens} tokens, {revocations} revocations, {} uses accepted, {} refused",
        sum(|history| history.count(Outcome::Accepted)),
        sum(|history| history.count(Outcome::Refused))
    );
    assert!(tokens > 0 && revocations > 0, "the load did something");
    let home = Home::new();
    let arguments = verify_records(&server);
    let verified = home.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

const FLAGS: [&str; 1] = ["--dangerous-disable-rate-limits"];

#[test]
fn what_a_killed_server_acknowledged_in_a_file_holds() {
    kill_again_and_again(&FLAGS, |server| {
        let file = server.data_dir().join("keyfob.db");
        ["audit", "verify", file.to_str().unwrap()].map(str::to_owned).to_vec()
    });
}

#[test]
fn what_a_killed_server_acknowledged_on_postgresql_holds() {
    let Some(database @ TestDatabase::Postgres(_)) = on_postgres() else { return };
    let url = database.postgres_url().unwrap();
    let through = format!("--postgres-url={url}");
    kill_again_and_again(&[FLAGS[0], &through], |server| {
        let key = server.data_dir().join("audit.key");
        ["audit", "verify", url, "--key", key.to_str().unwrap()].map(str::to_owned).to_vec()
    });
}
