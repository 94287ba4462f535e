//! Groups (contract, section 5.12).
mod change;

use crate::http::routes::Routes;
use axum::{extract::State, http::StatusCode};
use keyfob_api::{
    error::ErrorBody,
    groups::{CreateGroupRequest, Group as WireGroup, GroupMemberList},
};
use keyfob_authority::data::{Group, GroupId, GroupSource, Page, UserId};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    api::{users::wanted, wire},
    app::App,
    documentation::{InGroup, InGroupName, InOrganization, Paged, Refusals, Searched, SearchedGroups, WithoutMembers},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery, bad_query},
        search::Search,
    },
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{
    AuthorizedStore, Refused,
    groups::{GroupChangeError, WantedGroups},
};

/// All routes of groups.
pub(crate) fn routes() -> Routes {
    Routes::new()
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
    let wanted = wanted_groups(&store, &query).await?;
    shown(&store, store.groups(wanted).await?).await
}

/// List an organization's groups
#[utoipa::path(
    get, path = "/organizations/{organization}/groups", tag = "Groups", operation_id = "list_groups_of_organization", params(InOrganization, SearchedGroups),
    responses((status = OK, description = "Done", body = Vec<WireGroup>), Refusals),
)]
async fn list_of_organization(
    store: AuthorizedStore,
    path: ApiPath,
    query: ApiQuery,
) -> Result<ApiJson<Vec<WireGroup>>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    let wanted = wanted_groups(&store, &query).await?;
    // Nothing is in two organizations.
    if wanted.organization.is_some_and(|other| other != organization.id) {
        return Ok(ApiJson(Vec::new()));
    }
    let wanted = WantedGroups { organization: Some(organization.id), ..wanted };
    shown(&store, store.groups(wanted).await?).await
}

async fn wanted_groups(store: &AuthorizedStore, query: &ApiQuery) -> Result<WantedGroups, ApiError> {
    query.only(&["organization", "has_member", "group_ids"])?;
    let unknown = |key: &str, value: &str| bad_query(key, &format!("names nothing that is there: {value:?}"));
    let mut list = WantedGroups::default();
    if let Some(value) = query.text("organization") {
        let found = Refused::if_there(store.addressed_organization(value).await)?;
        list.organization = Some(found.ok_or_else(|| unknown("organization", value))?.id);
    }
    if let Some(value) = query.text("has_member") {
        let found = Refused::if_there(store.addressed_user(value).await)?;
        list.member = Some(found.ok_or_else(|| unknown("has_member", value))?.id);
    }
    for id in query.text("group_ids").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
        let id = Uuid::try_parse(id.trim()).map_err(|_| bad_query("group_ids", "must be valid uuids"))?;
        list.ids.push(GroupId(id));
    }
    Ok(list)
}

async fn shown(store: &AuthorizedStore, groups: Vec<Group>) -> Result<ApiJson<Vec<WireGroup>>, ApiError> {
    Ok(ApiJson(store.with_members(groups).await?.into_iter().map(wire::group).collect()))
}

async fn one(store: &AuthorizedStore, group: Group, with_members: bool) -> Result<ApiJson<WireGroup>, ApiError> {
    let view = store.with_members(vec![group]).await?.pop().ok_or_else(ApiError::not_found)?;
    let group = wire::group(view);
    Ok(ApiJson(if with_members { group } else { WireGroup { members: Vec::new(), ..group } }))
}

/// The group of a path. What is no id is like an id of no group.
async fn addressed(store: &AuthorizedStore, path: &ApiPath) -> Result<Group, ApiError> {
    let segment = path.get("group");
    let id = Uuid::try_parse(segment).map_err(|_| ApiError::bad_request(format!("Invalid UUID {segment:?}.")))?;
    Ok(store.group(GroupId(id)).await?)
}

async fn addressed_by_name(store: &AuthorizedStore, path: &ApiPath) -> Result<Group, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    Ok(store.group_by_name(organization.id, path.get("groupname")).await?)
}

/// Get a group
#[utoipa::path(
    get, path = "/groups/{group}", tag = "Groups", operation_id = "get_group", params(InGroup, WithoutMembers),
    responses((status = OK, description = "Done", body = WireGroup), Refusals),
)]
async fn show(store: AuthorizedStore, path: ApiPath, query: ApiQuery) -> Result<ApiJson<WireGroup>, ApiError> {
    let group = addressed(&store, &path).await?;
    one(&store, group, !query.flag("exclude_members")).await
}

/// Get an organization's group by its name
#[utoipa::path(
    get, path = "/organizations/{organization}/groups/{groupname}", tag = "Groups", operation_id = "get_group_by_name", params(InOrganization, InGroupName, WithoutMembers),
    responses((status = OK, description = "Done", body = WireGroup), Refusals),
)]
async fn show_by_name(store: AuthorizedStore, path: ApiPath, query: ApiQuery) -> Result<ApiJson<WireGroup>, ApiError> {
    let group = addressed_by_name(&store, &path).await?;
    one(&store, group, !query.flag("exclude_members")).await
}

/// List a group's members
#[utoipa::path(
    get, path = "/groups/{group}/members", tag = "Groups", operation_id = "list_group_members", params(InGroup, Searched, Paged),
    responses((status = OK, description = "Done", body = GroupMemberList), Refusals),
)]
async fn members(store: AuthorizedStore, path: ApiPath, query: ApiQuery) -> Result<ApiJson<GroupMemberList>, ApiError> {
    let group = addressed(&store, &path).await?;
    list_members(&store, &group, &query).await
}

/// List the members of an organization's group by its name
#[utoipa::path(
    get, path = "/organizations/{organization}/groups/{groupname}/members", tag = "Groups", operation_id = "list_group_members_by_name", params(InOrganization, InGroupName, Searched, Paged),
    responses((status = OK, description = "Done", body = GroupMemberList), Refusals),
)]
async fn members_by_name(
    store: AuthorizedStore,
    path: ApiPath,
    query: ApiQuery,
) -> Result<ApiJson<GroupMemberList>, ApiError> {
    let group = addressed_by_name(&store, &path).await?;
    list_members(&store, &group, &query).await
}

async fn list_members(
    store: &AuthorizedStore,
    group: &Group,
    query: &ApiQuery,
) -> Result<ApiJson<GroupMemberList>, ApiError> {
    let page: Page<UserId> = query.page(UserId)?;
    let mut search = Search::parse(query.text("q").unwrap_or_default());
    let wanted = wanted(&mut search, page);
    search.finish("Invalid member search query.")?;
    let Some(wanted) = wanted else { return Ok(ApiJson(GroupMemberList { users: Vec::new(), count: 0 })) };
    let (users, count) = store.group_members(group, wanted).await?;
    let count = if users.is_empty() { 0 } else { count };
    Ok(ApiJson(GroupMemberList { users: users.into_iter().map(wire::reduced_user).collect(), count }))
}

/// Create a group
#[utoipa::path(
    post, path = "/organizations/{organization}/groups", tag = "Groups", operation_id = "create_group", params(InOrganization),
    request_body = CreateGroupRequest,
    responses((status = CREATED, description = "Made", body = WireGroup), Refusals),
)]
async fn create(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<CreateGroupRequest>,
) -> Result<(StatusCode, ApiJson<WireGroup>), ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    if request.name == Group::EVERYONE {
        return Err(ApiError::bad_request("Invalid group name.")
            .validation("name", format!("{:?} is a reserved group name", Group::EVERYONE)));
    }
    Fields::default()
        .group_name("name", &request.name)
        .display_name("display_name", "group_display_name", &request.display_name)
        .check()?;
    let now = app.clock().now();
    let group = Group {
        id: GroupId(app.random().uuid()),
        organization_id: organization.id,
        name: request.name,
        display_name: request.display_name,
        avatar_url: request.avatar_url,
        quota_allowance: request.quota_allowance,
        source: GroupSource::User,
        created_at: now,
        updated_at: now,
    };
    store.create_group(&group).await.map_err(|error| match error {
        GroupChangeError::NameTaken => {
            ApiError::new(StatusCode::CONFLICT, format!("A group named \"{}\" already exists.", group.name))
                .validation("name", "Group names must be unique")
        }
        other => change::refusal(other, &group.name),
    })?;
    Ok((StatusCode::CREATED, one(&store, group, true).await?))
}

/// Delete a group
#[utoipa::path(
    delete, path = "/groups/{group}", tag = "Groups", operation_id = "delete_group", params(InGroup),
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn delete(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<ErrorBody>, ApiError> {
    let group = addressed(&store, &path).await?;
    if group.is_everyone() {
        return Err(ApiError::bad_request("\"Everyone\" is a reserved group and cannot be deleted!"));
    }
    store.delete_group(&group).await?;
    Ok(ApiJson(ErrorBody::message("Successfully deleted group!")))
}
