//! One token: what it can do, where it comes from, what was minted with it, and how it was used.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_api::scopes::Effect;
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ApiKey, KeyLoginType, ListAudit, Page},
    tokens::KeyRights,
};

use super::{address, last_used, name_of, state};
use crate::{
    app::App,
    http::path::{ApiPath, KeyRef},
    pages::{
        frame::Frame,
        names::Names,
        navigation::{TOKENS, USERS},
        page,
        parts::{Abilities, Badge, Moment},
        scopes::{badge, sentence},
        session::{PageError, SignedIn},
        wording::program,
    },
};

/// How many keys that were minted with it, and how many records about it, are shown.
const MOST_SHOWN: u64 = 20;

#[derive(Template)]
#[template(path = "pages/tokens/details.html")]
struct Details {
    frame: Frame,
    address: String,
    name: String,
    is_session: bool,
    id: String,
    /// Whose it is, where it is another's: the page and the name, as far as the person may see them.
    owner: Option<(String, String)>,
    state: Badge,
    scopes: Vec<ScopeLine>,
    objects: Vec<Entry>,
    /// None where the person may not see it.
    abilities: Option<Abilities>,
    last_used: Option<Use>,
    created: Moment,
    minter: Option<String>,
    parent: Option<Link>,
    descendants: Vec<Link>,
    more_descendants: u64,
    expires: Moment,
    rights: KeyRights,
    records: Vec<Record>,
}

struct ScopeLine {
    name: String,
    effect: Option<Badge>,
    sentence: String,
}

/// An entry of the allow list.
struct Entry {
    entry: String,
    words: String,
}

/// When a key was last used, from where, and with what program.
struct Use {
    at: Moment,
    address: String,
    program: String,
    /// The program as it calls itself.
    calls_itself: String,
}

/// Another key.
struct Link {
    address: String,
    name: String,
    is_session: bool,
}

/// What was done about the key.
struct Record {
    at: Moment,
    action: &'static str,
    by: String,
    status: u16,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(KeyRef(id)): ApiPath<KeyRef>,
) -> Result<Response, PageError> {
    let key = store.salvaging().get_key(id.as_ref(), None).await?;
    let store = store.incidental();
    let now = app.clock().now();
    let is_live = key.is_live(now);
    let (parent, descendants) = kin(&store, &key).await?;
    let minter = store.minters(std::slice::from_ref(&key)).await?.remove(&key.id);
    let rights = store.key_rights(&key);
    let names = Names::of(&app, &store, key.allow_list.iter().map(String::as_str)).await?;
    let entry = |entry: &String| Entry { entry: entry.clone(), words: names.words(entry) };
    let details = Details {
        frame: frame.at(&TOKENS).about(about(&key)),
        address: address(&key),
        name: name_of(&key),
        is_session: is_session(&key),
        id: key.id.to_string(),
        owner: owner(&store, &key).await?,
        state: state(&key, now),
        scopes: key.scopes.iter().map(|name| scope_line(&app, name)).collect(),
        objects: key.allow_list.iter().map(entry).collect(),
        abilities: if is_live { abilities(&app, &store, &key).await? } else { None },
        last_used: last_used(&key, now).map(|at| Use {
            at,
            address: key.origin.ip_address.to_string(),
            program: program(&key.origin.user_agent),
            calls_itself: key.origin.user_agent.clone(),
        }),
        created: Moment::new(key.created_at, now),
        minter,
        parent,
        more_descendants: key.live_descendants.saturating_sub(u64::try_from(descendants.len()).unwrap_or(u64::MAX)),
        descendants,
        expires: Moment::new(key.expires_at, now),
        rights: KeyRights { may_expire: rights.may_expire && is_live, ..rights },
        records: records(&store, &key, now).await?,
    };
    Ok(page(StatusCode::OK, &details)?)
}

/// Whose the key is, where it is another's.
async fn owner(store: &AuthorizedStore, key: &ApiKey) -> Result<Option<(String, String)>, Refused> {
    if store.caller().is_self(key.user_id) {
        return Ok(None);
    }
    let named = store.usernames(&[key.user_id]).await?.pop();
    Ok(named.map(|(id, name)| (format!("{}/{}", USERS.path, id.0), name)))
}

/// What notices call the key.
fn about(key: &ApiKey) -> String {
    format!("{} {}", if is_session(key) { "Session" } else { "Token" }, name_of(key))
}

fn is_session(key: &ApiKey) -> bool {
    key.login_type != KeyLoginType::Token
}

fn link(key: &ApiKey) -> Link {
    Link { address: address(key), name: name_of(key), is_session: is_session(key) }
}

/// The key that this one was minted with, and those that were minted with it, as far as they may be seen.
async fn kin(store: &AuthorizedStore, key: &ApiKey) -> Result<(Option<Link>, Vec<Link>), Refused> {
    let parent = match &key.parent_id {
        Some(id) => Refused::if_there(store.get_key(Some(id), None).await)?,
        None => None,
    };
    let descendants = store.list_descendants(&key.id, MOST_SHOWN).await?;
    Ok((parent.as_ref().map(link), descendants.iter().map(link).collect()))
}

fn scope_line(app: &App, name: &str) -> ScopeLine {
    let known = app.catalogue().scope(name).ok();
    ScopeLine {
        name: name.to_owned(),
        effect: known.as_ref().map(|scope| badge(Effect::of_scope(scope.as_str()))),
        sentence: known.map(|scope| sentence(scope.as_str())).unwrap_or_default(),
    }
}

/// What the key can do now, where the person may see that.
async fn abilities(app: &App, store: &AuthorizedStore, key: &ApiKey) -> Result<Option<Abilities>, Refused> {
    let abilities = store.abilities_of_own_key(key).await?;
    Ok(abilities.map(|abilities| Abilities::new(app.catalogue(), abilities)))
}

/// The newest records about the key; none for who may see no records.
async fn records(store: &AuthorizedStore, key: &ApiKey, now: Timestamp) -> Result<Vec<Record>, Refused> {
    let page = Page { limit: Some(MOST_SHOWN), ..Page::default() };
    let list = ListAudit { api_key_id: Some(key.id.clone()), page, ..ListAudit::default() };
    let found = match store.list_audit_records(list).await {
        Ok((found, _)) => found,
        Err(Refused::Denied(_)) => return Ok(Vec::new()),
        Err(refused) => return Err(refused),
    };
    let record = |view: keyfob_authority::audit::AuditView| Record {
        at: Moment::new(view.record.recorded_at, now),
        action: action(&view.record.action),
        by: view.user.map(|view| view.user.username).unwrap_or_default(),
        status: view.record.status_code,
    };
    Ok(found.into_iter().map(record).collect())
}

/// What was done to the key.
fn action(name: &str) -> &'static str {
    match name {
        "create" => "Minted",
        "delete" => "Deleted",
        "login" => "Signed in",
        "logout" => "Signed out",
        _ => "Changed",
    }
}
