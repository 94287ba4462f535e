//! Units of work that arrive together are made durable together, and each is still a unit of its own.
use keyfob_store::{Limits, Store, StoreError};
use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    chain::{KEY, record, verify},
    support::{TestStore, attempt, new_user, resource, token, uuid},
};

/// A unit of work that adds these users, and waits for the writer.
fn adding(store: &Store, names: &[&str]) -> JoinHandle<Result<(), StoreError>> {
    let (store, new): (_, Vec<_>) = (store.clone(), names.iter().map(|name| new_user(name)).collect());
    tokio::spawn(async move {
        attempt(&store, async |tx| {
            for user in &new {
                tx.insert_user(user).await?;
            }
            Ok(())
        })
        .await
    })
}

/// A unit of work that adds a record, and first as many resources as this.
fn recording(store: &Store, number: u128, resources: u32) -> JoinHandle<Result<(), StoreError>> {
    let store = store.clone();
    tokio::spawn(async move {
        attempt(&store, async |tx| {
            for at in 0..resources {
                let mut new = resource("workspace", &format!("r{at}"));
                new.attributes.insert("filling".to_owned(), json!("x".repeat(2000)));
                tx.insert_resource(&new).await?;
            }
            tx.insert_audit_record(record(number), &KEY).await
        })
        .await
    })
}

/// The ids of all records, whose chain is whole.
async fn recorded(store: &TestStore) -> Vec<Uuid> {
    let entries = store.again().await.read().audit_entries(0, 1000).await.unwrap();
    verify(&entries, None).unwrap();
    entries.iter().map(|entry| entry.id).collect()
}

/// Lets all tasks come to where they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn names(store: &TestStore) -> Vec<String> {
    let list = keyfob_store::ListUsers { visible: keyfob_rbac::Filter::All, ..Default::default() };
    let users = store.again().await.read().list_users(&list).await.unwrap().0;
    users.into_iter().map(|user| user.username).collect()
}

#[tokio::test]
async fn of_units_that_are_committed_together_one_that_fails_takes_back_itself_alone() {
    let store = TestStore::new().await;
    let mut first = store.store.begin().await.unwrap();
    first.insert_user(&new_user("ann")).await.unwrap();
    let before = adding(&store.store, &["bob"]);
    // It has added one user when it fails at the next.
    let failing = adding(&store.store, &["cyd", "ann"]);
    let after = adding(&store.store, &["dan"]);
    settle().await;
    first.commit().await.unwrap();
    before.await.unwrap().unwrap();
    let failed = failing.await.unwrap();
    assert!(matches!(failed, Err(StoreError::Conflict(_))), "{failed:?}");
    after.await.unwrap().unwrap();
    assert_eq!(names(&store).await, ["ann", "bob", "dan"]);
}

#[tokio::test]
async fn a_unit_that_is_given_up_among_others_never_was() {
    let store = TestStore::new().await;
    let mut first = store.store.begin().await.unwrap();
    first.insert_user(&new_user("ann")).await.unwrap();
    let handle = store.store.clone();
    let given_up = tokio::spawn(async move {
        let mut tx = handle.begin().await.unwrap();
        tx.insert_user(&new_user("bob")).await.unwrap();
        std::future::pending::<()>().await;
    });
    let waits = store.store.clone();
    let never_begun = tokio::spawn(async move { waits.begin().await.map(drop) });
    let after = adding(&store.store, &["cyd"]);
    settle().await;
    // One that waits for its turn, and one that has begun.
    never_begun.abort();
    let first = tokio::spawn(first.commit());
    while store.store.read().count_users().await.unwrap() == 0 && !given_up.is_finished() {
        settle().await;
        given_up.abort();
    }
    first.await.unwrap().unwrap();
    after.await.unwrap().unwrap();
    assert_eq!(names(&store).await, ["ann", "cyd"]);
}

/// SQLite ends the transaction by itself then, with the units that wait for its commit. What they are told is what is
/// stored, and those after them have a transaction of their own.
#[tokio::test]
async fn when_the_disk_is_full_what_waits_with_a_unit_is_stored_whole_or_not_at_all() {
    let store = TestStore::in_a_file(Limits { max_pages: Some(100) }).await;
    recording(&store.store, 1, 0).await.unwrap().unwrap();
    let first = store.store.begin().await.unwrap();
    let units: Vec<_> = [(2, 0), (3, 1000), (4, 0), (5, 0)]
        .map(|(number, resources)| recording(&store.store, number, resources))
        .into();
    settle().await;
    let waited = first.commit().await;
    assert!(matches!(waited, Err(StoreError::Unavailable(_))), "{waited:?}");
    let mut stored = vec![uuid(1)];
    for (number, unit) in (2..).zip(units) {
        if unit.await.unwrap().is_ok() {
            stored.push(uuid(number));
        }
    }
    assert!(!stored.contains(&uuid(3)));
    recording(&store.store, 6, 0).await.unwrap().unwrap();
    stored.push(uuid(6));
    assert_eq!(recorded(&store).await, stored);
}

/// One of them wins, and only the other is told that the name is taken.
#[tokio::test]
async fn of_two_keys_of_one_name_that_arrive_together_one_is_stored() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    let first = store.store.begin().await.unwrap();
    let units: Vec<_> = ["k1", "k2", "k3"]
        .map(|id| {
            let (store, key) = (store.store.clone(), token(ann, id, if id == "k3" { "other" } else { "ci" }));
            let number = 10 + u128::from(id.as_bytes()[1]);
            tokio::spawn(async move {
                attempt(&store, async |tx| {
                    tx.queue_key(&key)?;
                    tx.insert_audit_record(record(number), &KEY).await
                })
                .await
            })
        })
        .into();
    settle().await;
    first.commit().await.unwrap();
    let mut told = Vec::new();
    for unit in units {
        told.push(unit.await.unwrap());
    }
    assert!(
        matches!(&told[..], [Ok(()), Err(StoreError::Conflict(with)), Ok(())] if with.contains("live_name")),
        "{told:?}"
    );
    assert_eq!(recorded(&store).await.len(), 2);
}

/// More changes than go to the database at once.
#[tokio::test]
async fn a_unit_of_many_records_has_all_of_them_in_their_order() {
    let store = TestStore::new().await;
    let numbers = 1..=100;
    store
        .given(async |tx| {
            for number in numbers.clone() {
                tx.insert_audit_record(record(number), &KEY).await?;
            }
            Ok(())
        })
        .await;
    assert_eq!(recorded(&store).await, numbers.map(uuid).collect::<Vec<_>>());
}

/// What one unit leaves, the next one knows, until an operator says that the database was changed by other means.
#[tokio::test]
async fn after_a_change_by_other_means_the_chain_goes_on_behind_it() {
    let store = TestStore::new().await;
    recording(&store.store, 1, 0).await.unwrap().unwrap();
    recording(&store.again().await, 2, 0).await.unwrap().unwrap();
    store.store.forget();
    for number in [3, 4] {
        recording(&store.store, number, 0).await.unwrap().unwrap();
    }
    assert_eq!(recorded(&store).await, [1, 2, 3, 4].map(uuid));
}

/// A unit sees what others did that are not committed yet; one that reads again because of that must not read older data.
#[tokio::test]
async fn what_a_unit_saw_of_others_is_read_by_all_once_it_has_settled() {
    let store = TestStore::new().await;
    let first = store.store.begin().await.unwrap();
    let added = adding(&store.store, &["ann"]);
    let handle = store.store.clone();
    let given_up = tokio::spawn(async move {
        let mut tx = handle.begin().await.unwrap();
        let seen = tx.read().count_users().await.unwrap();
        drop(tx);
        handle.settle().await.unwrap();
        (seen, handle.read().count_users().await.unwrap())
    });
    settle().await;
    first.commit().await.unwrap();
    assert_eq!(given_up.await.unwrap(), (1, 1));
    added.await.unwrap().unwrap();
}

/// However many wait before it: each of them may wait in vain for the database.
#[tokio::test]
async fn a_unit_that_does_not_get_its_turn_is_refused_in_time() {
    let store = TestStore::new().await;
    let first = store.store.begin().await.unwrap();
    // From here on time passes as soon as nothing else happens.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let waiting: Vec<_> = ["ann", "bob", "cyd"].map(|name| adding(&store.store, &[name])).into();
    for unit in waiting {
        let refused = unit.await.unwrap();
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    assert_eq!(began.elapsed().as_secs(), 4);
    tokio::time::resume();
    drop(first);
    adding(&store.store, &["dan"]).await.unwrap().unwrap();
    assert_eq!(names(&store).await, ["dan"]);
}

#[tokio::test]
async fn a_lone_unit_waits_for_nobody() {
    let store = TestStore::new().await;
    for name in ["ann", "bob", "cyd"] {
        adding(&store.store, &[name]).await.unwrap().unwrap();
    }
    assert_eq!(names(&store).await, ["ann", "bob", "cyd"]);
}

/// More at a time than are put into one transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_unit_of_a_crowd_is_answered_and_there() {
    let store = TestStore::new().await;
    let users: Vec<String> = (0..300).map(|number| format!("user{number:03}")).collect();
    let units: Vec<_> = users.iter().map(|name| adding(&store.store, &[name])).collect();
    for unit in units {
        unit.await.unwrap().unwrap();
    }
    assert_eq!(names(&store).await, users);
    let units: Vec<_> = (1..=300).map(|number| recording(&store.store, number, 0)).collect();
    for unit in units {
        unit.await.unwrap().unwrap();
    }
    assert_eq!(recorded(&store).await.len(), 300);
}
