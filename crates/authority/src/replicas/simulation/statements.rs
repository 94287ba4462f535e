//! Whether the rows of the model become what the statements of the program make of them.
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, KeyId, KeyUse, Limits, NewUser, Origin, PasswordHash, Store, StoreError, Tx, User};

use super::rows::{Row, Use, wall};
use crate::caller::amy;

#[expect(clippy::disallowed_methods, reason = "a test that asks the store itself")]
async fn change<T>(store: &Store, what: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
    let mut tx = store.begin().await.unwrap();
    let done = what(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    done
}

fn at(milliseconds: i64) -> Timestamp {
    wall(std::time::Duration::ZERO) + SignedDuration::from_millis(milliseconds)
}

fn used(id: &KeyId, last_used: i64, address: u8, seen: Timestamp, end: i64) -> KeyUse {
    let origin = Origin { ip_address: [10, 0, 0, address].into(), user_agent: String::new() };
    KeyUse { id: id.clone(), last_used: at(last_used), origin, seen_expires_at: seen, expires_at: at(end) }
}

/// What the database has of a key, and the model.
struct Both {
    store: Store,
    id: KeyId,
    row: Row,
}

impl Both {
    /// A session that was used at 300, and ends at 2000.
    async fn of(folder: &Path) -> Self {
        let store = Store::open(&folder.join("keys.db"), Limits::default()).await.unwrap();
        let id = KeyId::parse("k000000001").unwrap();
        let mut row = Row::new(id.as_str().to_owned(), true, at(0));
        let key = ApiKey { scopes: ["all".to_owned()].into(), allow_list: ["*:*".to_owned()].into(), ..row.key() };
        let user = User { email: "amy@example.com".to_owned(), ..amy(key.user_id) };
        let user = NewUser { user, password_hash: PasswordHash("hash".to_owned()) };
        let first = used(&id, 300, 1, key.expires_at, 2_000);
        change(&store, async |tx| {
            tx.insert_user(&user).await?;
            tx.insert_key(&key).await?;
            tx.record_key_use(&first).await
        })
        .await;
        row.write(&Use::of(&first));
        Self { store, id, row }
    }

    async fn write(&mut self, used: &KeyUse) {
        let is_written = change(&self.store, async |tx| tx.record_key_use(used).await).await;
        assert_eq!(is_written, self.row.write(&Use::of(used)), "{used:?}");
    }

    async fn revoke(&mut self, now: Timestamp) {
        let reached = change(&self.store, async |tx| {
            tx.expire_key(&self.id, now).await?;
            Ok(!tx.reached().is_nobody())
        });
        assert_eq!(reached.await, self.row.revoke(now, false));
    }

    async fn assert_same(&self, what: &str) {
        let is = self.store.read().find_key(&self.id).await.unwrap().unwrap();
        let expected = self.row.key();
        let parts = |key: &ApiKey| (key.last_used, key.origin.ip_address, key.expires_at, key.is_revoked);
        assert_eq!(parts(&is), parts(&expected), "{what}");
    }
}

#[tokio::test]
async fn a_use_is_written_as_the_model_says() {
    for revoked_at in [None, Some(1_000), Some(2_000), Some(3_000)] {
        for last_used in [200, 300, 400] {
            for seen in [1_000, 2_000, 3_000] {
                let folder = tempfile::tempdir().unwrap();
                let mut both = Both::of(folder.path()).await;
                if let Some(now) = revoked_at {
                    both.revoke(at(now)).await;
                    both.assert_same("revoked").await;
                }
                let used = used(&both.id, last_used, 2, at(seen), 5_000);
                both.write(&used).await;
                both.assert_same(&format!("revoked at {revoked_at:?}, then {used:?}")).await;
                both.revoke(at(4_000)).await;
                both.assert_same("revoked at the end").await;
            }
        }
    }
}

/// It was acknowledged: then no use that somebody has noted before may bring the key back.
#[tokio::test]
async fn a_key_that_ended_by_itself_and_was_revoked_is_revived_by_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let mut both = Both::of(folder.path()).await;
    both.revoke(at(2_001)).await;
    both.write(&used(&both.id.clone(), 1_999, 2, at(2_000), 3_000)).await;
    both.assert_same("ended, revoked, and used before").await;
    let key = both.store.read().find_key(&both.id).await.unwrap().unwrap();
    assert!(!key.is_live(at(1_999)));
}

/// The same for a key that is revoked with the one that minted it.
#[tokio::test]
async fn a_descendant_that_ended_by_itself_is_revived_by_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let Both { store, id, row } = Both::of(folder.path()).await;
    let child = KeyId::parse("k000000002").unwrap();
    let (scopes, allow_list) = (["all".to_owned()].into(), ["*:*".to_owned()].into());
    let key = ApiKey { id: child.clone(), parent_id: Some(id.clone()), scopes, allow_list, ..row.key() };
    let reached = change(&store, async |tx| {
        tx.insert_key(&key).await?;
        assert_eq!(tx.expire_descendants(&id, key.expires_at).await?, 0);
        Ok(tx.reached().keys.clone())
    });
    assert_eq!(reached.await, [child.clone()].into());
    let before = used(&child, 1_999, 2, key.expires_at, 3_000);
    assert!(!change(&store, async |tx| tx.record_key_use(&before).await).await);
    let is = store.read().find_key(&child).await.unwrap().unwrap();
    assert_eq!((is.is_revoked, is.expires_at), (true, key.expires_at));
}
