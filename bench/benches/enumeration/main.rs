//! Measures whether the time of a response tells who has an account: sends the same requests with known and with
//! unknown email addresses, alternately, so that other load on the machine slows both.
#![forbid(unsafe_code)]
#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its results, and may panic"
)]

mod deployment;
mod report;

use axum::http::StatusCode;
use serde_json::{Value, json};

use deployment::{ACCOUNTS, Deployment, PASSWORD};
use report::{Report, Samples};

/// How often each address is tried: fewer times than failures in a row lock an account.
const ROUNDS: usize = 40;

/// An id that no key has.
const UNKNOWN_KEY: &str = "0000000000";

/// The anonymous requests that have an email address: name, path, and status of the response.
const REQUESTS: [(&str, &str, StatusCode); 4] = [
    ("signing in with a wrong password", "/api/v2/users/login", StatusCode::UNAUTHORIZED),
    ("requesting a passcode", "/api/v2/users/otp/request", StatusCode::NO_CONTENT),
    ("setting a password with a wrong passcode", "/api/v2/users/otp/change-password", StatusCode::BAD_REQUEST),
    ("opening the page for a password reset", "/reset-password", StatusCode::OK),
];

fn main() {
    // `cargo test --benches` only tests that it runs.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let deployment = runtime.block_on(Deployment::new());
    let mut report = Report::default();
    for (name, path, status) in REQUESTS {
        let mut samples = Samples::default();
        for round in 0..=rounds {
            for account in 0..ACCOUNTS {
                let time = |email: String| runtime.block_on(deployment.time(path, &body(path, &email), status));
                let (known, unknown) = (Deployment::known(account), Deployment::unknown(account));
                // Each is as often the first of the two as the other.
                let (known, unknown) = if (round + account) % 2 == 0 {
                    let known = time(known);
                    (known, time(unknown))
                } else {
                    let unknown = time(unknown);
                    (time(known), unknown)
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
        let time = |id: &str| runtime.block_on(deployment.time_key(id));
        let (known, unknown) = if round % 2 == 0 {
            let known = time(deployment.key_id());
            (known, time(UNKNOWN_KEY))
        } else {
            let unknown = time(UNKNOWN_KEY);
            (time(deployment.key_id()), unknown)
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
