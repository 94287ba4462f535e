//! What was done: the time line, and what people take with them of it.
mod export;
mod filter;
mod list;

use std::collections::HashMap;

use keyfob_api::audit::{AuditDiffField, AuditLog, Mention};
use keyfob_authority::{AuthorizedStore, Refused};
use keyfob_rbac::ResourceType;
use serde_json::Value;

use super::wording::isolated;
use crate::http::routes::{Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    Routes::new()
        .route("/audit", Handlers::new().get(PAGE, list::show))
        .route("/audit/records.csv", Handlers::new().get(PAGE, export::csv))
        .route("/audit/records.jsonl", Handlers::new().get(PAGE, export::json_lines))
}

/// What the records tell, a sentence each, with the names that the person may see.
pub(super) async fn sentences(store: &AuthorizedStore, records: &[AuditLog]) -> Result<Vec<String>, Refused> {
    let objects = records.iter().flat_map(AuditLog::mentions).map(object);
    let names: HashMap<_, _> = store.incidental().object_names(objects).await?.into_iter().collect();
    let name = |mention| names.get(&object(mention)).cloned();
    Ok(records.iter().map(|record| record.sentence(&name)).collect())
}

/// The same on a page, where a name is set apart from the words around it.
pub(super) async fn shown_sentences(store: &AuthorizedStore, records: &[AuditLog]) -> Result<Vec<String>, Refused> {
    let isolated: Vec<AuditLog> = records.iter().cloned().map(with_isolated_names).collect();
    sentences(store, &isolated).await
}

/// Only these names can be in other scripts.
fn with_isolated_names(mut record: AuditLog) -> AuditLog {
    record.resource_target = isolated(&record.resource_target).into_owned();
    if let Some(AuditDiffField { old, new, .. }) = record.diff.get_mut("name") {
        for name in [old, new].into_iter().flatten() {
            if let Value::String(text) = name {
                *text = isolated(text).into_owned();
            }
        }
    }
    record
}

fn object(mention: Mention) -> (ResourceType, uuid::Uuid) {
    match mention {
        Mention::User(id) => (ResourceType::USER, id),
        Mention::Group(id) => (ResourceType::GROUP, id),
    }
}
