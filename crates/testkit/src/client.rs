//! Authentication of the `OpenID` Connect provider's client.
use std::collections::HashMap;

use axum::http::{HeaderMap, header};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The client id that the provider accepts.
pub const CLIENT: (&str, &str) = ("keyfob", "a client's secret: with & and %");
/// The client's RSA key, in PEM. It was made for tests and opens nothing.
pub const KEY: &str = include_str!("client/key.pem");
/// The key's certificate, in PEM.
pub const CERTIFICATE: &str = include_str!("client/certificate.pem");

/// The longest lifetime of an assertion, in seconds.
const LONGEST: i64 = 600;

/// Whether a request holds the client's secret, in its header (RFC 6749, section 2.3.1).
pub(crate) fn has_secret(headers: &HeaderMap, _form: &HashMap<String, String>) -> bool {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let want = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT.0), encode(CLIENT.1))));
    headers.get(header::AUTHORIZATION).is_some_and(|value| value.to_str().unwrap() == want)
}

/// Whether a request holds the client's secret, in its form and nowhere else.
pub(crate) fn has_secret_in_form(headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
    let field = |name: &str| form.get(name).map(String::as_str);
    (field("client_id"), field("client_secret")) == (Some(CLIENT.0), Some(CLIENT.1))
        && !headers.contains_key(header::AUTHORIZATION)
}

/// The id of the assertion that a form holds, if the client's key signed it for this endpoint (RFC 7523, section 3).
/// Its header must name the certificate, by which real providers find the key.
pub(crate) fn asserted(form: &HashMap<String, String>, endpoint: &str, now: i64) -> Option<String> {
    let is_bearer = form.get("client_assertion_type")? == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    if !is_bearer || form.get("client_id")? != CLIENT.0 || form.contains_key("client_secret") {
        return None;
    }
    let assertion = form.get("client_assertion")?;
    let header = jsonwebtoken::decode_header(assertion).ok()?;
    if header.x5t_s256 != Some(URL_SAFE_NO_PAD.encode(Sha256::digest(certificate()))) {
        return None;
    }
    let mut validation = Validation::new(Algorithm::RS256);
    // Times are checked by the provider's clock.
    validation.validate_exp = false;
    validation.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
    validation.set_issuer(&[CLIENT.0]);
    validation.set_audience(&[endpoint]);
    validation.sub = Some(CLIENT.0.to_owned());
    let key = DecodingKey::from_rsa_pem(CERTIFICATE.as_bytes()).unwrap();
    let claims = jsonwebtoken::decode::<Value>(assertion, &key, &validation).ok()?.claims;
    let is_now = claims["exp"].as_i64().is_some_and(|end| end > now && end <= now + LONGEST);
    let id = claims["jti"].as_str().filter(|id| !id.is_empty() && is_now)?;
    Some(id.to_owned())
}

/// The certificate in DER.
fn certificate() -> Vec<u8> {
    let body: String = CERTIFICATE.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}
