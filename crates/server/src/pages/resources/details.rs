//! One resource: where it belongs, and with whom it is shared.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{Grantee, Resource, ResourceId},
    resources::{AccessEntry, ObjectNames, SharingRights, access_entries},
};
use keyfob_rbac::ResourceType;
use uuid::Uuid;

use super::address;
use crate::{
    app::App,
    http::path::{ApiPath, RegistrableType, ResourceRef},
    pages::{
        frame::Frame,
        navigation::{EXPLAIN, RESOURCES},
        page,
        parts::Moment,
        scopes::{capitalized, singular},
        session::{PageError, SignedIn},
    },
};

#[derive(Template)]
#[template(path = "pages/resources/details.html")]
struct Details {
    frame: Frame,
    address: String,
    kind: String,
    name: String,
    id: String,
    entry: String,
    owner: Option<Named>,
    organization: Option<Named>,
    attributes: Vec<(String, String)>,
    created: Moment,
    updated: Moment,
    shared: Vec<Shared>,
    /// None where objects of the type have no access list.
    rights: Option<SharingRights>,
    written: Written,
    why: String,
}

/// What an id stands for, with its page.
struct Named {
    name: String,
    address: String,
}

/// An entry of the access list.
struct Shared {
    /// As the form has it.
    grantee: String,
    name: String,
    kind: &'static str,
    access: String,
}

/// With whom it is to be shared, as it was filled in.
#[derive(Default)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) is_group: bool,
    pub(super) access: Vec<String>,
}

impl Details {
    /// Whether there is something that the person may give.
    fn may_give(&self) -> bool {
        self.rights.as_ref().is_some_and(|rights| rights.access.iter().any(|access| access.may_give))
    }

    fn may_take(&self) -> bool {
        self.rights.as_ref().is_some_and(|rights| rights.may_share)
    }

    fn is_written(&self, access: &str) -> bool {
        self.written.access.iter().any(|name| name == access)
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath((RegistrableType(of), ResourceRef(id))): ApiPath<(RegistrableType, ResourceRef)>,
) -> Result<Response, PageError> {
    let resource = store.resource(of, ResourceId(id)).await?;
    render(&app, &store, frame, StatusCode::OK, (of, resource), Written::default()).await
}

pub(super) async fn render(
    app: &App,
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    (of, resource): (ResourceType, Resource),
    written: Written,
) -> Result<Response, PageError> {
    let rights = store.sharing_rights(of, &resource);
    let names = names(store, &resource).await?;
    let now = app.clock().now();
    let type_name = &resource.key.resource_type;
    let linked = |of: ResourceType, id: Option<Uuid>, place: &str| {
        let id = id?;
        Some(Named { name: names.get(&(of, id)).cloned()?, address: format!("{place}/{id}") })
    };
    let entry = format!("{type_name}:{}", resource.key.id.0);
    let why = [("permission", format!("{type_name}:read")), ("object", entry.clone())];
    let why = form_urlencoded::Serializer::new(String::new()).extend_pairs(why).finish();
    let shared = access_entries(type_name, &resource.grants).into_iter();
    let details = Details {
        frame: frame.at(&RESOURCES),
        address: address(&resource),
        kind: capitalized(&singular(type_name)),
        id: resource.key.id.0.to_string(),
        owner: linked(ResourceType::USER, resource.owner_id.map(|id| id.0), "/deployment/users"),
        organization: linked(ResourceType::ORGANIZATION, resource.organization_id.map(|id| id.0), "/organizations"),
        attributes: resource.attributes.iter().map(|(name, value)| (name.clone(), in_words(value))).collect(),
        created: Moment::new(resource.created_at, now),
        updated: Moment::new(resource.updated_at, now),
        shared: shared.map(|(grantee, entry)| shown(&names, grantee, entry)).collect(),
        why: format!("{}?{why}", EXPLAIN.path),
        name: resource.name,
        entry,
        rights,
        written,
    };
    Ok(page(status, &details)?)
}

/// A text as it is; everything else as JSON.
fn in_words(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The names of all that a resource names, as far as the person may see it.
async fn names(store: &AuthorizedStore, of: &Resource) -> Result<ObjectNames, Refused> {
    let grantees = of.grants.iter().map(|grant| match grant.grantee {
        Grantee::User(id) => (ResourceType::USER, id),
        Grantee::Group(id) => (ResourceType::GROUP, id),
    });
    let owner = of.owner_id.map(|id| (ResourceType::USER, id.0));
    let organization = of.organization_id.map(|id| (ResourceType::ORGANIZATION, id.0));
    let objects: Vec<_> = grantees.chain(owner).chain(organization).collect();
    store.incidental().object_names(objects).await
}

fn shown(names: &ObjectNames, grantee: Grantee, entry: AccessEntry) -> Shared {
    let (kind, of, id) = match grantee {
        Grantee::User(id) => ("user", ResourceType::USER, id),
        Grantee::Group(id) => ("group", ResourceType::GROUP, id),
    };
    Shared {
        grantee: format!("{kind}:{id}"),
        name: names.get(&(of, id)).cloned().unwrap_or_else(|| id.to_string()),
        kind,
        access: match entry {
            AccessEntry::Role(role) => role,
            AccessEntry::Actions(actions) => actions.join(", "),
        },
    }
}
