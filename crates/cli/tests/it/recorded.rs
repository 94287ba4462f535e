//! Recorded answers of Coder's server: Keyfob's answers are the same.
use std::{fs, path::Path};

use keyfob_testkit::MailServer;
use serde_json::Value;

use crate::{
    player::{Played, Player},
    program::Server,
};

fn play(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts").join(name);
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let environment = file["server_env"].as_object().into_iter().flatten();
    let mails = MailServer::start();
    let value = |value: &Value| value.as_str().unwrap().replace("{mail}", &mails.address.to_string());
    let environment: Vec<_> = environment.map(|(name, of)| (name.as_str(), value(of))).collect();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::start_in(&environment, &[]);
    let mut player = Player::new(&server.address).with_mails(&mails);
    let mut complaints = String::new();
    for (number, step) in (1..).zip(file["steps"].as_array().unwrap()) {
        let shows = step["do"].as_str().unwrap();
        let call =
            format!("{} {}", step["method"].as_str().unwrap_or("mail"), step["path"].as_str().unwrap_or_default());
        let answered = player.play(step);
        if let Played::Different(how) = answered {
            complaints += &format!("{number} {shows} ({call})\n    {}\n", how.join("\n    "));
        }
    }
    assert!(complaints.is_empty(), "{name}\n{complaints}");
}

#[test]
fn minting_listing_and_deleting_ones_own_keys_is_as_recorded() {
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

#[test]
fn the_list_of_users_and_its_search_are_as_recorded() {
    play("people-lists.json");
}

#[test]
fn users_are_created_changed_and_deleted_as_recorded() {
    play("people-users.json");
}

#[test]
fn organizations_and_their_members_are_as_recorded() {
    play("people-orgs.json");
}

#[test]
fn signing_in_with_a_password_is_as_recorded() {
    play("ways-login.json");
}

#[test]
fn signing_out_is_as_recorded() {
    play("ways-logout.json");
}

#[test]
fn csrf_checks_are_as_recorded() {
    play("ways-csrf.json");
}

#[test]
fn lifetimes_that_are_set_are_as_recorded() {
    play("ways-lifetimes.json");
}

#[test]
fn sessions_expire_as_recorded() {
    play("ways-session-end.json");
}

#[test]
fn host_prefixed_cookies_are_as_recorded() {
    play("ways-cookies-host.json");
}

#[test]
fn secure_cookies_are_as_recorded() {
    play("ways-cookies-secure.json");
}

#[test]
fn changing_a_password_is_as_recorded() {
    play("ways-password-change.json");
}

#[test]
fn changing_a_password_in_a_browser_is_as_recorded() {
    play("ways-password-browser.json");
}

#[test]
fn the_strength_of_passwords_is_as_recorded() {
    play("ways-password-rules.json");
}

#[test]
fn passcodes_are_refused_as_recorded() {
    play("ways-otp.json");
}

#[test]
fn passcodes_that_come_by_mail_replace_a_password_as_recorded() {
    play("ways-otp-mail.json");
}

#[test]
fn sign_in_with_passwords_disabled_is_as_recorded() {
    play("ways-no-password.json");
}

#[test]
fn ways_to_sign_in_are_as_recorded() {
    play("ways-authmethods.json");
}

#[test]
fn beginning_a_conversion_is_as_recorded() {
    play("ways-convert.json");
}

#[test]
fn signing_in_by_github_begins_as_recorded() {
    play("ways-github.json");
}
