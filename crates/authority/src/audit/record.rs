//! Recording what was refused, and retiring old records.
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::AuditRecord;
use serde_json::json;
use uuid::Uuid;

use crate::{
    AuthorizedStore, Refused, Unrecorded,
    audit::{AuditEvent, EventKind, Gathered},
};

impl AuthorizedStore {
    /// Records refusals that were gathered, equal ones once. Requires `create` on records.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(skip_all)]
    pub async fn record_refusals(&self, gathered: &[Gathered]) -> Result<(), Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::CREATE, &Object::of(ResourceType::AUDIT_LOG)))
            .await?;
        for gathered in gathered {
            let record = self.refusal_record(gathered);
            work.tx.insert_audit_record(&record, self.authority.audit_key()).await?;
        }
        Ok(work.commit_unrecorded(Unrecorded::IsARecord).await?)
    }

    /// Removes the oldest records, those from before that instant, with a signed checkpoint in their place and a record
    /// of it, and answers how many. Requires `delete` on all records.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(skip_all)]
    pub async fn retire_records(&self, before: Timestamp, at_most: u64) -> Result<u64, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::AUDIT_LOG)))
            .await?;
        let now = work.now();
        let retired = work.tx.retire_audit_records(before, at_most, now, self.authority.audit_key()).await?;
        if retired == 0 {
            return Ok(0);
        }
        let event = AuditEvent {
            kind: EventKind::RecordsRetired,
            resource_type: "audit_log".to_owned(),
            resource_id: Uuid::nil(),
            api_key_id: None,
            target: format!("{retired} records from before {before}"),
            organization_id: None,
            about: None,
            diff: json!({}),
        };
        work.record(event);
        work.commit().await?;
        Ok(retired)
    }

    fn refusal_record(&self, gathered: &Gathered) -> AuditRecord {
        let Gathered { refusal, count, first, last, request_id, user_agent } = gathered;
        let of = refusal.as_ref();
        // Those that were too many to be told apart.
        let others = EventKind::RefusalsGathered;
        AuditRecord {
            id: self.authority.random().uuid(),
            recorded_at: *last,
            request_id: *request_id,
            user_id: of.and_then(|refusal| refusal.user),
            key_id: of.and_then(|refusal| refusal.key.clone()),
            ip_address: of.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |refusal| refusal.address),
            user_agent: user_agent.clone(),
            action: of.map_or(others.action(), |refusal| refusal.action.as_str()).to_owned(),
            resource_type: of.map_or("", |refusal| refusal.resource_type.as_str()).to_owned(),
            // Gathered refusals are about many objects.
            resource_id: Uuid::nil(),
            api_key_id: None,
            resource_target: String::new(),
            organization_id: of.and_then(|refusal| refusal.organization),
            status_code: of.map_or_else(|| self.authority.recorded_status(others), |refusal| refusal.status),
            diff: json!({"gathered": {"count": count, "first": first.to_string(), "last": last.to_string()}}),
        }
    }
}
