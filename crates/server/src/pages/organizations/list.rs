//! The list of organizations.
use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{address, title};
use crate::pages::{
    frame::Frame,
    navigation::ORGANIZATIONS,
    page,
    session::{PageError, SignedIn},
};

#[derive(Template)]
#[template(path = "pages/organizations/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    may_create: bool,
}

struct Row {
    address: String,
    title: String,
    name: String,
    description: String,
    is_default: bool,
}

pub(super) async fn show(SignedIn { store, frame }: SignedIn) -> Result<Response, PageError> {
    let row = |organization| Row {
        address: address(&organization),
        title: title(&organization),
        is_default: organization.is_default,
        name: organization.name,
        description: organization.description,
    };
    let rows = store.list_organizations().await?.into_iter().map(row).collect();
    let may_create = store.may_create_organizations();
    Ok(page(StatusCode::OK, &List { frame: frame.at(&ORGANIZATIONS), rows, may_create })?)
}
