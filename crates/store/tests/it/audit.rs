//! Audit records and settings, which are part of the unit of work that writes them.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keyfob_rbac::Filter;
use keyfob_store::{
    AuditEntry, AuditRecord, ChainKey, KeyId, ListAudit, NamesInUse, OrganizationId, StoreError, UserId,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{TestStore, at, key_id, new_user, resource, texts, token, uuid};

const KEY: ChainKey = ChainKey([7; 32]);

fn record() -> AuditRecord {
    AuditRecord {
        id: uuid(1),
        recorded_at: at(2),
        request_id: uuid(3),
        user_id: Some(UserId(uuid(4))),
        key_id: Some(key_id("abc")),
        ip_address: IpAddr::V6(Ipv6Addr::LOCALHOST),
        user_agent: "curl/8 \"quoted\"".to_owned(),
        action: "create".to_owned(),
        resource_type: "api_key".to_owned(),
        resource_id: uuid(6),
        api_key_id: None,
        resource_target: "target".to_owned(),
        organization_id: Some(OrganizationId(uuid(5))),
        status_code: 201,
        diff: json!({ "name": { "old": null, "new": "ü\n", "secret": false } }),
    }
}

#[tokio::test]
async fn every_field_of_a_record_is_stored() {
    let store = TestStore::new().await;
    let full = record();
    let empty = AuditRecord {
        id: uuid(6),
        recorded_at: at(3),
        user_id: None,
        key_id: None,
        organization_id: None,
        ip_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ..record()
    };
    store
        .given(async |tx| {
            tx.insert_audit_record(full.clone(), &KEY).await?;
            tx.insert_audit_record(empty.clone(), &KEY).await
        })
        .await;
    let entries = entries(&store).await;
    assert_eq!(entries.len(), 2);
    for (entry, record) in entries.iter().zip([&full, &empty]) {
        assert_eq!((entry.id, entry.request_id), (record.id, record.request_id));
        assert_eq!(entry.recorded_at, record.recorded_at.as_microsecond());
        assert_eq!(entry.user_id, record.user_id.map(|id| id.0));
        assert_eq!(entry.key_id, record.key_id.as_ref().map_or("", KeyId::as_str));
        assert_eq!(entry.resource_id, record.resource_id.to_string());
        assert_eq!(entry.organization_id, record.organization_id.map(|id| id.0));
        assert_eq!(entry.diff, record.diff.to_string());
    }
    assert_eq!(found(&store, ListAudit::default()).await, [empty, full]);
}

/// All records as they are stored, in the order of the chain.
async fn entries(store: &TestStore) -> Vec<AuditEntry> {
    store.store.read().audit_entries(0, 100).await.unwrap()
}

async fn found(store: &TestStore, list: ListAudit) -> Vec<AuditRecord> {
    let list = ListAudit { visible: Filter::All, ..list };
    store.store.read().audit_records(&list, 100).await.unwrap().0
}

/// A key is named beside its owner, and that is part of the record.
#[tokio::test]
async fn a_record_is_read_as_it_was_written_and_found_by_what_it_is_about() {
    let store = TestStore::new().await;
    let of_key = AuditRecord { id: uuid(1), api_key_id: Some(key_id("abc")), ..record() };
    let of_user = AuditRecord { id: uuid(2), resource_type: "user".to_owned(), ..record() };
    store
        .given(async |tx| {
            tx.insert_audit_record(of_key.clone(), &KEY).await?;
            tx.insert_audit_record(of_user.clone(), &KEY).await
        })
        .await;
    assert_eq!(found(&store, ListAudit::default()).await, [of_user.clone(), of_key.clone()]);
    let by_owner = ListAudit { resource_id: Some(of_key.resource_id), ..ListAudit::default() };
    assert_eq!(found(&store, by_owner).await, [of_user, of_key.clone()]);
    let by_key = |id| ListAudit { api_key_id: Some(key_id(id)), ..ListAudit::default() };
    assert_eq!(found(&store, by_key("abc")).await, [of_key]);
    assert_eq!(found(&store, by_key("ABC")).await, []);
    let entries = entries(&store).await;
    assert!(entries[0].diff.contains(key_id("abc").as_str()), "the chain is over it");
}

/// Earlier versions had the id of a key, or the name of a role, where the id of the object is.
#[tokio::test]
async fn records_of_earlier_versions_stay_as_they_are_and_read_as_new_ones() {
    let store = TestStore::new().await;
    let (owner, key) = (uuid(7), key_id("abc"));
    for (number, of, diff) in [
        (1, "api_key", json!({ "user_id": { "old": null, "new": owner, "secret": false } })),
        (2, "api_key", json!({ "user_id": { "old": owner, "new": null, "secret": false } })),
        (3, "api_key", json!({ "expires_at": { "old": 1, "new": 2, "secret": false } })),
        (4, "custom_role", json!({})),
    ] {
        let new = AuditRecord { id: uuid(number), resource_type: of.to_owned(), diff, ..record() };
        store.given(async |tx| tx.insert_audit_record(new.clone(), &KEY).await).await;
    }
    let old = format!(
        "UPDATE audit_records SET resource_id = CASE WHEN resource_type = 'api_key' THEN '{}' ELSE 'reader' END",
        key.as_str()
    );
    assert_eq!(store.tamper(&old).await, 4);
    let read = |records: Vec<AuditRecord>| -> Vec<_> {
        records.into_iter().map(|record| (record.id, record.resource_id, record.api_key_id)).collect()
    };
    let (nil, key) = (Uuid::nil(), Some(key));
    let created = (uuid(1), owner, key.clone());
    let deleted = (uuid(2), owner, key.clone());
    let expired = (uuid(3), nil, key.clone());
    let all = read(found(&store, ListAudit::default()).await);
    assert_eq!(all, [(uuid(4), nil, None), expired.clone(), deleted.clone(), created.clone()]);
    let by_key = ListAudit { api_key_id: key, ..ListAudit::default() };
    assert_eq!(read(found(&store, by_key).await), [expired, deleted.clone(), created.clone()]);
    let by_owner = ListAudit { resource_id: Some(owner), ..ListAudit::default() };
    assert_eq!(read(found(&store, by_owner).await), [deleted, created]);
    let kept: Vec<String> = entries(&store).await.into_iter().map(|entry| entry.resource_id).collect();
    assert_eq!(kept.iter().filter(|id| *id == "abc0000000").count(), 3);
}

#[tokio::test]
async fn a_long_user_agent_is_cut_between_characters() {
    let store = TestStore::new().await;
    let long = AuditRecord { user_agent: format!("x{}", "ü".repeat(4000)), ..record() };
    store.given(async |tx| tx.insert_audit_record(long.clone(), &KEY).await).await;
    assert_eq!(entries(&store).await[0].user_agent, format!("x{}", "ü".repeat(127)));
}

#[tokio::test]
async fn a_change_whose_record_cannot_be_written_does_not_happen() {
    let store = TestStore::new().await;
    let ann = new_user("ann");
    store.given(async |tx| tx.insert_audit_record(record(), &KEY).await).await;
    let refused = store
        .attempt(async |tx| {
            tx.insert_user(&ann).await?;
            tx.insert_audit_record(record(), &KEY).await
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(store.store.read().find_user(ann.user.id).await.unwrap(), None);
    assert_eq!(entries(&store).await.len(), 1);
}

#[tokio::test]
async fn records_outlive_the_user_and_the_key_that_they_speak_of() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    let key = token(ann, "abc", "ci");
    let about = AuditRecord { user_id: Some(ann), key_id: Some(key.id.clone()), ..record() };
    store
        .given(async |tx| {
            tx.insert_key(&key).await?;
            tx.insert_audit_record(about.clone(), &KEY).await?;
            tx.delete_key(&key.id).await
        })
        .await;
    store.tamper("DELETE FROM users").await;
    assert_eq!(entries(&store).await[0].key_id, key.id.as_str());
}

#[tokio::test]
async fn a_setting_keeps_the_first_value_that_it_was_given() {
    let store = TestStore::new().await;
    assert_eq!(store.store.read().find_setting("deployment").await.unwrap(), None);
    for value in ["first", "second"] {
        store
            .given(async |tx| {
                tx.insert_setting("deployment", value).await?;
                assert_eq!(tx.read().find_setting("deployment").await?.as_deref(), Some("first"));
                Ok(())
            })
            .await;
    }
    assert_eq!(store.store.read().find_setting("deployment").await.unwrap().as_deref(), Some("first"));
    assert_eq!(store.store.read().find_setting("deployment ").await.unwrap(), None);
}

#[tokio::test]
async fn the_names_in_use_are_those_of_keys_and_resources() {
    let store = TestStore::new().await;
    assert_eq!(store.store.read().names_in_use().await.unwrap(), NamesInUse::default());
    let ann = store.user("ann").await;
    let (mut one, mut two) = (token(ann, "one", ""), token(ann, "two", ""));
    one.scopes = texts(&["workspace:read", "template:read"]).into();
    two.scopes = texts(&["template:read"]).into();
    two.allow_list = texts(&["template:*", "file:*"]).into();
    store
        .given(async |tx| {
            tx.insert_key(&one).await?;
            tx.insert_key(&two).await?;
            tx.insert_resource(&resource("workspace", "a")).await?;
            tx.insert_resource(&resource("workspace", "b")).await?;
            tx.insert_resource(&resource("robot", "a")).await
        })
        .await;
    let names = |of: &[&str]| texts(of).into_iter().collect();
    let expected = NamesInUse {
        scopes: names(&["template:read", "workspace:read"]),
        allow_entries: names(&["*:*", "file:*", "template:*"]),
        resource_types: names(&["robot", "workspace"]),
    };
    assert_eq!(store.store.read().names_in_use().await.unwrap(), expected);
}
