//! How many mails a user gets.
use jiff::SignedDuration;
use keyfob_store::{MailBounds, PasswordHash};

use crate::support::{TestStore, at};

#[tokio::test]
async fn so_many_mails_of_a_user_and_a_kind_are_counted_in_so_much_time() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let bounds = MailBounds { most: 2, within: SignedDuration::from_micros(100) };
    let count = async |user, kind, now| {
        store.attempt(async |tx| tx.count_mail(user, kind, bounds, at(now)).await).await.unwrap()
    };
    assert_eq!(count(ann, "reset", 1000).await, Some(1));
    assert_eq!(count(ann, "reset", 1050).await, Some(2));
    assert_eq!(count(ann, "reset", 1099).await, None);
    assert_eq!(count(bob, "reset", 1099).await, Some(1), "a bound of each user");
    assert_eq!(count(ann, "changed", 1099).await, Some(1), "and of each kind");
    // Another password makes no room.
    store.given(async |tx| tx.update_password(ann, &PasswordHash("hash".to_owned()), at(1099)).await).await;
    assert_eq!(count(ann, "reset", 1099).await, None);
    assert_eq!(count(ann, "reset", 1100).await, Some(2), "the first is as old as the time is long");
    assert_eq!(count(ann, "reset", 1149).await, None);
    assert_eq!(count(ann, "reset", 1150).await, Some(2));
}
