//! The header with all cookies, also where a proof is read from it.
#![no_main]
use axum::{body::Body, http::Request};
use keyfob_fuzz::target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let server = target();
    let session = [format!("coder_session_token={}; ", server.key).as_bytes(), text].concat();
    for cookies in [text.to_vec(), session] {
        for request in [Request::get("/"), Request::get("/api/v2/users/me"), Request::post("/api/v2/users/me/keys")] {
            if let Ok(request) = request.header("Cookie", cookies.clone()).body(Body::empty()) {
                server.ask(request);
            }
        }
    }
});
