//! Deleting a group.
use axum::response::Response;
use keyfob_authority::data::GroupId;
use keyfob_rbac::{Action, ResourceType};

use super::{address, title};
use crate::{
    http::path::{ApiPath, GroupRef},
    pages::{
        failure::Failure,
        form::Form,
        navigation::ORGANIZATIONS,
        notice::Notice,
        offered::only_if,
        parts::Confirm,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn ask(
    SignedIn { store, frame }: SignedIn,
    ApiPath(GroupRef(group)): ApiPath<GroupRef>,
) -> Result<Response, PageError> {
    let group = store.group(GroupId(group)).await?;
    let is_offered = store.group_rights(&group).may_delete;
    only_if(is_offered, &store, (Action::DELETE, ResourceType::GROUP), "You may not delete this group.")?;
    let confirm = Confirm {
        frame: frame.at(&ORGANIZATIONS),
        title: format!("Delete the group {}?", title(&group)),
        consequences: vec![
            "Its members lose what access lists grant to the group. Nobody else does, and no user is deleted. This \
             cannot be taken back."
                .to_owned(),
        ],
        choices: Vec::new(),
        typed: None,
        button: "Delete",
        action: format!("{}/delete", address(&group)),
        back: address(&group),
    };
    Ok(confirm.show()?)
}

pub(super) async fn submit(
    SignedIn { store, .. }: SignedIn,
    ApiPath(GroupRef(group)): ApiPath<GroupRef>,
    _form: Form,
) -> Result<Response, PageError> {
    let group = store.group(GroupId(group)).await?;
    store.delete_group(group.id).await.map_err(|error| crate::http::error::ApiError::from(Failure::from(error)))?;
    let organization = format!("{}/{}", ORGANIZATIONS.path, group.organization_id.0);
    Ok(see_other(&Notice::GroupDeleted.on(&organization))?)
}
