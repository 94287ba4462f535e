//! The members of an organization.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::{ListUsers, Organization, Page},
    organizations::{MemberView, OrganizationRights},
};

use super::{address, member_address, members_address, title};
use crate::{
    app::App,
    http::{
        error::ApiError,
        extract::ApiQuery,
        path::{ApiPath, OrganizationRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        named_user::named_user,
        navigation::ORGANIZATIONS,
        notice::Notice,
        page,
        parts::{Moment, Pager},
        see_other,
        session::{PageError, SignedIn},
    },
};

/// How many members a page shows.
const PAGE_SIZE: u64 = 25;

#[derive(Template)]
#[template(path = "pages/organizations/members.html")]
struct Members {
    frame: Frame,
    address: String,
    title: String,
    rows: Vec<Row>,
    count: u64,
    search: String,
    rights: OrganizationRights,
    /// The name of a new member, as it was filled in.
    user: String,
    pager: Pager,
}

struct Row {
    address: String,
    username: String,
    name: String,
    roles: Vec<String>,
    since: Moment,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    render(&app, &store, frame, StatusCode::OK, &organization, &query, String::new()).await
}

pub(super) async fn add(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let name = form.text("user").trim().to_owned();
    let added = match named_user(&store, &name, "user").await {
        Ok(user) => store.add_member(organization.id, user.id).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match added {
        Ok(_) => Ok(see_other(&Notice::MemberAdded.on(&members_address(&organization)))?),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &["user"]);
            render(&app, &store, frame, status, &organization, &ApiQuery::default(), name).await
        }
    }
}

async fn render(
    app: &App,
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    organization: &Organization,
    query: &ApiQuery,
    user: String,
) -> Result<Response, PageError> {
    let search = query.text("q").unwrap_or_default().trim().to_owned();
    let mut pager = Pager::new(&members_address(organization), query, &["q"], PAGE_SIZE)?;
    let list = ListUsers {
        search: Some(search.clone()).filter(|text| !text.is_empty()),
        page: Page { limit: Some(pager.limit()), offset: pager.offset(), after: None },
        ..ListUsers::default()
    };
    let (found, count) = store.list_members(organization.id, list).await.map_err(ApiError::from)?;
    let now = app.clock().now();
    let row = |MemberView { user, member }: MemberView| Row {
        address: member_address(organization, user.id),
        username: user.username,
        name: user.name,
        roles: member.roles,
        since: Moment::new(member.created_at, now),
    };
    let members = Members {
        frame: frame.at(&ORGANIZATIONS),
        title: title(organization),
        rows: pager.cut_of(count, found).into_iter().map(row).collect(),
        count,
        search,
        rights: store.organization_rights(organization).await?,
        user,
        pager,
        address: address(organization),
    };
    Ok(page(status, &members)?)
}
