//! Audit records as every front of this server has them: which are asked for, and their form on the wire.
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use keyfob_api::{
    audit::{AuditDiffField, AuditLog, MinimalOrganization},
    time::Time,
};
use keyfob_authority::{
    AuthorizedStore, Refused,
    audit::AuditView,
    data::{AuditRecord, KeyId, ListAudit},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api::wire;

/// Which records are asked for, with the user and the organization by name.
#[derive(Debug, Default)]
pub(crate) struct WantedRecords {
    /// The username of the user who did it, or `me`.
    pub(crate) username: Option<String>,
    /// The e-mail address of that user.
    pub(crate) email: Option<String>,
    /// The name or the id of the organization.
    pub(crate) organization: Option<String>,
    /// All else.
    pub(crate) list: ListAudit,
}

impl WantedRecords {
    /// The list of these; none where the user or the organization does not exist, so that no record can match.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn find(self, store: &AuthorizedStore) -> Result<Option<ListAudit>, Refused> {
        let Self { username, email, organization, mut list } = self;
        if username.is_some() || email.is_some() {
            let Some(user) = store.find_actor(username.as_deref(), email.as_deref()).await? else { return Ok(None) };
            list.user_id = Some(user);
        }
        if let Some(organization) = organization {
            let found = Refused::if_there(store.addressed_organization(&organization).await)?;
            let Some(organization) = found else { return Ok(None) };
            list.organization_id = Some(organization.id);
        }
        Ok(Some(list))
    }
}

/// The first instant of a day; none where the day is out of range.
pub(crate) fn beginning(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The last instant of a day; none where the day is out of range.
pub(crate) fn end(day: Date) -> Option<Timestamp> {
    Timestamp::from_microsecond(beginning(day.tomorrow().ok()?)?.as_microsecond() - 1).ok()
}

/// A record as clients read it.
pub(crate) fn wire_record(view: AuditView) -> AuditLog {
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
