//! Which key was minted with which. Chains stay connected when keys in them are deleted.
use keyfob_rbac::Filter;
use keyfob_store::ListKeys;

use crate::support::{TestStore, at, key_id, token};

/// Keys of one user, each with its parent.
async fn family(store: &TestStore, of: &[(&str, Option<&str>)]) {
    let ann = store.user("ann").await;
    for (id, parent) in of {
        let mut new = token(ann, id, "");
        new.parent_id = parent.map(key_id);
        store.given(async |tx| tx.insert_key(&new).await).await;
    }
}

async fn living_below(store: &TestStore, id: &str) -> u64 {
    store.store.read().find_key_for_view(&key_id(id), at(1)).await.unwrap().unwrap().live_descendants
}

async fn is_live(store: &TestStore, id: &str) -> Option<bool> {
    store.store.read().find_key(&key_id(id)).await.unwrap().map(|key| key.is_live(at(1)))
}

#[tokio::test]
async fn a_chain_survives_the_deletion_of_its_middle() {
    let store = TestStore::new().await;
    family(&store, &[("a", None), ("b", Some("a")), ("c", Some("b")), ("x", None)]).await;
    assert_eq!((living_below(&store, "a").await, living_below(&store, "b").await), (2, 1));
    store.given(async |tx| tx.delete_key(&key_id("b")).await).await;
    assert_eq!((living_below(&store, "a").await, living_below(&store, "c").await), (1, 0));
    assert_eq!(store.store.read().find_key(&key_id("c")).await.unwrap().unwrap().parent_id, Some(key_id("b")));

    // A key that is minted with the last key still descends from the first.
    let ann = store.store.read().find_key(&key_id("a")).await.unwrap().unwrap().user_id;
    let mut last = token(ann, "d", "");
    last.parent_id = Some(key_id("c"));
    store.given(async |tx| tx.insert_key(&last).await).await;
    assert_eq!(living_below(&store, "a").await, 2);
    // The descendants of a deleted key are not listed, but can still be expired.
    let expired = store.attempt(async |tx| tx.expire_descendants(&key_id("b"), at(1)).await).await.unwrap();
    assert_eq!(expired, 2);
    assert_eq!((is_live(&store, "c").await, is_live(&store, "d").await), (Some(false), Some(false)));
    assert_eq!((is_live(&store, "a").await, is_live(&store, "x").await), (Some(true), Some(true)));
}

#[tokio::test]
async fn ending_descendants_counts_and_ends_the_living_and_spares_the_rest() {
    let store = TestStore::new().await;
    let all = [("a", None), ("b", Some("a")), ("c", Some("b")), ("d", Some("a")), ("x", None), ("y", Some("x"))];
    family(&store, &all).await;
    store.given(async |tx| tx.expire_key(&key_id("b"), at(1)).await.map(drop)).await;
    assert_eq!(living_below(&store, "a").await, 2);
    let expire = async || store.attempt(async |tx| tx.expire_descendants(&key_id("a"), at(1)).await).await.unwrap();
    assert_eq!(expire().await, 2);
    assert_eq!(expire().await, 0);
    assert_eq!(living_below(&store, "a").await, 0);
    for (id, live) in [("a", true), ("b", false), ("c", false), ("d", false), ("x", true), ("y", true)] {
        assert_eq!(is_live(&store, id).await, Some(live), "{id}");
    }
}

#[tokio::test]
async fn deleting_descendants_removes_all_and_counts_the_living() {
    let store = TestStore::new().await;
    let all = [("a", None), ("b", Some("a")), ("c", Some("b")), ("d", Some("c")), ("x", None), ("y", Some("x"))];
    family(&store, &all).await;
    store.given(async |tx| tx.expire_key(&key_id("c"), at(1)).await.map(drop)).await;
    let delete = async || store.attempt(async |tx| tx.delete_descendants(&key_id("a"), at(1)).await).await.unwrap();
    assert_eq!(delete().await, 2);
    assert_eq!(delete().await, 0);
    for (id, live) in [("a", Some(true)), ("b", None), ("c", None), ("d", None), ("x", Some(true)), ("y", Some(true))] {
        assert_eq!(is_live(&store, id).await, live, "{id}");
    }
}

#[tokio::test]
async fn descendants_that_expired_by_themselves_are_not_counted() {
    let store = TestStore::new().await;
    family(&store, &[("a", None), ("b", Some("a"))]).await;
    let below = async |now| {
        let list = ListKeys { user_id: None, include_expired: true, now: at(now), ..ListKeys::default() };
        let tokens = store.store.read().tokens(&list, &Filter::All).await.unwrap();
        tokens.into_iter().find(|key| key.id == key_id("a")).unwrap().live_descendants
    };
    assert_eq!((below(999).await, below(1000).await), (1, 0));
    let expired = store.attempt(async |tx| tx.expire_descendants(&key_id("a"), at(1000)).await).await.unwrap();
    assert_eq!(expired, 0);
}

#[tokio::test]
async fn a_long_chain_is_ended_from_its_start() {
    let store = TestStore::new().await;
    let ids: Vec<String> = (0..17).map(|number| format!("k{number:02}x")).collect();
    let chain: Vec<(&str, Option<&str>)> = ids
        .iter()
        .enumerate()
        .map(|(place, id)| (id.as_str(), place.checked_sub(1).map(|before| ids[before].as_str())))
        .collect();
    family(&store, &chain).await;
    assert_eq!(living_below(&store, &ids[0]).await, 16);
    assert_eq!(living_below(&store, &ids[7]).await, 9);
    let expired = store.attempt(async |tx| tx.expire_descendants(&key_id(&ids[6]), at(1)).await).await.unwrap();
    assert_eq!(expired, 10);
    assert_eq!(living_below(&store, &ids[0]).await, 6);
}

#[tokio::test]
async fn of_a_long_chain_the_nearest_ancestors_are_kept() {
    let store = TestStore::new().await;
    let names: Vec<String> = ('a'..='t').map(String::from).collect();
    let links: Vec<(&str, Option<&str>)> = names
        .iter()
        .enumerate()
        .map(|(place, name)| (name.as_str(), place.checked_sub(1).map(|above| names[above].as_str())))
        .collect();
    family(&store, &links).await;
    // The last one, t, has sixteen: d to s.
    assert_eq!((living_below(&store, "c").await, living_below(&store, "d").await), (16, 16));
    store.attempt(async |tx| tx.expire_descendants(&key_id("c"), at(1)).await).await.unwrap();
    assert_eq!((is_live(&store, "s").await, is_live(&store, "t").await), (Some(false), Some(true)));
}
