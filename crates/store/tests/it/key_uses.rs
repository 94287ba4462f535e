//! Keys over time: uses are recorded, expired keys stay expired, and are purged at last.
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use keyfob_rbac::Filter;
use keyfob_store::{ApiKey, KeyId, KeyUse, ListKeys, Origin};

use crate::support::{TestStore, at, key_id, texts, token};

async fn insert(store: &TestStore, new: &ApiKey) {
    store.given(async |tx| tx.insert_key(new).await).await;
}

async fn find(store: &TestStore, id: &KeyId) -> Option<ApiKey> {
    store.store.read().find_key(id).await.unwrap()
}

fn key_use(id: &str, seen: i64, new_end: i64) -> KeyUse {
    KeyUse {
        id: key_id(id),
        last_used: at(600),
        origin: Origin { ip_address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), user_agent: "another".to_owned() },
        seen_expires_at: at(seen),
        expires_at: at(new_end),
    }
}

#[tokio::test]
async fn a_use_is_noted_where_the_key_is_as_it_was_seen() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k1", "one")).await;
    insert(&store, &token(ann, "k2", "two")).await;
    store.given(async |tx| tx.record_key_use(&key_use("k1", 1000, 4000)).await.map(drop)).await;
    let key = find(&store, &key_id("k1")).await.unwrap();
    assert_eq!((key.last_used, key.expires_at), (at(600), at(4000)));
    let untouched = find(&store, &key_id("k2")).await.unwrap();
    assert_eq!((untouched.last_used, untouched.expires_at), (Timestamp::UNIX_EPOCH, at(1000)));
    // A second record of a use that read the same expiry comes too late.
    store.given(async |tx| tx.record_key_use(&key_use("k1", 1000, 9000)).await.map(drop)).await;
    assert_eq!(find(&store, &key_id("k1")).await.unwrap().expires_at, at(4000));
}

#[tokio::test]
async fn a_use_never_revives_a_key_that_was_ended_meanwhile() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k1", "one")).await;
    store.given(async |tx| tx.expire_key(&key_id("k1"), at(500)).await.map(drop)).await;
    // Neither with the expiry from before, nor with the very instant at which it was expired.
    for seen in [1000, 500] {
        store.given(async |tx| tx.record_key_use(&key_use("k1", seen, 4000)).await.map(drop)).await;
        let key = find(&store, &key_id("k1")).await.unwrap();
        assert_eq!((key.last_used, key.expires_at, key.is_revoked), (Timestamp::UNIX_EPOCH, at(500), true));
    }
    store.given(async |tx| tx.delete_key(&key_id("k1")).await).await;
    store.given(async |tx| tx.record_key_use(&key_use("k1", 500, 4000)).await.map(drop)).await;
    assert!(find(&store, &key_id("k1")).await.is_none());
}

#[tokio::test]
async fn purging_removes_only_what_ended_before_and_at_most_so_many() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    for (number, end) in (0..).zip([100, 199, 200, 201, 150, 120]) {
        let mut new = token(ann, &format!("k{number}"), "");
        new.expires_at = at(end);
        insert(&store, &new).await;
    }
    let purge = async |at_most| store.attempt(async |tx| tx.purge_keys(at(200), at_most).await).await.unwrap();
    assert_eq!(purge(0).await, 0);
    assert_eq!(purge(3).await, 3);
    assert_eq!(purge(3).await, 1);
    assert_eq!(purge(u64::MAX).await, 0);
    let list = ListKeys { user_id: None, include_expired: true, now: at(0), ..ListKeys::default() };
    let left = store.store.read().tokens(&list, &Filter::All).await.unwrap();
    assert_eq!(left.into_iter().map(|key| key.id).collect::<Vec<_>>(), [key_id("k2"), key_id("k3")]);
}

#[tokio::test]
async fn keys_with_a_scope_are_deleted_for_one_user_and_exactly_that_scope() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let with = |user, id, scopes: &[&str]| {
        let mut new = token(user, id, "");
        new.scopes = texts(scopes).into();
        new
    };
    for new in [
        with(ann, "a1", &["coder:application_connect"]),
        with(ann, "a2", &["workspace:read", "coder:application_connect"]),
        with(ann, "a3", &["coder:application_connectX", "xcoder:application_connect"]),
        with(bob, "b1", &["coder:application_connect"]),
    ] {
        insert(&store, &new).await;
    }
    let scope = "coder:application_connect";
    assert_eq!(store.attempt(async |tx| tx.delete_keys_with_scope(ann, scope).await).await.unwrap(), 2);
    assert_eq!(store.attempt(async |tx| tx.delete_keys_with_scope(ann, scope).await).await.unwrap(), 0);
    for (id, is_left) in [("a1", false), ("a2", false), ("a3", true), ("b1", true)] {
        assert_eq!(find(&store, &key_id(id)).await.is_some(), is_left, "{id}");
    }
}

/// What waits is shown at once; what slid twice meanwhile is written from the expiry that the row has.
#[tokio::test]
async fn uses_that_wait_are_shown_and_written_together() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k1", "one")).await;
    assert!(store.store.uses_to_write().is_none());
    store.store.note_use(key_use("k1", 1000, 4000), ann, at(600));
    store.store.note_use(key_use("k1", 4000, 9000), ann, at(700));
    let shown = async || {
        let key = find(&store, &key_id("k1")).await.unwrap();
        let user = store.store.read().find_user(ann).await.unwrap().unwrap();
        (key.last_used, key.expires_at, user.last_seen_at)
    };
    let latest = (at(600), at(9000), Some(at(700)));
    assert_eq!(shown().await, latest);
    // Broken off, also after it was written: it waits again.
    let begun = store.store.uses_to_write().unwrap();
    assert!(store.store.uses_to_write().is_none(), "one at a time");
    let mut tx = store.store.begin().await.unwrap();
    tx.write_uses(&begun).await.unwrap();
    drop((tx, begun));
    assert_eq!(shown().await, latest);
    let again = store.store.uses_to_write().unwrap();
    // A use that comes meanwhile is not lost.
    store.store.note_use(key_use("k1", 9000, 12_000), ann, at(800));
    store.given(async |tx| tx.write_uses(&again).await).await;
    again.written();
    assert_eq!(shown().await, (at(600), at(12_000), Some(at(800))));
    let last = store.store.uses_to_write().unwrap();
    store.given(async |tx| tx.write_uses(&last).await).await;
    last.written();
    assert!(store.store.uses_to_write().is_none());
    assert_eq!(shown().await, (at(600), at(12_000), Some(at(800))));
}

#[tokio::test]
async fn a_use_that_waits_is_nothing_to_a_key_that_was_changed_meanwhile() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k1", "one")).await;
    insert(&store, &token(ann, "k2", "two")).await;
    for id in ["k1", "k2"] {
        store.store.note_use(key_use(id, 1000, 4000), ann, at(600));
    }
    store.given(async |tx| tx.expire_key(&key_id("k1"), at(500)).await.map(drop)).await;
    store.given(async |tx| tx.delete_key(&key_id("k2")).await).await;
    store.given(async |tx| tx.delete_user(ann, at(650)).await).await;
    assert!(find(&store, &key_id("k1")).await.is_none_or(|key| !key.is_live(at(550))));
    let uses = store.store.uses_to_write().unwrap();
    store.given(async |tx| tx.write_uses(&uses).await).await;
    uses.written();
    assert!(find(&store, &key_id("k1")).await.is_none_or(|key| !key.is_live(at(550))));
    assert!(find(&store, &key_id("k2")).await.is_none());
    let owner = store.store.read().find_user(ann).await.unwrap().unwrap();
    assert_eq!((owner.deleted, owner.last_seen_at), (true, None));
}

/// What is remembered of keys ends by this.
#[tokio::test]
async fn a_unit_of_work_says_whose_rights_it_changed() {
    let store = TestStore::new().await;
    let (ann, ben) = (store.user("ann").await, store.user("ben").await);
    let mut tx = store.store.begin().await.unwrap();
    tx.insert_key(&token(ann, "k1", "one")).await.unwrap();
    tx.record_key_use(&key_use("k1", 1000, 4000)).await.unwrap();
    assert!(tx.reached().is_nobody(), "nobody knows a new key");
    assert!(!tx.expire_key(&key_id("k2"), at(500)).await.unwrap());
    assert!(tx.reached().is_nobody(), "there is no such key");
    tx.expire_key(&key_id("k1"), at(500)).await.unwrap();
    assert_eq!(tx.reached().keys, [key_id("k1")].into());
    tx.update_user_roles(ben, &["owner".to_owned()], at(500)).await.unwrap();
    assert_eq!((tx.reached().users.clone(), tx.reached().everybody), ([ben].into(), false));
    tx.delete_keys_of(ann).await.unwrap();
    assert_eq!(tx.reached().users, [ann, ben].into());
    let before = store.store.read().rights_version().await.unwrap();
    tx.commit().await.unwrap();
    assert_ne!(store.store.read().rights_version().await.unwrap(), before);
}

/// The end of a key is what a use that waits has made of it, for every statement: it is listed, and can be expired.
#[tokio::test]
async fn a_key_that_outlives_its_stored_end_is_like_any_other() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    let child = ApiKey { parent_id: Some(key_id("k1")), ..token(ann, "k2", "two") };
    for key in [token(ann, "k1", "one"), child, token(ann, "k3", "three")] {
        insert(&store, &key).await;
    }
    for id in ["k1", "k2"] {
        store.store.note_use(key_use(id, 1000, 9000), ann, at(600)).unwrap();
    }
    let now = at(2000);
    let list = ListKeys { user_id: Some(ann), include_expired: false, now, ..ListKeys::default() };
    let live = async || {
        let keys = store.store.read().tokens(&list, &Filter::All).await.unwrap();
        keys.iter().map(|key| key.token_name.clone()).collect::<Vec<_>>()
    };
    assert_eq!((live().await, store.store.read().count_live_keys(now).await.unwrap()), (texts(&["one", "two"]), 2));
    let mut tx = store.store.begin().await.unwrap();
    assert_eq!(tx.expire_descendants(&key_id("k1"), now).await.unwrap(), 1);
    assert!(tx.expire_key(&key_id("k1"), now).await.unwrap());
    assert_eq!((tx.reached().keys.len(), tx.reached().everybody), (2, false));
    tx.commit().await.unwrap();
    assert_eq!(live().await, texts(&[]));
    let uses = store.store.uses_to_write().unwrap();
    store.given(async |tx| tx.write_uses(&uses).await).await;
    uses.written();
    for id in ["k1", "k2"] {
        let key = find(&store, &key_id(id)).await.unwrap();
        assert_eq!((key.is_revoked, key.expires_at), (true, now));
    }
}

/// Two requests at the same time both slide a session, from the end that both saw. The later of both ends counts, and what
/// one of them remembers that is not written is forgotten.
#[tokio::test]
async fn slides_at_the_same_time_are_one() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k1", "one")).await;
    let slide = |seen, end| store.store.note_use(key_use("k1", seen, end), ann, at(600)).unwrap().expires_at;
    assert_eq!([slide(1000, 4000), slide(1000, 4001), slide(1000, 3999)], [at(4000), at(4001), at(4001)]);
    let uses = store.store.uses_to_write().unwrap();
    assert_eq!(slide(4000, 5000), at(5000), "also while the earlier ones are written");
    store.given(async |tx| tx.write_uses(&uses).await).await;
    uses.written();
    assert_eq!(find(&store, &key_id("k1")).await.unwrap().expires_at, at(5000));
    let uses = store.store.uses_to_write().unwrap();
    store.given(async |tx| tx.write_uses(&uses).await).await;
    uses.written();
    assert_eq!(find(&store, &key_id("k1")).await.unwrap().expires_at, at(5000));
    // One that saw what is not stored.
    slide(4001, 6000);
    let uses = store.store.uses_to_write().unwrap();
    let mut tx = store.store.begin().await.unwrap();
    tx.write_uses(&uses).await.unwrap();
    assert_eq!(tx.reached().keys, [key_id("k1")].into());
}
