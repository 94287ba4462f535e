//! Keys where clients put them.
#![no_main]
use axum::{body::Body, http::Request};
use keyfob_fuzz::target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let server = target();
    for (name, prefix) in [("Coder-Session-Token", ""), ("Authorization", "Bearer "), ("Authorization", "")] {
        let value = [prefix.as_bytes(), text].concat();
        if let Ok(request) = Request::get("/api/v2/users/me").header(name, value).body(Body::empty()) {
            server.ask(request);
        }
    }
    let encoded: String = form_urlencoded::byte_serialize(text).collect();
    let query = format!("/api/v2/users/me?coder_session_token={encoded}");
    if let Ok(request) = Request::get(query).body(Body::empty()) {
        server.ask(request);
    }
});
