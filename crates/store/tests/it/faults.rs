//! Full disks, files that are not databases, and rows that no version of this program writes.
use std::{fs, path::Path};

use keyfob_rbac::Filter;
use keyfob_store::{Limits, ListResources, ResourceKey, Store, StoreError};
use serde_json::json;

use crate::support::{TestStore, at, file_in, new_user, resource};

/// Enough pages for the empty schema and a few hundred rows.
const FEW_PAGES: Limits = Limits { max_pages: Some(100) };

#[tokio::test]
async fn a_full_database_refuses_writes_and_keeps_and_reads_what_it_has() {
    let store = TestStore::in_a_file(FEW_PAGES).await;
    let ann = store.user("ann").await;
    let mut kept: Vec<ResourceKey> = Vec::new();
    let full = loop {
        let mut new = resource("workspace", &format!("r{}", kept.len()));
        new.attributes.insert("filling".to_owned(), json!("x".repeat(2000)));
        match store.attempt(async |tx| tx.insert_resource(&new).await).await {
            Ok(()) => kept.push(new.key),
            Err(error) => break error,
        }
        assert!(kept.len() < 1000, "the limit is not kept");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert!(!kept.is_empty());
    let list = ListResources { visible: vec![("workspace".to_owned(), Filter::All)], ..Default::default() };
    let count = async |store: &Store| store.read().resources(&list).await.unwrap().1;
    assert_eq!(count(&store.store).await, u64::try_from(kept.len()).unwrap());

    // Changes that need no space still work, and so do those that free some.
    store.given(async |tx| tx.update_user_roles(ann, &["owner".to_owned()], at(1)).await).await;
    let removed = kept.split_off(kept.len() / 2);
    store
        .given(async |tx| {
            for key in &removed {
                tx.delete_resource(key).await?;
            }
            Ok(())
        })
        .await;
    store.given(async |tx| tx.insert_resource(&resource("workspace", "fits again")).await).await;
    let left = u64::try_from(kept.len()).unwrap() + 1;
    assert_eq!(count(&store.store).await, left);
    assert_eq!(count(&store.again().await).await, left);
}

#[tokio::test]
async fn a_unit_of_work_that_does_not_fit_never_was() {
    let store = TestStore::in_a_file(FEW_PAGES).await;
    let (ann, bob) = (new_user("ann"), new_user("bob"));
    store.given(async |tx| tx.insert_user(&ann).await).await;
    let full = store
        .attempt(async |tx| {
            tx.insert_user(&bob).await?;
            for number in 0..1000 {
                let mut new = resource("workspace", &format!("r{number}"));
                new.attributes.insert("filling".to_owned(), json!("x".repeat(2000)));
                tx.insert_resource(&new).await?;
            }
            Ok(())
        })
        .await;
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    assert_eq!(store.store.read().count_users().await.unwrap(), 1);
    store.given(async |tx| tx.insert_user(&bob).await).await;
    assert_eq!(store.again().await.read().count_users().await.unwrap(), 2);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = file_in(directory.path());
    let text = "this is no database\n".repeat(1000);
    fs::write(&file, &text).unwrap();
    let refused = Store::open(&file, Limits::default()).await;
    let error = refused.expect_err("text is no database");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    for file in [file_in(&directory.path().join("missing")), directory.path().to_owned()] {
        let refused = Store::open(&file, Limits::default()).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    set_read_only(directory.path(), true);
    let is_writable = fs::write(directory.path().join("probe"), "").is_ok();
    let refused = Store::open(&file_in(directory.path()), Limits::default()).await;
    set_read_only(directory.path(), false);
    if is_writable {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

fn set_read_only(path: &Path, read_only: bool) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(read_only);
    fs::set_permissions(path, permissions).unwrap();
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let store = TestStore::new().await;
    store.store.close().await;
    let results = [
        store.store.ping().await,
        store.store.begin().await.map(drop),
        store.store.read().count_users().await.map(drop),
    ];
    for result in results {
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_schema_of_a_later_version_is_refused_with_both_versions() {
    let store = TestStore::new().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                 SELECT version + 9000, 'later', installed_on, success, checksum, execution_time FROM _sqlx_migrations";
    let known = i64::try_from(store.tamper(later).await).unwrap();
    let refused = store.open_again().await.expect_err("the schema is newer");
    assert!(
        matches!(refused, StoreError::NewerSchema { found, known: ours } if (found, ours) == (9000 + known, known)),
        "{refused:?}"
    );
    let said = refused.to_string();
    assert!(said.contains(&format!("version {}", 9000 + known)) && said.contains(&format!("up to {known}")), "{said}");
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused() {
    let store = TestStore::new().await;
    assert_eq!(store.tamper("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await, 1);
    let refused = store.open_again().await;
    assert!(matches!(refused, Err(StoreError::Migrate(_))), "{refused:?}");
}
