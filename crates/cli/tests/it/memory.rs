//! What a running server keeps of memory.
use std::{fs, thread};

use serde_json::json;

use crate::program::{PASSWORD, Server};

/// How much more memory than at its start a server may have, in MiB.
const MOST_GROWTH: u64 = 100;
const SIGN_INS: usize = 1000;
const AT_A_TIME: usize = 200;
/// Attempts count as wrong ones until they are known to be right, and 100 of these pause an account.
const ACCOUNTS: usize = 10;

/// The resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn email(account: usize) -> String {
    format!("user{account}@example.com")
}

/// Half of them with the right password. Each hash takes 19 MiB while it is made.
#[test]
fn a_thousand_sign_ins_leave_the_memory_as_it_was() {
    let (server, session) = Server::with_owner_and(&["--dangerous-disable-rate-limits"]);
    for number in 0..ACCOUNTS {
        let user = json!({
            "username": format!("user{number}"), "email": email(number), "password": PASSWORD,
            "user_status": "active", "organization_ids": ["00000000-0000-0000-0000-000000000000"],
        });
        assert_eq!(server.post(Some(&session), "/api/v2/users", &user).status(), 201);
    }
    let before = resident(server.process_id());
    thread::scope(|scope| {
        for client in 0..AT_A_TIME {
            let server = &server;
            scope.spawn(move || {
                for number in 0..SIGN_INS / AT_A_TIME {
                    let is_right = (client + number) % 2 == 0;
                    let email = if is_right { email(client % ACCOUNTS) } else { format!("x{client}@example.com") };
                    let login = json!({"email": email, "password": PASSWORD});
                    let status = server.post(None, "/api/v2/users/login", &login).status();
                    assert_eq!(status, if is_right { 201 } else { 401 });
                }
            });
        }
    });
    let grown = resident(server.process_id()).saturating_sub(before) / 1024;
    assert!(grown <= MOST_GROWTH, "{grown} MiB more than before");
}
