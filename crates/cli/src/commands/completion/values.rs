//! Values that the server knows.
use keyfob_api::secret::SecretText;
use keyfob_client::{Client, ME, Paging, ResourcesFilter, TokensFilter};
use keyfob_rbac::Catalogue;

use super::line::{Line, Wanted};
use crate::{
    connection::server_url,
    invocation::Invocation,
    pages::{TokenPages, is_too_long},
};

/// How many names are asked for.
const MOST: u32 = 200;

/// What the value of an argument can be, as far as it is known.
pub(super) async fn of(invocation: &Invocation, line: &Line<'_>, wanted: &Wanted<'_>, typed: &str) -> Vec<String> {
    let Wanted::Value(argument) = wanted else { return Vec::new() };
    let client = client(invocation, line);
    let Some(client) = client.as_ref() else {
        // Scopes are known without a server, too.
        return if argument.get_id() == "scope" { Catalogue::built_in().requestable_scopes() } else { Vec::new() };
    };
    let names = match (line.command(), argument.get_id().as_str()) {
        (_, "scope") => scopes(client).await,
        ("authcheck", "checks") => checks(client, typed).await,
        (_, "allow") => references(client, typed, true).await,
        (_, "resource") => references(client, typed, false).await,
        (_, "resource_type") => types(client).await.map(|types| types.into_iter().map(|(name, ..)| name).collect()),
        (_, "permission") => permissions(client, typed).await,
        (_, "user" | "users" | "owner") => users(client, typed).await,
        (_, "org" | "organization") => organizations(client).await,
        (_, "key") => tokens(client, line.given("user").unwrap_or(ME)).await,
        (_, "group") => groups(client, line.given("org")).await,
        ("end", "id") => sessions(client, line.given("user").unwrap_or(ME)).await,
        (_, "roles" | "names") | ("show", "name") => roles(client, line.given("org")).await,
        _ => None,
    };
    names.unwrap_or_default()
}

/// The server and the key of the line, else those of the environment and of `keyfob login`.
fn client(invocation: &Invocation, line: &Line<'_>) -> Option<Client> {
    match (line.given("url"), line.given("token")) {
        (Some(url), token) => {
            let url = server_url::parse(url).ok()?;
            invocation.client_for(&url, token.map(SecretText::new)).ok()
        }
        (None, Some(token)) => invocation.connect().ok()?.with_session_token(&SecretText::new(token)).ok(),
        (None, None) => invocation.connect().ok(),
    }
}

async fn scopes(client: &Client) -> Option<Vec<String>> {
    match client.without_session_token().list_scopes().await {
        Ok(scopes) => Some(scopes.external),
        Err(_) => Some(Catalogue::built_in().requestable_scopes()),
    }
}

/// The types by name, with their actions, and whether their objects are registered.
async fn types(client: &Client) -> Option<Vec<(String, Vec<String>, bool)>> {
    let types = client.list_resource_types().await.ok()?.resource_types;
    Some(types.into_iter().map(|of| (of.name, of.actions, of.registrable)).collect())
}

async fn checks(client: &Client, typed: &str) -> Option<Vec<String>> {
    if let Some((check, name)) = typed.split_once('@') {
        let (of, _) = check.split_once(':')?;
        return Some(names(client, of, name).await?.into_iter().map(|name| format!("{check}@{name}")).collect());
    }
    permissions(client, typed).await
}

async fn permissions(client: &Client, typed: &str) -> Option<Vec<String>> {
    let known = types(client).await?;
    Some(match typed.split_once(':') {
        None => known.into_iter().map(|(name, ..)| format!("{name}:")).collect(),
        Some((of, _)) => {
            let actions = known.into_iter().filter(|(name, ..)| name == of).flat_map(|(_, actions, _)| actions);
            actions.map(|action| format!("{of}:{action}")).collect()
        }
    })
}

async fn references(client: &Client, typed: &str, with_all: bool) -> Option<Vec<String>> {
    match typed.split_once(':') {
        None => {
            let known = types(client).await?.into_iter().filter(|(.., registrable)| with_all || *registrable);
            Some(known.map(|(name, ..)| format!("{name}:")).collect())
        }
        Some((of, name)) => {
            let all = with_all.then(|| "*".to_owned());
            let named = names(client, of, name).await.unwrap_or_default();
            Some(named.into_iter().chain(all).map(|name| format!("{of}:{name}")).collect())
        }
    }
}

/// The names of objects of a type, with what was typed of one. Those that a shell would take apart are left out.
async fn names(client: &Client, of: &str, typed: &str) -> Option<Vec<String>> {
    let names = match of {
        "user" => users(client, typed).await?,
        "organization" => organizations(client).await?,
        "group" => groups(client, None).await?,
        of => {
            let filter = ResourcesFilter {
                resource_type: Some(of.to_owned()),
                q: Some(typed.to_owned()).filter(|typed| !typed.is_empty()),
                paging: Paging { limit: Some(MOST), ..Paging::default() },
                ..ResourcesFilter::default()
            };
            let listed = client.list_resources(&filter).await.ok()?.resources;
            listed.into_iter().map(|resource| resource.name).collect()
        }
    };
    Some(plain(names))
}

fn plain(names: Vec<String>) -> Vec<String> {
    let is_plain = |name: &String| name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    names.into_iter().filter(is_plain).collect()
}

async fn users(client: &Client, typed: &str) -> Option<Vec<String>> {
    let page = Paging { limit: Some(MOST), ..Paging::default() };
    let search: String = typed.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect();
    let users = client.list_users(&search, &page).await.ok()?.users;
    Some(users.into_iter().map(|user| user.username).chain([ME.to_owned()]).collect())
}

async fn organizations(client: &Client) -> Option<Vec<String>> {
    Some(client.list_organizations().await.ok()?.into_iter().map(|organization| organization.name).collect())
}

async fn tokens(client: &Client, user: &str) -> Option<Vec<String>> {
    let tokens = match client.list_tokens(user, TokensFilter::default()).await {
        Err(error) if is_too_long(&error) => {
            TokenPages::new(client, user, TokensFilter::default()).next(MOST).await.ok()?
        }
        tokens => tokens.ok()?,
    };
    Some(plain(tokens.into_iter().map(|token| token.key.token_name).collect()))
}

async fn sessions(client: &Client, user: &str) -> Option<Vec<String>> {
    Some(client.list_sessions(user).await.ok()?.into_iter().map(|session| session.id).collect())
}

async fn groups(client: &Client, organization: Option<&str>) -> Option<Vec<String>> {
    let organizations = match organization {
        Some(named) => vec![named.to_owned()],
        None => client.list_user_organizations(ME).await.ok()?.into_iter().map(|of| of.id.to_string()).collect(),
    };
    let mut names = Vec::new();
    for organization in organizations {
        let groups = client.list_groups(&organization).await.unwrap_or_default();
        names.extend(groups.into_iter().map(|group| group.name));
    }
    Some(plain(names))
}

async fn roles(client: &Client, organization: Option<&str>) -> Option<Vec<String>> {
    let roles = match organization {
        Some(organization) => client.list_organization_roles(organization).await.ok()?,
        None => client.list_site_roles().await.ok()?,
    };
    Some(roles.into_iter().map(|role| role.role.name).collect())
}
