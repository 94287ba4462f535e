//! The members of organizations.
use axum::http::StatusCode;
use keyfob_api::{
    organizations::{MemberList, OrganizationMember, OrganizationMemberWithUserData},
    users::UpdateRoles,
};
use keyfob_authority::{
    AuthorizedStore,
    data::{ListUsers, Page, UserId},
    organizations::{AddMemberError, RemoveMemberError},
    roles::{RolesBefore, UpdateMemberRolesError},
};

use crate::http::path::{OrganizationRef, UserRef};
use crate::{
    api::{
        users::wanted,
        wire::{self, RoleTitles, role_titles},
    },
    documentation::{Paged, Refusals, Searched, SearchedMembers},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery},
        search::Search,
    },
};

/// Make a user a member of an organization
#[utoipa::path(
    post, path = "/organizations/{organization}/members/{user}", tag = "Organizations", operation_id = "add_member", params(OrganizationRef, UserRef),
    responses((status = OK, description = "Done", body = OrganizationMember), Refusals),
)]
pub(super) async fn add(
    store: AuthorizedStore,
    ApiPath((organization, user)): ApiPath<(OrganizationRef, UserRef)>,
) -> Result<ApiJson<OrganizationMember>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let user = store.addressed_user(&user.0).await?;
    let member = store.add_member(organization.id, user.id).await?;
    Ok(ApiJson(wire::member(&member, &RoleTitles::new())))
}

/// Get a member of an organization
#[utoipa::path(
    get, path = "/organizations/{organization}/members/{user}", tag = "Organizations", operation_id = "get_member", params(OrganizationRef, UserRef),
    responses((status = OK, description = "Done", body = OrganizationMemberWithUserData), Refusals),
)]
pub(super) async fn show(
    store: AuthorizedStore,
    ApiPath((organization, user)): ApiPath<(OrganizationRef, UserRef)>,
) -> Result<ApiJson<OrganizationMemberWithUserData>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let view = store.addressed_member(&organization, &user.0).await?;
    let custom = store.list_custom_role_names(organization.id).await?;
    Ok(ApiJson(wire::member_with_user(view, &role_titles(&custom))))
}

/// Take a member out of an organization
#[utoipa::path(
    delete, path = "/organizations/{organization}/members/{user}", tag = "Organizations", operation_id = "remove_member", params(OrganizationRef, UserRef),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(crate) async fn remove(
    store: AuthorizedStore,
    ApiPath((organization, user)): ApiPath<(OrganizationRef, UserRef)>,
) -> Result<StatusCode, ApiError> {
    let store = store.salvaging();
    let organization = store.addressed_organization(&organization.0).await?;
    let view = store.addressed_member(&organization, &user.0).await?;
    store.remove_member(organization.id, view.user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a member exactly these roles of the organization
#[utoipa::path(
    put, path = "/organizations/{organization}/members/{user}/roles", tag = "Organizations", operation_id = "update_roles_of_member", params(OrganizationRef, UserRef),
    request_body = UpdateRoles,
    responses((status = OK, description = "Done", body = OrganizationMember), Refusals),
)]
pub(super) async fn update_roles(
    store: AuthorizedStore,
    ApiPath((organization, user)): ApiPath<(OrganizationRef, UserRef)>,
    ApiJson(request): ApiJson<UpdateRoles>,
) -> Result<ApiJson<OrganizationMember>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let view = store.salvaging().addressed_member(&organization, &user.0).await?;
    let changed = store.update_member_roles(organization.id, view.user.id, request.roles, RolesBefore::Any).await?;
    let custom = store.list_custom_role_names(organization.id).await?;
    Ok(ApiJson(wire::member(&changed, &role_titles(&custom))))
}

/// List members of an organization, a page at a time
#[utoipa::path(
    get, path = "/organizations/{organization}/paginated-members", tag = "Organizations", operation_id = "list_members", params(OrganizationRef, Searched, Paged),
    responses((status = OK, description = "Done", body = MemberList), Refusals),
)]
pub(super) async fn paginated(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    query: ApiQuery,
) -> Result<ApiJson<MemberList>, ApiError> {
    let page = query.page(UserId)?;
    let mut search = Search::parse(query.text("q").unwrap_or_default());
    let conditions = wanted(&mut search, page);
    search.finish("Invalid member search query.")?;
    let Some(conditions) = conditions else { return Ok(ApiJson(MemberList { members: Vec::new(), count: 0 })) };
    let (members, count) = list(&store, &organization, conditions).await?;
    Ok(ApiJson(MemberList { members, count }))
}

/// List all members of an organization
#[utoipa::path(
    get, path = "/organizations/{organization}/members", tag = "Organizations", operation_id = "list_all_members", params(OrganizationRef, SearchedMembers),
    responses((status = OK, description = "Done", body = Vec<OrganizationMemberWithUserData>), Refusals),
)]
pub(super) async fn all(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    query: ApiQuery,
) -> Result<ApiJson<Vec<OrganizationMemberWithUserData>>, ApiError> {
    let mut search = Search::parse(query.text("q").unwrap_or_default());
    let user = search.uuid("user_id");
    let github = search.integer("github_user_id");
    let _system_users_are_none = search.choice("include_system");
    search.finish("Invalid organization member search query.")?;
    let (members, _) = list(&store, &organization, ListUsers { page: Page::default(), ..ListUsers::default() }).await?;
    let matches = |member: &OrganizationMemberWithUserData| user.is_none_or(|id| member.member.user_id == id);
    // Members are not known by their ids at GitHub.
    Ok(ApiJson(members.into_iter().filter(|member| github.is_none() && matches(member)).collect()))
}

async fn list(
    store: &AuthorizedStore,
    organization: &OrganizationRef,
    conditions: ListUsers,
) -> Result<(Vec<OrganizationMemberWithUserData>, u64), ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let (members, count) = store.list_members(organization.id, conditions).await?;
    let custom = store.list_custom_role_names(organization.id).await?;
    let titles = role_titles(&custom);
    Ok((members.into_iter().map(|view| wire::member_with_user(view, &titles)).collect(), count))
}

impl From<AddMemberError> for ApiError {
    fn from(error: AddMemberError) -> Self {
        match error {
            AddMemberError::AlreadyMember { username, organization } => {
                Self::bad_request("User is already an organization member")
                    .detail(format!("{username} is already a member of {organization}"))
            }
            AddMemberError::Refused(refused) => refused.into(),
        }
    }
}

impl From<RemoveMemberError> for ApiError {
    fn from(error: RemoveMemberError) -> Self {
        match error {
            RemoveMemberError::Oneself => Self::bad_request("cannot remove self from an organization"),
            RemoveMemberError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateMemberRolesError> for ApiError {
    fn from(error: UpdateMemberRolesError) -> Self {
        match error {
            UpdateMemberRolesError::Invalid(wrong) => wrong.into(),
            UpdateMemberRolesError::Oneself => Self::bad_request("You cannot change your own organization roles.")
                .detail("Another user with the appropriate permissions must change your roles."),
            UpdateMemberRolesError::Assign(error) => error.into(),
        }
    }
}
