//! The rules of a registered resource's fields.
use keyfob_api::{
    error::Validation,
    resources::{CreateResourceRequest, UpdateResourceRequest},
};
use keyfob_authority::data::{OrganizationId, Resource, ResourceId, ResourceKey, UserId};
use keyfob_rbac::{InOrganization, ResourceType, Shape};
use serde_json::{Map, Value};

use crate::{app::App, http::error::ApiError};
use keyfob_authority::resources::is_registrable;
use keyfob_authority::{AuthorizedStore, resources::ResourceChange};

/// The most bytes of attributes.
const MAX_ATTRIBUTES: usize = 16 * 1024;
/// The most bytes of a name.
const MAX_NAME: usize = 256;

/// What to register, as asked for.
pub(super) fn new_resource(
    app: &App,
    store: &AuthorizedStore,
    request: CreateResourceRequest,
) -> Result<(ResourceType, Resource), ApiError> {
    let of = registrable_type(app, &request.resource_type)?;
    let shape = app.catalogue().shape(of);
    let mut wrong = Vec::new();
    check_name(&request.name, &mut wrong);
    check_attributes(&request.attributes, &mut wrong);
    check_organization(&request.resource_type, shape, request.organization_id.is_some(), &mut wrong);
    check_owner(&request.resource_type, shape, request.owner_id.is_some(), &mut wrong);
    if request.id.is_some_and(|id| id.is_nil()) {
        wrong.push(Validation::new("id", "The nil UUID names nothing; leave the id out to have one made up."));
    }
    if !wrong.is_empty() {
        return Err(ApiError::invalid(wrong));
    }
    let caller = store.caller().user().map(|user| user.id);
    let now = app.clock().now();
    let resource = Resource {
        key: ResourceKey {
            resource_type: request.resource_type,
            id: ResourceId(request.id.unwrap_or_else(|| app.random().uuid())),
        },
        name: request.name,
        organization_id: request.organization_id.map(OrganizationId),
        owner_id: if shape.has_owner { request.owner_id.map(UserId).or(caller) } else { None },
        attributes: request.attributes,
        grants: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    Ok((of, resource))
}

/// What to change, as asked for.
pub(super) fn change(app: &App, of: ResourceType, request: UpdateResourceRequest) -> Result<ResourceChange, ApiError> {
    let shape = app.catalogue().shape(of);
    let name = app.catalogue().type_name(of);
    let mut wrong = Vec::new();
    if let Some(name) = &request.name {
        check_name(name, &mut wrong);
    }
    if let Some(attributes) = &request.attributes {
        check_attributes(attributes, &mut wrong);
    }
    if request.organization_id.is_some() {
        check_organization(name, shape, true, &mut wrong);
    }
    check_owner(name, shape, request.owner_id.is_some(), &mut wrong);
    if !wrong.is_empty() {
        return Err(ApiError::invalid(wrong));
    }
    Ok(ResourceChange {
        name: request.name,
        organization_id: request.organization_id.map(OrganizationId),
        owner_id: request.owner_id.map(UserId),
        attributes: request.attributes,
    })
}

fn registrable_type(app: &App, name: &str) -> Result<ResourceType, ApiError> {
    let wrong = |detail: String| ApiError::invalid(vec![Validation::new("resource_type", detail)]);
    let Some(of) = app.catalogue().resource_type(name) else {
        return Err(wrong(format!("unknown resource type {name:?}; GET /api/v2/resource-types lists them")));
    };
    if is_registrable(of) {
        Ok(of)
    } else {
        Err(wrong(format!("Keyfob stores {name} itself, by endpoints of its own")))
    }
}

fn check_name(name: &str, wrong: &mut Vec<Validation>) {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        wrong.push(Validation::new("name", format!("A name has 1 to {MAX_NAME} bytes and no control characters.")));
    }
}

fn check_attributes(attributes: &Map<String, Value>, wrong: &mut Vec<Validation>) {
    let size = serde_json::to_string(attributes).map_or(usize::MAX, |text| text.len());
    if size > MAX_ATTRIBUTES {
        wrong.push(Validation::new(
            "attributes",
            format!("Attributes take {size} bytes; at most {MAX_ATTRIBUTES} are kept."),
        ));
    }
}

fn check_organization(name: &str, shape: Shape, given: bool, wrong: &mut Vec<Validation>) {
    let problem = match (shape.organization, given) {
        (InOrganization::Always, false) => format!("A {name} is in an organization: name it."),
        (InOrganization::Never, true) => format!("A {name} is in no organization: leave it out."),
        _ => return,
    };
    wrong.push(Validation::new("organization_id", problem));
}

fn check_owner(name: &str, shape: Shape, given: bool, wrong: &mut Vec<Validation>) {
    if given && !shape.has_owner {
        wrong.push(Validation::new("owner_id", format!("A {name} has no owner: leave it out.")));
    }
}
