//! Recording what was refused, and retiring old records.
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::AuditRecord;
use serde_json::json;
use uuid::Uuid;

use crate::{
    AuthorizedStore, Caller, Refused, Unrecorded,
    audit::{AuditEvent, Counted, EventKind, Gathered},
};

impl AuthorizedStore {
    /// Records refusals that were gathered, equal ones once. Requires `create` on records.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn record_refusals(&self, gathered: &[Gathered]) -> Result<(), Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::CREATE, &Object::of(ResourceType::AUDIT_LOG)))
            .await?;
        for gathered in gathered {
            let record = self.refusal_record(gathered);
            work.tx.insert_audit_record(record, &self.authority.audit_keys().current).await?;
        }
        Ok(work.commit_unrecorded(Unrecorded::IsARecord).await?)
    }

    /// Removes the oldest records, those from before that instant, with a signed checkpoint in their place and a record
    /// of it, and answers how many. Nothing is removed where a record was tampered with. Requires `delete` on all records.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn retire_records(&self, before: Timestamp, at_most: u64) -> Result<u64, Refused> {
        let check = |caller: &Caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::AUDIT_LOG));
        check(&self.caller)?;
        // Before the unit of work, which others wait for: records are only added, and what others retired is seen in it.
        let keys = self.authority.audit_keys();
        let last = match self.authority.store().read().retirable_audit_records(before, at_most, keys).await? {
            Ok(Some(last)) => last,
            Ok(None) => return Ok(0),
            Err(fault) => {
                tracing::error!(%fault, "no audit records are retired until the chain is whole; see `keyfob audit verify`");
                return Ok(0);
            }
        };
        let mut work = self.begin_if(check).await?;
        let now = work.now();
        let retired = work.tx.retire_audit_records(last, now, &keys.current).await?;
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
        let Gathered { counted, count, first, last, request_id, user_agent } = gathered;
        let left_out = EventKind::RefusalsGathered;
        let of_many = AuditRecord {
            id: self.authority.random().uuid(),
            recorded_at: *last,
            request_id: *request_id,
            user_id: None,
            key_id: None,
            ip_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            user_agent: user_agent.clone(),
            action: left_out.action().to_owned(),
            resource_type: String::new(),
            // Gathered refusals are about many objects.
            resource_id: Uuid::nil(),
            api_key_id: None,
            resource_target: String::new(),
            organization_id: None,
            status_code: self.authority.recorded_status(left_out),
            diff: json!({"gathered": {"count": count, "first": first.to_string(), "last": last.to_string()}}),
        };
        match counted {
            Counted::Equal(refusal) => AuditRecord {
                user_id: refusal.user,
                key_id: refusal.key.clone(),
                ip_address: refusal.address,
                action: refusal.action.clone(),
                resource_type: refusal.resource_type.clone(),
                organization_id: refusal.organization,
                status_code: refusal.status,
                ..of_many
            },
            Counted::LeftOut(whose) => AuditRecord {
                user_id: whose.user(),
                key_id: whose.key().cloned(),
                ip_address: whose.network().map_or(of_many.ip_address, |network| network.addr()),
                resource_target: whose.network().map(|network| network.to_string()).unwrap_or_default(),
                diff: json!({"gathered": {
                    "count": count, "first": first.to_string(), "last": last.to_string(), "left_out_of": whose.word(),
                }}),
                ..of_many
            },
        }
    }
}
