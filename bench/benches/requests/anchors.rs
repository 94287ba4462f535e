//! The smallest servers that do a part of what Keyfob does.
use std::{collections::HashMap, net::Ipv4Addr, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use keyfob_rbac::{Catalogue, Id, Object, RoleName, RoleSettings, Scope, Subject, authorize, built_in_role};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What a server does.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    /// It answers fixed bytes.
    Bare,
    /// It does so to those who have a token: header, map, SHA-256, constant-time comparison.
    Token,
    /// It also reads JSON, decides, and answers in JSON.
    Decision,
}

impl Anchor {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Token => "token",
            Self::Decision => "decision",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Bare, Self::Token, Self::Decision].into_iter().find(|anchor| anchor.name() == name)
    }
}

struct Known {
    hashes: HashMap<String, [u8; 32]>,
    answer: &'static [u8],
    catalogue: Arc<Catalogue>,
    subject: Subject,
}

impl Known {
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let key = headers.get("Coder-Session-Token").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some((id, secret)) = key.split_once('-') else { return false };
        let Some(hash) = self.hashes.get(id) else { return false };
        Sha256::digest(secret.as_bytes()).as_slice().ct_eq(hash).into()
    }
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

async fn bare(State(known): State<Arc<Known>>) -> impl IntoResponse {
    (JSON, known.answer)
}

async fn token(State(known): State<Arc<Known>>, headers: HeaderMap) -> Result<impl IntoResponse, StatusCode> {
    if known.is_known(&headers) { Ok((JSON, known.answer)) } else { Err(StatusCode::UNAUTHORIZED) }
}

async fn decision(
    State(known): State<Arc<Known>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<impl IntoResponse, StatusCode> {
    if !known.is_known(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let checks: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let decided = checks["checks"].as_object().into_iter().flatten().map(|(name, check)| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = known.catalogue.requested_type(&text(&check["object"]["resource_type"]));
        let action = known.catalogue.requested_action(&text(&check["action"]));
        let object = Object::of(of).owned_by(known.subject.id());
        (name.clone(), json!(authorize(&known.subject, action, &object).is_allowed()))
    });
    let decided: serde_json::Map<String, Value> = decided.collect();
    Ok((JSON, Value::Object(decided).to_string()))
}

/// Serves until the process is ended. Its key and its answer come in the environment.
pub(crate) fn serve(anchor: Anchor) {
    let key = std::env::var("KEYFOB_BENCH_KEY").unwrap();
    let answer = std::env::var("KEYFOB_BENCH_ANSWER").unwrap();
    let (id, secret) = key.split_once('-').unwrap();
    let catalogue = Catalogue::built_in();
    let member = built_in_role(&catalogue, &RoleName::site("member"), &RoleSettings::default()).unwrap();
    let subject = Subject::compile(&catalogue, Id::from("someone"), &[member], &[], &Scope::everything());
    let known = Arc::new(Known {
        hashes: HashMap::from([(id.to_owned(), Sha256::digest(secret.as_bytes()).into())]),
        answer: answer.into_bytes().leak(),
        catalogue,
        subject,
    });
    let routes = match anchor {
        Anchor::Bare => Router::new().route("/api/v2/users/me", get(bare)),
        Anchor::Token => Router::new().route("/api/v2/users/me", get(token)),
        Anchor::Decision => Router::new().route("/api/v2/authcheck", post(decision)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        axum::serve(listener, routes.with_state(known)).await.unwrap();
    });
}
