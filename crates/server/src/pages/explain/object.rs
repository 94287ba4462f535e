//! The object of a question: by id, or by a name among those that the person may see.
use std::collections::BTreeSet;

use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ListResources, ListUsers, Named, Page},
    groups::GroupFilter,
    resources::is_registrable,
};
use keyfob_rbac::ResourceType;
use uuid::Uuid;

use super::Question;
use crate::{
    app::App,
    pages::{
        failure::Failure,
        names::Names,
        navigation::EXPLAIN,
        scopes::{plural, singular},
    },
};

/// How many objects with the name are shown.
const MOST: u64 = 20;

/// What a question is about.
pub(super) enum Target {
    /// No single object.
    Any,
    /// This one.
    One { id: String, name: String },
    /// One of these, by id and name.
    Several(Vec<(String, String)>),
}

/// An object that a name could mean, with the question about it.
pub(super) struct Match {
    pub(super) name: String,
    pub(super) entry: String,
    pub(super) link: String,
}

impl Match {
    pub(super) fn new(asked: &Question<'_>, of: ResourceType, app: &App, id: &str, name: String) -> Self {
        let entry = format!("{}:{id}", app.catalogue().type_name(of));
        let Question { subject, other, permission, .. } = *asked;
        let pairs = [("subject", subject), ("other", other), ("permission", permission), ("object", &entry)];
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Self { name, link: format!("{}?{pairs}", EXPLAIN.path), entry }
    }
}

/// The object of this type that a text names.
///
/// # Errors
/// When it names none, or the store fails.
pub(super) async fn find(app: &App, store: &AuthorizedStore, of: ResourceType, text: &str) -> Result<Target, Failure> {
    let wrong = |words: String| Failure::bad_request("This cannot be answered.").field("object", words);
    let catalogue = app.catalogue();
    let of_name = catalogue.type_name(of);
    let text = match text.split_once(':') {
        Some((name, id)) if name == of_name => id,
        Some((name, _)) if catalogue.resource_type(name).is_some() => {
            return Err(wrong(format!(
                "This is one of the {}, and the action is on {}.",
                plural(name),
                plural(of_name)
            )));
        }
        _ => text,
    };
    if text.is_empty() || text == "*" {
        return Ok(Target::Any);
    }
    if let Ok(id) = Uuid::try_parse(text) {
        let id = id.to_string();
        let entry = format!("{of_name}:{id}");
        let names = Names::of(app, store, [entry.as_str()]).await?;
        return Ok(Target::One { name: names.name(&entry).unwrap_or(&entry).to_owned(), id });
    }
    let found = named(store, of, text).await?;
    let same: Vec<&(String, String)> = found.iter().filter(|(_, name)| name.eq_ignore_ascii_case(text)).collect();
    match (same.as_slice(), found.as_slice()) {
        ([(id, name)], _) | ([], [(id, name)]) => Ok(Target::One { id: id.clone(), name: name.clone() }),
        (_, []) => {
            let name = singular(of_name);
            Err(wrong(format!(
                "There is no {name} with this name that you may see. Paste its id, or leave this empty."
            )))
        }
        _ => Ok(Target::Several(found)),
    }
}

/// The objects whose names, or display names, have this text, as far as the person may see them: their ids and names.
/// Those that are called just so come first.
async fn named(store: &AuthorizedStore, of: ResourceType, text: &str) -> Result<Vec<(String, String)>, Failure> {
    let store = store.incidental();
    // What is called just so is found however many names have the text.
    let searches = [Named::Exactly(text.to_owned()), Named::Like(text.to_owned())];
    let mut found: Vec<(String, String)> = Vec::new();
    match of {
        ResourceType::USER => found = users(&store, text).await?,
        ResourceType::ORGANIZATION => {
            for named in searches {
                let organizations = store.find_organizations(&named, MOST).await?;
                found.extend(organizations.into_iter().map(|of| (of.id.to_string(), of.name)));
            }
        }
        ResourceType::GROUP => {
            for named in searches {
                let named = GroupFilter { named: Some(named), page: at_most(), ..GroupFilter::default() };
                let groups = store.list_groups(named).await?;
                found.extend(groups.into_iter().map(|group| (group.id.to_string(), group.name)));
            }
        }
        of if is_registrable(of) => {
            let text = || Some(text.to_owned());
            let same = ListResources { name_is: text(), page: at_most(), ..ListResources::default() };
            let like = ListResources { name_contains: text(), page: at_most(), ..ListResources::default() };
            let mut resources = store.list_resources(&[of], same).await?.0;
            resources.extend(store.list_resources(&[of], like).await?.0);
            found = resources.into_iter().map(|resource| (resource.key.id.0.to_string(), resource.name)).collect();
        }
        _ => {}
    }
    Ok(the_first(found, text))
}

/// The users with this text in their address, username or full name. The one who is called so is found however many
/// there are.
async fn users(store: &AuthorizedStore, text: &str) -> Result<Vec<(String, String)>, Failure> {
    let named = Refused::if_there(store.addressed_user(text).await)?;
    let mut found: Vec<(String, String)> = named.into_iter().map(|user| (user.id.to_string(), user.username)).collect();
    let with_text = || Some(text.to_owned());
    for list in [
        ListUsers { search: with_text(), page: at_most(), ..ListUsers::default() },
        ListUsers { name_contains: with_text(), page: at_most(), ..ListUsers::default() },
    ] {
        let (users, _) = store.list_users(list).await?;
        found.extend(users.into_iter().map(|view| (view.user.id.to_string(), view.user.username)));
    }
    Ok(found)
}

fn at_most<Id>() -> Page<Id> {
    Page { limit: Some(MOST), offset: 0, after: None }
}

/// As many as are shown, each once.
fn the_first(mut found: Vec<(String, String)>, text: &str) -> Vec<(String, String)> {
    found.sort_by_key(|(_, name)| !name.eq_ignore_ascii_case(text));
    let mut ids = BTreeSet::new();
    found.retain(|(id, _)| ids.insert(id.clone()));
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    found
}
