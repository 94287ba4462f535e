//! Creating organizations.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::organizations::NewOrganization;

use super::address;
use crate::pages::{
    failure::Failure,
    form::Form,
    frame::Frame,
    navigation::ORGANIZATIONS,
    notice::Notice,
    page, see_other,
    session::{PageError, SignedIn},
};

#[derive(Template)]
#[template(path = "pages/organizations/create.html")]
struct Create<'a> {
    frame: Frame,
    name: &'a str,
    display_name: &'a str,
    description: &'a str,
    is_offered: bool,
}

pub(super) async fn show(SignedIn { store, frame }: SignedIn) -> Result<Response, PageError> {
    let is_offered = store.may_create_organizations();
    let frame = frame.at(&ORGANIZATIONS);
    Ok(page(StatusCode::OK, &Create { frame, name: "", display_name: "", description: "", is_offered })?)
}

pub(super) async fn submit(SignedIn { store, frame }: SignedIn, form: Form) -> Result<Response, PageError> {
    let text = |name| form.text(name).trim();
    let (name, display_name, description) = (text("name"), text("display_name"), text("description"));
    let new = NewOrganization {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        description: description.to_owned(),
        icon: String::new(),
    };
    match store.create_organization(new).await {
        Ok(created) => Ok(see_other(&Notice::Created.on(&address(&created)))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &["name", "display_name", "description"]);
            let frame = frame.at(&ORGANIZATIONS);
            let is_offered = store.may_create_organizations();
            Ok(page(status, &Create { frame, name, display_name, description, is_offered })?)
        }
    }
}
