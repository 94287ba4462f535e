//! Changing a group, and who is in it.
use axum::http::StatusCode;
use keyfob_api::groups::{Group as WireGroup, PatchGroupRequest};
use keyfob_authority::data::{Group, UserId};
use uuid::Uuid;

use super::{addressed, one};
use crate::{
    documentation::{InGroup, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{
    AuthorizedStore,
    groups::{GroupChange, GroupChangeError},
};

/// Change a group
#[utoipa::path(
    patch, path = "/groups/{group}", tag = "Groups", operation_id = "update_group", params(InGroup),
    request_body = PatchGroupRequest,
    responses((status = OK, description = "Done", body = WireGroup), Refusals),
)]
pub(super) async fn update(
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<PatchGroupRequest>,
) -> Result<ApiJson<WireGroup>, ApiError> {
    let old = addressed(&store, &path).await?;
    let new_name = Some(request.name.as_str()).filter(|name| !name.is_empty() && *name != old.name);
    check(&old, &request, new_name)?;
    let change = GroupChange {
        name: new_name.map(str::to_owned),
        display_name: request.display_name,
        avatar_url: request.avatar_url,
        quota_allowance: request.quota_allowance,
        add: user_ids(&request.add_users)?,
        remove: user_ids(&request.remove_users)?,
    };
    let name = new_name.unwrap_or(&old.name);
    let changed = store.update_group(old.id, change).await.map_err(|error| refusal(error, name))?;
    one(&store, changed, true).await
}

fn check(old: &Group, request: &PatchGroupRequest, new_name: Option<&str>) -> Result<(), ApiError> {
    let changes_members = !request.add_users.is_empty() || !request.remove_users.is_empty();
    let changes_display = request.display_name.as_ref().is_some_and(|name| *name != old.display_name);
    if old.is_everyone() {
        return match (new_name, changes_display, changes_members) {
            (Some(_), ..) => Err(ApiError::bad_request("Cannot rename the \"Everyone\" group!")),
            (_, true, _) => Err(ApiError::bad_request("Cannot update the Display Name for the \"Everyone\" group!")),
            (.., true) => {
                Err(ApiError::new(StatusCode::FORBIDDEN, "Cannot add or remove users from the \"Everyone\" group!"))
            }
            _ => Ok(()),
        };
    }
    if new_name == Some(Group::EVERYONE) {
        return Err(ApiError::bad_request("\"Everyone\" is a reserved group name!"));
    }
    let display_name = request.display_name.as_deref().unwrap_or_default();
    let fields = Fields::default().display_name("display_name", "group_display_name", display_name);
    let fields = new_name.into_iter().fold(fields, |fields, name| fields.group_name("name", name));
    Ok(fields.check()?)
}

fn user_ids(texts: &[String]) -> Result<Vec<UserId>, ApiError> {
    let parse = |text: &String| {
        let bad = |_| ApiError::bad_request(format!("ID {text:?} must be a valid user UUID."));
        Uuid::try_parse(text).map(UserId).map_err(bad)
    };
    texts.iter().map(parse).collect()
}

/// What a change that was not made is answered with; the name is the group's.
pub(super) fn refusal(error: GroupChangeError, name: &str) -> ApiError {
    match error {
        GroupChangeError::NameTaken => {
            ApiError::new(StatusCode::CONFLICT, format!("A group with name \"{name}\" already exists."))
                .validation("name", "Group names must be unique")
        }
        GroupChangeError::NotAMember(user) => {
            ApiError::bad_request(format!("User must be a member of organization \"{name}\""))
                .detail(format!("{user} is no member of the group's organization"))
        }
        GroupChangeError::AlreadyInGroup => ApiError::bad_request("Cannot add the same user to a group twice!"),
        GroupChangeError::NotInGroup => ApiError::bad_request("Failed to add or remove non-existent group member"),
        GroupChangeError::Refused(refused) => refused.into(),
    }
}
