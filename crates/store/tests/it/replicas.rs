//! What a replica learns of the log of changes.
use keyfob_store::{LogPosition, RightsVersion};

use crate::support::TestStore;

#[tokio::test]
async fn where_nothing_has_changed_there_is_nothing_to_learn() {
    let store = TestStore::new().await;
    let seen = store.store.log_position().await.unwrap();
    let changes = store.store.rights_changes_since(seen).await.unwrap();
    assert_eq!(changes.position, seen);
    assert!(changes.reached.is_nobody());
}

/// After a failover that lost changes, their numbers may stand for others.
#[tokio::test]
async fn the_log_of_another_server_may_have_changed_everything() {
    let store = TestStore::new().await;
    let here = store.store.log_position().await.unwrap();
    for ahead in [0, 3] {
        let version = RightsVersion(here.version.0 + ahead);
        let elsewhere = LogPosition { version, server_start: here.server_start + 1 };
        let changes = store.store.rights_changes_since(elsewhere).await.unwrap();
        assert_eq!(changes.position, here);
        assert!(changes.reached.everybody);
    }
    // Also where the server is the same, and has gone back.
    let later = LogPosition { version: RightsVersion(here.version.0 + 3), ..here };
    assert!(store.store.rights_changes_since(later).await.unwrap().reached.everybody);
}
