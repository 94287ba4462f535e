//! Deleting a group.
use axum::response::Response;
use keyfob_authority::data::GroupId;

use super::{address, title};
use crate::{
    http::path::{ApiPath, GroupRef},
    pages::{
        failure::Failure,
        form::Form,
        navigation::ORGANIZATIONS,
        notice::Notice,
        offered::would_be_done,
        organizations,
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
    would_be_done(store.check_delete_group(group.id).await, "delete this group")?;
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
    Ok(see_other(&Notice::GroupDeleted.on(&organizations::address_of(group.organization_id)))?)
}
