//! Reading the records of what was done (contract, section 9).
mod file;
mod key;

pub use file::{AuditFileError, export_audit, verify_audit};
pub(crate) use key::load as load_key;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use keyfob_api::{
    audit::{AuditDiffField, AuditLog, AuditLogs, MinimalOrganization},
    time::Time,
};
use keyfob_store::{AuditRecord, ListAudit, Page, Period};
use serde_json::{Map, Value};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    documentation::{PagedByNumber, Refusals, SearchedAudit},
    error::ApiError,
    extract::{ApiJson, ApiQuery},
    gate::{AuditView, AuthorizedStore, COUNT_CAP, Refused},
    search::Search,
    state::App,
    wire,
};

/// How many records a page has unless the request says otherwise.
const PAGE: u64 = 100;

/// All routes of records.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the records of what was done
#[utoipa::path(
    get, path = "/audit", tag = "Audit", operation_id = "list_audit_records", params(SearchedAudit, PagedByNumber),
    responses((status = OK, description = "Done", body = AuditLogs), Refusals),
)]
async fn list(store: AuthorizedStore, query: ApiQuery) -> Result<ApiJson<AuditLogs>, ApiError> {
    let page: Page<Uuid> = query.page_by_number()?;
    let page = Page { limit: Some(page.limit.unwrap_or(PAGE)), ..page };
    let Some(wanted) = wanted(&store, query.text("q").unwrap_or_default()).await? else {
        // Nothing can be meant, but whoever may not look learns that first.
        store.audit_records(ListAudit { page: Page { limit: Some(1), ..page }, ..ListAudit::default() }).await?;
        let chain_head = store.chain_head().await?.to_string();
        return Ok(ApiJson(AuditLogs { audit_logs: Vec::new(), count: 0, count_cap: COUNT_CAP, chain_head }));
    };
    let (records, count) = store.audit_records(ListAudit { page, ..wanted }).await?;
    let chain_head = store.chain_head().await?.to_string();
    let audit_logs = records.into_iter().map(shown).collect();
    Ok(ApiJson(AuditLogs { audit_logs, count, count_cap: COUNT_CAP, chain_head }))
}

/// What is searched for; none when it names what is not there.
async fn wanted(store: &AuthorizedStore, text: &str) -> Result<Option<ListAudit>, ApiError> {
    let mut search = Search::parse(text);
    let words = search.words();
    let day = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let mut list = ListAudit {
        request_id: search.uuid("request_id"),
        resource_id: search.exact("resource_id"),
        target_contains: search.text("resource_target"),
        resource_type: search.text("resource_type").or(words),
        action: search.text("action"),
        recorded: Period {
            from: search.date("date_from").and_then(day),
            // The last day is included.
            to: search.date("date_to").and_then(|date| date.tomorrow().ok()).and_then(day).map(just_before),
        },
        ..ListAudit::default()
    };
    let (username, email) = (search.text("username"), search.text("email"));
    let organization = search.text("organization");
    let build_reason = search.text("build_reason");
    search.finish("Invalid audit search query.")?;
    if username.is_some() || email.is_some() {
        let Some(user) = store.actor(username.as_deref(), email.as_deref()).await? else { return Ok(None) };
        list.user_id = Some(user);
    }
    if let Some(organization) = organization {
        let found = Refused::if_there(store.addressed_organization(&organization).await)?;
        let Some(organization) = found else { return Ok(None) };
        list.organization_id = Some(organization.id);
    }
    // Nothing is built here.
    Ok(build_reason.is_none().then_some(list))
}

fn just_before(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond() - 1).unwrap_or(instant)
}

fn shown(view: AuditView) -> AuditLog {
    let AuditView { record, user, organization } = view;
    let key = record.key_id.as_ref().map(|id| ("key_id".to_owned(), Value::from(id.as_str())));
    AuditLog {
        id: record.id,
        request_id: record.request_id,
        time: Time(record.recorded_at),
        ip: record.ip_address.to_string(),
        resource_icon: String::new(),
        status_code: record.status_code,
        additional_fields: key.into_iter().collect(),
        description: description(&record),
        diff: diff(&record),
        resource_link: String::new(),
        is_deleted: false,
        organization_id: record.organization_id.map_or(Uuid::nil(), |id| id.0),
        organization: organization.map(|of| MinimalOrganization {
            id: of.id.0,
            name: of.name,
            display_name: of.display_name,
            icon: of.icon,
        }),
        user: user.map(wire::user),
        user_agent: record.user_agent,
        resource_type: record.resource_type,
        resource_id: record.resource_id,
        resource_target: record.resource_target,
        action: record.action,
    }
}

/// What changed. Failures, and signing in and out, change nothing (contract, section 9.2).
fn diff(record: &AuditRecord) -> std::collections::BTreeMap<String, AuditDiffField> {
    let is_change = record.status_code < 400 && !matches!(record.action.as_str(), "login" | "logout");
    let fields = record.diff.as_object().filter(|_| is_change);
    let side = |field: &Map<String, Value>, name: &str| field.get(name).filter(|value| !value.is_null()).cloned();
    let field = |(name, value): (&String, &Value)| {
        let value = value.as_object()?;
        let secret = value.get("secret").and_then(Value::as_bool).unwrap_or(false);
        Some((name.clone(), AuditDiffField { old: side(value, "old"), new: side(value, "new"), secret }))
    };
    fields.into_iter().flatten().filter_map(field).collect()
}

/// A sentence, into which clients put the names of who did it and of what it was done to.
fn description(record: &AuditRecord) -> String {
    let is_key = record.resource_type == "api_key";
    let of = if is_key { "token".to_owned() } else { record.resource_type.replace('_', " ") };
    let failed = record.status_code >= 400;
    match record.action.as_str() {
        "login" if failed => "{user} unsuccessfully attempted to login".to_owned(),
        "logout" if failed => "{user} unsuccessfully attempted to logout".to_owned(),
        "login" => "{user} logged in".to_owned(),
        "logout" => "{user} logged out".to_owned(),
        "register" => "{user} registered".to_owned(),
        action if failed => format!("{{user}} unsuccessfully attempted to {action} {of} {{target}}"),
        "create" => format!("{{user}} created {of} {{target}}"),
        "write" => format!("{{user}} updated {of} {{target}}"),
        "delete" => format!("{{user}} deleted {of} {{target}}"),
        action => format!("{{user}} {action} {of} {{target}}"),
    }
}
