//! Groups.
mod change;

use crate::http::path::{GroupName, GroupRef, OrganizationRef};
use crate::http::routes::Routes;
use axum::http::StatusCode;
use keyfob_api::{
    error::ErrorBody,
    groups::{CreateGroupRequest, Group as WireGroup, GroupMemberList},
};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{Group, GroupId, Page, UserId},
    groups::{CreateGroupError, DeleteGroupError, GroupFilter, NewGroup},
};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    api::{users::wanted, wire},
    documentation::{Paged, Refusals, Searched, SearchedGroups, WithoutMembers},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery, bad_query},
        search::Search,
    },
};

/// All routes of groups.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes(routes!(list))
        .routes(routes!(show, change::update, delete))
        .routes(routes!(members))
        .routes(routes!(list_of_organization, create))
        .routes(routes!(show_by_name))
        .routes(routes!(members_by_name))
}

/// List groups
#[utoipa::path(
    get, path = "/groups", tag = "Groups", operation_id = "list_groups", params(SearchedGroups),
    responses((status = OK, description = "Done", body = Vec<WireGroup>), Refusals),
)]
async fn list(store: AuthorizedStore, query: ApiQuery) -> Result<ApiJson<Vec<WireGroup>>, ApiError> {
    let filter = group_filter(&store, &query).await?;
    wire_groups(&store, store.list_groups(filter).await?).await
}

/// List an organization's groups
#[utoipa::path(
    get, path = "/organizations/{organization}/groups", tag = "Groups", operation_id = "list_groups_of_organization", params(OrganizationRef, SearchedGroups),
    responses((status = OK, description = "Done", body = Vec<WireGroup>), Refusals),
)]
async fn list_of_organization(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    query: ApiQuery,
) -> Result<ApiJson<Vec<WireGroup>>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let filter = group_filter(&store, &query).await?;
    // No group is in two organizations.
    if filter.organization.is_some_and(|other| other != organization.id) {
        return Ok(ApiJson(Vec::new()));
    }
    let filter = GroupFilter { organization: Some(organization.id), ..filter };
    wire_groups(&store, store.list_groups(filter).await?).await
}

async fn group_filter(store: &AuthorizedStore, query: &ApiQuery) -> Result<GroupFilter, ApiError> {
    query.only(&["organization", "has_member", "group_ids"])?;
    let unknown = |key: &str, value: &str| bad_query(key, &format!("names nothing that is there: {value:?}"));
    let mut filter = GroupFilter::default();
    if let Some(value) = query.text("organization") {
        let found = Refused::if_there(store.addressed_organization(value).await)?;
        filter.organization = Some(found.ok_or_else(|| unknown("organization", value))?.id);
    }
    if let Some(value) = query.text("has_member") {
        let found = Refused::if_there(store.addressed_user(value).await)?;
        filter.member = Some(found.ok_or_else(|| unknown("has_member", value))?.id);
    }
    for id in query.text("group_ids").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
        let id = Uuid::try_parse(id.trim()).map_err(|_| bad_query("group_ids", "must be valid uuids"))?;
        filter.ids.push(GroupId(id));
    }
    Ok(filter)
}

async fn wire_groups(store: &AuthorizedStore, groups: Vec<Group>) -> Result<ApiJson<Vec<WireGroup>>, ApiError> {
    Ok(ApiJson(store.with_members(groups).await?.into_iter().map(wire::group).collect()))
}

async fn wire_group(store: &AuthorizedStore, group: Group, with_members: bool) -> Result<ApiJson<WireGroup>, ApiError> {
    let view = store.with_members(vec![group]).await?.pop().ok_or_else(ApiError::not_found)?;
    let group = wire::group(view);
    Ok(ApiJson(if with_members { group } else { WireGroup { members: Vec::new(), ..group } }))
}

/// The group of a path.
async fn addressed_by_name(
    store: &AuthorizedStore,
    organization: &OrganizationRef,
    name: &GroupName,
) -> Result<Group, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    Ok(store.group_by_name(organization.id, &name.0).await?)
}

/// Get a group
#[utoipa::path(
    get, path = "/groups/{group}", tag = "Groups", operation_id = "get_group", params(GroupRef, WithoutMembers),
    responses((status = OK, description = "Done", body = WireGroup), Refusals),
)]
async fn show(
    store: AuthorizedStore,
    ApiPath(group): ApiPath<GroupRef>,
    query: ApiQuery,
) -> Result<ApiJson<WireGroup>, ApiError> {
    let group = store.group(GroupId(group.0)).await?;
    wire_group(&store, group, !query.flag("exclude_members")).await
}

/// Get an organization's group by its name
#[utoipa::path(
    get, path = "/organizations/{organization}/groups/{groupname}", tag = "Groups", operation_id = "get_group_by_name", params(OrganizationRef, GroupName, WithoutMembers),
    responses((status = OK, description = "Done", body = WireGroup), Refusals),
)]
async fn show_by_name(
    store: AuthorizedStore,
    ApiPath((organization, name)): ApiPath<(OrganizationRef, GroupName)>,
    query: ApiQuery,
) -> Result<ApiJson<WireGroup>, ApiError> {
    let group = addressed_by_name(&store, &organization, &name).await?;
    wire_group(&store, group, !query.flag("exclude_members")).await
}

/// List a group's members
#[utoipa::path(
    get, path = "/groups/{group}/members", tag = "Groups", operation_id = "list_group_members", params(GroupRef, Searched, Paged),
    responses((status = OK, description = "Done", body = GroupMemberList), Refusals),
)]
async fn members(
    store: AuthorizedStore,
    ApiPath(group): ApiPath<GroupRef>,
    query: ApiQuery,
) -> Result<ApiJson<GroupMemberList>, ApiError> {
    let group = store.group(GroupId(group.0)).await?;
    list_members(&store, &group, &query).await
}

/// List the members of an organization's group by its name
#[utoipa::path(
    get, path = "/organizations/{organization}/groups/{groupname}/members", tag = "Groups", operation_id = "list_group_members_by_name", params(OrganizationRef, GroupName, Searched, Paged),
    responses((status = OK, description = "Done", body = GroupMemberList), Refusals),
)]
async fn members_by_name(
    store: AuthorizedStore,
    ApiPath((organization, name)): ApiPath<(OrganizationRef, GroupName)>,
    query: ApiQuery,
) -> Result<ApiJson<GroupMemberList>, ApiError> {
    let group = addressed_by_name(&store, &organization, &name).await?;
    list_members(&store, &group, &query).await
}

async fn list_members(
    store: &AuthorizedStore,
    group: &Group,
    query: &ApiQuery,
) -> Result<ApiJson<GroupMemberList>, ApiError> {
    let page: Page<UserId> = query.page(UserId)?;
    let mut search = Search::parse(query.text("q").unwrap_or_default());
    let conditions = wanted(&mut search, page);
    search.finish("Invalid member search query.")?;
    let Some(conditions) = conditions else { return Ok(ApiJson(GroupMemberList { users: Vec::new(), count: 0 })) };
    let (users, count) = store.list_group_members(group, conditions).await?;
    Ok(ApiJson(GroupMemberList { users: users.into_iter().map(wire::reduced_user).collect(), count }))
}

/// Create a group
#[utoipa::path(
    post, path = "/organizations/{organization}/groups", tag = "Groups", operation_id = "create_group", params(OrganizationRef),
    request_body = CreateGroupRequest,
    responses((status = CREATED, description = "Made", body = WireGroup), Refusals),
)]
async fn create(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    ApiJson(request): ApiJson<CreateGroupRequest>,
) -> Result<(StatusCode, ApiJson<WireGroup>), ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let new = NewGroup {
        organization_id: organization.id,
        name: request.name,
        display_name: request.display_name,
        avatar_url: request.avatar_url,
        quota_allowance: request.quota_allowance,
    };
    let group = store.create_group(new).await?;
    Ok((StatusCode::CREATED, wire_group(&store, group, true).await?))
}

/// Delete a group
#[utoipa::path(
    delete, path = "/groups/{group}", tag = "Groups", operation_id = "delete_group", params(GroupRef),
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn delete(store: AuthorizedStore, ApiPath(group): ApiPath<GroupRef>) -> Result<ApiJson<ErrorBody>, ApiError> {
    let store = store.salvaging();
    let group = store.group(GroupId(group.0)).await?;
    store.delete_group(group.id).await?;
    Ok(ApiJson(ErrorBody::message("Successfully deleted group!")))
}

impl From<CreateGroupError> for ApiError {
    fn from(error: CreateGroupError) -> Self {
        match error {
            CreateGroupError::NameReserved => Self::bad_request("Invalid group name.")
                .validation("name", format!("{:?} is a reserved group name", Group::EVERYONE)),
            CreateGroupError::Invalid(wrong) => wrong.into(),
            CreateGroupError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("A group named \"{name}\" already exists."))
                    .validation("name", "Group names must be unique")
            }
            CreateGroupError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteGroupError> for ApiError {
    fn from(error: DeleteGroupError) -> Self {
        match error {
            DeleteGroupError::IsEveryone => {
                Self::bad_request("\"Everyone\" is a reserved group and cannot be deleted!")
            }
            DeleteGroupError::Refused(refused) => refused.into(),
        }
    }
}
