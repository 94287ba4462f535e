//! Searches that find nothing because a value of theirs does not exist.
use std::collections::BTreeSet;

use anyhow::Context as _;
use keyfob_api::resources::ResourceTypeInfo;
use keyfob_client::Client;
use keyfob_rbac::Catalogue;
use keyfob_server::{nearest_name, recorded_actions, recorded_types};

use crate::{names::visible, terminal::problem::Problem};

/// The keys of terms whose values either exist or do not.
const LOOKED_UP: [&str; 5] = ["action", "resource_type", "username", "user", "organization"];

/// Refuses a search that found nothing if it names an action, a type, a user or an organization that does not exist.
///
/// # Errors
/// With the values that there are, and when those cannot be looked up.
pub(super) async fn refuse_unknown<Row>(client: &Client, search: &str, found: &[Row]) -> anyhow::Result<()> {
    if !found.is_empty() || search.is_empty() {
        return Ok(());
    }
    for (key, value) in terms(search) {
        // Records tell of types that are gone, and of users and organizations that the caller may not read.
        if !LOOKED_UP.contains(&key.as_str()) || !has_none(client, &key, &value).await? {
            continue;
        }
        match key.as_str() {
            "username" | "user" => {
                if visible(client.user(&value).await).context("cannot find the user")?.is_none() {
                    return Err(Problem::unseen(format!("there is no user {value:?} whom you may see")).into());
                }
            }
            "organization" => {
                if visible(client.organization(&value).await).context("cannot find the organization")?.is_none() {
                    return Err(Problem::unseen(format!("there is no organization {value:?} that you may see")).into());
                }
            }
            noun => {
                let types = client.list_resource_types().await.context("cannot list the resource types")?;
                let (types, catalogue) = (types.resource_types, Catalogue::built_in());
                match noun {
                    "action" => refuse_other("action", &value, actions(&catalogue, &types))?,
                    _ => refuse_other("type", &value, names(&catalogue, &types))?,
                }
            }
        }
    }
    Ok(())
}

/// Whether this term alone finds no record.
async fn has_none(client: &Client, key: &str, value: &str) -> anyhow::Result<bool> {
    let page = client.list_audit_logs(&format!("{key}:{value}"), 1, 0).await.context("cannot list audit records")?;
    Ok(page.audit_logs.is_empty())
}

/// The terms of a search in lower case, by their keys; a word alone is a type. Words in quotes are left out: a term ends
/// elsewhere there.
fn terms(search: &str) -> Vec<(String, String)> {
    let words = search.split_whitespace().filter(|_| !search.contains('"')).map(str::to_lowercase);
    words
        .map(|word| match word.split_once(':') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => ("resource_type".to_owned(), word),
        })
        .collect()
}

fn actions<'a>(catalogue: &'a Catalogue, types: &'a [ResourceTypeInfo]) -> BTreeSet<&'a str> {
    let others = types.iter().filter(|of| of.custom).flat_map(|of| &of.actions).map(String::as_str);
    recorded_actions(catalogue).into_iter().chain(others).collect()
}

fn names<'a>(catalogue: &'a Catalogue, types: &'a [ResourceTypeInfo]) -> BTreeSet<&'a str> {
    recorded_types(catalogue).into_iter().chain(types.iter().map(|of| of.name.as_str())).collect()
}

fn refuse_other(noun: &str, value: &str, known: BTreeSet<&str>) -> anyhow::Result<()> {
    if known.contains(value) {
        return Ok(());
    }
    let nearest = nearest_name(value, known.iter().copied());
    let nearest = nearest.map(|nearest| format!("the nearest is {nearest}; ")).unwrap_or_default();
    let next = format!("{nearest}the {noun}s are {}", known.into_iter().collect::<Vec<_>>().join(", "));
    Err(Problem::new(format!("no audit record has the {noun} {value:?}"), next).into())
}
