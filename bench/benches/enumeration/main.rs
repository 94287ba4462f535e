//! Whether the time of an answer tells who has an account: the same requests with addresses that somebody has and that
//! nobody has, turn by turn, so that whatever disturbs the machine disturbs both.
#![forbid(unsafe_code)]
#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measures, and may fail where it stands"
)]

mod report;
mod world;

use axum::http::StatusCode;
use serde_json::{Value, json};

use report::{Report, Samples};
use world::{ACCOUNTS, PASSWORD, World};

/// How often each address is tried: fewer times than an account takes in a row before it pauses.
const ROUNDS: usize = 40;

/// The id of no key.
const NO_KEY: &str = "0000000000";

/// What a stranger may ask with an address.
const QUESTIONS: [(&str, &str, StatusCode); 4] = [
    ("signing in with a wrong password", "/api/v2/users/login", StatusCode::UNAUTHORIZED),
    ("asking for a passcode", "/api/v2/users/otp/request", StatusCode::NO_CONTENT),
    ("setting a password with a wrong passcode", "/api/v2/users/otp/change-password", StatusCode::BAD_REQUEST),
    ("opening the page of a reset", "/reset-password", StatusCode::OK),
];

fn main() {
    // `cargo test --benches` only asks whether it runs.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let mut report = Report::default();
    for (name, path, status) in QUESTIONS {
        let mut samples = Samples::default();
        for round in 0..=rounds {
            for account in 0..ACCOUNTS {
                let ask = |email: String| runtime.block_on(world.time(path, &body(path, &email), status));
                let (known, unknown) = (World::known(account), World::unknown(account));
                // Neither is always the first of the two.
                let (known, unknown) = if (round + account) % 2 == 0 {
                    let known = ask(known);
                    (known, ask(unknown))
                } else {
                    let unknown = ask(unknown);
                    (ask(known), unknown)
                };
                // The first round warms up.
                if round > 0 {
                    samples.add(known, unknown);
                }
            }
        }
        report.add(name, samples);
    }
    let mut samples = Samples::default();
    for round in 0..=rounds * ACCOUNTS {
        let present = |id: &str| runtime.block_on(world.time_key(id));
        let (known, unknown) = if round % 2 == 0 {
            let known = present(world.key_id());
            (known, present(NO_KEY))
        } else {
            let unknown = present(NO_KEY);
            (present(world.key_id()), unknown)
        };
        if round > 0 {
            samples.add(known, unknown);
        }
    }
    report.add("presenting a key with a wrong secret", samples);
    println!("{report}");
}

fn body(path: &str, email: &str) -> Value {
    match path {
        "/api/v2/users/login" => json!({"email": email, "password": "N0t-the-password!"}),
        "/api/v2/users/otp/change-password" => {
            json!({"email": email, "password": PASSWORD, "one_time_passcode": "11111111-2222-4333-8444-555555555555"})
        }
        _ => json!({"email": email}),
    }
}
