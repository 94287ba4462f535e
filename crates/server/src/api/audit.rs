//! Reading audit records (`docs/compatibility.md#audit`), and the statuses that records hold.
use axum::http::{Method, StatusCode};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use keyfob_api::{
    audit::{AuditDiffField, AuditLog, AuditLogs, MinimalOrganization},
    time::Time,
};
use keyfob_authority::data::{AuditRecord, KeyId, ListAudit, Page, Period};
use keyfob_authority::{
    AuthorizedStore, Refused, RequestContext,
    audit::{AuditView, COUNT_CAP, Effect, EventKind, Failure, UnsuccessfulRequest},
};
use serde_json::{Map, Value};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    api::wire,
    app::App,
    documentation::{PagedByNumber, Refusals, SearchedAudit},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
        routes::Routes,
        search::Search,
    },
};

/// How many records a page has unless the request says otherwise.
const DEFAULT_LIMIT: u64 = 100;

/// All routes of records.
pub(crate) fn routes() -> Routes {
    Routes::api().routes(routes!(list))
}

/// List the records of what was done
#[utoipa::path(
    get, path = "/audit", tag = "Audit", operation_id = "list_audit_records", params(SearchedAudit, PagedByNumber),
    responses((status = OK, description = "Done", body = AuditLogs), Refusals),
)]
async fn list(store: AuthorizedStore, query: ApiQuery) -> Result<ApiJson<AuditLogs>, ApiError> {
    query.only(&["q", "limit", "offset"])?;
    let page: Page<Uuid> = query.page_by_number()?;
    let page = Page { limit: Some(page.limit.unwrap_or(DEFAULT_LIMIT)), ..page };
    let Some(search) = search(&store, query.text("q").unwrap_or_default()).await? else {
        // No record can match, but a caller who may see none is refused first.
        store.list_audit_records(ListAudit { page: Page { limit: Some(1), ..page }, ..ListAudit::default() }).await?;
        let chain_head = chain_head(&store).await?;
        return Ok(ApiJson(AuditLogs { audit_logs: Vec::new(), count: 0, count_cap: COUNT_CAP, chain_head }));
    };
    let (records, count) = store.list_audit_records(ListAudit { page, ..search }).await?;
    let chain_head = chain_head(&store).await?;
    let audit_logs = records.into_iter().map(log).collect();
    Ok(ApiJson(AuditLogs { audit_logs, count, count_cap: COUNT_CAP, chain_head }))
}

/// The head of the chain as text; empty for a caller who may see only some of the records.
async fn chain_head(store: &AuthorizedStore) -> Result<String, ApiError> {
    Ok(store.chain_head().await?.map(|head| head.to_string()).unwrap_or_default())
}

/// Gathers a request that was answered with an error of the client's, for a record if it was refused.
pub(crate) fn note_refusal(app: &App, context: &RequestContext, method: &Method, status: StatusCode) {
    if !status.is_client_error() {
        return;
    }
    let effect = match *method {
        Method::POST => Effect::Creates,
        Method::DELETE => Effect::Deletes,
        _ if method.is_safe() => Effect::Reads,
        _ => Effect::Changes,
    };
    let failure = match status {
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Failure::Refused,
        _ => Failure::Failed,
    };
    app.authority().note_unsuccessful(context, UnsuccessfulRequest { effect, failure, status: status.as_u16() });
}

/// What is searched for; none when it names a user or an organization that does not exist.
async fn search(store: &AuthorizedStore, text: &str) -> Result<Option<ListAudit>, ApiError> {
    let mut search = Search::parse(text);
    let words = search.words();
    let day = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let mut list = ListAudit {
        request_id: search.uuid("request_id"),
        resource_id: search.uuid("resource_id"),
        api_key_id: search.key_id("api_key_id"),
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
        let Some(user) = store.find_actor(username.as_deref(), email.as_deref()).await? else { return Ok(None) };
        list.user_id = Some(user);
    }
    if let Some(organization) = organization {
        let found = Refused::if_there(store.addressed_organization(&organization).await)?;
        let Some(organization) = found else { return Ok(None) };
        list.organization_id = Some(organization.id);
    }
    // There are no builds, so none has a reason.
    Ok(build_reason.is_none().then_some(list))
}

fn just_before(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond() - 1).unwrap_or(instant)
}

fn log(view: AuditView) -> AuditLog {
    let AuditView { record, user, organization, is_deleted } = view;
    let key = |name: &str, id: &Option<KeyId>| id.as_ref().map(|id| (name.to_owned(), Value::from(id.as_str())));
    let keys = [key("key_id", &record.key_id), key("api_key_id", &record.api_key_id)];
    let gathered = record.diff.get("gathered").and_then(Value::as_object).cloned().unwrap_or_default();
    AuditLog {
        id: record.id,
        request_id: record.request_id,
        time: Time(record.recorded_at),
        ip: record.ip_address.to_string(),
        resource_icon: String::new(),
        status_code: record.status_code,
        additional_fields: keys.into_iter().flatten().chain(gathered).collect(),
        description: description(&record),
        diff: diff(&record),
        resource_link: String::new(),
        is_deleted,
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

/// The fields that changed: none in failures, and in signing in and out.
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

/// A sentence, into which clients put the names of the user and of the object.
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
        "refused" => left_out(record).to_owned(),
        // Refusals that were gathered have no single target.
        action if failed && record.resource_target.is_empty() => {
            format!("{{user}} unsuccessfully attempted to {action} {of}")
        }
        action if failed => format!("{{user}} unsuccessfully attempted to {action} {of} {{target}}"),
        "request_password_reset" => "password reset requested for {target}".to_owned(),
        "create" if record.resource_type == "convert_login" => {
            "{user} created login type conversion to {target}".to_owned()
        }
        "create" => format!("{{user}} created {of} {{target}}"),
        "write" if record.resource_type == "device_sign_in" => {
            "{user} answered the sign-in of device {target}".to_owned()
        }
        "write" => format!("{{user}} updated {of} {{target}}"),
        "delete" => format!("{{user}} deleted {of} {{target}}"),
        action => format!("{{user}} {action} {of} {{target}}"),
    }
}

/// Whose refusals were too many to be told apart.
fn left_out(record: &AuditRecord) -> &'static str {
    match record.diff.pointer("/gathered/left_out_of").and_then(Value::as_str) {
        Some("key" | "user") => "{user} was refused more often than could be told apart",
        Some("account") => "sign-ins as {user} failed more often than could be told apart",
        Some("network") => "{target} was refused more often than could be told apart",
        _ => "more was refused than could be told apart",
    }
}

/// The status that each kind of event is answered with: records hold it.
pub(crate) fn recorded_status(kind: EventKind) -> u16 {
    use EventKind as Kind;
    let status = match kind {
        Kind::KeyMinted
        | Kind::SignedIn
        | Kind::Registered
        | Kind::UserCreated
        | Kind::ConversionBegun
        | Kind::OrganizationCreated
        | Kind::GroupCreated
        | Kind::ResourceRegistered => StatusCode::CREATED,
        Kind::KeyExpired
        | Kind::KeyDeleted
        | Kind::PasswordSet
        | Kind::PasswordResetRequested
        | Kind::MemberRemoved
        | Kind::RoleDeleted
        | Kind::ResourceDeleted => StatusCode::NO_CONTENT,
        Kind::LoginTypeConverted => StatusCode::TEMPORARY_REDIRECT,
        Kind::RefusalsGathered => StatusCode::FORBIDDEN,
        Kind::SignedOut
        | Kind::UserUpdated
        | Kind::UserDeleted
        | Kind::MemberAdded
        | Kind::MemberUpdated
        | Kind::OrganizationUpdated
        | Kind::OrganizationDeleted
        | Kind::GroupUpdated
        | Kind::GroupDeleted
        | Kind::RoleCreated
        | Kind::RoleUpdated
        | Kind::ResourceUpdated
        | Kind::DeviceAnswered
        | Kind::RecordsRetired
        | Kind::KeyFileReplaced => StatusCode::OK,
    };
    status.as_u16()
}
