//! Tokens that are worth a look: what is counted is what is listed, and no more is counted than was asked for.
use jiff::Timestamp;
use keyfob_rbac::Filter;
use keyfob_store::{ApiKey, KeyFinding, KeyLoginType, ListKeys, UserStatus};

use crate::support::{TestStore, at, token};

const NOW: i64 = 100;

async fn insert(store: &TestStore, key: &ApiKey) {
    store.given(async |tx| tx.insert_key(key).await).await;
}

/// The names of the tokens to which this applies.
async fn found(store: &TestStore, finding: KeyFinding) -> Vec<String> {
    let list = ListKeys { finding: Some(finding), now: at(NOW), ..ListKeys::default() };
    let keys = store.store.read().tokens(&list, &Filter::All).await.unwrap();
    keys.into_iter().map(|key| key.token_name).collect()
}

#[tokio::test]
async fn findings_count_the_live_tokens_that_they_list_in_one_pass_that_ends_at_its_bound() {
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
    let expected = [
        (KeyFinding::Full, &["full"][..]),
        (KeyFinding::OwnerInNoOrganization, &["bens", "full", "soon"]),
        (KeyFinding::OwnerSuspended, &["bens"]),
        (KeyFinding::EndsUntil(at(NOW + 10)), &["soon"]),
        (KeyFinding::EndsUntil(at(NOW + 9)), &[]),
        (KeyFinding::EndsAfter(at(NOW + 10)), &["bens", "full"]),
        (KeyFinding::NeverUsed, &["bens", "full", "soon"]),
        (KeyFinding::UnusedSince(Timestamp::MAX), &[]),
    ];
    for (finding, names) in &expected {
        assert_eq!(found(&store, *finding).await, *names, "{finding:?}");
    }
    let findings: Vec<KeyFinding> = expected.iter().map(|(finding, _)| *finding).collect();
    let count =
        async |at_most| store.store.read().count_findings(&findings, &Filter::All, at(NOW), at_most).await.unwrap();
    for at_most in [3, 9] {
        let whole = count(at_most).await;
        assert!(whole.is_whole, "{at_most}");
        assert_eq!(whole.counts, expected.iter().map(|(_, names)| names.len() as u64).collect::<Vec<_>>());
    }
    assert!(!count(2).await.is_whole);
}
