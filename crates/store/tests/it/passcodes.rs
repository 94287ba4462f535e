//! Passcodes of resets: several are good at a time, and all of them are void once one was used.
use jiff::{SignedDuration, Timestamp};
use keyfob_store::{Passcode, PasswordHash, RequestBounds, SecretHash, UserId, UserStatus};
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

#[tokio::test]
async fn so_many_requests_of_a_user_are_counted_in_so_much_time() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let bounds = RequestBounds { most: 2, within: SignedDuration::from_micros(100) };
    let count = async |user, now| {
        store.attempt(async |tx| tx.count_passcode_request(user, bounds, at(now)).await).await.unwrap()
    };
    assert!(count(ann, 1000).await);
    assert!(count(ann, 1050).await);
    assert!(!count(ann, 1099).await);
    assert!(count(bob, 1099).await, "a bound of each user");
    // Another password makes no room.
    store.given(async |tx| tx.update_password(ann, &PasswordHash("hash".to_owned()), at(1099)).await).await;
    assert!(!count(ann, 1099).await);
    assert!(count(ann, 1100).await, "the first is as old as the time is long");
    assert!(!count(ann, 1149).await);
    assert!(count(ann, 1150).await);
}
