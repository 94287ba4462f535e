//! Deleting a custom role.
use axum::response::Response;

use super::{address, list_address};
use crate::{
    http::{
        error::ApiError,
        path::{ApiPath, OrganizationRef, RoleName},
    },
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
    ApiPath((OrganizationRef(organization), RoleName(role))): ApiPath<(OrganizationRef, RoleName)>,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let role = store.custom_role(&organization, &role).await?;
    would_be_done(store.check_delete_custom_role(organization.id, &role.name).await, "delete this role")?;
    let own = address(&organization, &role.name);
    let confirm = Confirm {
        frame: frame.at(&ORGANIZATIONS),
        title: format!("Delete the role {} of {}?", role.name, organizations::title(&organization)),
        consequences: vec![
            "All members who have the role lose it, and what it permits. This cannot be taken back.".to_owned(),
        ],
        choices: Vec::new(),
        typed: None,
        button: "Delete",
        action: format!("{own}/delete"),
        back: own,
    };
    Ok(confirm.show()?)
}

pub(super) async fn submit(
    SignedIn { store, .. }: SignedIn,
    ApiPath((OrganizationRef(organization), RoleName(role))): ApiPath<(OrganizationRef, RoleName)>,
    _form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let deleted = store.delete_custom_role(organization.id, &role).await;
    deleted.map_err(|error| ApiError::from(Failure::from(error)))?;
    Ok(see_other(&Notice::RoleDeleted.on(&list_address(&organization)))?)
}
