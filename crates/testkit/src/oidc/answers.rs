//! The endpoints of the provider.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Inner, TokenFault};
use crate::{
    client::{self, CLIENT},
    service::fields,
};

impl Inner {
    /// Whether a request authenticates the client.
    fn knows(&mut self, headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
        let Some(used) = &mut self.asserted else {
            let place = if self.secret_in_form.is_some() { client::has_secret_in_form } else { client::has_secret };
            return place(headers, form);
        };
        let asserted = client::asserted(form, &format!("{}/token", self.issuer), self.now);
        match asserted.filter(|id| !used.contains(id) && !headers.contains_key(header::AUTHORIZATION)) {
            Some(id) => {
                used.push(id);
                true
            }
            None => false,
        }
    }
}

type Shared = State<Arc<Mutex<Inner>>>;

pub(super) async fn describe(State(inner): Shared) -> Json<Value> {
    let inner = inner.lock().unwrap();
    let methods: &[&str] = if inner.has_pkce { &["S256"] } else { &[] };
    let mut description = json!({
        "issuer": inner.name(),
        "authorization_endpoint": format!("{}/authorize", inner.issuer),
        "token_endpoint": format!("{}/token", inner.issuer),
        "userinfo_endpoint": format!("{}/userinfo", inner.issuer),
        "jwks_uri": format!("{}/jwks", inner.issuer),
        "code_challenge_methods_supported": methods,
    });
    if let Some(methods) = &inner.secret_in_form {
        description["token_endpoint_auth_methods_supported"] = json!(methods);
    }
    Json(description)
}

pub(super) async fn keys(State(inner): Shared) -> Json<Value> {
    Json(inner.lock().unwrap().published())
}

pub(super) async fn token(State(inner): Shared, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let refused = |code: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": code, "error_description": "no"})));
    let mut inner = inner.lock().unwrap();
    let form = fields(&body);
    if !inner.knows(&headers, &form) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"})));
    }
    match form["grant_type"].as_str() {
        "authorization_code" => {
            // A code is used up in any case.
            let Some(code) = inner.codes.remove(&form["code"]) else { return refused("invalid_grant") };
            let sent = form.get("code_verifier").map(|text| URL_SAFE_NO_PAD.encode(Sha256::digest(text)));
            if code.redirect_uri != form["redirect_uri"] || code.challenge != sent {
                return refused("invalid_grant");
            }
            (StatusCode::OK, Json(inner.tokens(&code.nonce)))
        }
        "refresh_token" => {
            inner.refresh_requests += 1;
            let place = inner.refresh_tokens.iter().position(|token| *token == form["refresh_token"]);
            let Some(place) = place.filter(|_| !inner.refuses_refresh) else { return refused("invalid_grant") };
            inner.refresh_tokens.remove(place);
            let (tokens, hold) = (inner.tokens(""), Arc::clone(&inner.hold));
            drop(inner);
            hold.wait();
            (StatusCode::OK, Json(tokens))
        }
        _ => refused("unsupported_grant_type"),
    }
}

pub(super) async fn user_info(State(inner): Shared, headers: HeaderMap) -> Response {
    let inner = inner.lock().unwrap();
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !bearer.starts_with("Bearer provider-access-") {
        return (StatusCode::UNAUTHORIZED, Json(json!({}))).into_response();
    }
    let mut claims = inner.user_info.clone();
    let subject = inner.person.get("sub").cloned().unwrap_or_default();
    let is_other = inner.fault == Some(TokenFault::UserInfo);
    claims.insert("sub".to_owned(), if is_other { json!("somebody else") } else { subject });
    match &inner.signed_user_info {
        Some((about, fault)) => {
            let own = json!({"iss": inner.name(), "aud": CLIENT.0});
            claims.extend(own.as_object().unwrap().clone());
            claims.extend(about.clone());
            ([(header::CONTENT_TYPE, "application/jwt")], inner.sign_with(&claims, *fault)).into_response()
        }
        None => Json(Value::Object(claims)).into_response(),
    }
}
