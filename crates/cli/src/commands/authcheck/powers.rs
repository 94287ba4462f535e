//! `keyfob authcheck --list`: all that a subject may do, by type.
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::{
    authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest, AuthorizationSubject},
    resources::{ResourceList, ResourceTypeInfo},
};
use keyfob_client::{Client, Error, ME, Paging, ResourcesFilter, TokensFilter};
use serde::Serialize;

use crate::{
    names::visible,
    pages::{PAGE, TokenPages},
    terminal::{
        output::Output,
        table::{self, Cell, Chosen, Column, Weight},
        text::printable,
    },
};

/// What a subject may do, as far as it was asked.
pub(super) struct Powers {
    pub(super) rows: Vec<Power>,
    /// Whether there are more objects than were asked about one by one.
    has_more_objects: bool,
}

/// What the subject may do with objects of a type.
#[derive(Serialize)]
pub(super) struct Power {
    resource_type: String,
    actions: Vec<String>,
    /// The actions that are permitted on objects of others, too: such as have no owner in the question.
    actions_on_any: Vec<String>,
    /// How many objects of the type the key may read; none where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PowerColumn {
    Type,
    Objects,
    Actions,
    #[value(name = "on all of them")]
    OnAll,
}

impl Column<Power> for PowerColumn {
    fn cell(&self, row: &Power) -> Cell {
        match self {
            Self::Type => row.resource_type.as_str().into(),
            Self::Objects => row.objects.map(|count| count.to_string()).unwrap_or_default().into(),
            Self::Actions => row.actions.join(", ").into(),
            Self::OnAll if row.actions_on_any == row.actions => "the same".into(),
            Self::OnAll => row.actions_on_any.join(", ").into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Type => Weight::Key,
            Self::Objects => Weight::Usual,
            Self::Actions | Self::OnAll => Weight::Wraps,
        }
    }
}

/// Everything that is permitted: on one's own objects in some organization, and on those of everybody.
pub(super) async fn of(client: &Client, subject: Option<AuthorizationSubject>) -> anyhow::Result<Powers> {
    let types = client.list_resource_types().await.context("cannot list the resource types")?.resource_types;
    let mut checks = BTreeMap::new();
    for of in &types {
        for action in &of.actions {
            for (place, object) in [("own", own(of)), ("any", any(of))] {
                let check = AuthorizationCheck { action: action.clone(), object };
                checks.insert(format!("{place} {}:{action}", of.name), check);
            }
        }
    }
    let is_own_key = subject.is_none();
    let request = AuthorizationRequest { checks, subject: subject.clone() };
    let answers = client.authcheck(&request).await.context("cannot check authorization")?;
    let single = on_single_objects(client, &types, subject).await?;
    let allowed = |place: &str, of: &ResourceTypeInfo, action: &str| {
        answers.get(&format!("{place} {}:{action}", of.name)).copied().unwrap_or(false)
    };
    let mut rows = Vec::new();
    for of in &types {
        let on_any = |action: &&String| allowed("any", of, action);
        let on_single = |action: &str| single.actions.get(&of.name).is_some_and(|actions| actions.contains(action));
        let is_allowed = |action: &&String| allowed("own", of, action) || on_any(action) || on_single(action);
        let actions: Vec<String> = of.actions.iter().filter(is_allowed).cloned().collect();
        if actions.is_empty() {
            continue;
        }
        let objects = if is_own_key { count(client, of, &actions).await? } else { None };
        let actions_on_any = of.actions.iter().filter(on_any).cloned().collect();
        rows.push(Power { resource_type: of.name.clone(), actions, actions_on_any, objects });
    }
    Ok(Powers { rows, has_more_objects: single.has_more })
}

/// What is permitted on at least one registered object.
#[derive(Default)]
struct Single {
    /// The actions, by type.
    actions: BTreeMap<String, BTreeSet<String>>,
    /// Whether there are more objects than were asked about.
    has_more: bool,
}

/// Asks about registered objects one by one: allow lists and access lists name single objects, which fit no question
/// about objects in general. The first objects count that the key in use may read.
async fn on_single_objects(
    client: &Client,
    types: &[ResourceTypeInfo],
    subject: Option<AuthorizationSubject>,
) -> anyhow::Result<Single> {
    let paging = Paging { limit: Some(MOST_OBJECTS), ..Paging::default() };
    let filter = ResourcesFilter { paging, ..ResourcesFilter::default() };
    // A caller who may list nothing is told what else is permitted. A subject may do nothing on objects that they may
    // not read, but another subject may read more than the caller.
    let listed = visible(client.list_resources(&filter).await).context("cannot list resources")?;
    let is_hidden = subject.is_some() && (listed.is_none() || !client.missing().is_empty());
    let listed = listed.unwrap_or(ResourceList { resources: Vec::new(), count: 0 });
    let has_more = is_hidden || listed.count > u64::from(MOST_OBJECTS);
    let mut single = Single { has_more, ..Single::default() };
    let mut checks = Vec::new();
    for resource in &listed.resources {
        let of = types.iter().find(|of| of.name == resource.resource_type);
        for action in of.into_iter().flat_map(|of| &of.actions) {
            let object = AuthorizationObject {
                resource_type: resource.resource_type.clone(),
                resource_id: resource.id.to_string(),
                ..AuthorizationObject::default()
            };
            let name = format!("{} {action} {}", resource.resource_type, resource.id);
            checks.push((name, AuthorizationCheck { action: action.clone(), object }));
        }
    }
    for part in checks.chunks(MOST_CHECKS) {
        let request = AuthorizationRequest { checks: part.iter().cloned().collect(), subject: subject.clone() };
        let answers = client.authcheck(&request).await.context("cannot check authorization")?;
        for (_, check) in request.checks.into_iter().filter(|(name, _)| answers.get(name) == Some(&true)) {
            single.actions.entry(check.object.resource_type).or_default().insert(check.action);
        }
    }
    Ok(single)
}

/// How many objects are asked about one by one.
const MOST_OBJECTS: u32 = 100;
/// How many questions about single objects are asked in one call.
const MOST_CHECKS: usize = 1000;

fn own(of: &ResourceTypeInfo) -> AuthorizationObject {
    AuthorizationObject { owner_id: ME.to_owned(), ..any(of) }
}

fn any(of: &ResourceTypeInfo) -> AuthorizationObject {
    AuthorizationObject { resource_type: of.name.clone(), any_org: of.organization, ..AuthorizationObject::default() }
}

/// How many objects of a type the key in use may read; none where they are not listed.
async fn count(client: &Client, of: &ResourceTypeInfo, actions: &[String]) -> Result<Option<u64>, Error> {
    if !actions.iter().any(|action| action == "read") {
        return Ok(None);
    }
    let one = Paging { limit: Some(1), ..Paging::default() };
    match of.name.as_str() {
        "user" => visible(client.list_users("", &one).await.map(|users| users.count)),
        "organization" => visible(client.list_organizations().await.map(|all| all.len() as u64)),
        "api_key" => {
            let all = TokensFilter { include_all: true, ..TokensFilter::default() };
            visible(count_tokens(client, all).await)
        }
        name if of.registrable => {
            let filter =
                ResourcesFilter { resource_type: Some(name.to_owned()), paging: one, ..ResourcesFilter::default() };
            visible(client.list_resources(&filter).await.map(|list| list.count))
        }
        _ => Ok(None),
    }
}

async fn count_tokens(client: &Client, filter: TokensFilter) -> Result<u64, Error> {
    let (mut pages, mut count) = (TokenPages::new(client, ME, filter), 0);
    loop {
        match pages.next(PAGE).await?.len() {
            0 => return Ok(count),
            more => count += more as u64,
        }
    }
}

/// Prints them as a table.
pub(super) fn print(out: Output, rows: &[Power]) -> anyhow::Result<()> {
    let columns = [PowerColumn::Type, PowerColumn::Objects, PowerColumn::Actions, PowerColumn::OnAll];
    Ok(out.result(&table::render(&columns, Chosen::ByDefault, rows, out.looks(None)))?)
}

/// Says that a subject may do nothing, as far as it was asked, and why if they may not act at all.
pub(super) async fn say_why_none(
    out: Output,
    client: &Client,
    subject: Option<AuthorizationSubject>,
    powers: &Powers,
) -> anyhow::Result<()> {
    let object = AuthorizationObject { resource_type: "user".to_owned(), ..AuthorizationObject::default() };
    let check = AuthorizationCheck { action: "read".to_owned(), object };
    let request = AuthorizationRequest { checks: [(String::new(), check)].into(), subject };
    let answers = client.authcheck_explained(&request).await.context("cannot check authorization")?;
    // Other steps are about this check alone.
    let of_subject = answers.into_values().find(|answer| answer.steps.iter().any(|step| step.source == "subject"));
    Ok(out.line(match of_subject {
        Some(answer) => format!("Nothing is permitted: {}.", printable(&answer.reason)),
        None if powers.has_more_objects => format!(
            "Nothing is permitted on objects in general, nor on one of the first {MOST_OBJECTS} that you may read. Check \
             another object by its name, as <type>:<action>@<name>."
        ),
        None => "Nothing is permitted.".to_owned(),
    })?)
}
