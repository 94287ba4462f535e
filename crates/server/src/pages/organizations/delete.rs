//! Deleting an organization, by typing the name, once nothing is in it.
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{data::Organization, organizations::Leftover};

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
        offered::would_be_done,
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
    would_be_done(store.check_delete_organization(organization.id).await, "delete this organization")?;
    Ok(question(frame, &organization, StatusCode::OK)?)
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
