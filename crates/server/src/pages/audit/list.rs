//! The time line.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_api::audit::{AuditDiffField, AuditLog};
use keyfob_authority::{
    AuthorizedStore, Refused,
    audit::{COUNT_CAP, recorded_actions, recorded_types},
    data::{KeyId, ListAudit, Page},
};
use keyfob_rbac::Catalogue;
use serde_json::Value;

use super::{
    export::MOST_EXPORTED,
    filter::{BY_LINK, FIELDS, Filter},
    shown_sentences,
};
use crate::{
    app::App,
    http::extract::ApiQuery,
    pages::{
        frame::Frame,
        navigation::AUDIT,
        page,
        parts::{Choice, Moment, Pager},
        session::{PageError, SignedIn},
        tokens,
        wording::program,
    },
    records::wire_record,
};

/// How many records a page shows.
const PAGE_SIZE: u64 = 50;

/// The actions that people look for most, as they say them. Those of refusals alone follow.
const ACTIONS: [(&str, &str); 15] = [
    ("create", "created, minted, added"),
    ("write", "changed, expired, shared"),
    ("delete", "deleted, removed"),
    ("login", "signed in"),
    ("logout", "signed out"),
    ("register", "signed in for the first time"),
    ("request_password_reset", "asked for a passcode"),
    ("read", "tried to see"),
    ("refused", "refused more often than could be told apart"),
    ("authenticate", "used a token that was not accepted"),
    ("reset_password", "tried to reset a password"),
    ("read_personal", "tried to see what is personal"),
    ("update_personal", "tried to change what is personal"),
    ("assign", "tried to give a role"),
    ("unassign", "tried to take a role"),
];

#[derive(Template)]
#[template(path = "pages/audit/list.html")]
struct List {
    frame: Frame,
    filter: Filter,
    /// What a link asked for.
    by_link: Vec<ByLink>,
    actions: Vec<Choice>,
    types: Vec<Choice>,
    /// How many records match, in words.
    count: String,
    rows: Vec<Row>,
    pager: Pager,
    /// The head of the chain, for who may see all records.
    head: Option<String>,
    most_exported: u64,
}

/// Records that a link asked for: of what, by name where it is known, and the id.
struct ByLink {
    words: &'static str,
    name: Option<String>,
    id: String,
}

struct Row {
    at: Moment,
    exact: String,
    sentence: String,
    status: u16,
    /// The client's program, in words and as it calls itself.
    program: String,
    calls_itself: String,
    address: String,
    /// The id of the token or the session that was used.
    key: Option<String>,
    /// The id of the token that the record is about.
    about_key: Option<String>,
    /// The type and the id of the object that the record is about; none if it has no id.
    object: Option<(String, String)>,
    organization: Option<String>,
    request: String,
    changes: Vec<Change>,
}

impl Row {
    fn is_refused(&self) -> bool {
        self.status >= 400
    }
}

/// A field that changed.
struct Change {
    field: String,
    old: String,
    new: String,
    is_hidden: bool,
}

impl Change {
    /// Whether there is anything to see: a list that is empty from the beginning tells nothing.
    fn tells(&self) -> bool {
        self.is_hidden || self.old != self.new
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let frame = frame.at(&AUDIT);
    let filter = Filter::of(&query);
    let mut pager = Pager::new(AUDIT.path, &query, &[FIELDS.as_slice(), &BY_LINK].concat(), PAGE_SIZE)?;
    let (status, frame, list) = match filter.find(&store).await {
        Ok(list) => (StatusCode::OK, frame, list),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &FIELDS);
            (status, frame, None)
        }
    };
    let (records, count) = records(&store, &pager, list).await?;
    let records = pager.cut(records);
    let sentences = shown_sentences(&store, &records).await?;
    let now = app.clock().now();
    let types = recorded_types(app.catalogue()).into_iter().map(|name| (name, name.replace('_', " ")));
    let by_link = by_link(&store, &filter, &records).await?;
    let list = List {
        by_link,
        actions: choices(actions(app.catalogue()), filter.value("action")),
        types: choices(types, filter.value("resource_type")),
        count: match count {
            1 => "1 record".to_owned(),
            count if count > COUNT_CAP => format!("More than {COUNT_CAP} records"),
            count => format!("{count} records"),
        },
        rows: records.into_iter().zip(sentences).map(|(record, sentence)| row(record, sentence, now)).collect(),
        head: store.chain_head().await?.map(|head| head.to_string()),
        frame,
        filter,
        pager,
        most_exported: MOST_EXPORTED,
    };
    Ok(page(status, &list)?)
}

/// The records of a page, and how many there are on all. A person who may see none is refused, also where none can match.
async fn records(
    store: &AuthorizedStore,
    pager: &Pager,
    list: Option<ListAudit>,
) -> Result<(Vec<AuditLog>, u64), PageError> {
    let Some(list) = list else {
        let nothing = Page { limit: Some(1), ..Page::default() };
        store.list_audit_records(ListAudit { page: nothing, ..ListAudit::default() }).await?;
        return Ok((Vec::new(), 0));
    };
    let page = Page { limit: Some(pager.limit()), offset: pager.offset(), after: None };
    let (found, count) = store.list_audit_records(ListAudit { page, ..list }).await?;
    Ok((found.into_iter().map(wire_record).collect(), count))
}

/// What a link asked for, with the name of the token, or that of the object as the records have it.
async fn by_link(store: &AuthorizedStore, filter: &Filter, records: &[AuditLog]) -> Result<Vec<ByLink>, PageError> {
    let mut found = Vec::new();
    for (key, words, id) in filter.by_link() {
        let name = match (key, KeyId::parse(id)) {
            ("api_key_id", Some(id)) => {
                let key = Refused::if_there(store.incidental().salvaging().get_key(Some(&id), None).await)?;
                key.as_ref().map(tokens::name_of)
            }
            ("resource_id", _) => records
                .iter()
                .find(|record| record.resource_type != "api_key" && record.resource_id.to_string() == id)
                .map(|record| record.resource_target.clone()),
            _ => None,
        };
        found.push(ByLink { words, name: name.filter(|name| !name.is_empty()), id: id.to_owned() });
    }
    Ok(found)
}

/// The actions that records can name, in words.
fn actions(catalogue: &Catalogue) -> impl Iterator<Item = (&str, String)> {
    let is_known = |name: &&str| ACTIONS.iter().any(|(known, _)| known == name);
    let others = recorded_actions(catalogue).into_iter().filter(move |name| !is_known(name));
    let others = others.map(|name| (name, format!("tried to {}", name.replace('_', " "))));
    ACTIONS.into_iter().map(|(name, words)| (name, words.to_owned())).chain(others)
}

/// What there is to pick, with what is picked, whatever it is.
fn choices<'a>(known: impl Iterator<Item = (&'a str, String)>, chosen: &str) -> Vec<Choice> {
    let choice = |(value, words): (&str, String)| Choice::new(value, words, value.eq_ignore_ascii_case(chosen));
    let mut choices: Vec<Choice> = known.map(choice).collect();
    if !chosen.is_empty() && choices.iter().all(|choice| !choice.is_chosen) {
        choices.push(choice((chosen, chosen.to_owned())));
    }
    choices
}

fn row(record: AuditLog, sentence: String, now: Timestamp) -> Row {
    let key = |name: &str| record.additional_fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let has_id = !record.resource_id.is_nil();
    Row {
        at: Moment::new(record.time.0, now),
        exact: record.time.to_string(),
        sentence,
        status: record.status_code,
        key: key("key_id"),
        about_key: key("api_key_id"),
        object: has_id.then(|| (record.resource_type.replace('_', " "), record.resource_id.to_string())),
        organization: record.organization.map(|of| of.name),
        request: record.request_id.to_string(),
        program: program(&record.user_agent),
        calls_itself: record.user_agent,
        address: record.ip,
        changes: record.diff.into_iter().map(change).filter(Change::tells).collect(),
    }
}

fn change((field, AuditDiffField { old, new, secret }): (String, AuditDiffField)) -> Change {
    Change { field: field.replace('_', " "), old: shown(old), new: shown(new), is_hidden: secret }
}

/// A value as people read it: lists have a line an entry.
fn shown(value: Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(Value::Array(values)) => values.into_iter().map(|value| shown(Some(value))).collect::<Vec<_>>().join("\n"),
        Some(other) => other.to_string(),
    }
}
