//! Passcodes of resets: several are good at a time, and all of them are void once one was used.
use jiff::Timestamp;
use keyfob_store::{Passcode, PasswordHash, SecretHash, UserId, UserStatus};
use uuid::Uuid;

use crate::support::{TestStore, at};

fn passcode(user: UserId, number: u8) -> Passcode {
    Passcode {
        id: Uuid::from_u128(number.into()),
        user_id: user,
        hash: SecretHash([number; 32]),
        ends_at: at(1000 + i64::from(number)),
    }
}

async fn good(store: &TestStore, user: UserId, now: Timestamp) -> Vec<u8> {
    let hashes = store.store.read().passcodes(user, now).await.unwrap();
    let mut numbers: Vec<u8> = hashes.into_iter().map(|hash| hash.0[0]).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn the_five_newest_passcodes_are_good_until_they_end() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    for number in 1..=7 {
        store.given(async |tx| tx.insert_passcode(&passcode(ann, number)).await).await;
    }
    store.given(async |tx| tx.insert_passcode(&passcode(bob, 9)).await).await;
    // A mail that is sent again carries the same one.
    store.given(async |tx| tx.insert_passcode(&passcode(ann, 7)).await).await;
    assert_eq!(good(&store, ann, at(600)).await, [3, 4, 5, 6, 7]);
    assert_eq!(good(&store, ann, at(1005)).await, [6, 7]);
    assert_eq!(good(&store, bob, at(600)).await, [9]);
}

#[tokio::test]
async fn another_password_and_suspension_void_all_passcodes() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    for number in [1, 2] {
        store.given(async |tx| tx.insert_passcode(&passcode(ann, number)).await).await;
    }
    store.given(async |tx| tx.update_password(ann, &PasswordHash("hash".to_owned()), at(600)).await).await;
    assert_eq!(good(&store, ann, at(600)).await, [0; 0]);
    store.given(async |tx| tx.insert_passcode(&passcode(ann, 3)).await).await;
    store.given(async |tx| tx.update_user_status(ann, UserStatus::Suspended, at(600)).await).await;
    assert_eq!(good(&store, ann, at(600)).await, [0; 0]);
}
