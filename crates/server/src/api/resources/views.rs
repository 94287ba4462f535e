//! `/workspaces` and `/templates`: registered resources in the shapes that existing clients read.
mod shapes;

use std::collections::{BTreeSet, HashMap};

use crate::http::path::{OrganizationRef, TemplateName, TemplateRef, UserRef, WorkspaceName, WorkspaceRef};
use crate::http::routes::Routes;
use keyfob_api::views::{Template, Workspace, WorkspacesResponse};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{AttributeIs, AttributeValue, ListResources, Organization, OrganizationId, Resource, ResourceId, UserId},
};
use keyfob_rbac::ResourceType;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    documentation::{Paged, Refusals, Searched},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery},
        search::Search,
    },
};

/// All routes of the views.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes(routes!(workspaces))
        .routes(routes!(workspace))
        .routes(routes!(workspace_by_name))
        .routes(routes!(templates))
        .routes(routes!(template))
        .routes(routes!(organization_templates))
        .routes(routes!(template_by_name))
}

/// List workspaces
#[utoipa::path(
    get, path = "/workspaces", tag = "Views", operation_id = "list_workspaces", params(Searched, Paged),
    responses((status = OK, description = "Done", body = WorkspacesResponse), Refusals),
)]
async fn workspaces(store: AuthorizedStore, query: ApiQuery) -> Result<ApiJson<WorkspacesResponse>, ApiError> {
    let text = query.text("q").unwrap_or_default();
    let Some(conditions) = search(&store, text, "Invalid workspace search query.").await? else {
        return Ok(ApiJson(WorkspacesResponse { workspaces: Vec::new(), count: 0 }));
    };
    let list = ListResources { page: query.page(ResourceId)?, ..conditions };
    let (found, count) = store.list_resources(&[ResourceType::WORKSPACE], list).await?;
    Ok(ApiJson(WorkspacesResponse { workspaces: as_workspaces(&store, found).await?, count }))
}

/// The conditions of a search; none when nothing can match, as when it names a user or an organization that does not
/// exist.
async fn search(store: &AuthorizedStore, text: &str, invalid: &'static str) -> Result<Option<ListResources>, ApiError> {
    let mut search = Search::parse(text);
    let words = search.words();
    let mut list = ListResources {
        name_contains: search.text("name").or(words),
        name_is: search.text("exact_name"),
        ..ListResources::default()
    };
    let has_external_agent = search.choice("has_external_agent");
    let (owner, organization) = (search.text("owner"), search.text("organization"));
    let (template, status) = (search.text("template"), search.text("status"));
    search.finish(invalid)?;
    if let Some(owner) = owner {
        let Some(owner) = Refused::if_there(store.addressed_user(&owner).await)? else { return Ok(None) };
        list.owner_id = Some(owner.id);
    }
    if let Some(organization) = organization {
        let found = Refused::if_there(store.addressed_organization(&organization).await)?;
        let Some(organization) = found else { return Ok(None) };
        list.organization_id = Some(organization.id);
    }
    if let Some(template) = template {
        let value = AttributeValue::OneOf(templates_named(store, &template).await?);
        list.attributes.push(AttributeIs { name: "template_id".to_owned(), value, or_missing: false });
    }
    list.attributes.extend(status.map(with_status));
    // Nothing here has an agent of another platform.
    Ok((has_external_agent != Some(true)).then_some(list))
}

/// The status of a workspace that has none is `running`.
fn with_status(status: String) -> AttributeIs {
    let or_missing = status == shapes::DEFAULT_STATUS;
    AttributeIs { name: "status".to_owned(), value: AttributeValue::Text(status), or_missing }
}

/// The ids of the templates of this name that the caller may see: each organization may have one.
async fn templates_named(store: &AuthorizedStore, name: &str) -> Result<Vec<ResourceId>, ApiError> {
    let list = ListResources { name_is: Some(name.to_owned()), ..ListResources::default() };
    let (found, _) = store.list_resources(&[ResourceType::TEMPLATE], list).await?;
    Ok(found.iter().map(|template| template.key.id).collect())
}

/// Get a workspace
#[utoipa::path(
    get, path = "/workspaces/{workspace}", tag = "Views", operation_id = "get_workspace", params(WorkspaceRef),
    responses((status = OK, description = "Done", body = Workspace), Refusals),
)]
async fn workspace(
    store: AuthorizedStore,
    ApiPath(workspace): ApiPath<WorkspaceRef>,
) -> Result<ApiJson<Workspace>, ApiError> {
    let id = workspace.0;
    let found = store.resource(ResourceType::WORKSPACE, ResourceId(id)).await?;
    first(as_workspaces(&store, vec![found]).await?)
}

/// Get a user's workspace by its name
#[utoipa::path(
    get, path = "/users/{user}/workspace/{workspacename}", tag = "Views", operation_id = "get_workspace_by_name", params(UserRef, WorkspaceName),
    responses((status = OK, description = "Done", body = Workspace), Refusals),
)]
async fn workspace_by_name(
    store: AuthorizedStore,
    ApiPath((user, name)): ApiPath<(UserRef, WorkspaceName)>,
) -> Result<ApiJson<Workspace>, ApiError> {
    let owner = store.addressed_user(&user.0).await?;
    let list = ListResources { owner_id: Some(owner.id), name: Some(name.0.clone()), ..ListResources::default() };
    let found = store.first_resource(ResourceType::WORKSPACE, list).await?;
    first(as_workspaces(&store, vec![found]).await?)
}

/// List templates
#[utoipa::path(
    get, path = "/templates", tag = "Views", operation_id = "list_templates", params(Searched, Paged),
    responses((status = OK, description = "Done", body = Vec<Template>), Refusals),
)]
async fn templates(store: AuthorizedStore, query: ApiQuery) -> Result<ApiJson<Vec<Template>>, ApiError> {
    list_templates(&store, &query, None).await
}

async fn list_templates(
    store: &AuthorizedStore,
    query: &ApiQuery,
    organization: Option<OrganizationId>,
) -> Result<ApiJson<Vec<Template>>, ApiError> {
    let text = query.text("q").unwrap_or_default();
    let Some(conditions) = search(store, text, "Invalid template search query.").await? else {
        return Ok(ApiJson(Vec::new()));
    };
    if organization.is_some() && conditions.organization_id.is_some_and(|named| Some(named) != organization) {
        return Ok(ApiJson(Vec::new()));
    }
    let list = ListResources {
        organization_id: organization.or(conditions.organization_id),
        page: query.page(ResourceId)?,
        ..conditions
    };
    let (found, _) = store.list_resources(&[ResourceType::TEMPLATE], list).await?;
    Ok(ApiJson(as_templates(store, found).await?))
}

/// Get a template
#[utoipa::path(
    get, path = "/templates/{template}", tag = "Views", operation_id = "get_template", params(TemplateRef),
    responses((status = OK, description = "Done", body = Template), Refusals),
)]
async fn template(
    store: AuthorizedStore,
    ApiPath(template): ApiPath<TemplateRef>,
) -> Result<ApiJson<Template>, ApiError> {
    let id = template.0;
    let found = store.resource(ResourceType::TEMPLATE, ResourceId(id)).await?;
    first(as_templates(&store, vec![found]).await?)
}

/// List an organization's templates
#[utoipa::path(
    get, path = "/organizations/{organization}/templates", tag = "Views", operation_id = "list_templates_of_organization", params(OrganizationRef, Searched, Paged),
    responses((status = OK, description = "Done", body = Vec<Template>), Refusals),
)]
async fn organization_templates(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    query: ApiQuery,
) -> Result<ApiJson<Vec<Template>>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    list_templates(&store, &query, Some(organization.id)).await
}

/// Get an organization's template by its name
#[utoipa::path(
    get, path = "/organizations/{organization}/templates/{templatename}", tag = "Views", operation_id = "get_template_by_name", params(OrganizationRef, TemplateName),
    responses((status = OK, description = "Done", body = Template), Refusals),
)]
async fn template_by_name(
    store: AuthorizedStore,
    ApiPath((organization, name)): ApiPath<(OrganizationRef, TemplateName)>,
) -> Result<ApiJson<Template>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let list = ListResources {
        organization_id: Some(organization.id),
        name: Some(name.0.clone()),
        ..ListResources::default()
    };
    let found = store.first_resource(ResourceType::TEMPLATE, list).await?;
    first(as_templates(&store, vec![found]).await?)
}

fn first<T>(all: Vec<T>) -> Result<ApiJson<T>, ApiError> {
    all.into_iter().next().map(ApiJson).ok_or_else(ApiError::not_found)
}

/// The names that a view shows beside ids, as far as the caller may see them.
struct Names {
    users: HashMap<UserId, String>,
    organizations: HashMap<OrganizationId, Organization>,
    templates: HashMap<Uuid, Resource>,
}

async fn names(store: &AuthorizedStore, of: &[Resource]) -> Result<Names, ApiError> {
    let owners: Vec<UserId> = of.iter().filter_map(|resource| resource.owner_id).collect();
    let templates: Vec<Uuid> = of.iter().map(shapes::template_id).filter(|id| !id.is_nil()).collect();
    let organizations: BTreeSet<OrganizationId> = of.iter().filter_map(|resource| resource.organization_id).collect();
    let store = store.incidental();
    let organizations = store.list_organizations_by_id(&organizations.into_iter().collect::<Vec<_>>()).await?;
    let templates = store.list_resources_by_id(ResourceType::TEMPLATE, &templates).await?;
    Ok(Names {
        users: store.usernames(&owners).await?.into_iter().collect(),
        organizations: organizations.into_iter().map(|organization| (organization.id, organization)).collect(),
        templates: templates.into_iter().map(|template| (template.key.id.0, template)).collect(),
    })
}

async fn as_workspaces(store: &AuthorizedStore, found: Vec<Resource>) -> Result<Vec<Workspace>, ApiError> {
    let names = names(store, &found).await?;
    Ok(found.into_iter().map(|resource| shapes::workspace(resource, &names)).collect())
}

async fn as_templates(store: &AuthorizedStore, found: Vec<Resource>) -> Result<Vec<Template>, ApiError> {
    let names = names(store, &found).await?;
    Ok(found.into_iter().map(|resource| shapes::template(resource, &names)).collect())
}
