//! The list of users, and its search.
use keyfob_api::users::UserList;
use keyfob_authority::data::{ListUsers, LoginType, Page, Period, UserId, UserStatus};

use crate::{
    api::wire,
    documentation::{Paged, Refusals, Searched},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
        search::Search,
    },
};
use keyfob_authority::AuthorizedStore;

/// List users
#[utoipa::path(
    get, path = "/users", tag = "Users", operation_id = "list_users", params(Searched, Paged),
    responses((status = OK, description = "Done", body = UserList), Refusals),
)]
pub(super) async fn list(store: AuthorizedStore, query: ApiQuery) -> Result<ApiJson<UserList>, ApiError> {
    let page = query.page(UserId)?;
    let mut search = Search::parse(query.text("q").unwrap_or_default());
    let query = wanted(&mut search, page);
    search.finish("Invalid user search query.")?;
    let Some(query) = query else { return Ok(ApiJson(UserList { users: Vec::new(), count: 0 })) };
    let (users, count) = store.list_users(query).await?;
    Ok(ApiJson(UserList { users: users.into_iter().map(wire::user).collect(), count }))
}

/// The users that a search asks for; none when no user can match.
pub(crate) fn wanted(search: &mut Search, page: Page<UserId>) -> Option<ListUsers> {
    let words = search.words();
    let roles = search.list("role", |role| Some(role.to_owned()));
    // The numbers of GitHub's accounts are not kept, so no user has one.
    let github_id = search.integer("github_com_user_id");
    let query = ListUsers {
        search: search.text("search").or(words),
        name_contains: search.text("name"),
        statuses: search.list("status", UserStatus::parse),
        // Every user is a member.
        roles: if roles.iter().any(|role| role == "member") { Vec::new() } else { roles },
        login_types: search.list("login_type", LoginType::parse),
        is_service_account: search.choice("service_account").or(search.choice("is_service_account")),
        last_seen: Period { from: search.time("last_seen_after"), to: search.time("last_seen_before") },
        created: Period { from: search.time("created_after"), to: search.time("created_before") },
        page,
        ..ListUsers::default()
    };
    github_id.is_none().then_some(query)
}
