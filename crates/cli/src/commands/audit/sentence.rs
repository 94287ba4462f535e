//! Audit records as sentences.
use keyfob_api::audit::AuditLog;

/// What happened, in a sentence. Names that the record does not hold are left out: each would be a request.
pub(super) fn sentence(record: &AuditLog) -> String {
    record.sentence(&|_| None)
}

/// Who did it.
pub(super) fn who(record: &AuditLog) -> String {
    record.user.as_ref().map_or_else(|| "(unknown)".to_owned(), |user| user.username.clone())
}
