//! Counts of many types at once: each is that of its own filter, and none goes further than was asked for.
use keyfob_rbac::Filter;
use keyfob_store::Countable;

use crate::support::{TestStore, resource};

#[tokio::test]
async fn objects_of_many_types_are_counted_together_and_no_further_than_asked_for() {
    let store = TestStore::new().await;
    for name in ["ann", "ben", "cleo"] {
        store.user(name).await;
    }
    store.organization("acme").await;
    for (number, of) in ["workspace", "workspace", "template"].into_iter().enumerate() {
        let new = resource(of, &number.to_string());
        store.given(async |tx| tx.insert_resource(&new).await).await;
    }
    let of_type = |name: &str| Countable::Resources(name.to_owned());
    let mut sought = vec![
        (Countable::Users, Filter::All),
        (Countable::Users, Filter::None),
        (Countable::Organizations, Filter::All),
        // That of all its members.
        (Countable::Groups, Filter::All),
        (of_type("workspace"), Filter::All),
        (of_type("template"), Filter::All),
        (of_type("workspace"), Filter::None),
    ];
    let mut expected = vec![3, 0, 1, 1, 2, 1, 0];
    // More than one statement holds.
    for _ in 0..100 {
        sought.push((of_type("template"), Filter::All));
        expected.push(1);
    }
    let count = async |at_most| store.store.read().count_objects(&sought, at_most).await.unwrap();
    assert_eq!(count(9).await, expected);
    assert_eq!(count(2).await[..7], [2, 0, 1, 1, 2, 1, 0]);
    assert_eq!(store.store.read().count_objects(&[], 9).await.unwrap(), Vec::<u64>::new());
}
