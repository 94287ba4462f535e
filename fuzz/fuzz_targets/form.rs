//! Forms: those of pages, and those of machines that sign in.
#![no_main]
use axum::{body::Body, http::Request};
use keyfob_fuzz::target;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 7] = [
    "/login",
    "/setup",
    "/device",
    "/reset-password",
    "/reset-password/change",
    "/api/v2/device/code",
    "/api/v2/device/token",
];

fuzz_target!(|input: &[u8]| {
    let Some((place, fields)) = input.split_first() else { return };
    let server = target();
    let path = PATHS[usize::from(*place) % PATHS.len()];
    // The proof of a form, where there is no session.
    let token = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
    let proof = format!("csrf_token={}&", token.replace('=', "%3D"));
    let request = Request::post(path)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Cookie", format!("csrf_token={token}"))
        .body(Body::from([proof.as_bytes(), fields].concat()))
        .unwrap();
    server.ask(request);
});
