//! The list of registered resources.
use std::collections::BTreeSet;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{Grant, ListResources, Page, Resource},
    resources::{ObjectNames, registrable},
};
use keyfob_rbac::{Catalogue, ResourceType};
use uuid::Uuid;

use super::address;
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        failure::Failure,
        frame::Frame,
        named_user::named_user,
        navigation::RESOURCES,
        page,
        parts::{Choice, Moment, Pager},
        scopes::{capitalized, plural, singular},
        session::{PageError, SignedIn},
    },
};

/// How many resources a page shows.
const PAGE_SIZE: u64 = 25;
const NO_FILTER: &str = "A filter names something that does not exist, or that you may not see.";
/// What of a query filters the list.
const FILTER: [&str; 4] = ["q", "type", "owner", "organization"];

#[derive(Template)]
#[template(path = "pages/resources/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    count: u64,
    search: String,
    owner: String,
    /// The name of an organization, or its id.
    organization: String,
    types: Vec<Choice>,
    pager: Pager,
}

struct Row {
    address: String,
    name: String,
    kind: String,
    owner: Option<String>,
    organization: Option<String>,
    /// How many users and groups have access by its access list.
    shared: usize,
    updated: Moment,
}

impl List {
    /// Whether nothing was looked for in particular.
    fn is_unfiltered(&self) -> bool {
        let is_typed = [&self.search, &self.owner, &self.organization].into_iter().any(|text| !text.is_empty());
        !is_typed && !self.types.iter().any(|choice| choice.is_chosen)
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let text = |key| query.text(key).unwrap_or_default().trim().to_owned();
    let (search, owner, of, within) = (text("q"), text("owner"), text("type"), text("organization"));
    let all = registrable(app.catalogue());
    let mut pager = Pager::new(RESOURCES.path, &query, &FILTER, PAGE_SIZE)?;
    let asked = filter(&app, &store, [&search, &owner, &of, &within]).await;
    let (found, count, status, frame) = match asked {
        Ok((types, list)) => {
            let page = Page { limit: Some(pager.limit()), offset: pager.offset(), after: None };
            let list = ListResources { page, ..list };
            let (found, count) = store.list_resources(&types, list).await.map_err(ApiError::from)?;
            (found, count, StatusCode::OK, frame)
        }
        Err(failure) => {
            let (status, frame) = failure.on(frame, &FILTER);
            (Vec::new(), 0, status, frame)
        }
    };
    let found = pager.cut_of(count, found);
    let names = names(&store, &found).await?;
    let list = List {
        frame: frame.at(&RESOURCES),
        rows: found.into_iter().map(|resource| row(&app, &names, resource)).collect(),
        count,
        types: all.into_iter().map(|known| type_choice(app.catalogue(), known, &of)).collect(),
        organization: within,
        search,
        owner,
        pager,
    };
    Ok(page(status, &list)?)
}

fn type_choice(catalogue: &Catalogue, of: ResourceType, chosen: &str) -> Choice {
    let name = catalogue.type_name(of);
    Choice::new(name, capitalized(&plural(name)), name == chosen)
}

impl Failure {
    /// The same where a filter names what there is not.
    fn of_filter(self) -> Self {
        match self.status {
            StatusCode::NOT_FOUND => Self { status: StatusCode::BAD_REQUEST, ..self.saying(NO_FILTER) },
            _ => self,
        }
    }
}

/// What a query asks for: its name, owner, type and organization.
async fn filter(
    app: &App,
    store: &AuthorizedStore,
    [search, owner, of, within]: [&str; 4],
) -> Result<(Vec<ResourceType>, ListResources), Failure> {
    let wrong = |field: &str, words: &str| Failure::bad_request(NO_FILTER).field(field, words);
    let store = store.incidental();
    let all = registrable(app.catalogue());
    let types = match of {
        "" => all,
        name => {
            let known = app.catalogue().resource_type(name).filter(|of| all.contains(of));
            vec![known.ok_or_else(|| wrong("type", "There is no such type."))?]
        }
    };
    let organization_id = match within {
        "" => None,
        name => match Refused::if_there(store.addressed_organization(name).await)? {
            Some(organization) => Some(organization.id),
            None => return Err(wrong("organization", "There is no such organization that you may see.")),
        },
    };
    let owner_id = match owner {
        "" => None,
        name => Some(named_user(&store, name, "owner").await.map_err(Failure::of_filter)?.id),
    };
    let name_contains = Some(search.to_owned()).filter(|text| !text.is_empty());
    Ok((types, ListResources { name_contains, organization_id, owner_id, ..ListResources::default() }))
}

/// The names of the owners and organizations of resources, as far as the person may see them.
async fn names(store: &AuthorizedStore, of: &[Resource]) -> Result<ObjectNames, PageError> {
    let places = of.iter().flat_map(|resource| {
        let owner = resource.owner_id.map(|id| (ResourceType::USER, id.0));
        owner.into_iter().chain(resource.organization_id.map(|id| (ResourceType::ORGANIZATION, id.0)))
    });
    let places: Vec<_> = places.collect();
    Ok(store.incidental().object_names(places).await?)
}

fn row(app: &App, names: &ObjectNames, resource: Resource) -> Row {
    let name = |of: ResourceType, id: Option<Uuid>| names.get(&(of, id?)).cloned();
    Row {
        address: address(&resource),
        kind: singular(&resource.key.resource_type),
        owner: name(ResourceType::USER, resource.owner_id.map(|id| id.0)),
        organization: name(ResourceType::ORGANIZATION, resource.organization_id.map(|id| id.0)),
        shared: resource.grants.iter().map(|Grant { grantee, .. }| grantee).collect::<BTreeSet<_>>().len(),
        updated: Moment::new(resource.updated_at, app.clock().now()),
        name: resource.name,
    }
}
