//! Deleting an organization, by typing the name, once nothing is in it.
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    data::Organization,
    organizations::{DeleteOrganizationError, Leftover},
};
use keyfob_rbac::{Action, ResourceType};

use super::{address, problems::leftover, title};
use crate::{
    http::{
        error::ApiError,
        path::{ApiPath, OrganizationRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::ORGANIZATIONS,
        notice::Notice,
        offered::only_if,
        page,
        parts::Confirm,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn ask(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let is_offered = store.organization_rights(&organization).await?.may_delete;
    let needed = (Action::DELETE, ResourceType::ORGANIZATION);
    only_if(is_offered, &store, needed, "You may not delete this organization.")?;
    let left = store.organization_leftovers(&organization).await?;
    if left.is_empty() {
        return Ok(question(frame, &organization, StatusCode::OK)?);
    }
    Err(ApiError::from(Failure::from(DeleteOrganizationError::NotEmpty(left))).into())
}

pub(super) async fn submit(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let deleted = match form.typed_name(&organization.name) {
        Ok(()) => store.delete_organization(organization.id).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match deleted {
        Ok(()) => Ok(see_other(&Notice::OrganizationDeleted.on(ORGANIZATIONS.path))?),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &["typed"]);
            Ok(question(frame, &organization, status)?)
        }
    }
}

fn question(frame: Frame, organization: &Organization, status: StatusCode) -> Result<Response, ApiError> {
    let confirm = Confirm {
        frame: frame.at(&ORGANIZATIONS),
        title: format!("Delete {}?", title(organization)),
        consequences: vec![
            "The organization is empty but for one member. Its custom roles go with it. This cannot be taken back."
                .to_owned(),
        ],
        choices: Vec::new(),
        typed: Some(organization.name.clone()),
        button: "Delete",
        action: format!("{}/delete", address(organization)),
        back: address(organization),
    };
    page(status, &confirm)
}

/// What is left in an organization, in words: "2 workspaces and 1 group".
pub(super) fn what_is_left(left: &[(Leftover, u64)]) -> String {
    let parts: Vec<String> = left.iter().map(|(kind, count)| leftover(*kind, *count)).collect();
    crate::pages::scopes::listed(&parts)
}
