//! Reading audit records (`docs/compatibility.md#audit`), and the statuses that records hold.
use axum::http::StatusCode;
use keyfob_api::audit::AuditLogs;
use keyfob_authority::data::{ListAudit, Page, Period};
use keyfob_authority::{
    AuthorizedStore, RequestContext,
    audit::{COUNT_CAP, Effect, EventKind, Failure, UnsuccessfulRequest},
};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    app::App,
    documentation::{PagedByNumber, Refusals, SearchedAudit},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
        routes::Routes,
        search::Search,
    },
    records::{WantedRecords, beginning, end, wire_record},
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
    let audit_logs = records.into_iter().map(wire_record).collect();
    Ok(ApiJson(AuditLogs { audit_logs, count, count_cap: COUNT_CAP, chain_head }))
}

/// The head of the chain as text; empty for a caller who may see only some of the records.
async fn chain_head(store: &AuthorizedStore) -> Result<String, ApiError> {
    Ok(store.chain_head().await?.map(|head| head.to_string()).unwrap_or_default())
}

/// Gathers a request that was answered with an error of the client's, for a record of what it was to do, and to an
/// object of which type.
pub(crate) fn note_refusal(
    app: &App,
    context: &RequestContext,
    (effect, of): (Effect, Option<&'static str>),
    status: StatusCode,
) {
    if !status.is_client_error() {
        return;
    }
    let failure = match status {
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Failure::Refused,
        _ => Failure::Failed,
    };
    app.authority().note_unsuccessful(context, UnsuccessfulRequest { effect, of, failure, status: status.as_u16() });
}

/// What is searched for; none when it names a user or an organization that does not exist.
async fn search(store: &AuthorizedStore, text: &str) -> Result<Option<ListAudit>, ApiError> {
    let mut search = Search::parse(text);
    let words = search.words();
    let list = ListAudit {
        request_id: search.uuid("request_id"),
        resource_id: search.uuid("resource_id"),
        api_key_id: search.key_id("api_key_id"),
        target_contains: search.text("resource_target"),
        resource_type: search.text("resource_type").or(words),
        action: search.text("action"),
        recorded: Period { from: search.day("date_from", beginning), to: search.day("date_to", end) },
        ..ListAudit::default()
    };
    // The second is the word that people try. Nobody has two names.
    let (username, user) = (search.text("username"), search.text("user"));
    let is_of_nobody =
        username.as_deref().zip(user.as_deref()).is_some_and(|(one, other)| !one.eq_ignore_ascii_case(other));
    let wanted = WantedRecords {
        username: username.or(user),
        email: search.text("email"),
        organization: search.text("organization"),
        list,
    };
    let build_reason = search.text("build_reason");
    search.finish("Invalid audit search query.")?;
    let list = wanted.find(store).await?;
    // There are no builds, so none has a reason.
    Ok(list.filter(|_| build_reason.is_none() && !is_of_nobody))
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
