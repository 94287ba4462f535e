//! Keys: they are read as written, names of live keys are unique, and revoked keys stay revoked.
use jiff::Timestamp;
use keyfob_rbac::{Atom, Filter, Predicate};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, KeyOrder, ListKeys, Page, SecretHash, StoreError, UserId};

use crate::support::{TestStore, at, key_id, texts, token, uuid};

/// A key without the fields that cannot be compared.
fn facts(key: &ApiKey) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (key.id.clone(), key.secret_hash.0, key.user_id, key.parent_id.clone(), key.login_type),
        (key.token_name.clone(), key.scopes.clone(), key.allow_list.clone(), key.lifetime_seconds),
        (key.created_at, key.last_used, key.expires_at, key.absolute_end, key.is_revoked, key.live_descendants),
    )
}

async fn insert(store: &TestStore, new: &ApiKey) {
    store.given(async |tx| tx.insert_key(new).await).await;
}

async fn find(store: &TestStore, id: &KeyId) -> Option<ApiKey> {
    store.store.read().find_key(id).await.unwrap()
}

async fn named(store: &TestStore, user: UserId, name: &str, now: Timestamp) -> Option<KeyId> {
    store.store.read().find_key_by_name(user, name, now).await.unwrap().map(|key| key.id)
}

#[tokio::test]
async fn every_field_of_a_key_is_read_back() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    let kinds = [KeyLoginType::Password, KeyLoginType::Github, KeyLoginType::Oidc, KeyLoginType::Token];
    for (number, login_type) in (0_u8..).zip(kinds) {
        let mut new = token(ann, &format!("k{number}"), &format!("name \"{number}\" ü"));
        new.secret_hash = SecretHash([number; 32]);
        new.parent_id = Some(key_id("parent"));
        new.login_type = login_type;
        new.scopes = texts(&["workspace:read", "template:use"]).into();
        new.allow_list = texts(&["template:*", "workspace:00000000-0000-4000-8000-000000000001"]).into();
        new.lifetime_seconds = i64::from(number) - 1;
        new.created_at = at(11);
        new.expires_at = at(12);
        new.absolute_end = (number > 0).then(|| at(13));
        insert(&store, &new).await;
        assert_eq!(facts(&find(&store, &new.id).await.unwrap()), facts(&new));
        let viewed = store.store.read().find_key_for_view(&new.id, at(0)).await.unwrap().unwrap();
        assert_eq!(facts(&viewed), facts(&new));
    }
}

#[tokio::test]
async fn a_fresh_key_was_never_used_and_is_not_revoked_whatever_the_new_one_claims() {
    let store = TestStore::new().await;
    let mut new = token(store.user("ann").await, "k", "ci");
    new.last_used = at(5);
    new.is_revoked = true;
    new.live_descendants = 9;
    insert(&store, &new).await;
    let key = find(&store, &new.id).await.unwrap();
    assert_eq!((key.last_used, key.is_revoked, key.live_descendants), (Timestamp::UNIX_EPOCH, false, 0));
}

#[tokio::test]
async fn ids_of_keys_differ_in_case() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "abc", "one")).await;
    assert!(find(&store, &key_id("ABC")).await.is_none());
    insert(&store, &token(ann, "ABC", "two")).await;
    assert_eq!(find(&store, &key_id("ABC")).await.unwrap().token_name, "two");
    assert_eq!(find(&store, &key_id("abc")).await.unwrap().token_name, "one");
}

#[tokio::test]
async fn an_id_is_given_once_and_only_to_a_user_who_is_there() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k", "one")).await;
    let again = store.attempt(async |tx| tx.insert_key(&token(ann, "k", "two")).await).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let nobodys = store.attempt(async |tx| tx.insert_key(&token(UserId(uuid(9)), "n", "")).await).await;
    assert!(nobodys.is_err());
    assert_eq!(find(&store, &key_id("k")).await.unwrap().token_name, "one");
}

#[tokio::test]
async fn a_key_name_is_unique_among_the_live_keys_of_a_user() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    insert(&store, &token(ann, "a1", "ci")).await;
    let refused = store.attempt(async |tx| tx.insert_key(&token(ann, "a2", "ci")).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert!(find(&store, &key_id("a2")).await.is_none());
    // Names are case-sensitive and unique per user, and sessions have none.
    for new in [token(ann, "a3", "CI"), token(bob, "b1", "ci"), token(ann, "s1", ""), token(ann, "s2", "")] {
        insert(&store, &new).await;
    }
    assert_eq!(named(&store, ann, "ci", at(1)).await, Some(key_id("a1")));
    assert_eq!(named(&store, bob, "ci", at(1)).await, Some(key_id("b1")));
    assert_eq!(named(&store, ann, "", at(1)).await, None);
}

#[tokio::test]
async fn a_key_name_is_free_again_once_its_key_expired() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "old", "ci")).await;
    let mut new = token(ann, "new", "ci");
    new.expires_at = at(5000);
    new.created_at = at(999);
    let refused = store.attempt(async |tx| tx.insert_key(&new).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    new.created_at = at(1000);
    insert(&store, &new).await;
    assert_eq!(named(&store, ann, "ci", at(1000)).await, Some(key_id("new")));
    assert_eq!(find(&store, &key_id("old")).await.unwrap().token_name, "ci");
}

#[tokio::test]
async fn a_key_name_is_free_again_once_its_key_is_revoked_or_deleted() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    insert(&store, &token(ann, "k1", "ci")).await;
    store.given(async |tx| tx.expire_key(&key_id("k1"), at(1)).await.map(drop)).await;
    insert(&store, &token(ann, "k2", "ci")).await;
    store.given(async |tx| tx.delete_key(&key_id("k2")).await).await;
    insert(&store, &token(ann, "k3", "ci")).await;
    assert_eq!(named(&store, ann, "ci", at(1)).await, Some(key_id("k3")));
}

#[tokio::test]
async fn a_name_means_the_live_key_else_the_newest_of_those_that_were() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    for (id, created, expires) in [("k1", 0, 100), ("k2", 100, 200), ("k3", 300, 400)] {
        let mut new = token(ann, id, "ci");
        (new.created_at, new.expires_at) = (at(created), at(expires));
        insert(&store, &new).await;
    }
    store.given(async |tx| tx.expire_key(&key_id("k3"), at(350)).await.map(drop)).await;
    assert_eq!(named(&store, ann, "ci", at(350)).await, Some(key_id("k3")));
    let mut older_but_live = token(ann, "k4", "ci");
    older_but_live.created_at = at(250);
    insert(&store, &older_but_live).await;
    assert_eq!(named(&store, ann, "ci", at(999)).await, Some(key_id("k4")));
    assert_eq!(named(&store, ann, "ci", at(1000)).await, Some(key_id("k3")));
    assert_eq!(named(&store, ann, "c%", at(999)).await, None);
}

#[tokio::test]
async fn a_revoked_key_is_dead_even_when_the_clock_goes_back() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    let (id, other) = (key_id("k1"), key_id("k2"));
    insert(&store, &token(ann, "k1", "ci")).await;
    insert(&store, &token(ann, "k2", "cd")).await;
    assert!(find(&store, &id).await.unwrap().is_live(at(500)));
    assert!(store.attempt(async |tx| tx.expire_key(&id, at(500)).await).await.unwrap());
    for now in [at(-1), at(0), at(499), at(500), at(2000)] {
        assert!(!find(&store, &id).await.unwrap().is_live(now));
    }
    assert_eq!(find(&store, &id).await.unwrap().expires_at, at(500));
    assert_eq!(store.store.read().count_live_keys(at(0)).await.unwrap(), 1);
    assert!(find(&store, &other).await.unwrap().is_live(at(999)));
    // An expired key cannot be expired again.
    assert!(!store.attempt(async |tx| tx.expire_key(&id, at(0)).await).await.unwrap());
    assert!(!store.attempt(async |tx| tx.expire_key(&other, at(1000)).await).await.unwrap());
    assert!(!store.attempt(async |tx| tx.expire_key(&key_id("none"), at(0)).await).await.unwrap());
}

#[tokio::test]
async fn tokens_are_listed_oldest_first_and_sessions_never() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    for (user, id, created, end) in
        [(ann, "k3", 1, 1000), (ann, "k1", 2, 1000), (bob, "k2", 1, 1000), (ann, "k9", 0, 400)]
    {
        let mut new = token(user, id, "");
        (new.created_at, new.expires_at) = (at(created), at(end));
        insert(&store, &new).await;
    }
    let mut session = token(ann, "session", "");
    session.login_type = KeyLoginType::Password;
    insert(&store, &session).await;
    let listed = async |user_id, include_expired| {
        let list = ListKeys { user_id, include_expired, now: at(400), ..ListKeys::default() };
        let keys = store.store.read().tokens(&list, &Filter::All).await.unwrap();
        keys.iter().map(|key| key.id.as_str()[..2].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, false).await, ["k2", "k3", "k1"]);
    assert_eq!(listed(None, true).await, ["k9", "k2", "k3", "k1"]);
    assert_eq!(listed(Some(ann), false).await, ["k3", "k1"]);
    assert_eq!(listed(Some(UserId(uuid(9))), true).await, Vec::<String>::new());
}

/// The list of a user's live tokens is a statement of its own, unless part of it is asked for.
#[tokio::test]
async fn a_users_live_tokens_are_the_same_in_one_list_and_in_a_page() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    for (user, id, created, end, parent) in [
        (ann, "k3", 1, 1000, None),
        (ann, "k1", 1, 1000, Some("k3")),
        (ann, "k4", 3, 1000, Some("k1")),
        (ann, "k9", 0, 250, Some("k3")),
        (bob, "k2", 1, 1000, Some("k3")),
    ] {
        let mut new = token(user, id, "");
        (new.created_at, new.expires_at, new.parent_id) = (at(created), at(end), parent.map(key_id));
        insert(&store, &new).await;
    }
    // The clock goes back afterwards.
    store.given(async |tx| tx.expire_key(&key_id("k4"), at(300)).await.map(drop)).await;
    let page = Page { limit: Some(10), ..Page::default() };
    let whole = ListKeys { user_id: Some(ann), now: at(250), ..ListKeys::default() };
    let own = Filter::When(Predicate::Is(Atom::OwnerIs(ann.0.into())));
    let other = Filter::When(Predicate::Is(Atom::OwnerIs(bob.0.into())));
    for (filter, ids) in [(Filter::All, &["k1", "k3"][..]), (own, &["k1", "k3"]), (other, &[]), (Filter::None, &[])] {
        for list in [whole.clone(), ListKeys { page: page.clone(), ..whole.clone() }] {
            let listed = store.store.read().tokens(&list, &filter).await.unwrap();
            let found: Vec<_> = listed.iter().map(|key| (&key.id.as_str()[..2], key.live_descendants)).collect();
            let expected: Vec<_> = ids.iter().map(|id| (*id, if *id == "k3" { 2 } else { 0 })).collect();
            assert_eq!(found, expected, "{filter:?} {:?}", list.page);
        }
    }
}

#[tokio::test]
async fn tokens_are_found_by_name_newest_first_page_by_page_and_by_their_ancestor() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    for (id, name, created, parent) in [
        ("k1", "Ärger 1", 1, None),
        ("k2", "other", 2, Some("k1")),
        ("k3", "ärger 3", 3, Some("k2")),
        ("k4", "ärger 4", 3, None),
    ] {
        let mut new = token(ann, id, name);
        new.created_at = at(created);
        new.parent_id = parent.map(key_id);
        insert(&store, &new).await;
    }
    let listed = async |list: ListKeys| {
        let list = ListKeys { now: at(400), ..list };
        let keys = store.store.read().tokens_and_sessions(&list, &Filter::All).await.unwrap();
        keys.iter().map(|key| (key.id.as_str()[..2].to_owned(), key.live_descendants)).collect::<Vec<_>>()
    };
    let (first, second) = (KeyOrder::OldestFirst, KeyOrder::NewestFirst);
    let named = |order| ListKeys { name_contains: Some("ÄRGER".to_owned()), order, ..ListKeys::default() };
    let row = |id: &str, descendants| (id.to_owned(), descendants);
    assert_eq!(listed(named(first)).await, [row("k1", 2), row("k3", 0), row("k4", 0)]);
    assert_eq!(listed(named(second)).await, [row("k4", 0), row("k3", 0), row("k1", 2)]);
    let part = |limit, offset, after: Option<&str>| Page { limit, offset, after: after.map(key_id) };
    let page = async |order, page| listed(ListKeys { page, ..named(order) }).await;
    assert_eq!(page(second, part(Some(1), 1, None)).await, [row("k3", 0)]);
    assert_eq!(page(second, part(Some(2), 0, Some("k4"))).await, [row("k3", 0), row("k1", 2)]);
    assert_eq!(page(second, part(None, 1, Some("k4"))).await, [row("k1", 2)]);
    assert_eq!(page(first, part(Some(2), 0, Some("k1"))).await, [row("k3", 0), row("k4", 0)]);
    assert_eq!(page(first, part(Some(0), 0, None)).await, []);
    let below = |id: &str| ListKeys { descendants_of: Some(key_id(id)), ..ListKeys::default() };
    assert_eq!(listed(below("k1")).await, [row("k2", 1), row("k3", 0)]);
    assert_eq!(listed(below("k4")).await, []);
}

/// SQLite takes 32,766 values in a statement.
#[tokio::test]
async fn any_number_of_keys_with_a_scope_is_deleted() {
    const MANY: u64 = 40_000;
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let scope = "coder:application_connect";
    let mut others = [token(ann, "all", ""), token(bob, "bobs", ""), token(ann, "alike", "")];
    others[1].scopes = texts(&[scope]).into();
    others[2].scopes = texts(&["coder:application_connect2"]).into();
    for key in &others {
        insert(&store, key).await;
    }
    let columns = "secret_hash, user_id, login_type, allow_list, lifetime_seconds, created_at, updated_at, expires_at";
    let many = format!("WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {MANY})");
    let made = store
        .tamper(format!(
            "{many} INSERT INTO api_keys (id, scopes, {columns})
             SELECT CAST(1000000000 + n AS TEXT), '[\"workspace:read\",\"{scope}\"]', {columns}
             FROM api_keys, many WHERE id = '{}'",
            others[0].id
        ))
        .await;
    assert_eq!(made, MANY);
    assert_eq!(store.attempt(async |tx| tx.delete_keys_with_scope(ann, scope).await).await.unwrap(), MANY);
    for key in &others {
        assert!(find(&store, &key.id).await.is_some(), "{}", key.id);
    }
}
