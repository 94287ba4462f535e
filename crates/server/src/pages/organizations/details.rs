//! One organization: its names, and its groups.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::{Group, Organization},
    groups::{GroupFilter, GroupView, NewGroup},
    organizations::{OrganizationChange, OrganizationRights},
};

use super::{address, title};
use crate::{
    http::path::{ApiPath, OrganizationRef},
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        groups,
        navigation::ORGANIZATIONS,
        notice::Notice,
        page, see_other,
        session::{PageError, SignedIn},
    },
};

#[derive(Template)]
#[template(path = "pages/organizations/details.html")]
struct Details {
    frame: Frame,
    address: String,
    title: String,
    organization: Organization,
    groups: Vec<Line>,
    rights: OrganizationRights,
    /// The name of a new group, as it was filled in.
    group_name: String,
}

/// A group.
struct Line {
    address: String,
    title: String,
    members: usize,
}

pub(super) async fn show(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    render(&store, frame, StatusCode::OK, organization, String::new()).await
}

pub(super) async fn change(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let text = |name| form.text(name).trim().to_owned();
    let change = OrganizationChange {
        name: Some(text("name")),
        display_name: Some(text("display_name")),
        description: Some(text("description")),
        ..OrganizationChange::default()
    };
    match store.update_organization(organization.id, change).await {
        Ok(changed) => Ok(see_other(&Notice::Saved.on(&address(&changed)))?),
        Err(error) => {
            let Failure { status, problem } = Failure::from(error).in_form(&["name", "display_name"]);
            let written = Organization {
                name: text("name"),
                display_name: text("display_name"),
                description: text("description"),
                ..organization
            };
            render(&store, frame.with_problem(problem), status, written, String::new()).await
        }
    }
}

pub(super) async fn add_group(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let name = form.text("group").trim().to_owned();
    let new = NewGroup {
        organization_id: organization.id,
        name: name.clone(),
        display_name: String::new(),
        avatar_url: String::new(),
        quota_allowance: 0,
    };
    match store.create_group(new).await {
        Ok(created) => Ok(see_other(&Notice::Created.on(&groups::address(&created)))?),
        Err(error) => {
            let Failure { status, problem } = Failure::from(error).renamed("name", "group").in_form(&["group"]);
            render(&store, frame.with_problem(problem), status, organization, name).await
        }
    }
}

async fn render(
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    organization: Organization,
    group_name: String,
) -> Result<Response, PageError> {
    let quiet = store.incidental();
    let filter = GroupFilter { organization: Some(organization.id), ..GroupFilter::default() };
    let found: Vec<Group> = quiet.list_groups(filter).await?;
    let line = |GroupView { group, total_member_count, .. }: GroupView| Line {
        address: groups::address(&group),
        title: groups::title(&group),
        members: total_member_count,
    };
    let details = Details {
        frame: frame.at(&ORGANIZATIONS),
        address: address(&organization),
        title: title(&organization),
        rights: quiet.organization_rights(&organization).await?,
        groups: quiet.with_members(found).await?.into_iter().map(line).collect(),
        organization,
        group_name,
    };
    Ok(page(status, &details)?)
}
