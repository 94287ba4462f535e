//! Claims of an identity provider: whatever they are, what is read is within its bounds.
#![no_main]
use keyfob_identity::{Fields, profile};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|bytes: &[u8]| {
    let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let fields = Fields {
        username: "preferred_username".to_owned(),
        email: "email".to_owned(),
        name: "name".to_owned(),
        ignores_email_verified: false,
    };
    if let Ok(profile) = profile(&claims, &fields, "https://issuer.test") {
        assert!(profile.name.len() <= 128 && profile.picture.len() <= 2048);
    }
});
