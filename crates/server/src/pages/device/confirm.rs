//! The page that lists what a machine will be given, and asks whether it shall be.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::{AuthorizedStore, data::ResourceId, devices::WaitingDevice};
use keyfob_rbac::{AllowEntry, OwnedId, Permission, Scope, ScopeName};

use crate::{
    app::App,
    http::error::ApiError,
    pages::{self, frame::Frame, wording::session_lifetime},
};

#[derive(Template)]
#[template(path = "pages/device_confirm.html")]
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

/// A scope, and the permissions that it stands for where its name does not say.
struct Granted {
    name: String,
    stands_for: String,
}

/// An entry of an allow list, with the name of the object where the person may see it.
struct Object {
    entry: String,
    name: String,
}

/// The page for this machine.
pub(super) async fn page(
    app: &App,
    frame: Frame,
    store: &AuthorizedStore,
    device: &WaitingDevice,
) -> Result<Response, ApiError> {
    let is_unbounded = device.allow_list.is_everything();
    let objects = if is_unbounded { None } else { Some(objects(store, device.allow_list.entries()).await) };
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
        let found = match (entry.resource_type(), entry.id()) {
            (Some(of), Some(OwnedId::Uuid(id))) => store.resource(of, ResourceId(*id)).await.ok(),
            _ => None,
        };
        let name = found.map(|resource| resource.name).unwrap_or_default();
        objects.push(Object { entry: entry.to_string(), name });
    }
    objects
}
