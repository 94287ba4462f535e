//! Changing groups and their members.
use axum::http::StatusCode;
use keyfob_api::groups::{Group as WireGroup, PatchGroupRequest};
use keyfob_authority::{
    AuthorizedStore,
    data::{GroupId, UserId},
    groups::{GroupChange, UpdateGroupError},
};
use uuid::Uuid;

use super::wire_group;
use crate::http::path::GroupRef;
use crate::{
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// Change a group
#[utoipa::path(
    patch, path = "/groups/{group}", tag = "Groups", operation_id = "update_group", params(GroupRef),
    request_body = PatchGroupRequest,
    responses((status = OK, description = "Done", body = WireGroup), Refusals),
)]
pub(super) async fn update(
    store: AuthorizedStore,
    ApiPath(group): ApiPath<GroupRef>,
    ApiJson(request): ApiJson<PatchGroupRequest>,
) -> Result<ApiJson<WireGroup>, ApiError> {
    let group = store.group(GroupId(group.0)).await?;
    let change = GroupChange {
        // An empty name is one that was left out.
        name: Some(request.name).filter(|name| !name.is_empty()),
        display_name: request.display_name,
        avatar_url: request.avatar_url,
        quota_allowance: request.quota_allowance,
        add: user_ids(&request.add_users)?,
        remove: user_ids(&request.remove_users)?,
    };
    let changed = store.update_group(group.id, change).await?;
    wire_group(&store, changed, true).await
}

fn user_ids(texts: &[String]) -> Result<Vec<UserId>, ApiError> {
    let parse = |text: &String| {
        let bad = |_| ApiError::bad_request(format!("ID {text:?} must be a valid user UUID."));
        Uuid::try_parse(text).map(UserId).map_err(bad)
    };
    texts.iter().map(parse).collect()
}

impl From<UpdateGroupError> for ApiError {
    fn from(error: UpdateGroupError) -> Self {
        match error {
            UpdateGroupError::RenamesEveryone => Self::bad_request("Cannot rename the \"Everyone\" group!"),
            UpdateGroupError::ChangesDisplayNameOfEveryone => {
                Self::bad_request("Cannot update the Display Name for the \"Everyone\" group!")
            }
            UpdateGroupError::ChangesMembersOfEveryone => {
                Self::new(StatusCode::FORBIDDEN, "Cannot add or remove users from the \"Everyone\" group!")
            }
            UpdateGroupError::NameReserved => Self::bad_request("\"Everyone\" is a reserved group name!"),
            UpdateGroupError::Invalid(wrong) => wrong.into(),
            UpdateGroupError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("A group with name \"{name}\" already exists."))
                    .validation("name", "Group names must be unique")
            }
            UpdateGroupError::NotAMember { user, group } => {
                Self::bad_request(format!("User must be a member of organization \"{group}\""))
                    .detail(format!("{user} is no member of the group's organization"))
            }
            UpdateGroupError::AlreadyInGroup => Self::bad_request("Cannot add the same user to a group twice!"),
            UpdateGroupError::NotInGroup => Self::bad_request("Failed to add or remove non-existent group member"),
            UpdateGroupError::Refused(refused) => refused.into(),
        }
    }
}
