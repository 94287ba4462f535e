//! One organization: its names, and its groups.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::{Group, Organization, Page},
    groups::{GroupFilter, NewGroup},
    organizations::{OrganizationChange, OrganizationRights},
};

use super::{address, title};
use crate::{
    http::{
        extract::ApiQuery,
        path::{ApiPath, OrganizationRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        groups,
        navigation::ORGANIZATIONS,
        notice::Notice,
        page,
        parts::Pager,
        see_other,
        session::{PageError, SignedIn},
    },
};

/// How many groups a page shows.
const PAGE_SIZE: u64 = 50;

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
    /// The pages of groups.
    pager: Pager,
}

/// A group.
struct Line {
    address: String,
    title: String,
    members: u64,
}

pub(super) async fn show(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    render(&store, frame, StatusCode::OK, organization, &query, String::new()).await
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
            let (status, frame) = Failure::from(error).on(frame, &["name", "display_name", "description"]);
            let written = Organization {
                name: text("name"),
                display_name: text("display_name"),
                description: text("description"),
                ..organization
            };
            render(&store, frame, status, written, &ApiQuery::default(), String::new()).await
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
            let (status, frame) = Failure::from(error).renamed("name", "group").on(frame, &["group"]);
            render(&store, frame, status, organization, &ApiQuery::default(), name).await
        }
    }
}

async fn render(
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    organization: Organization,
    query: &ApiQuery,
    group_name: String,
) -> Result<Response, PageError> {
    let quiet = store.incidental();
    let mut pager = Pager::new(&address(&organization), query, &[], PAGE_SIZE)?;
    let page_of_groups = Page { limit: Some(pager.limit()), offset: pager.offset(), after: None };
    let filter = GroupFilter { organization: Some(organization.id), page: page_of_groups, ..GroupFilter::default() };
    let found: Vec<Group> = pager.cut(quiet.list_groups(filter).await?);
    let sizes = quiet.group_sizes(&found).await?;
    let line = |group: &Group| Line {
        address: groups::address(group),
        title: groups::title(group),
        members: sizes.get(&group.id).copied().unwrap_or_default(),
    };
    let details = Details {
        frame: frame.at(&ORGANIZATIONS).about(format!("Organization {}", title(&organization))),
        address: address(&organization),
        title: title(&organization),
        rights: quiet.organization_rights(&organization).await?,
        groups: found.iter().map(line).collect(),
        organization,
        group_name,
        pager,
    };
    Ok(page(status, &details)?)
}
