//! Tokens that are worth a look: what is counted is what is listed, and no more is counted than was asked for.
use jiff::Timestamp;
use keyfob_rbac::Filter;
use keyfob_store::{ApiKey, KeyFinding, KeyLoginType, ListKeys, UserStatus};

use crate::support::{TestStore, at, token};

const NOW: i64 = 100;

async fn insert(store: &TestStore, key: &ApiKey) {
    store.given(async |tx| tx.insert_key(key).await).await;
}

/// The names of the tokens to which this applies, and how many are counted at most.
async fn found(store: &TestStore, finding: KeyFinding, at_most: u64) -> (Vec<String>, u64) {
    let list = ListKeys { finding: Some(finding), now: at(NOW), ..ListKeys::default() };
    let keys = store.store.read().tokens(&list, &Filter::All).await.unwrap();
    let count = store.store.read().count_findings(finding, &Filter::All, at(NOW), at_most).await.unwrap();
    (keys.into_iter().map(|key| key.token_name).collect(), count)
}

#[tokio::test]
async fn a_finding_counts_the_live_tokens_that_it_lists_and_stops_at_its_bound() {
    let store = TestStore::new().await;
    let (ann, ben) = (store.user("ann").await, store.user("ben").await);
    store.given(async |tx| tx.update_user_status(ben, UserStatus::Suspended, at(1)).await).await;
    let narrow = |user, id: &str| ApiKey { narrow_depth: 1, ..token(user, id, id) };
    insert(&store, &token(ann, "full", "full")).await;
    insert(&store, &ApiKey { expires_at: at(NOW + 10), ..narrow(ann, "soon") }).await;
    insert(&store, &narrow(ben, "bens")).await;
    // Neither an expired token nor a session is a finding.
    insert(&store, &ApiKey { expires_at: at(NOW), ..token(ben, "gone", "gone") }).await;
    insert(&store, &ApiKey { login_type: KeyLoginType::Password, ..token(ben, "sess", "") }).await;
    for (finding, names) in [
        (KeyFinding::Full, &["full"][..]),
        (KeyFinding::OwnerSuspended, &["bens"]),
        (KeyFinding::EndsUntil(at(NOW + 10)), &["soon"]),
        (KeyFinding::EndsUntil(at(NOW + 9)), &[]),
        (KeyFinding::EndsAfter(at(NOW + 10)), &["bens", "full"]),
        (KeyFinding::NeverUsed, &["bens", "full", "soon"]),
        (KeyFinding::UnusedSince(Timestamp::MAX), &[]),
    ] {
        assert_eq!(
            found(&store, finding, 9).await,
            (names.iter().map(|name| (*name).to_owned()).collect(), names.len() as u64)
        );
        assert_eq!(found(&store, finding, 2).await.1, names.len().min(2) as u64, "{finding:?}");
    }
}
