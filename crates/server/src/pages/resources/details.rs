//! One resource: where it belongs, and with whom it is shared.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{Grantee, Resource, ResourceId, UserId},
    resources::{AccessEntry, AccessRight, ObjectNames, SharingRights, access_entries},
};
use keyfob_rbac::{Action, ResourceType};
use uuid::Uuid;

use super::address;
use crate::{
    app::App,
    http::{
        extract::ApiQuery,
        path::{ApiPath, RegistrableType, ResourceRef},
    },
    pages::{
        frame::Frame,
        navigation::{EXPLAIN, RESOURCES},
        organizations, page,
        parts::{Choice, Moment, Pager},
        scopes::{capitalized, singular},
        session::{PageError, SignedIn},
        users,
        wording::isolated,
    },
};

/// How many entries of the access list a page shows.
const PAGE_SIZE: u64 = 50;

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
    /// The entries of the access list on this page.
    shared: Vec<Shared>,
    pager: Pager,
    /// None where objects of the type have no access list.
    rights: Option<SharingRights>,
    written: Written,
    /// Users or groups.
    kinds: Vec<Choice>,
    /// What can be given.
    access: Vec<Choice>,
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
}

impl Written {
    /// What can be given, with what was chosen.
    fn access(&self, rights: &SharingRights) -> Vec<Choice> {
        let choice = |AccessRight { name, may_give }: &AccessRight| Choice {
            is_greyed: !may_give,
            ..Choice::new(name, name, self.access.contains(name))
        };
        rights.access.iter().map(choice).collect()
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath((RegistrableType(of), ResourceRef(id))): ApiPath<(RegistrableType, ResourceRef)>,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let resource = store.resource(of, ResourceId(id)).await?;
    render(&app, &store, frame, StatusCode::OK, (of, resource), (&query, Written::default())).await
}

pub(super) async fn render(
    app: &App,
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    (of, resource): (ResourceType, Resource),
    (query, written): (&ApiQuery, Written),
) -> Result<Response, PageError> {
    let rights = store.sharing_rights(of, &resource);
    let type_name = &resource.key.resource_type;
    let mut pager = Pager::new(&address(&resource), query, &[], PAGE_SIZE)?;
    let entries = pager.of_all(access_entries(type_name, &resource.grants));
    let names = names(store, &resource, &entries).await?;
    let now = app.clock().now();
    let linked = |of: ResourceType, id: Option<Uuid>, address: String| {
        Some(Named { name: names.get(&(of, id?)).cloned()?, address })
    };
    let of_user = resource.owner_id.map(|owner| address_of_owner(store, &resource, owner)).unwrap_or_default();
    let of_organization = resource.organization_id.map(organizations::address_of).unwrap_or_default();
    let entry = format!("{type_name}:{}", resource.key.id.0);
    let why = [("permission", format!("{type_name}:read")), ("object", entry.clone())];
    let why = form_urlencoded::Serializer::new(String::new()).extend_pairs(why).finish();
    let kind = capitalized(&singular(type_name));
    let details = Details {
        frame: frame.at(&RESOURCES).about(format!("{kind} {}", isolated(&resource.name))),
        address: address(&resource),
        kind,
        id: resource.key.id.0.to_string(),
        owner: linked(ResourceType::USER, resource.owner_id.map(|id| id.0), of_user),
        organization: linked(ResourceType::ORGANIZATION, resource.organization_id.map(|id| id.0), of_organization),
        attributes: resource.attributes.iter().map(|(name, value)| (name.clone(), in_words(value))).collect(),
        created: Moment::new(resource.created_at, now),
        updated: Moment::new(resource.updated_at, now),
        shared: entries.into_iter().map(|(grantee, entry)| shown(&names, grantee, entry)).collect(),
        pager,
        kinds: Choice::among(&[("user", "user"), ("group", "group")], if written.is_group { "group" } else { "user" }),
        access: rights.as_ref().map(|rights| written.access(rights)).unwrap_or_default(),
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

/// The names of what a resource and entries of its access list name, as far as the person may see it: of users who share
/// an organization with it, the members are enough.
async fn names(
    store: &AuthorizedStore,
    of: &Resource,
    entries: &[(Grantee, AccessEntry)],
) -> Result<ObjectNames, Refused> {
    let store = store.incidental();
    let grantees = entries.iter().map(|(grantee, _)| match grantee {
        Grantee::User(id) => (ResourceType::USER, *id),
        Grantee::Group(id) => (ResourceType::GROUP, *id),
    });
    let owner = of.owner_id.map(|id| (ResourceType::USER, id.0));
    let organization = of.organization_id.map(|id| (ResourceType::ORGANIZATION, id.0));
    let objects: Vec<_> = grantees.chain(owner).chain(organization).collect();
    let mut names = store.object_names(objects.iter().copied()).await?;
    if let Some(organization) = of.organization_id {
        let users = objects.into_iter().filter(|object| object.0 == ResourceType::USER && !names.contains_key(object));
        let users: Vec<UserId> = users.map(|(_, id)| UserId(id)).collect();
        let members = store.member_names(organization, &users).await?.into_iter();
        names.extend(members.map(|(id, name)| ((ResourceType::USER, id.0), name)));
    }
    Ok(names)
}

/// The page of the owner that the person may open: those who may not read all users see members.
fn address_of_owner(store: &AuthorizedStore, of: &Resource, owner: UserId) -> String {
    let caller = store.caller();
    match of.organization_id {
        Some(organization) if !caller.is_self(owner) && !caller.could_to_all(Action::READ, ResourceType::USER) => {
            organizations::member_address_of(organization, owner)
        }
        _ => users::address_of(owner),
    }
}

fn shown(names: &ObjectNames, grantee: Grantee, entry: AccessEntry) -> Shared {
    let (kind, who, of, id) = match grantee {
        Grantee::User(id) => ("user", "whom", ResourceType::USER, id),
        Grantee::Group(id) => ("group", "which", ResourceType::GROUP, id),
    };
    Shared {
        grantee: format!("{kind}:{id}"),
        name: names.get(&(of, id)).cloned().unwrap_or_else(|| format!("a {kind} {who} you may not see")),
        kind,
        access: match entry {
            AccessEntry::Role(role) => role,
            AccessEntry::Actions(actions) => actions.join(", "),
        },
    }
}
