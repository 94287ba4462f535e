//! Audit records as sentences.
use keyfob_api::audit::AuditLog;
use serde_json::Value;

/// What happened, in a sentence.
pub(super) fn sentence(record: &AuditLog) -> String {
    let text = record.description.replace("{user}", &who(record)).replace("{target}", &record.resource_target);
    match record.additional_fields.get("count").and_then(Value::as_u64) {
        Some(count) if count > 1 => format!("{text} ({count} times)"),
        _ => text,
    }
}

/// Who did it.
pub(super) fn who(record: &AuditLog) -> String {
    record.user.as_ref().map_or_else(|| "(unknown)".to_owned(), |user| user.username.clone())
}
