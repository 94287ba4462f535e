//! Reading the records of what was done (contract, section 9).
use crate::http::routes::Routes;
use axum::http::{Method, StatusCode};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use keyfob_api::{
    audit::{AuditDiffField, AuditLog, AuditLogs, MinimalOrganization},
    time::Time,
};
use keyfob_authority::data::{AuditRecord, ListAudit, Page, Period};
use keyfob_rbac::Action;
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
        search::Search,
    },
};
use keyfob_authority::{
    AuthorizedStore, Refused, RequestContext,
    audit::{AuditView, COUNT_CAP},
};

/// How many records a page has unless the request says otherwise.
const PAGE: u64 = 100;

/// All routes of records.
pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list))
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
        let chain_head = chain_head(&store).await?;
        return Ok(ApiJson(AuditLogs { audit_logs: Vec::new(), count: 0, count_cap: COUNT_CAP, chain_head }));
    };
    let (records, count) = store.audit_records(ListAudit { page, ..wanted }).await?;
    let chain_head = chain_head(&store).await?;
    let audit_logs = records.into_iter().map(shown).collect();
    Ok(ApiJson(AuditLogs { audit_logs, count, count_cap: COUNT_CAP, chain_head }))
}

/// The head of the chain as text; empty for who may see only some of the records.
async fn chain_head(store: &AuthorizedStore) -> Result<String, ApiError> {
    Ok(store.chain_head().await?.map(|head| head.to_string()).unwrap_or_default())
}

/// Gathers a request that was refused: for what the gate said no to, for a credential that was not right, and a change
/// that was not made for whatever other reason.
pub(crate) fn note_refusal(app: &App, context: &RequestContext, method: &Method, status: StatusCode) {
    if !status.is_client_error() {
        return;
    }
    let outcome = context.decisions.outcome();
    let is_refused = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&status);
    let (catalogue, is_change) = (app.catalogue(), !method.is_safe());
    let word = |action: Action| match catalogue.action_name(action) {
        "update" => "write".to_owned(),
        other => other.to_owned(),
    };
    let (action, of, organization) = match (&outcome.failed_sign_in, outcome.denied, outcome.last_required) {
        (Some(failed), ..) if outcome.actor.is_none() => (failed.action.to_owned(), failed.of, None),
        (_, Some(denied), _) if is_refused => {
            (word(denied.action), catalogue.type_name(denied.resource_type), denied.organization)
        }
        (_, _, Some((of, _))) if is_change && outcome.actor.is_some() => {
            (change_of(method).to_owned(), catalogue.type_name(of), None)
        }
        _ => return,
    };
    let known = outcome.failed_sign_in.as_ref().and_then(|failed| failed.user);
    let refusal = keyfob_authority::audit::Refusal {
        user: outcome.actor.as_ref().map(|(user, _)| *user).or(known),
        key: outcome.actor.map(|(_, key)| key),
        address: context.client,
        action,
        resource_type: of.to_owned(),
        organization,
        status: status.as_u16(),
    };
    app.authority().refusals().add(refusal, app.clock().now(), context.request_id, &context.origin().user_agent);
}

/// What a request would have done, as records call it.
fn change_of(method: &Method) -> &'static str {
    match *method {
        Method::POST => "create",
        Method::DELETE => "delete",
        _ => "write",
    }
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
    let AuditView { record, user, organization, is_deleted } = view;
    let key = record.key_id.as_ref().map(|id| ("key_id".to_owned(), Value::from(id.as_str())));
    let gathered = record.diff.get("gathered").and_then(Value::as_object).cloned().unwrap_or_default();
    AuditLog {
        id: record.id,
        request_id: record.request_id,
        time: Time(record.recorded_at),
        ip: record.ip_address.to_string(),
        resource_icon: String::new(),
        status_code: record.status_code,
        additional_fields: key.into_iter().chain(gathered).collect(),
        description: description(&record),
        diff: diff(&record),
        resource_link: String::new(),
        is_deleted: is_deleted,
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
        "refused" => "more was refused than could be told apart".to_owned(),
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

/// The status that each kind of event is answered with: records hold it.
pub(crate) fn recorded_status(kind: keyfob_authority::audit::EventKind) -> u16 {
    use keyfob_authority::audit::EventKind as Kind;
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
        | Kind::RecordsRetired => StatusCode::OK,
    };
    status.as_u16()
}
