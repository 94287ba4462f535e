//! Deleting an organization, by typing the name, once nothing is in it.
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    Refused,
    data::Organization,
    organizations::{DeleteOrganizationError, Leftover},
};

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
    if !store.organization_rights(&organization).await?.may_delete {
        return Err(Refused::missing().into());
    }
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
    let deleted = if form.text("typed").trim() == organization.name {
        store.delete_organization(organization.id).await.map_err(Failure::from)
    } else {
        Err(Failure::bad_request("The organization was not deleted.").field("typed", "This is not its name."))
    };
    match deleted {
        Ok(()) => Ok(see_other(&Notice::Deleted.on(ORGANIZATIONS.path))?),
        Err(failure) => {
            let Failure { status, problem } = failure.in_form(&["typed"]);
            Ok(question(frame.with_problem(problem), &organization, status)?)
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
