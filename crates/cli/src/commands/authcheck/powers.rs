//! `keyfob authcheck --list`: all that a subject may do, by type.
use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::{
    authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest, AuthorizationSubject},
    resources::ResourceTypeInfo,
};
use keyfob_client::{Client, ME, Paging, ResourcesFilter, TokensFilter};
use serde::Serialize;

use crate::terminal::{
    output::Output,
    table::{self, Cell, Chosen, Column, Weight},
};

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
pub(super) async fn of(client: &Client, subject: Option<AuthorizationSubject>) -> anyhow::Result<Vec<Power>> {
    let types = client.list_resource_types().await.context("list the resource types")?.resource_types;
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
    let answers = client.authcheck(&AuthorizationRequest { checks, subject }).await.context("check authorization")?;
    let allowed = |place: &str, of: &ResourceTypeInfo| {
        let is_allowed =
            |action: &&String| answers.get(&format!("{place} {}:{action}", of.name)).copied().unwrap_or(false);
        of.actions.iter().filter(is_allowed).cloned().collect::<Vec<String>>()
    };
    let mut powers = Vec::new();
    for of in &types {
        let (own, any) = (allowed("own", of), allowed("any", of));
        let actions: Vec<String> =
            of.actions.iter().filter(|action| own.contains(action) || any.contains(action)).cloned().collect();
        if actions.is_empty() {
            continue;
        }
        let objects = if is_own_key { count(client, of, &actions).await } else { None };
        powers.push(Power { resource_type: of.name.clone(), actions, actions_on_any: any, objects });
    }
    Ok(powers)
}

fn own(of: &ResourceTypeInfo) -> AuthorizationObject {
    AuthorizationObject { owner_id: ME.to_owned(), ..any(of) }
}

fn any(of: &ResourceTypeInfo) -> AuthorizationObject {
    AuthorizationObject { resource_type: of.name.clone(), any_org: of.organization, ..AuthorizationObject::default() }
}

/// How many objects of a type the key in use may read; none where they are not listed.
async fn count(client: &Client, of: &ResourceTypeInfo, actions: &[String]) -> Option<u64> {
    if !actions.iter().any(|action| action == "read") {
        return None;
    }
    let one = Paging { limit: Some(1), ..Paging::default() };
    match of.name.as_str() {
        "user" => client.list_users("", &one).await.ok().map(|users| users.count),
        "organization" => client.list_organizations().await.ok().map(|all| all.len() as u64),
        "api_key" => {
            let all = TokensFilter { include_all: true, ..TokensFilter::default() };
            client.list_tokens(ME, all).await.ok().map(|all| all.len() as u64)
        }
        name if of.registrable => {
            let filter =
                ResourcesFilter { resource_type: Some(name.to_owned()), paging: one, ..ResourcesFilter::default() };
            client.list_resources(&filter).await.ok().map(|list| list.count)
        }
        _ => None,
    }
}

/// Prints them as a table.
pub(super) fn print(out: Output, powers: &[Power]) -> anyhow::Result<()> {
    let columns = [PowerColumn::Type, PowerColumn::Objects, PowerColumn::Actions, PowerColumn::OnAll];
    Ok(out.result(&table::render(&columns, Chosen::ByDefault, powers, out.looks(None)))?)
}
