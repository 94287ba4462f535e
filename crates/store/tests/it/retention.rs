//! Retired records leave a signed checkpoint, from which the chain goes on.
use keyfob_store::{AuditEntry, ChainCheckpoint, ChainFault, ChainHead, ChainKey, ChainVerifier};

use crate::{
    chain::{KEY, record},
    support::{TestStore, at, uuid},
};

/// Records one to six, one per microsecond, and the head after each.
async fn six(store: &TestStore) -> Vec<ChainHead> {
    let mut heads = Vec::new();
    for number in 1..=6 {
        let mut record = record(number);
        record.recorded_at = at(i64::try_from(number).unwrap());
        store.given(async |tx| tx.insert_audit_record(&record, &KEY).await).await;
        heads.push(store.store.read().chain_head().await.unwrap());
    }
    heads
}

async fn retire(store: &TestStore, before: i64, at_most: u64) -> u64 {
    let mut tx = store.store.begin().await.unwrap();
    let retired = tx.retire_audit_records(at(before), at_most, at(100), &KEY).await.unwrap();
    tx.commit().await.unwrap();
    retired
}

fn verify(
    checkpoint: Option<&ChainCheckpoint>,
    entries: &[AuditEntry],
    expected: Option<ChainHead>,
) -> Result<ChainHead, ChainFault> {
    let mut verifier = ChainVerifier::new(KEY, expected);
    if let Some(checkpoint) = checkpoint {
        verifier.begin_at(checkpoint)?;
    }
    entries.iter().try_for_each(|entry| verifier.follow(entry))?;
    verifier.finish()
}

/// All stored records.
async fn stored(store: &TestStore) -> (Option<ChainCheckpoint>, Vec<AuditEntry>) {
    (store.store.read().audit_checkpoint().await.unwrap(), store.store.read().audit_entries(0, 100).await.unwrap())
}

#[tokio::test]
async fn old_records_go_and_the_chain_holds_from_the_checkpoint_on() {
    let store = TestStore::new().await;
    let heads = six(&store).await;
    assert_eq!(retire(&store, 1, 100).await, 0);
    assert_eq!(stored(&store).await.0, None);
    assert_eq!(retire(&store, 4, 100).await, 3);
    let (checkpoint, entries) = stored(&store).await;
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [4, 5, 6]);
    let checkpoint = checkpoint.unwrap();
    for head in &heads[2..] {
        assert_eq!(verify(Some(&checkpoint), &entries, Some(*head)), Ok(heads[5]), "{head}");
    }
    let fault = ChainFault::Retired { sequence: 3, at: at(100), expected: 2 };
    assert_eq!(verify(Some(&checkpoint), &entries, Some(heads[1])), Err(fault));
    // Only so many are retired at a time, and a later checkpoint replaces an earlier one.
    assert_eq!(retire(&store, 50, 2).await, 2);
    let (checkpoint, entries) = stored(&store).await;
    assert_eq!((checkpoint.as_ref().unwrap().sequence, entries.len()), (5, 1));
    assert_eq!(verify(checkpoint.as_ref(), &entries, Some(heads[5])), Ok(heads[5]));
}

#[tokio::test]
async fn a_chain_all_of_whose_records_went_goes_on_where_it_was() {
    let store = TestStore::new().await;
    let heads = six(&store).await;
    assert_eq!(retire(&store, 50, 100).await, 6);
    assert_eq!(store.store.read().chain_head().await.unwrap(), heads[5]);
    store.given(async |tx| tx.insert_audit_record(&record(7), &KEY).await).await;
    let (checkpoint, entries) = stored(&store).await;
    assert_eq!(entries[0].sequence, 7);
    assert!(verify(checkpoint.as_ref(), &entries, Some(heads[5])).is_ok());
}

#[tokio::test]
async fn a_younger_record_keeps_all_that_come_after_it() {
    let store = TestStore::new().await;
    for (number, age) in [(1, 1), (2, 60), (3, 2)] {
        let mut record = record(number);
        record.recorded_at = at(age);
        store.given(async |tx| tx.insert_audit_record(&record, &KEY).await).await;
    }
    assert_eq!(retire(&store, 50, 100).await, 1, "the chain has no holes");
}

#[tokio::test]
async fn a_checkpoint_that_retention_did_not_write_is_named() {
    let store = TestStore::new().await;
    let heads = six(&store).await;
    retire(&store, 4, 100).await;
    let (checkpoint, entries) = stored(&store).await;
    let checkpoint = checkpoint.unwrap();
    assert_eq!(
        verify(None, &entries, None),
        Err(ChainFault::Missing { position: 1, after: None }),
        "records without their checkpoint were dropped"
    );
    let changes: [fn(&mut ChainCheckpoint); 4] = [
        |checkpoint| checkpoint.sequence += 1,
        |checkpoint| checkpoint.hash = checkpoint.hash.replace('a', "b"),
        |checkpoint| checkpoint.retired_at += 1,
        |checkpoint| checkpoint.signature = checkpoint.signature.replace('a', "b"),
    ];
    for change in changes {
        let mut forged = checkpoint.clone();
        change(&mut forged);
        assert_eq!(verify(Some(&forged), &entries, None), Err(ChainFault::Checkpoint(forged.sequence)));
    }
    let mut other_key = ChainVerifier::new(ChainKey([8; 32]), None);
    assert_eq!(other_key.begin_at(&checkpoint), Err(ChainFault::Checkpoint(3)));
    // Records that are dropped after the checkpoint are missing, whatever it says.
    assert_eq!(verify(Some(&checkpoint), &entries[1..], None), Err(ChainFault::Missing { position: 4, after: None }));
    assert_eq!(
        verify(Some(&checkpoint), &entries[..2], Some(heads[5])),
        Err(ChainFault::CutOff { position: 6, after: Some(uuid(5)) })
    );
    for place in 0..entries.len() {
        let mut altered = entries.clone();
        altered[place].action.push('x');
        assert_eq!(verify(Some(&checkpoint), &altered, None), Err(ChainFault::Changed(altered[place].id)));
    }
}
