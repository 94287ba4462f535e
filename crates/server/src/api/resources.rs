//! The registry: objects of a platform, to which scopes and allow lists apply.
mod acl;
mod query;
mod register;
mod views;

use crate::http::path::{RegistrableType, ResourceRef};
use crate::http::routes::Routes;
use axum::{extract::State, http::StatusCode};
use keyfob_api::{
    resources::{
        CreateResourceRequest, Resource as WireResource, ResourceAcl, ResourceList, ResourceTypeInfo, ResourceTypes,
        UpdateResourceRequest,
    },
    time::Time,
};
use keyfob_authority::{
    AuthorizedStore,
    data::{Resource, ResourceId},
    resources::{access_role_names, is_registrable},
};
use keyfob_rbac::{InOrganization, ResourceType};
use utoipa_axum::routes;

use crate::{
    app::App,
    documentation::{Paged, Refusals, SearchedResources},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery},
    },
};

/// All routes of the registry, and of the views on it.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes(routes!(resource_types))
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(show_acl, update_acl))
        .merge(views::routes())
}

/// The resource of a path.
async fn addressed(
    store: &AuthorizedStore,
    of: &RegistrableType,
    id: &ResourceRef,
) -> Result<(ResourceType, Resource), ApiError> {
    Ok((of.0, store.resource(of.0, ResourceId(id.0)).await?))
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
            access_list_roles: access_role_names(catalogue.type_name(of)).iter().map(ToString::to_string).collect(),
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
    let (resources, count) = store.list_resources(&types, list).await?;
    Ok(ApiJson(ResourceList { resources: resources.into_iter().map(wire).collect(), count }))
}

/// Register a resource
#[utoipa::path(
    post, path = "/resources", tag = "Resources", operation_id = "register_resource",
    request_body = CreateResourceRequest,
    responses((status = CREATED, description = "Made", body = WireResource), Refusals),
)]
async fn create(
    store: AuthorizedStore,
    ApiJson(request): ApiJson<CreateResourceRequest>,
) -> Result<(StatusCode, ApiJson<WireResource>), ApiError> {
    let resource = store.register_resource(register::new_resource(request)).await?;
    Ok((StatusCode::CREATED, ApiJson(wire(resource))))
}

/// Get a registered resource
#[utoipa::path(
    get, path = "/resources/{type}/{id}", tag = "Resources", operation_id = "get_resource", params(RegistrableType, ResourceRef),
    responses((status = OK, description = "Done", body = WireResource), Refusals),
)]
async fn show(
    store: AuthorizedStore,
    ApiPath((of, id)): ApiPath<(RegistrableType, ResourceRef)>,
) -> Result<ApiJson<WireResource>, ApiError> {
    Ok(ApiJson(wire(addressed(&store, &of, &id).await?.1)))
}

/// Change a registered resource
#[utoipa::path(
    patch, path = "/resources/{type}/{id}", tag = "Resources", operation_id = "update_resource", params(RegistrableType, ResourceRef),
    request_body = UpdateResourceRequest,
    responses((status = OK, description = "Done", body = WireResource), Refusals),
)]
async fn update(
    store: AuthorizedStore,
    ApiPath((of, id)): ApiPath<(RegistrableType, ResourceRef)>,
    ApiJson(request): ApiJson<UpdateResourceRequest>,
) -> Result<ApiJson<WireResource>, ApiError> {
    let (of, old) = addressed(&store, &of, &id).await?;
    Ok(ApiJson(wire(store.update_resource(of, old.key.id, register::change(request)).await?)))
}

/// Remove a registered resource; its id is never given out again
#[utoipa::path(
    delete, path = "/resources/{type}/{id}", tag = "Resources", operation_id = "delete_resource", params(RegistrableType, ResourceRef),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
async fn delete(
    store: AuthorizedStore,
    ApiPath((of, id)): ApiPath<(RegistrableType, ResourceRef)>,
) -> Result<StatusCode, ApiError> {
    let store = store.salvaging();
    let (of, resource) = addressed(&store, &of, &id).await?;
    store.delete_resource(of, resource.key.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get the access list of a registered resource
#[utoipa::path(
    get, path = "/resources/{type}/{id}/acl", tag = "Resources", operation_id = "get_access_list", params(RegistrableType, ResourceRef),
    responses((status = OK, description = "Done", body = ResourceAcl), Refusals),
)]
async fn show_acl(
    store: AuthorizedStore,
    ApiPath((of, id)): ApiPath<(RegistrableType, ResourceRef)>,
) -> Result<ApiJson<ResourceAcl>, ApiError> {
    let (_, resource) = addressed(&store, &of, &id).await?;
    Ok(ApiJson(acl::wire(&resource.key.resource_type, &resource.grants)))
}

/// Change the access list of a registered resource
#[utoipa::path(
    patch, path = "/resources/{type}/{id}/acl", tag = "Resources", operation_id = "update_access_list", params(RegistrableType, ResourceRef),
    request_body = ResourceAcl,
    responses((status = OK, description = "Done", body = ResourceAcl), Refusals),
)]
async fn update_acl(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath((of, id)): ApiPath<(RegistrableType, ResourceRef)>,
    ApiJson(request): ApiJson<ResourceAcl>,
) -> Result<ApiJson<ResourceAcl>, ApiError> {
    let (of, resource) = addressed(&store, &of, &id).await?;
    let change = acl::change(app.catalogue(), of, request)?;
    let changed = store.update_access_list(of, resource.key.id, change).await?;
    Ok(ApiJson(acl::wire(&changed.key.resource_type, &changed.grants)))
}
