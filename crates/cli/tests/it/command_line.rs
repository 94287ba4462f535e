//! Every recorded command line of Coder's program, one after the other: Keyfob's sends the same requests.
use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use crate::{
    compare::{Leniency, Names, differences, fill, fill_value, pick, same_text, save, shown},
    program::{Home, PASSWORD, Ran, Server, config_dir, keyfob, run},
    proxy::{Exchange, Proxy},
};

/// Requests that Keyfob answers with another status, although the recording does not say so.
const OTHER_STATUS: [(&str, &str, u64); 1] = [
    // `me` in the path requires no `user:read`: the route's own action is refused, with 403.
    ("a narrow key logs in", "/api/v2/users/me/keys", 403),
];

/// Allow-list entries that Coder's program refuses by itself, while Keyfob looks up their names and types.
const LOOKED_UP: [&str; 2] = ["an allow entry of an unknown type", "an allow entry with a bad id"];

/// The token that Coder mints from a lifetime without a unit, which Keyfob refuses: it is missing from later lists.
const NOT_MINTED: &str = "cli-num";

/// The name that Coder's server generated in the recording.
const GENERATED_NAME: &str = "muddy_nichols53";

/// The service account that Keyfob creates and Coder refuses: it is in later lists.
const CREATED_HERE: &str = "cli-svc";

struct Shell {
    _server: Server,
    proxy: Proxy,
    homes: BTreeMap<String, Home>,
    names: Names,
}

#[test]
fn every_recorded_command_line_sends_and_prints_what_is_recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts/cli-requests.json");
    let entries: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut shell = Shell::new();
    let mut complaints = String::new();
    for (number, entry) in entries.iter().enumerate().skip(1) {
        let wrong = shell.play(entry);
        if !wrong.is_empty() {
            complaints += &format!("{number} {} {}\n    {}\n", entry["do"], entry["argv"], wrong.join("\n    "));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

impl Shell {
    fn new() -> Self {
        let server = Server::start();
        let proxy = Proxy::start(&server.address);
        let names =
            Names::from([("url".to_owned(), Value::from(proxy.url())), ("password".to_owned(), Value::from(PASSWORD))]);
        Self { _server: server, proxy, homes: BTreeMap::new(), names }
    }

    /// Runs an entry's command line; returns the differences from the recording.
    fn play(&mut self, entry: &Value) -> Vec<String> {
        let argv: Vec<String> = texts(&entry["argv"]).iter().map(|text| fill(text, &self.names)).collect();
        let ran = self.run(entry, &argv);
        let exchanges = self.proxy.take();
        self.save(entry, &ran);
        let want = entry.get("differs").map_or(entry, |_| &entry["keyfob"]);
        let mut wrong = Vec::new();
        if want["exit"].as_i64() != ran.code.map(i64::from) {
            wrong.push(format!("exit {:?}, not {}: {}", ran.code, want["exit"], ran.stderr));
        }
        wrong.extend(self.compare_output(entry, want, &ran));
        wrong.extend(self.compare_state(entry, want));
        let is_looked_up = LOOKED_UP.contains(&entry["do"].as_str().unwrap_or_default());
        match (entry.get("differs"), want.get("requests")) {
            (None, Some(requests)) if is_looked_up => wrong.extend(self.compare_changes(requests, &exchanges)),
            (None, _) => wrong.extend(self.compare_requests(entry, &exchanges)),
            (Some(_), Some(requests)) => wrong.extend(self.compare_changes(requests, &exchanges)),
            (Some(_), None) => {}
        }
        wrong
    }

    fn run(&mut self, entry: &Value, argv: &[String]) -> Ran {
        let home = self.homes.entry(home_name(entry)).or_insert_with(Home::new);
        let mut command = keyfob(home.path());
        command.args(argv);
        for (name, value) in entry["env"].as_object().into_iter().flatten() {
            // These two are read under Coder's names, too.
            let is_read = ["CODER_URL", "CODER_SESSION_TOKEN"].contains(&name.as_str());
            let name = if is_read { name.clone() } else { name.replacen("CODER_", "KEYFOB_", 1) };
            command.env(name, fill(value.as_str().unwrap(), &self.names));
        }
        run(&mut command, &fill(entry["stdin"].as_str().unwrap_or_default(), &self.names))
    }

    fn save(&mut self, entry: &Value, ran: &Ran) {
        for (name, from) in entry["save"].as_object().into_iter().flatten() {
            let value = match from.as_str().unwrap().strip_prefix("json:") {
                Some(path) => serde_json::from_str(&ran.stdout).ok().and_then(|json: Value| pick(&json, path).cloned()),
                None => Some(Value::from(ran.stdout.trim())),
            };
            save(&mut self.names, name, value.unwrap_or_else(|| Value::from("nothing was printed")));
        }
        if let Some(name) = entry["save_session"].as_str() {
            let session = self.homes[&home_name(entry)].stored("session").unwrap_or_default();
            save(&mut self.names, name, Value::from(session));
        }
    }

    fn compare_output(&self, entry: &Value, want: &Value, ran: &Ran) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(stdout) = want["stdout"].as_str().filter(|stdout| !same_text(stdout, &ran.stdout, &self.names)) {
            wrong.push(format!("prints {:?}, not {stdout:?}", ran.stdout));
        }
        if let Some(columns) = want.get("columns") {
            let header = ran.stdout.lines().next().unwrap_or_default();
            let got: Vec<_> = header.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
            if got != texts(columns) {
                wrong.push(format!("columns {got:?}, not {columns}"));
            }
        }
        if let Some(json) = want.get("json") {
            let loose = texts(&entry["loose"]);
            let how = Leniency { loose: &loose, is_unordered: entry["unordered"].as_bool().unwrap_or_default() };
            match serde_json::from_str(&ran.stdout) {
                Ok(got) => wrong.extend(differences(&as_ours(json), &as_theirs(got), &self.names, "", how)),
                Err(_) => wrong.push(format!("prints no JSON: {:?}", ran.stdout)),
            }
        }
        wrong
    }

    fn compare_state(&self, entry: &Value, want: &Value) -> Option<String> {
        let want = fill_value(want.get("state")?, &self.names);
        let folder = config_dir(self.homes[&home_name(entry)].path());
        let files = fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
        let state = files.map(|file| {
            (file.file_name().unwrap().to_string_lossy().into_owned(), json!(fs::read_to_string(&file).unwrap()))
        });
        let got = Value::Object(state.collect());
        (want != got).then(|| format!("the configuration folder holds {got}, not {want}"))
    }

    /// Exactly the recorded requests, in order.
    fn compare_requests(&self, entry: &Value, got: &[Exchange]) -> Vec<String> {
        let want = entry["requests"].as_array().unwrap();
        let shows = entry["do"].as_str().unwrap();
        if want.len() != got.len() {
            let got: Vec<_> = got.iter().map(|one| format!("{} {}", one.method(), one.path())).collect();
            return vec![format!("sends {} requests, not {}: {got:?}", got.len(), want.len())];
        }
        want.iter().zip(got).flat_map(|(want, got)| self.compare_request(shows, want, got)).collect()
    }

    /// The recorded requests in order; more reads are allowed, more changes are not.
    fn compare_changes(&self, want: &Value, got: &[Exchange]) -> Vec<String> {
        let want = want.as_array().unwrap();
        let named = |one: &&Exchange| {
            one.method() != "GET" || want.iter().any(|want| same_text(&shown(&want["path"]), one.path(), &self.names))
        };
        let got: Vec<&Exchange> = got.iter().filter(named).collect();
        if want.len() != got.len() {
            let got: Vec<_> = got.iter().map(|one| format!("{} {}", one.method(), one.path())).collect();
            return vec![format!("changes {} things, not {}: {got:?}", got.len(), want.len())];
        }
        want.iter().zip(got).flat_map(|(want, got)| self.compare_request("", want, got)).collect()
    }

    fn compare_request(&self, shows: &str, want: &Value, got: &Exchange) -> Vec<String> {
        let mut wrong = Vec::new();
        let (method, path) = (shown(&want["method"]), shown(&want["path"]));
        if method != got.method() || !same_text(&path, got.path(), &self.names) {
            return vec![format!("sends {} {}, not {method} {path}", got.method(), got.path())];
        }
        let exception = OTHER_STATUS.iter().find(|(entry, at, _)| *entry == shows && *at == path);
        let status = exception.map_or(want["status"].as_u64().unwrap(), |(.., status)| *status);
        if status != got.answer.status() {
            wrong.push(format!("{method} {path} is {}, not {status}: {}", got.answer.status(), got.answer.text()));
        }
        let key = got.request.header("Coder-Session-Token");
        if want["key"].as_str().is_some_and(|want| !key.is_some_and(|key| same_text(want, key, &self.names))) {
            wrong.push(format!("{method} {path} with another key than {}", want["key"]));
        }
        if let Some(body) = want.get("body") {
            let got = got.request.json().unwrap_or_default();
            wrong.extend(differences(body, &got, &self.names, "", Leniency::default()));
            let surplus = got.as_object().into_iter().flatten().filter(|(name, _)| body.get(name.as_str()).is_none());
            wrong.extend(surplus.map(|(name, _)| format!("{method} {path} sends {name}")));
        } else if !got.request.body.is_empty() {
            wrong.push(format!("{method} {path} has a body"));
        }
        for name in texts(&want["headers"]).iter().filter(|name| got.request.header(name).is_none()) {
            wrong.push(format!("{method} {path} without the header {name}"));
        }
        wrong
    }
}

fn home_name(entry: &Value) -> String {
    entry["home"].as_str().unwrap_or("a").to_owned()
}

fn texts(list: &Value) -> Vec<String> {
    serde_json::from_value(list.clone()).unwrap_or_default()
}

/// Keyfob's JSON as Coder prints it after the steps that differ.
fn as_theirs(json: Value) -> Value {
    let Value::Array(items) = json else { return json };
    Value::Array(items.into_iter().filter(|item| item["username"] != CREATED_HERE).collect())
}

/// The recorded JSON as Keyfob prints it after the steps that differ.
fn as_ours(json: &Value) -> Value {
    let Value::Array(items) = json else { return json.clone() };
    let mut items: Vec<Value> = items.iter().filter(|item| item["token_name"] != NOT_MINTED).cloned().collect();
    for item in items.iter_mut().filter(|item| item["token_name"] == GENERATED_NAME) {
        item["token_name"] = Value::from("<any>");
    }
    Value::Array(items)
}
