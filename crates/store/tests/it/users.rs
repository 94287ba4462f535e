//! Users: they are read as written, names and addresses are unique, and deleting a user frees both.
use keyfob_store::{Limits, LoginType, NewUser, PasswordHash, StoreError, User, UserId, UserStatus};

use crate::support::{TestStore, at, new_user, texts, uuid};

#[tokio::test]
async fn every_field_of_a_user_is_read_back() {
    let store = TestStore::new().await;
    let statuses = [UserStatus::Active, UserStatus::Dormant, UserStatus::Suspended];
    let login_types = [LoginType::Password, LoginType::Github, LoginType::Oidc, LoginType::None];
    for (number, (status, login_type)) in
        (0..).zip(statuses.into_iter().flat_map(|status| login_types.map(|login_type| (status, login_type))))
    {
        let user = User {
            id: UserId(uuid(number)),
            username: format!("Üser-{number}"),
            email: format!("User{number}@Example.com"),
            name: "Ünal \"the\" O'Neil; DROP TABLE users".to_owned(),
            avatar_url: "https://example.com/a.png?x=%20".to_owned(),
            status,
            login_type,
            roles: texts(&["owner", "with \"quotes\"", "ü"]),
            is_service_account: false,
            deleted: false,
            created_at: at(1),
            updated_at: at(-2),
            last_seen_at: Some(at(3)),
        };
        let new = NewUser { user: user.clone(), password_hash: PasswordHash("$argon2id$v=19$x".to_owned()) };
        store.given(async |tx| tx.insert_user(&new).await).await;
        assert_eq!(store.store.read().find_user(user.id).await.unwrap(), Some(user));
    }
}

#[tokio::test]
async fn a_service_account_has_no_address_and_was_never_seen() {
    let store = TestStore::new().await;
    for name in ["robot-1", "robot-2"] {
        let mut new = service_account(name);
        new.user.last_seen_at = None;
        store.given(async |tx| tx.insert_user(&new).await).await;
        assert_eq!(store.store.read().find_user(new.user.id).await.unwrap(), Some(new.user));
    }
}

#[tokio::test]
async fn no_user_is_found_by_an_empty_address() {
    let store = TestStore::new().await;
    let new = service_account("robot");
    store.given(async |tx| tx.insert_user(&new).await).await;
    assert!(store.store.read().find_login("").await.unwrap().is_none());
}

#[tokio::test]
async fn a_login_gives_the_user_and_the_hash_whatever_the_case() {
    let store = TestStore::new().await;
    let (mut ann, mut bob) = (new_user("ann"), new_user("bob"));
    ann.password_hash = PasswordHash("hash of ann".to_owned());
    bob.password_hash = PasswordHash("hash of bob".to_owned());
    for new in [&ann, &bob] {
        store.given(async |tx| tx.insert_user(new).await).await;
    }
    let (user, hash) = store.store.read().find_login("ANN@Example.COM").await.unwrap().unwrap();
    assert_eq!((user, hash.0.as_str()), (ann.user, "hash of ann"));
    assert!(store.store.read().find_login("ann@example.co_").await.unwrap().is_none());
    assert!(store.store.read().find_login("ann").await.unwrap().is_none());
}

#[tokio::test]
async fn usernames_and_addresses_are_unique_whatever_the_case() {
    let store = TestStore::new().await;
    let first = new_user("jürgen");
    store.given(async |tx| tx.insert_user(&first).await).await;
    let mut same_name = new_user("another");
    same_name.user.username = "JüRGEN".to_owned();
    let mut same_address = new_user("third");
    same_address.user.email = "JüRGEN@example.COM".to_owned();
    let mut same_id = new_user("fourth");
    same_id.user.id = first.user.id;
    for new in [same_name, same_address, same_id] {
        let refused = store.attempt(async |tx| tx.insert_user(&new).await).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(store.store.read().count_users().await.unwrap(), 1);
}

/// Only ASCII letters have a case in names and addresses: the lower case of U+212A KELVIN SIGN is an ASCII letter, and two
/// accounts at a provider must not become one.
#[tokio::test]
async fn letters_that_unicode_counts_as_another_case_are_other_letters() {
    let store = TestStore::new().await;
    let names = ["kim", "\u{212a}im", "Ünal", "ünal"];
    for name in names {
        store.user(name).await;
    }
    for name in names {
        let (user, _) = store.store.read().find_login(&format!("{name}@EXAMPLE.com")).await.unwrap().unwrap();
        assert_eq!(user.username, name);
        assert_eq!(store.store.read().find_user_by_username(name).await.unwrap(), Some(user));
    }
}

/// What an earlier version stored is found by the same names and addresses.
#[tokio::test]
async fn names_and_addresses_of_an_earlier_version_are_found() {
    // There was none on PostgreSQL.
    let store = TestStore::in_a_file(Limits::default()).await;
    let ann = store.user("Änn").await;
    store.tamper("UPDATE users SET username_key = 'änn', email_key = 'änn@example.com'").await;
    store.tamper("DELETE FROM _sqlx_migrations WHERE version = 4").await;
    let store = store.again().await;
    assert_eq!(store.read().find_user_by_username("ÄNN").await.unwrap().map(|user| user.id), Some(ann));
    assert_eq!(store.read().find_login("Änn@Example.com").await.unwrap().map(|(user, _)| user.id), Some(ann));
    store.close().await;
}

#[tokio::test]
async fn a_user_is_found_by_username_whatever_the_case_and_by_nothing_else() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    store.user("anna").await;
    let found = async |name: &str| store.store.read().find_user_by_username(name).await.unwrap().map(|user| user.id);
    assert_eq!(found("Ann").await, Some(ann));
    for other in ["an_", "an%", "a", "", "ann "] {
        assert_eq!(found(other).await, None, "{other:?}");
    }
}

#[tokio::test]
async fn a_deleted_users_name_and_address_are_free_again() {
    let store = TestStore::new().await;
    let first = new_user("ann");
    store.given(async |tx| tx.insert_user(&first).await).await;
    assert_eq!(store.tamper("UPDATE users SET deleted = true").await, 1);
    assert_eq!(store.store.read().find_user_by_username("ann").await.unwrap(), None);
    assert!(store.store.read().find_login("ann@example.com").await.unwrap().is_none());
    assert_eq!(store.store.read().count_users().await.unwrap(), 0);

    let mut second = new_user("ann");
    second.user.id = UserId(uuid(2));
    store.given(async |tx| tx.insert_user(&second).await).await;
    assert_eq!(store.store.read().find_user_by_username("ann").await.unwrap(), Some(second.user));
    // Records still name the first one.
    assert!(store.store.read().find_user(first.user.id).await.unwrap().unwrap().deleted);
}

#[tokio::test]
async fn changes_of_a_user_are_read_back_and_touch_no_other_user() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let before = store.store.read().find_user(bob).await.unwrap();
    store
        .given(async |tx| {
            tx.update_user_status(ann, UserStatus::Suspended, at(1)).await?;
            tx.update_user_roles(ann, &texts(&["auditor", "owner"]), at(2)).await?;
            tx.update_user_profile(ann, "Anna", "Anna A.", at(3)).await?;
            tx.touch_user(ann, at(4)).await
        })
        .await;
    let mut expected = new_user("ann").user;
    expected.status = UserStatus::Suspended;
    expected.roles = texts(&["auditor", "owner"]);
    expected.username = "Anna".to_owned();
    expected.name = "Anna A.".to_owned();
    expected.last_seen_at = Some(at(4));
    expected.updated_at = at(4);
    assert_eq!(store.store.read().find_user(ann).await.unwrap(), Some(expected));
    assert_eq!(store.store.read().find_user(bob).await.unwrap(), before);
    assert_eq!(store.store.read().find_user_by_username("ANNA").await.unwrap().map(|user| user.id), Some(ann));
    assert_eq!(store.store.read().find_user_by_username("ann").await.unwrap(), None);
}

#[tokio::test]
async fn a_user_cannot_be_renamed_to_anothers_name_but_to_their_own_in_another_case() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    store.user("bob").await;
    let refused = store.attempt(async |tx| tx.update_user_profile(ann, "BOB", "", at(1)).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    store.given(async |tx| tx.update_user_profile(ann, "ANN", "", at(1)).await).await;
    assert_eq!(store.store.read().find_user(ann).await.unwrap().unwrap().username, "ANN");
}

#[tokio::test]
async fn a_user_who_is_not_there_or_deleted_cannot_be_changed() {
    let store = TestStore::new().await;
    let ann = store.user("ann").await;
    store.tamper("UPDATE users SET deleted = true").await;
    for id in [ann, UserId(uuid(99))] {
        let results = [
            store.attempt(async |tx| tx.update_user_status(id, UserStatus::Active, at(1)).await).await,
            store.attempt(async |tx| tx.update_user_roles(id, &[], at(1)).await).await,
            store.attempt(async |tx| tx.update_user_profile(id, "x", "x", at(1)).await).await,
            store.attempt(async |tx| tx.touch_user(id, at(1)).await).await,
        ];
        assert!(results.iter().all(|result| matches!(result, Err(StoreError::Gone))), "{results:?}");
    }
}

#[tokio::test]
async fn those_of_several_users_that_exist_are_found_once_each() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    store.user("eve").await;
    let found = store.store.read().users(&[bob, UserId(uuid(99)), ann, bob]).await.unwrap();
    let mut ids: Vec<UserId> = found.into_iter().map(|user| user.id).collect();
    ids.sort();
    let mut expected = vec![ann, bob];
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!(store.store.read().users(&[]).await.unwrap(), []);
}

fn service_account(name: &str) -> NewUser {
    let mut new = new_user(name);
    new.user.email = String::new();
    new.user.is_service_account = true;
    new.user.login_type = LoginType::None;
    new.password_hash = PasswordHash::default();
    new
}

/// An owner is left only if somebody can sign in as one.
#[tokio::test]
async fn another_owner_counts_who_may_act_and_can_sign_in() {
    let store = TestStore::new().await;
    let owner = UserId(uuid(1));
    let has_other = async || store.store.read().has_other_owner(owner).await.unwrap();
    let cases = [
        ("password", UserStatus::Active, LoginType::Password, true),
        ("github", UserStatus::Active, LoginType::Github, true),
        ("oidc", UserStatus::Active, LoginType::Oidc, true),
        ("dormant", UserStatus::Dormant, LoginType::Password, true),
        ("none", UserStatus::Active, LoginType::None, false),
        ("suspended", UserStatus::Suspended, LoginType::Password, false),
    ];
    for (name, status, login_type, counts) in cases {
        let mut new = new_user(name);
        new.user = User { status, login_type, roles: texts(&["auditor", User::OWNER]), ..new.user };
        store.given(async |tx| tx.insert_user(&new).await).await;
        assert_eq!(has_other().await, counts, "{name}");
        store.given(async |tx| tx.delete_user(new.user.id, at(1)).await).await;
        assert!(!has_other().await, "{name}, deleted");
    }
    // Themselves, and users with other roles, are no other owner.
    let (mut own, mut member) = (new_user("own"), new_user("member"));
    own.user = User { id: owner, roles: texts(&[User::OWNER]), ..own.user };
    member.user.roles = texts(&["user-admin"]);
    for new in [own, member] {
        store.given(async |tx| tx.insert_user(&new).await).await;
    }
    assert!(!has_other().await);
}
