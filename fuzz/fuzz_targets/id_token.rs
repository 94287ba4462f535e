//! ID tokens and the keys of a provider: what a stranger writes is never believed, and what is believed says what it must.
#![no_main]
use std::sync::OnceLock;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use keyfob_api::secret::SecretText;
use keyfob_identity::{IdTokenTerms, id_token_claims};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

/// The beginning of an Ed25519 key of 32 bytes in DER (RFC 8410, section 7).
const ED25519: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const TERMS: (&str, &str, &str) = ("https://issuer.test", "keyfob", "n0nce");

fn key() -> &'static EncodingKey {
    static KEY: OnceLock<EncodingKey> = OnceLock::new();
    KEY.get_or_init(|| EncodingKey::from_ed_der(&[&ED25519[..], &[7; 32]].concat()))
}

fn published() -> Value {
    json!({"keys": [Jwk::from_encoding_key(key(), Algorithm::EdDSA).unwrap()]})
}

fn signed(claims: &Map<String, Value>) -> SecretText {
    SecretText::new(jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, key()).unwrap())
}

fn read(keys: Value, token: &SecretText) -> Option<Map<String, Value>> {
    let (issuer, client_id, nonce) = TERMS;
    let now = Timestamp::from_second(1_767_323_045).unwrap();
    id_token_claims(keys, token, IdTokenTerms { issuer, client_id, nonce, now }).ok()
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    match kind % 3 {
        0 => {
            let token = SecretText::new(String::from_utf8_lossy(rest).into_owned());
            assert!(read(published(), &token).is_none(), "believed without a signature");
        }
        1 => {
            let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(rest) else { return };
            let Some(claims) = read(published(), &signed(&claims)) else { return };
            assert_eq!((&claims["iss"], &claims["nonce"]), (&json!(TERMS.0), &json!(TERMS.2)));
            let audience = &claims["aud"];
            let is_meant = |one: &Value| *one == TERMS.1;
            assert!(is_meant(audience) || audience.as_array().is_some_and(|all| all.iter().any(is_meant)));
        }
        _ => {
            let Ok(keys) = serde_json::from_slice(rest) else { return };
            let claims = json!({"iss": TERMS.0, "aud": TERMS.1, "nonce": TERMS.2, "exp": 1_800_000_000_u64, "sub": "1"});
            let Value::Object(claims) = claims else { return };
            read(keys, &signed(&claims));
        }
    }
});
