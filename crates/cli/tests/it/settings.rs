//! The server's settings as an operator gives them.
use serde_json::Value;

use crate::{http::Message, program::Server};

fn longest_lifetime(environment: &[(&str, &str)], flags: &[&str]) -> Value {
    let server = Server::start_in(environment, flags);
    let session = server.set_up();
    let request = Message::request("GET", "/api/v2/users/me/keys/tokens/tokenconfig");
    let answer = request.with_header("Coder-Session-Token", &session).send(&server.address).unwrap();
    answer.json().unwrap()["max_token_lifetime"].clone()
}

/// Stance: "Environment names".
#[test]
fn a_setting_is_read_from_either_name_ours_wins_and_a_flag_wins_over_both() {
    const HOUR: u64 = 3_600_000_000_000;
    let (theirs, ours) = (("CODER_MAX_ADMIN_TOKEN_LIFETIME", "2h"), ("KEYFOB_MAX_ADMIN_TOKEN_LIFETIME", "3h"));
    assert_eq!(longest_lifetime(&[theirs], &[]), 2 * HOUR);
    assert_eq!(longest_lifetime(&[theirs, ours], &[]), 3 * HOUR);
    assert_eq!(longest_lifetime(&[theirs, ours], &["--max-admin-token-lifetime", "4h"]), 4 * HOUR);
}

/// Whoever reads where the server is may end it at once.
#[cfg(unix)]
#[test]
fn a_server_that_says_where_it_is_ends_well_when_it_is_told_to() {
    for _ in 0..5 {
        let (output, _data) = Server::start().stop();
        assert!(output.contains("Keyfob has stopped."), "{output}");
    }
}
