//! JSON bodies. A body whose keys are spelled in another case does what the body itself does.
#![no_main]
use axum::http::Method;
use keyfob_fuzz::{Answer, Target, target};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const PLACES: [(Method, &str); 12] = [
    (Method::POST, "/api/v2/users/me/keys/tokens"),
    (Method::POST, "/api/v2/users"),
    (Method::PUT, "/api/v2/users/me/profile"),
    (Method::PUT, "/api/v2/users/me/roles"),
    (Method::PUT, "/api/v2/users/me/appearance"),
    (Method::POST, "/api/v2/organizations"),
    (Method::PATCH, "/api/v2/organizations/default"),
    (Method::POST, "/api/v2/organizations/default/members/roles"),
    (Method::POST, "/api/v2/organizations/default/groups"),
    (Method::POST, "/api/v2/resources"),
    (Method::POST, "/api/v2/authcheck"),
    (Method::POST, "/api/v2/device/code"),
];

fuzz_target!(|input: &[u8]| {
    let Some((place, body)) = input.split_first() else { return };
    let server = target();
    let (method, path) = PLACES[usize::from(*place) % PLACES.len()].clone();
    server.send(method, path, body.to_vec());
    if let Ok(Value::Object(mut members)) = serde_json::from_slice(body) {
        // Two tokens of one name cannot be.
        members.retain(|name, _| !name.eq_ignore_ascii_case("token_name"));
        let upper: Map<String, Value> =
            members.iter().map(|(name, value)| (name.to_ascii_uppercase(), value.clone())).collect();
        // Names that differ by case alone become one.
        let lower = members.keys().all(|name| *name == name.to_ascii_lowercase());
        if lower && upper.len() == members.len() {
            assert_eq!(minted(server, members), minted(server, upper));
        }
    }
});

/// The status of a mint, and what the token may do.
fn minted(server: &Target, body: Map<String, Value>) -> (u16, Value, Value) {
    let answer: Answer = server.post("/api/v2/users/me/keys/tokens", Value::Object(body).to_string());
    let json = answer.json();
    let Some(id) = json["key"].as_str().and_then(|key| key.split('-').next()) else {
        return (answer.status.as_u16(), Value::Null, Value::Null);
    };
    let path = format!("/api/v2/users/me/keys/{id}");
    let key = server.get(&path).unwrap().json();
    server.send(Method::DELETE, &path, "");
    (answer.status.as_u16(), key["scopes"].clone(), key["allow_list"].clone())
}
