//! Plays recorded scenarios of HTTP calls against a server and compares every answer with the recorded one.
//!
//! A file is `{"about", "steps"}`; a step has `do` (what it shows), `as` (the saved credential to send), `method`,
//! `path`, `headers`, `json` or `body`, `save` (names for values of the answer), and the recorded answer in `status`,
//! `out` or `text`, `out_headers` and `cookies`. `mail` stands for the next mail to an address in place of a call;
//! `wait` is the number of seconds before the call. `loose` and `unordered` name the places that are not compared. With
//! `differs`, Keyfob answers differently on purpose, as `keyfob` says; without `keyfob` the answer is not compared.
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use keyfob_testkit::MailServer;
use serde_json::{Value, json};

use crate::{
    compare::{Leniency, Names, differences, fill, fill_value, is_key, pick, same_text, save},
    http::Message,
    program::PASSWORD,
};

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// How a step went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Played {
    /// As recorded.
    Same,
    /// No answer is recorded for Keyfob.
    NotCompared,
    /// The differences.
    Different(Vec<String>),
}

/// A player and what it has saved so far.
pub(crate) struct Player<'a> {
    address: &'a str,
    names: Names,
    mails: Option<&'a MailServer>,
}

impl<'a> Player<'a> {
    /// Makes the first user, `owner`, and signs them in.
    pub(crate) fn new(address: &'a str) -> Self {
        let names = [("url", format!("http://{address}")), ("password", PASSWORD.to_owned()), ("nil", NIL.to_owned())];
        let names = names.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let mut player = Self { address, names, mails: None };
        let owner = json!({"method": "POST", "path": "/api/v2/users/first", "json": {"email": "owner@example.com",
            "username": "owner", "name": "Owner", "password": "{password}", "trial": false}});
        assert_eq!(player.call(&owner).status(), 201);
        let login = json!({"method": "POST", "path": "/api/v2/users/login", "save": {"owner": "session_token"},
            "json": {"email": "owner@example.com", "password": "{password}"}, "status": 201});
        assert_eq!(player.play(&login), Played::Same);
        let me = json!({"as": "owner", "method": "GET", "path": "/api/v2/users/me", "status": 200,
            "save": {"owner_id": "id", "org_id": "organization_ids[0]"}});
        assert_eq!(player.play(&me), Played::Same);
        player
    }

    /// The same, with a mail server whose mails steps may ask for.
    pub(crate) fn with_mails(self, mails: &'a MailServer) -> Self {
        Self { mails: Some(mails), ..self }
    }

    /// Makes a step's call and compares.
    pub(crate) fn play(&mut self, step: &Value) -> Played {
        if let Some(address) = step["mail"].as_str() {
            return self.read_mail(address, &step["save"]);
        }
        if let Some(seconds) = step["wait"].as_f64() {
            let_pass(seconds);
        }
        let answer = self.call(step);
        for (name, path) in step["save"].as_object().into_iter().flatten() {
            let value = saved(&answer, path.as_str().unwrap());
            let value = value.or_else(|| self.names.get(name).cloned()).unwrap_or_else(|| Value::from(""));
            save(&mut self.names, name, value);
        }
        let want = match (step.get("differs"), step.get("keyfob")) {
            (None, _) => step,
            (Some(_), Some(keyfob)) => keyfob,
            (Some(_), None) => return Played::NotCompared,
        };
        let different = self.compare(step, want, &answer);
        if different.is_empty() { Played::Same } else { Played::Different(different) }
    }

    /// Reads the next mail to this address. A saved value is the text after a mark: the part of a pattern before its
    /// first special character.
    fn read_mail(&mut self, address: &str, wanted: &Value) -> Played {
        let mail = self.mails.unwrap().next_to(&fill(address, &self.names));
        let Some(mail) = mail else { return Played::Different(vec!["no mail came".to_owned()]) };
        for (name, pattern) in wanted.as_object().into_iter().flatten() {
            let mark = pattern.as_str().unwrap().split(['(', '\\']).next().unwrap();
            let Some((_, rest)) = mail.text.split_once(mark) else {
                return Played::Different(vec![format!("no {mark:?} in a mail of {} letters", mail.text.len())]);
            };
            let value = rest.split(['&', '\n', '\r', ' ']).next().unwrap();
            save(&mut self.names, name, Value::from(value));
        }
        Played::Same
    }

    fn call(&self, step: &Value) -> Message {
        let path = fill(step["path"].as_str().unwrap(), &self.names);
        let mut request = Message::request(step["method"].as_str().unwrap(), &path);
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            request = request.with_header(name, &fill(value.as_str().unwrap(), &self.names));
        }
        if let Some(body) = step.get("json") {
            request = request.with_json(&fill_value(body, &self.names));
        } else if let Some(body) = step["body"].as_str() {
            request.body = fill(body, &self.names).into_bytes();
        }
        if let Some(name) = step["as"].as_str() {
            let key = self.names[name].as_str().unwrap();
            request.headers.retain(|(name, _)| name != "Coder-Session-Token");
            request = request.with_header("Coder-Session-Token", key);
        }
        request.send(self.address).unwrap()
    }

    fn compare(&self, step: &Value, want: &Value, answer: &Message) -> Vec<String> {
        let mut found = Vec::new();
        let text = answer.text();
        if let Some(status) = want["status"].as_u64().filter(|status| *status != answer.status()) {
            found.push(format!("status {}, not {status}: {text}", answer.status()));
        }
        let loose: Vec<String> = serde_json::from_value(step["loose"].clone()).unwrap_or_default();
        let how = Leniency { loose: &loose, is_unordered: step["unordered"].as_bool().unwrap_or_default() };
        match (want.get("out"), want["text"].as_str(), answer.json()) {
            (Some(out), _, Some(got)) => found.extend(differences(out, &got, &self.names, "", how)),
            (Some(_), _, None) => found.push(format!("not JSON: {text:?}")),
            (None, Some(want), _) if !same_text(want, &text, &self.names) => {
                found.push(format!("text {text:?}, not {want:?}"));
            }
            (None, ..) => {}
        }
        for (name, want) in want["out_headers"].as_object().into_iter().flatten() {
            let (want, got) = (want.as_str().unwrap(), answer.header(name).unwrap_or_default());
            if !self.is_same_header(name, want, got) {
                found.push(format!("header {name} is {got:?}, not {want:?}"));
            }
        }
        if let Some(want) = want["cookies"].as_object() {
            found.extend(self.compare_cookies(want, &cookies(answer)));
        }
        found
    }

    fn is_same_header(&self, name: &str, want: &str, got: &str) -> bool {
        let media_type = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
        if name == "Content-Type" { media_type(want) == media_type(got) } else { same_text(want, got, &self.names) }
    }

    fn compare_cookies(&self, want: &serde_json::Map<String, Value>, got: &Cookies) -> Vec<String> {
        let mut found = Vec::new();
        for (name, want) in want {
            let want = want.as_str().unwrap();
            let (value, attributes) = want.split_once("; ").unwrap_or((want, ""));
            let is_same = got.get(name).is_some_and(|(got, have)| {
                same_text(value, got, &self.names)
                    && attributes.split("; ").filter(|wanted| !wanted.is_empty()).all(|wanted| have.contains(wanted))
            });
            if !is_same {
                found.push(format!("cookie {name} is {:?}, not {want:?}", got.get(name)));
            }
        }
        if want.is_empty() && got.contains_key("coder_session_token") {
            found.push("a session cookie is set".to_owned());
        }
        found
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of a server that is a process goes on by itself")]
fn let_pass(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

type Cookies = BTreeMap<String, (String, BTreeSet<String>)>;

/// Every `Set-Cookie`, without changing values and the time of `Expires`.
fn cookies(answer: &Message) -> Cookies {
    let cookie = |text: &str| {
        let mut parts = text.split("; ");
        let (name, value) = parts.next()?.split_once('=')?;
        let is_shown = value.is_empty() || name == "oauth_redirect" || is_key(value);
        let value = if is_shown { value } else { "<any>" };
        let attributes = parts.map(|part| if part.starts_with("Expires=") { "Expires" } else { part }.to_owned());
        Some((name.to_owned(), (value.to_owned(), attributes.collect())))
    };
    answer.all_headers("Set-Cookie").filter_map(cookie).collect()
}

/// A value of the answer: `header:Name`, `cookie:name`, or a path in its JSON.
fn saved(answer: &Message, path: &str) -> Option<Value> {
    if let Some(name) = path.strip_prefix("header:") {
        return Some(Value::from(answer.header(name).unwrap_or_default()));
    }
    if let Some(name) = path.strip_prefix("cookie:") {
        let cookie = answer.all_headers("Set-Cookie").find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='));
        return Some(Value::from(cookie.and_then(|rest| rest.split(';').next()).unwrap_or_default()));
    }
    pick(&answer.json()?, path).cloned()
}
