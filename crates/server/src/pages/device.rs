//! Where a person approves the sign-in of a machine without a browser (RFC 8628, section 3.3). The page lists what the
//! machine will be given, and nothing is given on opening it.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::data::{ResourceId, UserCode};
use keyfob_rbac::{AllowEntry, OwnedId, Permission, Scope, ScopeName};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{form::Form, lifetime, message, page, see_other};
use crate::{
    app::App,
    http::{csrf::CsrfToken, error::ApiError, extract::ApiQuery},
};
use keyfob_authority::{
    AuthorizedStore,
    devices::{DeviceAnswer, WaitingDevice},
    tokens::MintError,
};

const UNKNOWN: &str = "No machine waits with this code. Look whether you typed it right; codes live for ten minutes.";

#[derive(Template)]
#[template(path = "pages/device.html")]
struct AskForCode<'a> {
    csrf: String,
    username: &'a str,
    typed: &'a str,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/device_confirm.html")]
struct Confirm<'a> {
    csrf: String,
    username: &'a str,
    code: String,
    address: String,
    program: &'a str,
    asked_at: String,
    may_everything: bool,
    scopes: Vec<Granted>,
    /// None for everything.
    objects: Option<Vec<Object>>,
    life: String,
}

/// A scope, and what it stands for where its name does not say.
struct Granted {
    name: String,
    stands_for: String,
}

/// An entry of an allow list, with the name of what it lists where the person may see it.
struct Object {
    entry: String,
    name: String,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    store: Result<AuthorizedStore, ApiError>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let typed = query.text("code").unwrap_or_default();
    let Ok(store) = store else { return sign_in_first(typed) };
    if typed.is_empty() {
        return ask(&app, &csrf, &store, StatusCode::OK, typed, None);
    }
    let Some(code) = UserCode::parse(typed) else {
        return ask(&app, &csrf, &store, StatusCode::NOT_FOUND, typed, Some(UNKNOWN.to_owned()));
    };
    match store.waiting_device(&code).await {
        Ok(device) => confirm(&app, &csrf, &store, &device).await,
        Err(error) => refused(&app, &csrf, &store, typed, error),
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    store: Result<AuthorizedStore, ApiError>,
    form: Form,
) -> Result<Response, ApiError> {
    let typed = form.text("code").trim();
    let Ok(store) = store else { return sign_in_first(typed) };
    let answer = match form.text("answer") {
        "approve" => DeviceAnswer::Approve,
        "deny" => DeviceAnswer::Deny,
        _ => return see_other(&with_code(typed)),
    };
    let Some(code) = UserCode::parse(typed) else {
        return ask(&app, &csrf, &store, StatusCode::NOT_FOUND, typed, Some(UNKNOWN.to_owned()));
    };
    if let Err(error) = store.answer_device(&code, answer).await {
        return refused(&app, &csrf, &store, typed, error);
    }
    let (title, text) = match answer {
        DeviceAnswer::Approve => {
            ("Approved", "The machine goes on by itself in a few seconds. You can close this page.")
        }
        DeviceAnswer::Deny => ("Refused", "The machine gets nothing."),
    };
    Ok(message(StatusCode::OK, title, text, "/", "To the start"))
}

fn sign_in_first(typed: &str) -> Result<Response, ApiError> {
    let then = utf8_percent_encode(&with_code(typed), NON_ALPHANUMERIC).to_string();
    see_other(&format!("/login?redirect={then}"))
}

fn with_code(typed: &str) -> String {
    match typed {
        "" => "/device".to_owned(),
        typed => format!("/device?code={}", utf8_percent_encode(typed, NON_ALPHANUMERIC)),
    }
}

fn ask(
    app: &App,
    csrf: &CsrfToken,
    store: &AuthorizedStore,
    status: StatusCode,
    typed: &str,
    error: Option<String>,
) -> Result<Response, ApiError> {
    page(status, &AskForCode { csrf: csrf.masked(app), username: store.caller().username(), typed, error })
}

fn refused(
    app: &App,
    csrf: &CsrfToken,
    store: &AuthorizedStore,
    typed: &str,
    error: MintError,
) -> Result<Response, ApiError> {
    let (status, words) = match error {
        MintError::Overtaken => (StatusCode::NOT_FOUND, UNKNOWN.to_owned()),
        error => {
            let error = ApiError::from(error);
            (error.status(), error.words())
        }
    };
    ask(app, csrf, store, status, typed, Some(words))
}

async fn confirm(
    app: &App,
    csrf: &CsrfToken,
    store: &AuthorizedStore,
    device: &WaitingDevice,
) -> Result<Response, ApiError> {
    let is_unbounded = device.allow_list.is_everything();
    let objects = if is_unbounded { None } else { Some(objects(store, device.allow_list.entries()).await) };
    page(
        StatusCode::OK,
        &Confirm {
            csrf: csrf.masked(app),
            username: store.caller().username(),
            code: device.grant.user_code.to_string(),
            address: device.grant.origin.ip_address.to_string(),
            program: &device.grant.origin.user_agent,
            asked_at: at(device.grant.created_at),
            may_everything: is_unbounded && device.scopes.iter().any(|scope| scope.as_str() == "coder:all"),
            scopes: device.scopes.iter().map(|scope| granted(app, scope)).collect(),
            objects,
            life: device
                .end
                .map_or_else(|| lifetime(app), |end| format!("{}, until {} at most", lifetime(app), at(end))),
        },
    )
}

fn at(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn granted(app: &App, scope: &ScopeName) -> Granted {
    let name = scope.to_string();
    let is_composite = name.starts_with("coder:");
    let expanded = Scope::expand(app.catalogue(), std::slice::from_ref(scope)).map(|scope| scope.site);
    let permission = |permission: &Permission| {
        let of = permission.resource_type.map_or("*", |of| app.catalogue().type_name(of));
        let action = permission.action.map_or("*", |action| app.catalogue().action_name(action));
        format!("{of}:{action}")
    };
    let permissions: Vec<String> = expanded.unwrap_or_default().iter().map(permission).collect();
    let stands_for = match permissions.as_slice() {
        [one] if one == "*:*" => "everything that you may do".to_owned(),
        many if is_composite => many.join(", "),
        _ => String::new(),
    };
    Granted { name, stands_for }
}

async fn objects(store: &AuthorizedStore, entries: &[AllowEntry]) -> Vec<Object> {
    let store = store.incidental();
    let mut objects = Vec::new();
    for entry in entries {
        let name = match (entry.resource_type(), entry.id()) {
            (Some(of), Some(OwnedId::Uuid(id))) => store.resource(of, ResourceId(*id)).await.ok(),
            _ => None,
        };
        objects.push(Object { entry: entry.to_string(), name: name.map(|resource| resource.name).unwrap_or_default() });
    }
    objects
}
