//! The registry: objects of a platform that scopes and allow lists are to bite on.
mod acl;
mod query;
mod register;
mod views;

use crate::http::routes::Routes;
use axum::{extract::State, http::StatusCode};
use keyfob_api::resources::{
    CreateResourceRequest, Resource as WireResource, ResourceAcl, ResourceList, ResourceTypeInfo, ResourceTypes,
    UpdateResourceRequest,
};
use keyfob_api::time::Time;
use keyfob_authority::data::{Resource, ResourceId};
use keyfob_authority::resources::is_registrable;
use keyfob_rbac::{InOrganization, ResourceType};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    app::App,
    documentation::{InResource, InType, Paged, Refusals, SearchedResources},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery},
    },
};
use keyfob_authority::{AuthorizedStore, resources::ResourceError};

/// All routes of the registry, and of the views on it.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(resource_types))
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(show_acl, update_acl))
        .merge(views::routes())
}

/// The type of a path, with its registered resources.
fn addressed_type(app: &App, path: &ApiPath) -> Result<ResourceType, ApiError> {
    app.catalogue().resource_type(path.get("type")).filter(|of| is_registrable(*of)).ok_or_else(ApiError::not_found)
}

/// The resource of a path.
async fn addressed(app: &App, store: &AuthorizedStore, path: &ApiPath) -> Result<(ResourceType, Resource), ApiError> {
    let of = addressed_type(app, path)?;
    let id = Uuid::try_parse(path.get("id"))
        .map_err(|_| ApiError::bad_request(format!("Invalid UUID {:?}.", path.get("id"))))?;
    Ok((of, store.resource(of, ResourceId(id)).await?))
}

fn wire(resource: Resource) -> WireResource {
    WireResource {
        id: resource.key.id.0,
        acl: acl::wire(&resource.key.resource_type, &resource.grants),
        resource_type: resource.key.resource_type,
        name: resource.name,
        organization_id: resource.organization_id.map(|id| id.0),
        owner_id: resource.owner_id.map(|id| id.0),
        attributes: resource.attributes,
        created_at: Time(resource.created_at),
        updated_at: Time(resource.updated_at),
    }
}

/// List the types of the catalogue
#[utoipa::path(
    get, path = "/resource-types", tag = "Resources", operation_id = "list_resource_types",
    responses((status = OK, description = "Done", body = ResourceTypes), Refusals),
)]
async fn resource_types(State(app): State<App>, _store: AuthorizedStore) -> ApiJson<ResourceTypes> {
    let catalogue = app.catalogue();
    let info = |of: ResourceType| {
        let shape = catalogue.shape(of);
        ResourceTypeInfo {
            name: catalogue.type_name(of).to_owned(),
            actions: catalogue.actions_of(of).map(|action| catalogue.action_name(action).to_owned()).collect(),
            owner: shape.has_owner,
            organization: shape.organization != InOrganization::Never,
            access_list: shape.has_acl,
            access_list_roles: acl::role_names(catalogue.type_name(of)).iter().map(ToString::to_string).collect(),
            registrable: is_registrable(of),
            custom: catalogue.is_custom(of),
        }
    };
    ApiJson(ResourceTypes { resource_types: catalogue.resource_types().map(info).collect() })
}

/// List registered resources
#[utoipa::path(
    get, path = "/resources", tag = "Resources", operation_id = "list_resources", params(SearchedResources, Paged),
    responses((status = OK, description = "Done", body = ResourceList), Refusals),
)]
async fn list(
    State(app): State<App>,
    store: AuthorizedStore,
    query: ApiQuery,
) -> Result<ApiJson<ResourceList>, ApiError> {
    let (types, list) = query::list(&app, &query)?;
    let (resources, count) = store.resources(&types, list).await?;
    Ok(ApiJson(ResourceList { resources: resources.into_iter().map(wire).collect(), count }))
}

/// Register a resource
#[utoipa::path(
    post, path = "/resources", tag = "Resources", operation_id = "register_resource",
    request_body = CreateResourceRequest,
    responses((status = CREATED, description = "Made", body = WireResource), Refusals),
)]
async fn create(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiJson(request): ApiJson<CreateResourceRequest>,
) -> Result<(StatusCode, ApiJson<WireResource>), ApiError> {
    let (of, resource) = register::new_resource(&app, &store, request)?;
    store.create_resource(of, &resource).await?;
    Ok((StatusCode::CREATED, ApiJson(wire(resource))))
}

/// Get a registered resource
#[utoipa::path(
    get, path = "/resources/{type}/{id}", tag = "Resources", operation_id = "get_resource", params(InType, InResource),
    responses((status = OK, description = "Done", body = WireResource), Refusals),
)]
async fn show(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
) -> Result<ApiJson<WireResource>, ApiError> {
    Ok(ApiJson(wire(addressed(&app, &store, &path).await?.1)))
}

/// Change a registered resource
#[utoipa::path(
    patch, path = "/resources/{type}/{id}", tag = "Resources", operation_id = "update_resource", params(InType, InResource),
    request_body = UpdateResourceRequest,
    responses((status = OK, description = "Done", body = WireResource), Refusals),
)]
async fn update(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<UpdateResourceRequest>,
) -> Result<ApiJson<WireResource>, ApiError> {
    let (of, old) = addressed(&app, &store, &path).await?;
    let change = register::change(&app, of, request)?;
    Ok(ApiJson(wire(store.update_resource(of, &old.key, change).await?)))
}

/// Remove a registered resource; its id is never given out again
#[utoipa::path(
    delete, path = "/resources/{type}/{id}", tag = "Resources", operation_id = "delete_resource", params(InType, InResource),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
async fn delete(State(app): State<App>, store: AuthorizedStore, path: ApiPath) -> Result<StatusCode, ApiError> {
    let (of, resource) = addressed(&app, &store, &path).await?;
    store.delete_resource(of, &resource.key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get the access list of a registered resource
#[utoipa::path(
    get, path = "/resources/{type}/{id}/acl", tag = "Resources", operation_id = "get_access_list", params(InType, InResource),
    responses((status = OK, description = "Done", body = ResourceAcl), Refusals),
)]
async fn show_acl(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
) -> Result<ApiJson<ResourceAcl>, ApiError> {
    let (_, resource) = addressed(&app, &store, &path).await?;
    Ok(ApiJson(acl::wire(&resource.key.resource_type, &resource.grants)))
}

/// Change the access list of a registered resource
#[utoipa::path(
    patch, path = "/resources/{type}/{id}/acl", tag = "Resources", operation_id = "update_access_list", params(InType, InResource),
    request_body = ResourceAcl,
    responses((status = OK, description = "Done", body = ResourceAcl), Refusals),
)]
async fn update_acl(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<ResourceAcl>,
) -> Result<ApiJson<ResourceAcl>, ApiError> {
    let (of, resource) = addressed(&app, &store, &path).await?;
    let change = acl::change(app.catalogue(), of, &request)?;
    let changed = store.change_grants(of, &resource.key, change).await?;
    Ok(ApiJson(acl::wire(&changed.key.resource_type, &changed.grants)))
}

impl From<ResourceError> for ApiError {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::IdTaken => Self::new(StatusCode::CONFLICT, "A resource with this id already exists.")
                .detail("An id is never given out twice, also not after its resource was deleted.")
                .validation("id", "This value is already in use and should be unique."),
            ResourceError::NameTaken => Self::new(StatusCode::CONFLICT, "A resource with this name already exists.")
                .detail("Names are unique per type, organization and owner.")
                .validation("name", "This value is already in use and should be unique."),
            ResourceError::UnknownPlace(field) => {
                Self::invalid(Vec::new()).validation(field, "There is none with this id.")
            }
            ResourceError::UnknownGrantees(grantees) => Self::invalid(acl::unknown(&grantees)),
            ResourceError::Refused(refused) => refused.into(),
        }
    }
}
