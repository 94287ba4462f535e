//! What was done: the time line, and what people take with them of it.
mod export;
mod filter;
mod list;

use std::collections::HashMap;

use keyfob_api::audit::{AuditLog, Mention};
use keyfob_authority::{AuthorizedStore, Refused};
use keyfob_rbac::ResourceType;

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

fn object(mention: Mention) -> (ResourceType, uuid::Uuid) {
    match mention {
        Mention::User(id) => (ResourceType::USER, id),
        Mention::Group(id) => (ResourceType::GROUP, id),
    }
}
