//! One token: what it can do, where it comes from, what was minted with it, and how it was used.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_api::{audit::AuditLog, scopes::Effect};
use keyfob_authority::{
    AuthorizedStore, Refused,
    audit::AuditView,
    data::{ApiKey, AuditOrder, ListAudit, Page},
    tokens::KeyRights,
};

use super::{address, is_session, last_used, list_of, name_of, other_owner, place_of, state};
use crate::{
    app::App,
    http::path::{ApiPath, KeyRef},
    pages::{
        audit::shown_sentences,
        frame::Frame,
        names::Names,
        notice::Notice,
        page,
        parts::{Abilities, Badge, Moment},
        scopes::{badge, sentence},
        session::{PageError, SignedIn},
        wording::{isolated, program},
    },
    records::wire_record,
};

/// How many keys that were minted with it, acts with it, and records about it are shown.
const MOST_SHOWN: u64 = 20;

#[derive(Template)]
#[template(path = "pages/tokens/details.html")]
struct Details {
    frame: Frame,
    address: String,
    name: String,
    is_session: bool,
    /// Whether it is the session that the person looks with.
    is_this: bool,
    id: String,
    /// Whose it is, where it is another's: the page and the name, as far as the person may see them.
    owner: Option<(String, String)>,
    state: Badge,
    is_live: bool,
    scopes: Vec<ScopeLine>,
    objects: Vec<Entry>,
    /// None where the person may not see it.
    abilities: Option<Abilities>,
    last_used: Option<Use>,
    /// What was done with it of late, as far as the person may see that.
    acts: Vec<Act>,
    created: Moment,
    minter: Option<String>,
    parent: Option<Link>,
    descendants: Vec<Link>,
    more_descendants: u64,
    expires: Moment,
    rights: KeyRights,
    records: Vec<Record>,
    /// The page that lists it, and what a link to it says.
    back: (String, String),
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

/// When a key was used, from where, and with what program.
struct Use {
    at: Moment,
    address: String,
    program: String,
    /// The program as it calls itself.
    calls_itself: String,
}

/// What was done with the key.
struct Act {
    sentence: String,
    made: Use,
    status: u16,
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

impl Use {
    fn new(at: Moment, address: String, calls_itself: String) -> Self {
        Self { at, address, program: program(&calls_itself), calls_itself }
    }
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
    let owner = other_owner(&store, &key).await?;
    let details = Details {
        frame: frame.at(place_of(&store, &key)).about(about(&key)).saying_if(Notice::TokenExpired, !is_live),
        back: list_of(&store, &key, owner.as_ref()),
        address: address(&key),
        name: name_of(&key),
        is_session: is_session(&key),
        is_this: store.caller().key().is_some_and(|own| own.id == key.id),
        id: key.id.to_string(),
        owner,
        state: state(&key, now),
        is_live,
        scopes: key.scopes.iter().map(|name| scope_line(&app, name)).collect(),
        objects: key.allow_list.iter().map(entry).collect(),
        abilities: if is_live { abilities(&app, &store, &key).await? } else { None },
        last_used: last_used(&key, now)
            .map(|at| Use::new(at, key.origin.ip_address.to_string(), key.origin.user_agent.clone())),
        acts: acts(&store, &key, now).await?,
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

/// What notices call the key.
fn about(key: &ApiKey) -> String {
    format!("{} {}", if is_session(key) { "Session of" } else { "Token" }, isolated(&name_of(key)))
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

/// The newest records of a list; none for who may see no records.
async fn newest(store: &AuthorizedStore, list: ListAudit) -> Result<Vec<AuditView>, Refused> {
    let page = Page { limit: Some(MOST_SHOWN), ..Page::default() };
    match store.take_audit_records(ListAudit { page, order: AuditOrder::Time, ..list }).await {
        Ok(found) => Ok(found),
        Err(Refused::Denied(_)) => Ok(Vec::new()),
        Err(refused) => Err(refused),
    }
}

/// What was done with the key of late.
async fn acts(store: &AuthorizedStore, key: &ApiKey, now: Timestamp) -> Result<Vec<Act>, Refused> {
    let list = ListAudit { key_id: Some(key.id.clone()), ..ListAudit::default() };
    let found: Vec<AuditLog> = newest(store, list).await?.into_iter().map(wire_record).collect();
    let sentences = shown_sentences(store, &found).await?;
    let act = |(record, sentence): (AuditLog, String)| Act {
        sentence,
        made: Use::new(Moment::new(record.time.0, now), record.ip, record.user_agent),
        status: record.status_code,
    };
    Ok(found.into_iter().zip(sentences).map(act).collect())
}

/// The newest records about the key.
async fn records(store: &AuthorizedStore, key: &ApiKey, now: Timestamp) -> Result<Vec<Record>, Refused> {
    let found = newest(store, ListAudit { api_key_id: Some(key.id.clone()), ..ListAudit::default() }).await?;
    let record = |view: AuditView| Record {
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
