//! Audit records as sentences: those of the console.
use std::collections::BTreeMap;

use keyfob_api::audit::{AuditLog, Mention};

use crate::names::Names;

/// What happened, in a sentence. Users and groups that the reader may not see have no name in it.
///
/// # Errors
/// When a name cannot be looked up.
pub(super) async fn sentence(record: &AuditLog, names: &Names<'_>) -> anyhow::Result<String> {
    let mut known = BTreeMap::new();
    for mention in record.mentions() {
        let name = match mention {
            Mention::User(id) => names.user(id).await?,
            Mention::Group(id) => names.group(id).await?,
        };
        known.extend(name.map(|name| (mention, name)));
    }
    Ok(record.sentence(&|mention| known.get(&mention).cloned()))
}

/// Who did it: the server itself where it was no user's request.
pub(super) fn who(record: &AuditLog) -> String {
    let unknown = if record.status_code < 400 { "Keyfob" } else { "(unknown)" };
    record.user.as_ref().map_or_else(|| unknown.to_owned(), |user| user.username.clone())
}
