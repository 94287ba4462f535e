//! What the original's server answers to calls about keys, ours answers.
use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    player::{Played, Player},
    program::Server,
};

/// Steps that ask for what is yet to be built. The list may only shrink: a step that begins to work must leave it.
const WAITING: [(&str, &str); 11] = [
    // The list of users.
    ("keys-reach.json", "workspace:read: users"),
    ("keys-reach.json", "user:read: users"),
    ("keys-reach.json", "user:*: users"),
    ("keys-reach.json", "api_key:*: users"),
    ("keys-reach.json", "api_key:read: users"),
    ("keys-reach.json", "organization:read: users"),
    ("keys-reach.json", "coder:workspaces.access: users"),
    ("keys-reach.json", "coder:apikeys.manage_self: users"),
    ("keys-reach.json", "coder:all on workspace:*: users"),
    ("keys-reach.json", "coder:all on user:{owner_id}: users"),
    ("keys-reach.json", "user:read_personal user:update_personal: users"),
];

fn play(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts").join(name);
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let server = Server::start();
    let mut player = Player::new(&server.address);
    let mut complaints = String::new();
    for (number, step) in (1..).zip(file["steps"].as_array().unwrap()) {
        let shows = step["do"].as_str().unwrap();
        let call = format!("{} {}", step["method"].as_str().unwrap(), step["path"].as_str().unwrap());
        let is_waiting = WAITING.contains(&(name, shows));
        match player.play(step) {
            Played::Different(_) if is_waiting => {}
            Played::Different(how) => complaints += &format!("{number} {shows} ({call})\n    {}\n", how.join("\n    ")),
            Played::Same | Played::NotCompared if is_waiting => {
                complaints += &format!("{number} {shows} ({call})\n    works now: take it off the list WAITING\n");
            }
            Played::Same | Played::NotCompared => {}
        }
    }
    assert!(complaints.is_empty(), "{name}\n{complaints}");
}

#[test]
fn minting_listing_and_ending_ones_own_keys_is_as_recorded() {
    play("keys-tokens.json");
}

#[test]
fn keys_of_other_people_are_as_recorded() {
    play("keys-others.json");
}

#[test]
fn a_narrow_key_reaches_what_is_recorded() {
    play("keys-reach.json");
}

#[test]
fn checks_are_decided_as_recorded() {
    play("keys-authcheck.json");
}

#[test]
fn bodies_credentials_and_paths_are_read_as_recorded() {
    play("keys-transport.json");
}
