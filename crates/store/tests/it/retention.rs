//! Retired records leave a signed checkpoint, from which the chain goes on.
use keyfob_store::{AuditEntry, AuditRecord, ChainCheckpoint, ChainFault, ChainHead, ChainKeys, ChainVerifier};

use crate::{
    chain::{KEY, NEXT, naming_next, record},
    support::{TestStore, at, uuid},
};

/// Records one to six, one per microsecond, and the head after each.
async fn six(store: &TestStore) -> Vec<ChainHead> {
    let mut heads = Vec::new();
    for number in 1..=6 {
        let mut record = record(number);
        record.recorded_at = at(i64::try_from(number).unwrap());
        store.given(async |tx| tx.insert_audit_record(record.clone(), &KEY).await).await;
        heads.push(store.store.read().chain_head().await.unwrap());
    }
    heads
}

async fn retire(store: &TestStore, before: i64, at_most: u64) -> u64 {
    retire_with(store, before, at_most, &KEY.into()).await.unwrap()
}

pub(crate) async fn retire_with(
    store: &TestStore,
    before: i64,
    at_most: u64,
    keys: &ChainKeys,
) -> Result<u64, ChainFault> {
    let retirable = store.store.read().retirable_audit_records(at(before), at_most, keys).await.unwrap();
    let Some(last) = retirable? else { return Ok(0) };
    let retired = store.attempt(async |tx| tx.retire_audit_records(last, at(100), &keys.current).await).await;
    Ok(retired.unwrap())
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
    Ok(verifier.finish()?.head)
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
    store.given(async |tx| tx.insert_audit_record(record(7), &KEY).await).await;
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
        store.given(async |tx| tx.insert_audit_record(record.clone(), &KEY).await).await;
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
    let mut other_key = ChainVerifier::new(NEXT, None);
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

/// Else retention would remove the traces of what was done to the records.
#[tokio::test]
async fn what_was_tampered_with_is_not_retired() {
    let store = TestStore::new().await;
    six(&store).await;
    retire(&store, 2, 100).await;
    store.tamper("UPDATE audit_records SET action = 'read' WHERE sequence = 3").await;
    let refused = retire_with(&store, 50, 100, &KEY.into()).await;
    assert_eq!(refused, Err(ChainFault::Changed(uuid(3))));
    assert_eq!(retire(&store, 3, 100).await, 1, "what is before it is");
    store.tamper("DELETE FROM audit_records WHERE sequence = 3").await;
    let refused = retire_with(&store, 50, 100, &KEY.into()).await;
    assert_eq!(refused, Err(ChainFault::Missing { position: 3, after: None }));
    store.tamper("UPDATE audit_checkpoint SET sequence = 3").await;
    assert_eq!(retire_with(&store, 50, 100, &KEY.into()).await, Err(ChainFault::Checkpoint(3)));
    let entries = stored(&store).await.1;
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [4, 5, 6]);
}

/// Two servers may look at once: the slower one must not take the checkpoint back.
#[tokio::test]
async fn what_others_have_retired_meanwhile_is_not_retired_again() {
    let store = TestStore::new().await;
    let heads = six(&store).await;
    let old = store.store.read().retirable_audit_records(at(3), 100, &KEY.into()).await.unwrap().unwrap().unwrap();
    assert_eq!(retire(&store, 5, 100).await, 4);
    let retired = store.attempt(async |tx| tx.retire_audit_records(old, at(100), &KEY).await).await;
    assert_eq!(retired.unwrap(), 0);
    let (checkpoint, entries) = stored(&store).await;
    assert_eq!(verify(checkpoint.as_ref(), &entries, None), Ok(heads[5]));
}

/// Three records with one key, of which the first is retired and the last names the other, then two with the other.
async fn replaced(store: &TestStore) -> ChainKeys {
    for (number, key) in [(1, KEY), (2, KEY), (3, KEY), (4, NEXT), (5, NEXT)] {
        let dated = |record: AuditRecord| AuditRecord { recorded_at: at(i64::try_from(number).unwrap()), ..record };
        let record = dated(if number == 3 { naming_next(3) } else { record(number) });
        store.given(async |tx| tx.insert_audit_record(record.clone(), &key).await).await;
        if number == 2 {
            assert_eq!(retire(store, 2, 100).await, 1);
        }
        if number == 3 {
            store.given(async |tx| tx.sign_audit_checkpoint_anew(&KEY, &NEXT).await).await;
        }
    }
    let end = store.store.read().audit_entries(2, 1).await.unwrap().remove(0);
    ChainKeys::from(KEY).followed_by(NEXT, format!("3:{}", end.hash).parse().unwrap())
}

/// A key that is not the key any more is worth nothing to one who gets hold of it.
#[tokio::test]
async fn a_former_key_of_the_chain_forges_neither_a_checkpoint_nor_records() {
    let store = TestStore::new().await;
    let keys = replaced(&store).await;
    let (checkpoint, entries) = stored(&store).await;
    let checkpoint = checkpoint.unwrap();
    let verify = |checkpoint: &ChainCheckpoint, entries: &[AuditEntry]| {
        let mut verifier = ChainVerifier::new(keys.clone(), None);
        verifier.begin_at(checkpoint)?;
        entries.iter().try_for_each(|entry| verifier.follow(entry))?;
        verifier.finish_current()
    };
    let intact = verify(&checkpoint, &entries).unwrap();
    assert_eq!(intact.retired, Some((1, at(100))));

    // Signed with the former key, over records of either key.
    for place in [2, 3, 4, 5] {
        let forged = TestStore::new().await;
        replaced(&forged).await;
        let head: ChainHead = format!("{place}:{}", entries[place - 2].hash).parse().unwrap();
        let removed = forged.attempt(async |tx| tx.retire_audit_records(head, at(100), &KEY).await).await.unwrap();
        assert_eq!(removed, u64::try_from(place).unwrap() - 1);
        let forged = stored(&forged).await.0.unwrap();
        let refused = Err(ChainFault::Checkpoint(i64::try_from(place).unwrap()));
        assert_eq!(verify(&forged, &entries[place - 1..]), refused, "{place}");
    }
    // An export from before the current key, whose head is known: what was removed from it is not retired.
    let older = TestStore::new().await;
    for number in [1, 2] {
        let dated = AuditRecord { recorded_at: at(i64::try_from(number).unwrap()), ..record(number) };
        older.given(async |tx| tx.insert_audit_record(dated.clone(), &KEY).await).await;
    }
    let whole = stored(&older).await.1;
    let head: ChainHead = format!("2:{}", whole[1].hash).parse().unwrap();
    let verify_older = |checkpoint: Option<&ChainCheckpoint>, entries: &[AuditEntry]| {
        let mut verifier = ChainVerifier::new(keys.clone(), Some(head));
        checkpoint.map_or(Ok(()), |checkpoint| verifier.begin_at(checkpoint))?;
        entries.iter().try_for_each(|entry| verifier.follow(entry))?;
        verifier.finish()
    };
    assert_eq!(verify_older(None, &whole).map(|verified| verified.head), Ok(head));
    assert_eq!(retire(&older, 2, 100).await, 1);
    let (former, rest) = stored(&older).await;
    let removed = ChainFault::FormerCheckpoint { retired: 1, current_from: 4 };
    assert_eq!(verify_older(former.as_ref(), &rest), Err(removed));

    // Written with the former key, after the checkpoint, with a record that names the current one.
    let forged = TestStore::new().await;
    for record in [AuditRecord { recorded_at: at(1), ..record(1) }, record(8), naming_next(9)] {
        forged.given(async |tx| tx.insert_audit_record(record.clone(), &KEY).await).await;
    }
    let written = stored(&forged).await.1;
    assert_eq!(written[0].hash, checkpoint.hash);
    assert_eq!(verify(&checkpoint, &written[1..]), Err(ChainFault::Changed(uuid(9))));
}

/// What is retired after the key was replaced is verified with the keys of its time, and signed with the current one.
#[tokio::test]
async fn records_of_a_former_key_are_retired_with_the_current_one() {
    let store = TestStore::new().await;
    let keys = replaced(&store).await;
    assert_eq!(retire_with(&store, 3, 100, &keys).await, Ok(1));
    assert_eq!(retire_with(&store, 5, 100, &keys).await, Ok(2));
    let (checkpoint, entries) = stored(&store).await;
    let mut verifier = ChainVerifier::new(keys, None);
    verifier.begin_at(&checkpoint.unwrap()).unwrap();
    entries.iter().try_for_each(|entry| verifier.follow(entry)).unwrap();
    assert_eq!(verifier.finish_current().unwrap().retired, Some((4, at(100))));
}
