//! The chain of records: every later change of it is found and named.
use keyfob_rbac::Filter;
use keyfob_store::{
    AuditEntry, AuditRecord, CHAIN_KEY_FIELD, CHAIN_TYPE, ChainFault, ChainHead, ChainKey, ChainKeys, ChainVerifier,
    ListAudit,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    retention::retire_with,
    support::{TestStore, at, uuid},
};

pub(crate) const KEY: ChainKey = ChainKey([7; 32]);
pub(crate) const NEXT: ChainKey = ChainKey([8; 32]);

pub(crate) fn record(number: u128) -> AuditRecord {
    AuditRecord {
        id: uuid(number),
        recorded_at: at(5),
        request_id: uuid(1000 + number),
        user_id: number.is_multiple_of(2).then_some(keyfob_store::UserId(uuid(4))),
        key_id: None,
        ip_address: [127, 0, 0, 1].into(),
        user_agent: "curl".to_owned(),
        action: "write".to_owned(),
        resource_type: "user".to_owned(),
        resource_id: uuid(6),
        api_key_id: None,
        resource_target: "amy".to_owned(),
        organization_id: None,
        status_code: 200,
        diff: json!({ "name": { "old": "a", "new": "b", "secret": false } }),
    }
}

/// A record that names [`NEXT`] as the key of the records after it.
pub(crate) fn naming_next(number: u128) -> AuditRecord {
    let changes = json!({CHAIN_KEY_FIELD: {"old": KEY.fingerprint(), "new": NEXT.fingerprint(), "secret": false}});
    AuditRecord { resource_type: CHAIN_TYPE.to_owned(), diff: changes, ..record(number) }
}

/// Six records, and the head after the last one.
async fn six(store: &TestStore) -> (Vec<AuditEntry>, ChainHead) {
    for number in 1..=6 {
        store.given(async |tx| tx.insert_audit_record(record(number), &KEY).await).await;
    }
    (entries(store).await, store.store.read().chain_head().await.unwrap())
}

async fn entries(store: &TestStore) -> Vec<AuditEntry> {
    store.store.read().audit_entries(0, 100).await.unwrap()
}

pub(crate) fn verify(entries: &[AuditEntry], expected: Option<ChainHead>) -> Result<ChainHead, ChainFault> {
    let mut verifier = ChainVerifier::new(KEY, expected);
    entries.iter().try_for_each(|entry| verifier.follow(entry))?;
    Ok(verifier.finish()?.head)
}

#[tokio::test]
async fn an_unchanged_chain_holds_and_ends_with_the_head_that_is_given_out() {
    let store = TestStore::new().await;
    assert!(store.store.read().chain_head().await.unwrap().is_start());
    let (entries, head) = six(&store).await;
    assert_eq!(verify(&entries, None), Ok(head));
    assert_eq!(verify(&entries, Some(head)), Ok(head));
    assert_eq!(head.to_string().parse(), Ok(head));
    store.given(async |tx| tx.insert_audit_record(record(7), &KEY).await).await;
    let longer = self::entries(&store).await;
    assert_ne!(verify(&longer, Some(head)), Ok(head), "a chain may go on");
    assert!(verify(&longer, Some(head)).is_ok());
}

/// A server that started with another key would break the chain for good.
#[tokio::test]
async fn the_newest_record_tells_whether_a_key_is_that_of_the_chain() {
    const OTHER: ChainKey = ChainKey([8; 32]);
    let store = TestStore::new().await;
    let is_key = async |key: &ChainKey| store.store.read().is_chain_key(key).await.unwrap();
    assert!(is_key(&KEY).await && is_key(&OTHER).await, "there is nothing to go by");
    for number in 1..=3 {
        store.given(async |tx| tx.insert_audit_record(record(number), &KEY).await).await;
        assert!(is_key(&KEY).await && !is_key(&OTHER).await, "{number}");
    }
    // With the records before it retired, and with all of them.
    for at_most in [1, 1, 1] {
        assert_eq!(retire_with(&store, 9, at_most, &KEY.into()).await, Ok(1));
        assert!(is_key(&KEY).await && !is_key(&OTHER).await);
    }
    // What is missing or damaged is for the verification to find.
    for number in 4..=6 {
        store.given(async |tx| tx.insert_audit_record(record(number), &KEY).await).await;
    }
    store.tamper("UPDATE audit_records SET action = 'read' WHERE sequence = 6").await;
    assert!(!is_key(&KEY).await);
    store.tamper("DELETE FROM audit_records WHERE sequence = 5").await;
    assert!(is_key(&KEY).await && is_key(&OTHER).await);
}

/// The last record with the one key names the other, so that both keys vouch for the change.
#[tokio::test]
async fn a_chain_changes_its_key_by_a_record_that_names_the_next() {
    let end_at = |entry: &AuditEntry| format!("{}:{}", entry.sequence, entry.hash).parse().unwrap();
    let both = |last: &AuditEntry| ChainKeys::from(KEY).followed_by(NEXT, end_at(last));
    let chain = async |records: &[(AuditRecord, ChainKey)]| {
        let store = TestStore::new().await;
        for (record, key) in records {
            store.given(async |tx| tx.insert_audit_record(record.clone(), key).await).await;
        }
        let (is_former, is_next) =
            (store.store.read().is_chain_key(&KEY).await, store.store.read().is_chain_key(&NEXT).await);
        (entries(&store).await, is_former.unwrap(), is_next.unwrap())
    };
    let verify = |entries: &[AuditEntry], keys: ChainKeys| {
        let mut verifier = ChainVerifier::new(keys, None);
        entries.iter().try_for_each(|entry| verifier.follow(entry))?;
        verifier.finish_current().map(drop)
    };
    let (named, is_former, is_next) = chain(&[(record(1), KEY), (naming_next(2), KEY)]).await;
    assert!(is_next && !is_former, "the next record has the next key");
    let keys = both(&named[1]);
    assert_eq!(ChainKeys::parse(&keys.to_text()).unwrap().to_text(), keys.to_text());
    assert_eq!(verify(&named, keys.clone()), Ok(()));
    let changed = [(record(1), KEY), (naming_next(2), KEY), (record(3), NEXT)];
    let (changed, is_former, is_next) = chain(&changed).await;
    assert!(is_next && !is_former);
    assert_eq!(verify(&changed, keys.clone()), Ok(()));
    let cut_off = ChainFault::CutOff { position: 2, after: Some(uuid(1)) };
    assert_eq!(verify(&changed[..1], keys.clone()), Err(cut_off), "the key file knows that there was more");
    // An export may be older than the current key, where the head that was printed with it vouches for it.
    let export = |entries: &[AuditEntry], expected: Option<&AuditEntry>| {
        let mut verifier = ChainVerifier::new(keys.clone(), expected.map(end_at));
        entries.iter().try_for_each(|entry| verifier.follow(entry))?;
        verifier.finish().map(|verified| verified.head)
    };
    let (older, _, _) = chain(&[(record(1), KEY), (record(2), KEY), (naming_next(3), KEY)]).await;
    let older_keys = both(&older[2]);
    let mut former_alone = ChainVerifier::new(older_keys.clone(), Some(end_at(&older[0])));
    former_alone.follow(&older[0]).unwrap();
    former_alone.follow(&older[1]).unwrap();
    let unvouched = ChainFault::FormerKey { last: 2, current_from: 4 };
    assert_eq!(former_alone.finish(), Err(unvouched), "the record after the head may be forged with the former key");
    assert_eq!(export(&changed[..1], None), Err(ChainFault::FormerKey { last: 1, current_from: 3 }));
    assert_eq!(export(&changed[..1], Some(&changed[0])), Ok(end_at(&changed[0])));
    assert_eq!(export(&changed[..2], None), Ok(end_at(&changed[1])), "the key file knows the end of the former key");
    let unknown = ChainFault::UnknownKey { after: uuid(2), fingerprint: NEXT.fingerprint() };
    assert_eq!(verify(&changed, KEY.into()), Err(unknown));
    assert_eq!(verify(&changed, NEXT.into()), Err(ChainFault::Changed(uuid(1))), "the records before have another");
    let (still_former, ..) = chain(&[(record(1), KEY), (naming_next(2), KEY), (record(3), KEY)]).await;
    assert_eq!(verify(&still_former, keys.clone()), Err(ChainFault::Changed(uuid(3))));
    let (not_named, ..) = chain(&[(record(1), KEY), (record(2), NEXT)]).await;
    assert_eq!(verify(&not_named, keys), Err(ChainFault::Changed(uuid(2))));
    let (taken_back, ..) = chain(&[(naming_next(1), KEY), (record(2), NEXT), (record(3), KEY)]).await;
    assert_eq!(verify(&taken_back, both(&taken_back[0])), Err(ChainFault::Changed(uuid(3))));
    let (named_early, ..) = chain(&[(naming_next(1), KEY), (record(2), KEY), (record(3), NEXT)]).await;
    assert_eq!(verify(&named_early, both(&named_early[1])), Err(ChainFault::Changed(uuid(1))));
}

/// A key file says where each former key ended, so that none of them adds records.
#[test]
fn key_files_that_do_not_say_where_a_key_ended_are_refused() {
    let (hex, hash) = ("0a".repeat(32), "0b".repeat(32));
    let ends_at = |places: &[i64]| {
        let former: Vec<String> = places.iter().map(|place| format!("{hex} {place}:{hash}\n")).collect();
        ChainKeys::parse(&format!("{hex}\n{}", former.concat()))
    };
    assert!(ends_at(&[]).is_some() && ends_at(&[7]).is_some() && ends_at(&[7, 3]).is_some());
    assert!(ends_at(&[3, 7]).is_none() && ends_at(&[3, 3]).is_none(), "the newest is first");
    for text in ["", "0a", &format!("{hex}\n{hex}\n"), &format!("{hex} 3:{hash}\n"), &format!("{hex}\n{hex} 3\n")] {
        assert!(ChainKeys::parse(text).is_none(), "{text}");
    }
}

#[tokio::test]
async fn a_record_that_does_not_decode_is_left_out_of_the_list() {
    let store = TestStore::new().await;
    six(&store).await;
    store.tamper("UPDATE audit_records SET ip_address = 'home' WHERE sequence = 3").await;
    let list = ListAudit { visible: Filter::All, ..ListAudit::default() };
    let (listed, count) = store.store.read().audit_records(&list, 100).await.unwrap();
    let ids: Vec<Uuid> = listed.iter().map(|record| record.id).collect();
    assert_eq!((ids, count), ([6, 5, 4, 2, 1].map(uuid).to_vec(), 6));
}

#[tokio::test]
async fn a_change_of_any_field_is_found_and_the_record_is_named() {
    let store = TestStore::new().await;
    let (entries, _) = six(&store).await;
    let changes: [fn(&mut AuditEntry); 15] = [
        |entry| entry.id = Uuid::nil(),
        |entry| entry.recorded_at += 1,
        |entry| entry.request_id = Uuid::nil(),
        |entry| entry.user_id = Some(Uuid::nil()),
        |entry| entry.key_id = "x".to_owned(),
        |entry| entry.ip_address = "127.0.0.2".to_owned(),
        |entry| entry.user_agent.push(' '),
        |entry| entry.action = "read".to_owned(),
        |entry| entry.resource_type = "users".to_owned(),
        |entry| entry.resource_id.clear(),
        |entry| entry.resource_target = "Amy".to_owned(),
        |entry| entry.organization_id = Some(Uuid::nil()),
        |entry| entry.status_code = 403,
        |entry| entry.diff = entry.diff.replace('b', "c"),
        |entry| entry.hash = entry.hash.replace('a', "b"),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut tampered = entries.clone();
        change(&mut tampered[2]);
        assert_eq!(verify(&tampered, None), Err(ChainFault::Changed(tampered[2].id)), "change {number}");
    }
    // Moving text across the boundary between two fields does not hide a change.
    let mut moved = entries.clone();
    moved[2].resource_type = "use".to_owned();
    moved[2].resource_id = "rid".to_owned();
    assert_eq!(verify(&moved, None), Err(ChainFault::Changed(uuid(3))));
}

#[tokio::test]
async fn a_record_that_is_missing_is_named_by_its_place() {
    let store = TestStore::new().await;
    let (mut entries, head) = six(&store).await;
    let without = |place: usize| {
        let mut some = entries.clone();
        some.remove(place);
        some
    };
    let fault = ChainFault::Missing { position: 4, after: Some(uuid(3)) };
    assert_eq!(verify(&without(3), None), Err(fault));
    let fault = ChainFault::Missing { position: 1, after: None };
    assert_eq!(verify(&without(0), None), Err(fault));
    entries.truncate(4);
    assert!(verify(&entries, None).is_ok(), "without a head nobody can tell");
    let fault = ChainFault::CutOff { position: 5, after: Some(uuid(4)) };
    assert_eq!(verify(&entries, Some(head)), Err(fault));
}

#[tokio::test]
async fn records_that_change_places_are_found() {
    let store = TestStore::new().await;
    let (entries, _) = six(&store).await;
    let mut swapped = entries.clone();
    swapped.swap(1, 3);
    assert!(matches!(verify(&swapped, None), Err(ChainFault::Missing { position: 2, .. })));
    // The same with their numbers exchanged.
    (swapped[1].sequence, swapped[3].sequence) = (2, 4);
    assert_eq!(verify(&swapped, None), Err(ChainFault::Changed(uuid(4))));
    let mut twice = entries.clone();
    twice.insert(3, entries[2].clone());
    assert_eq!(verify(&twice, None), Err(ChainFault::Changed(uuid(3))));
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_not_the_one_of_the_head() {
    let store = TestStore::new().await;
    let (_, head) = six(&store).await;
    let forged = TestStore::new().await;
    for number in [1, 2, 9, 4, 5, 6] {
        forged.given(async |tx| tx.insert_audit_record(record(number), &KEY).await).await;
    }
    let forged = entries(&forged).await;
    assert!(verify(&forged, None).is_ok(), "whoever has the key can do that");
    assert_eq!(verify(&forged, Some(head)), Err(ChainFault::Changed(uuid(6))));
    let mut other_key = ChainVerifier::new(ChainKey([8; 32]), None);
    assert_eq!(other_key.follow(&forged[0]), Err(ChainFault::Changed(uuid(1))));
}

#[tokio::test]
async fn records_of_units_of_work_that_were_given_up_leave_no_gap() {
    let store = TestStore::new().await;
    six(&store).await;
    let mut tx = store.store.begin().await.unwrap();
    tx.insert_audit_record(record(7), &KEY).await.unwrap();
    drop(tx);
    store.given(async |tx| tx.insert_audit_record(record(8), &KEY).await).await;
    assert!(verify(&entries(&store).await, None).is_ok());
}
