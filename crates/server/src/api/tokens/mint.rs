//! The rules of a new key (contract, sections 3.2 and 3.8).
use std::time::Duration;

use axum::http::StatusCode;
use keyfob_api::{
    keys::{AllowListTarget, CreateTokenRequest},
    time::{Nanoseconds, notation},
};
use keyfob_authority::data::User;
use keyfob_rbac::{AllowEntry, AllowList, Catalogue, ScopeName};

use crate::{app::App, http::error::ApiError};
use keyfob_authority::tokens::invent;
use keyfob_authority::{
    AuthorizedStore,
    tokens::{Lifetime, MintError, MintRequest, MintedKey, NewKeyKind, Requested},
};

/// Why the request for a token was refused before the gate was asked.
#[derive(Debug, thiserror::Error)]
enum BadRequest {
    #[error("invalid or unsupported API key scope: {0:?}")]
    Scope(String),
    #[error("{reason}")]
    AllowEntry { place: usize, reason: String },
    #[error("{0}")]
    AllowList(String),
    #[error("lifetime must be positive number greater than 0")]
    NegativeLifetime,
    #[error("lifetime must be less than {}", notation(*.0))]
    LongLifetime(Duration),
}

impl From<BadRequest> for ApiError {
    fn from(bad: BadRequest) -> Self {
        let detail = bad.to_string();
        let message = match bad {
            BadRequest::Scope(_) | BadRequest::AllowEntry { .. } | BadRequest::AllowList(_) => {
                "Failed to create API key."
            }
            BadRequest::NegativeLifetime | BadRequest::LongLifetime(_) => "Failed to validate create API key request.",
        };
        let error = Self::bad_request(message).detail(detail.clone());
        match bad {
            BadRequest::AllowEntry { place, .. } => error.validation(format!("allow_list[{place}]"), detail),
            _ => error,
        }
    }
}

impl From<MintError> for ApiError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Refused(refused) => refused.into(),
            MintError::Exceeds { scopes, entries } => Self::forbidden().detail(exceeding(&scopes, &entries)),
            MintError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("A token with name \"{name}\" already exists."))
                    .validation("name", "This value is already in use and should be unique.")
            }
            MintError::Overtaken => Self::not_found(),
        }
    }
}

fn exceeding(scopes: &[ScopeName], entries: &[AllowEntry]) -> String {
    let scopes = scopes.iter().map(|scope| format!("scope {scope} exceeds the scopes of the key that asks for it"));
    let entries = entries
        .iter()
        .map(|entry| format!("allow_list entry {entry} exceeds the allow list of the key that asks for it"));
    scopes.chain(entries).collect::<Vec<_>>().join("; ")
}

/// How often a name is invented when those before were taken.
const INVENTIONS: usize = 32;

/// Mints a token as asked for.
pub(super) async fn token(
    app: &App,
    store: &AuthorizedStore,
    owner: User,
    request: CreateTokenRequest,
) -> Result<MintedKey, ApiError> {
    let catalogue = app.catalogue();
    // The contract's order of errors.
    let entries = allow_entries(catalogue, &request.allow_list)?;
    let scopes = scopes(catalogue, &request)?;
    let allow_list = allow_list(entries)?;
    let lifetime = lifetime(app, &owner, request.lifetime)?;
    let order = |name| MintRequest {
        owner: owner.clone(),
        kind: NewKeyKind::Token(name),
        scopes: scopes.clone(),
        allow_list: allow_list.clone(),
        lifetime,
    };
    if !request.token_name.is_empty() {
        return Ok(store.mint_key(order(request.token_name)).await?);
    }
    for _ in 1..INVENTIONS {
        match store.mint_key(order(invent(app.random()))).await {
            Err(MintError::NameTaken(_)) => {}
            minted => return Ok(minted?),
        }
    }
    Ok(store.mint_key(order(invent(app.random()))).await?)
}

/// Mints a session with all that the caller's own key has.
pub(crate) async fn session(app: &App, store: &AuthorizedStore, owner: User) -> Result<MintedKey, ApiError> {
    Ok(store.mint_key(MintRequest::session_from_key(app.authority(), owner)).await?)
}

/// The longest lifetime that this user's tokens may have: the user's, not the caller's.
pub(super) fn limit(app: &App, user: &User) -> Duration {
    let lifetimes = &app.rules().lifetimes;
    if user.is_owner() { lifetimes.token_max_for_owners } else { lifetimes.token_max }
}

/// `scopes` wins over the older `scope`; neither means the caller's own.
fn scopes(catalogue: &Catalogue, request: &CreateTokenRequest) -> Result<Requested<Vec<ScopeName>>, BadRequest> {
    let names: Vec<&str> = match (request.scopes.as_slice(), request.scope.as_str()) {
        ([], "") => return Ok(Requested::Own),
        ([], one) => vec![one],
        (many, _) => many.iter().map(String::as_str).collect(),
    };
    let scope = |name: &str| catalogue.requestable_scope(name).map_err(|_| BadRequest::Scope(name.to_owned()));
    names.into_iter().map(scope).collect::<Result<_, _>>().map(Requested::Exactly)
}

fn allow_entries(catalogue: &Catalogue, targets: &[AllowListTarget]) -> Result<Vec<AllowEntry>, BadRequest> {
    let entries = targets.iter().enumerate().map(|(place, target)| {
        AllowEntry::parse(catalogue, &target.0)
            .map_err(|error| BadRequest::AllowEntry { place, reason: error.to_string() })
    });
    entries.collect()
}

fn allow_list(entries: Vec<AllowEntry>) -> Result<Requested<AllowList>, BadRequest> {
    if entries.is_empty() {
        return Ok(Requested::Own);
    }
    AllowList::from_request(entries).map(Requested::Exactly).map_err(|error| BadRequest::AllowList(error.to_string()))
}

fn lifetime(app: &App, owner: &User, asked: Nanoseconds) -> Result<Lifetime, BadRequest> {
    if asked.0 == 0 {
        return Ok(Lifetime(app.rules().lifetimes.token_default));
    }
    let asked = asked.to_duration().ok_or(BadRequest::NegativeLifetime)?;
    let limit = limit(app, owner);
    if asked > limit { Err(BadRequest::LongLifetime(limit)) } else { Ok(Lifetime(asked)) }
}
