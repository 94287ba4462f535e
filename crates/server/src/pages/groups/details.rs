//! One group and its members.
use std::collections::HashMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::{Group, GroupId, ListUsers, Page, User, UserId},
    groups::{GroupChange, GroupRights},
};
use uuid::Uuid;

use super::{address, title};
use crate::{
    http::{
        error::ApiError,
        extract::ApiQuery,
        path::{ApiPath, GroupRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        named_user::named_user,
        navigation::ORGANIZATIONS,
        notice::Notice,
        organizations, page,
        parts::Pager,
        see_other,
        session::{PageError, SignedIn},
    },
};

/// How many members a page shows.
const PAGE_SIZE: u64 = 50;

#[derive(Template)]
#[template(path = "pages/groups/details.html")]
struct Details {
    frame: Frame,
    address: String,
    title: String,
    name: String,
    id: String,
    is_everyone: bool,
    organization_address: String,
    members: Vec<Member>,
    count: u64,
    /// How many members the group has, also those whom the person may not see.
    size: u64,
    rights: GroupRights,
    /// The name of a new member, as it was filled in.
    user: String,
    pager: Pager,
}

/// A member.
struct Member {
    id: UserId,
    username: String,
    name: String,
    /// Their page in the organization, where the person may see it.
    address: Option<String>,
}

pub(super) async fn show(
    SignedIn { store, frame }: SignedIn,
    ApiPath(GroupRef(group)): ApiPath<GroupRef>,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let group = store.group(GroupId(group)).await?;
    render(&store, frame, StatusCode::OK, &group, &query, String::new()).await
}

/// Adds the user who is named, or removes the one whose button was pressed.
pub(super) async fn change(
    SignedIn { store, frame }: SignedIn,
    ApiPath(GroupRef(group)): ApiPath<GroupRef>,
    form: Form,
) -> Result<Response, PageError> {
    let group = store.group(GroupId(group)).await?;
    let name = form.text("user").trim().to_owned();
    let changed = match change_asked_for(&store, &form, &name).await {
        Ok(change) => store.update_group(group.id, change).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match changed {
        Ok(_) => Ok(see_other(&Notice::Saved.on(&address(&group)))?),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &["user"]);
            render(&store, frame, status, &group, &ApiQuery::default(), name).await
        }
    }
}

async fn change_asked_for(store: &AuthorizedStore, form: &Form, name: &str) -> Result<GroupChange, Failure> {
    if let Ok(id) = Uuid::try_parse(form.text("remove")) {
        return Ok(GroupChange { remove: vec![UserId(id)], ..GroupChange::default() });
    }
    let user = named_user(store, name, "user").await?;
    Ok(GroupChange { add: vec![user.id], ..GroupChange::default() })
}

async fn render(
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    group: &Group,
    query: &ApiQuery,
    user: String,
) -> Result<Response, PageError> {
    let mut pager = Pager::new(&address(group), query, &[], PAGE_SIZE)?;
    let list = ListUsers {
        page: Page { limit: Some(pager.limit()), offset: pager.offset(), after: None },
        ..ListUsers::default()
    };
    let (found, count) = store.list_group_members(group, list).await.map_err(ApiError::from)?;
    let found = pager.cut_of(count, found);
    let quiet = store.incidental();
    let ids: Vec<UserId> = found.iter().map(|user| user.id).collect();
    let with_page: HashMap<UserId, String> =
        quiet.member_names(group.organization_id, &ids).await?.into_iter().collect();
    let member = |user: User| Member {
        address: with_page
            .contains_key(&user.id)
            .then(|| organizations::member_address_of(group.organization_id, user.id)),
        id: user.id,
        username: user.username,
        name: user.name,
    };
    let sizes = quiet.group_sizes(std::slice::from_ref(group)).await?;
    let details = Details {
        frame: frame.at(&ORGANIZATIONS).about(format!("Group {}", title(group))),
        address: address(group),
        title: title(group),
        name: group.name.clone(),
        id: group.id.0.to_string(),
        is_everyone: group.is_everyone(),
        organization_address: organizations::address_of(group.organization_id),
        members: found.into_iter().map(member).collect(),
        size: sizes.get(&group.id).copied().unwrap_or_default(),
        count,
        rights: store.group_rights(group),
        user,
        pager,
    };
    Ok(page(status, &details)?)
}
