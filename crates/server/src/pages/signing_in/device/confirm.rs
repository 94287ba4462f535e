//! The page that lists what a machine will be given, and asks whether it shall be.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_api::scopes::Effect;
use keyfob_authority::{AuthorizedStore, devices::WaitingDevice};
use keyfob_rbac::{AllowEntry, Permission, Scope, ScopeName};

use crate::{
    app::App,
    http::error::ApiError,
    pages::{
        self,
        frame::Frame,
        names::Names,
        parts::Badge,
        scopes::{badge, sentence},
        wording::session_lifetime,
    },
};

#[derive(Template)]
#[template(path = "pages/signing_in/device_confirm.html")]
struct Confirm<'a> {
    frame: Frame,
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

/// A scope, with what it does and the worst of it.
struct Granted {
    name: String,
    effect: Badge,
    sentence: String,
    /// The permissions that it stands for, where its name does not say.
    stands_for: String,
}

/// An entry of an allow list, in words.
struct Object {
    entry: String,
    words: String,
}

/// The page for this machine.
pub(super) async fn page(
    app: &App,
    frame: Frame,
    store: &AuthorizedStore,
    device: &WaitingDevice,
) -> Result<Response, ApiError> {
    let is_unbounded = device.allow_list.is_everything();
    let objects = if is_unbounded { None } else { Some(objects(app, store, device.allow_list.entries()).await?) };
    let lifetime = session_lifetime(app);
    let confirm = Confirm {
        frame,
        code: device.grant.user_code.to_string(),
        address: device.grant.origin.ip_address.to_string(),
        program: &device.grant.origin.user_agent,
        asked_at: at(device.grant.created_at),
        may_everything: is_unbounded && device.scopes.iter().any(|scope| scope.as_str() == "coder:all"),
        scopes: device.scopes.iter().map(|scope| granted(app, scope)).collect(),
        objects,
        life: device.end.map_or_else(|| lifetime.clone(), |end| format!("{lifetime}, until {} at most", at(end))),
    };
    pages::page(StatusCode::OK, &confirm)
}

fn at(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn granted(app: &App, scope: &ScopeName) -> Granted {
    let catalogue = app.catalogue();
    let name = scope.to_string();
    let expanded = Scope::expand(catalogue, std::slice::from_ref(scope)).map(|scope| scope.site);
    let permission = |permission: &Permission| {
        let of = permission.resource_type.map_or("*", |of| catalogue.type_name(of));
        let action = permission.action.map_or("*", |action| catalogue.action_name(action));
        format!("{of}:{action}")
    };
    let permissions: Vec<String> = expanded.unwrap_or_default().iter().map(permission).collect();
    Granted {
        effect: badge(Effect::of_scope(scope.as_str())),
        sentence: sentence(&name),
        stands_for: if name.starts_with("coder:") { permissions.join(", ") } else { String::new() },
        name,
    }
}

async fn objects(app: &App, store: &AuthorizedStore, entries: &[AllowEntry]) -> Result<Vec<Object>, ApiError> {
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    let names = Names::of(app, store, entries.iter().map(String::as_str)).await?;
    Ok(entries.into_iter().map(|entry| Object { words: names.words(&entry), entry }).collect())
}
