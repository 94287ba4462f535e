//! Types and actions that the server does not know. It answers yes or no for them, too, but that decides nothing: the
//! name is a mistake.
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use keyfob_api::authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest, UnknownName};
use keyfob_client::{Client, Error};
use keyfob_rbac::Catalogue;

use crate::terminal::problem::Problem;

/// How many checks a server explains in one call.
const MOST_EXPLAINED: usize = 1000;

/// The names in these checks that the server does not know. It is asked only about those that not every server has.
pub(super) async fn of(client: &Client, request: &AuthorizationRequest) -> anyhow::Result<Vec<UnknownName>> {
    let catalogue = Catalogue::built_in();
    let mut seen = BTreeSet::new();
    let mut doubtful = Vec::new();
    for (name, AuthorizationCheck { action, object }) in &request.checks {
        let of = object.resource_type.as_str();
        let is_known = catalogue.resource_type(of).is_some() && catalogue.check(of, action).is_ok();
        if !is_known && seen.insert((of, action.as_str())) {
            // Of any object: which one it is does not matter here.
            let object = AuthorizationObject { resource_type: of.to_owned(), ..AuthorizationObject::default() };
            doubtful.push((name.clone(), AuthorizationCheck { action: action.clone(), object }));
        }
    }
    let mut unknown = Vec::new();
    for part in doubtful.chunks(MOST_EXPLAINED) {
        let checks: BTreeMap<_, _> = part.iter().cloned().collect();
        match client.authcheck_explained(&AuthorizationRequest { checks, subject: None }).await {
            Ok(answers) => unknown.extend(answers.into_values().flat_map(|answer| answer.unknown)),
            // Servers of Coder do not explain.
            Err(Error::UnexpectedBody { .. }) => return Ok(Vec::new()),
            error => return error.map(|_| Vec::new()).context("cannot check authorization"),
        }
    }
    Ok(unknown)
}

/// # Errors
/// When there are such names: each is said once, with the nearest known one.
pub(super) fn refuse<'a>(names: impl IntoIterator<Item = &'a UnknownName>) -> anyhow::Result<()> {
    let mut distinct: Vec<&UnknownName> = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    if distinct.is_empty() {
        return Ok(());
    }
    let noun = |name: &UnknownName| if name.kind == "action" { "action" } else { "resource type" };
    let problems = distinct.iter().map(|name| format!("there is no {} {:?}", noun(name), name.name));
    let nearest = distinct.iter().filter_map(|name| Some(format!("the nearest is {}", name.nearest.as_ref()?)));
    let nearest: Vec<String> = nearest.collect();
    let next = if nearest.is_empty() {
        "'keyfob resource-types' lists all types with their actions".to_owned()
    } else {
        nearest.join("; ")
    };
    Err(Problem::new(problems.collect::<Vec<_>>().join("; "), next).into())
}
