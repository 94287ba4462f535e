//! Committed changes stay, others leave no trace, and writers wait for each other.
use std::collections::BTreeSet;

use keyfob_rbac::Filter;
use keyfob_store::{Limits, ListResources, Store, StoreError};

use crate::support::{TestStore, at, attempt, file_in, new_user, resource, token};

const TASKS: usize = 16;
const EACH: usize = 20;

#[tokio::test]
async fn a_dropped_unit_of_work_never_was() {
    let store = TestStore::new().await;
    let ann = new_user("ann");
    let mut tx = store.store.begin().await.unwrap();
    tx.insert_user(&ann).await.unwrap();
    assert!(tx.read().find_user(ann.user.id).await.unwrap().is_some());
    assert_eq!(store.store.read().find_user(ann.user.id).await.unwrap(), None);
    drop(tx);
    assert_eq!(store.store.read().find_user(ann.user.id).await.unwrap(), None);
    // The name is free, and the next writer need not wait.
    store.given(async |tx| tx.insert_user(&ann).await).await;
}

#[tokio::test]
async fn a_unit_of_work_that_failed_in_its_middle_never_was() {
    let store = TestStore::new().await;
    let (ann, bob) = (new_user("ann"), new_user("bob"));
    store.given(async |tx| tx.insert_user(&bob).await).await;
    let failed = store
        .attempt(async |tx| {
            tx.insert_user(&ann).await?;
            tx.update_user_roles(bob.user.id, &["owner".to_owned()], at(1)).await?;
            tx.insert_user(&bob).await
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Conflict(_))), "{failed:?}");
    assert_eq!(store.store.read().count_users().await.unwrap(), 1);
    assert_eq!(store.store.read().find_user(bob.user.id).await.unwrap(), Some(bob.user));
}

#[tokio::test]
async fn what_was_committed_is_there_after_the_file_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = file_in(directory.path());
    let ann = new_user("ann");
    for opening in 0..4 {
        let store = Store::open(&file, Limits::default()).await.unwrap();
        store.ping().await.unwrap();
        assert_eq!(store.read().count_users().await.unwrap(), u64::from(opening > 0));
        if opening == 0 {
            attempt(&store, async |tx| tx.insert_user(&ann).await).await.unwrap();
        }
        // The store is closed, or just dropped.
        if opening % 2 == 0 {
            store.close().await;
        }
    }
    let store = Store::open(&file, Limits::default()).await.unwrap();
    assert_eq!(store.read().find_user(ann.user.id).await.unwrap(), Some(ann.user));
}

#[tokio::test]
async fn what_one_handle_commits_all_others_read() {
    let one = TestStore::new().await;
    let two = one.again().await;
    let ann = new_user("ann");
    one.given(async |tx| tx.insert_user(&ann).await).await;
    assert_eq!(two.read().find_user(ann.user.id).await.unwrap().as_ref(), Some(&ann.user));
    let refused = attempt(&two, async |tx| tx.insert_user(&ann).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_writer_fails_and_no_write_is_lost_however_many_write_at_once() {
    let first = TestStore::new().await;
    let second = first.again().await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = if task % 2 == 0 { first.store.clone() } else { second.clone() };
            tokio::spawn(async move {
                for number in 0..EACH {
                    let new = resource("workspace", &format!("r{task}-{number}"));
                    attempt(&store, async |tx| tx.insert_resource(&new).await).await.unwrap();
                    // Reads go on meanwhile, and see acknowledged changes at once.
                    assert_eq!(store.read().find_resource(&new.key).await.unwrap(), Some(new));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let list = ListResources { visible: vec![("workspace".to_owned(), Filter::All)], ..Default::default() };
    for store in [&first.store, &second] {
        let (found, count) = store.read().resources(&list).await.unwrap();
        let names: BTreeSet<_> = found.into_iter().map(|it| it.name).collect();
        assert_eq!((names.len(), count), (TASKS * EACH, (TASKS * EACH).try_into().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_read_and_written_in_one_unit_of_work_is_not_changed_in_between() {
    let first = TestStore::new().await;
    let second = first.again().await;
    let counter = first.user("counter").await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = if task % 2 == 0 { first.store.clone() } else { second.clone() };
            tokio::spawn(async move {
                for _ in 0..EACH {
                    let increment = attempt(&store, async |tx| {
                        let mut roles = tx.read().find_user(counter).await?.unwrap().roles;
                        roles.push(roles.len().to_string());
                        tx.update_user_roles(counter, &roles, at(1)).await
                    });
                    increment.await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let expected: Vec<String> = (0..TASKS * EACH).map(|number| number.to_string()).collect();
    assert_eq!(first.store.read().find_user(counter).await.unwrap().unwrap().roles, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_a_name_at_once_one_gets_it() {
    let first = TestStore::new().await;
    let second = first.again().await;
    let ann = first.user("ann").await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = if task % 2 == 0 { first.store.clone() } else { second.clone() };
            let new = token(ann, &format!("k{task:02}x"), "ci");
            tokio::spawn(async move { attempt(&store, async |tx| tx.insert_key(&new).await).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            refused => assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}"),
        }
    }
    assert_eq!((won, first.store.read().count_live_keys(at(1)).await.unwrap()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let file = file_in(directory.path());
            tokio::spawn(async move { Store::open(&file, Limits::default()).await })
        })
        .collect();
    for store in opening {
        assert_eq!(store.await.unwrap().unwrap().read().count_users().await.unwrap(), 0);
    }
}
