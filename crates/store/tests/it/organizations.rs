//! Organizations and memberships.
use keyfob_rbac::{Filter, ShareableWorkspaceOwners};
use keyfob_store::{Member, Organization, OrganizationId, StoreError};

use crate::support::{TestStore, at, member, organization, texts, uuid};

#[tokio::test]
async fn every_field_of_an_organization_is_read_back() {
    let store = TestStore::new().await;
    let owners =
        [ShareableWorkspaceOwners::Everyone, ShareableWorkspaceOwners::ServiceAccounts, ShareableWorkspaceOwners::None];
    for (number, shareable_workspace_owners) in (0..).zip(owners) {
        let new = Organization {
            id: OrganizationId(uuid(number)),
            name: format!("Örg-{number}"),
            display_name: "The \"first\"".to_owned(),
            description: "line\nline".to_owned(),
            icon: "/emojis/1f33b.png".to_owned(),
            is_default: number == 1,
            default_org_member_roles: texts(&["organization-workspace-access", "\"x\""]),
            shareable_workspace_owners,
            created_at: at(5),
            updated_at: at(-6),
        };
        store.given(async |tx| tx.insert_organization(&new).await).await;
        assert_eq!(store.store.read().find_organization(new.id).await.unwrap().as_ref(), Some(&new));
        assert_eq!(store.store.read().find_organization_by_name(&new.name).await.unwrap(), Some(new));
    }
}

#[tokio::test]
async fn an_organizations_name_is_unique_whatever_the_case_until_it_is_deleted() {
    let store = TestStore::new().await;
    let first = store.organization("örg").await;
    let mut second = organization("öRG");
    let refused = store.attempt(async |tx| tx.insert_organization(&second).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    second.id = first;
    second.name = "other".to_owned();
    let refused = store.attempt(async |tx| tx.insert_organization(&second).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");

    assert_eq!(store.tamper("UPDATE organizations SET deleted = true").await, 1);
    let second = organization("öRG");
    store.given(async |tx| tx.insert_organization(&second).await).await;
    assert_eq!(store.store.read().find_organization_by_name("öRg").await.unwrap(), Some(second.clone()));
    assert_eq!(store.store.read().find_organization(first).await.unwrap(), None);
    assert_eq!(store.store.read().organizations(&Filter::All).await.unwrap(), [second]);
}

#[tokio::test]
async fn at_most_one_organization_is_the_default() {
    let store = TestStore::new().await;
    assert_eq!(store.store.read().find_default_organization().await.unwrap(), None);
    store.organization("plain").await;
    assert_eq!(store.store.read().find_default_organization().await.unwrap(), None);
    let default = |name| Organization { is_default: true, ..organization(name) };
    store.given(async |tx| tx.insert_organization(&default("first")).await).await;
    let refused = store.attempt(async |tx| tx.insert_organization(&default("second")).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(store.store.read().find_default_organization().await.unwrap(), Some(default("first")));
}

#[tokio::test]
async fn organizations_are_listed_oldest_first() {
    let store = TestStore::new().await;
    let mut all: Vec<Organization> = ["c", "a", "d", "b"]
        .iter()
        .zip([3, 1, 2, 1])
        .map(|(name, created)| Organization { created_at: at(created), ..organization(name) })
        .collect();
    for new in &all {
        store.given(async |tx| tx.insert_organization(new).await).await;
    }
    all.sort_by_key(|it| (it.created_at, it.id));
    assert_eq!(store.store.read().organizations(&Filter::All).await.unwrap(), all);
    assert_eq!(store.store.read().organizations(&Filter::None).await.unwrap(), []);
}

#[tokio::test]
async fn every_field_of_a_membership_is_read_back() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let (one, two) = (store.organization("one").await, store.organization("two").await);
    let later = Member {
        roles: texts(&["organization-admin", "ü"]),
        created_at: at(9),
        updated_at: at(10),
        ..member(ann, one)
    };
    let earlier = Member { created_at: at(8), updated_at: at(11), ..member(ann, two) };
    let bobs = member(bob, one);
    store
        .given(async |tx| {
            for new in [&later, &earlier, &bobs] {
                tx.insert_member(new).await?;
            }
            assert_eq!(tx.read().memberships(ann).await?, [earlier.clone(), later.clone()]);
            Ok(())
        })
        .await;
    assert_eq!(store.store.read().memberships(ann).await.unwrap(), [earlier, later]);
    assert_eq!(store.store.read().memberships(bob).await.unwrap(), [bobs]);
}

#[tokio::test]
async fn no_user_is_a_member_twice_or_of_a_missing_organization() {
    let store = TestStore::new().await;
    let (ann, one) = (store.user("ann").await, store.organization("one").await);
    store.given(async |tx| tx.insert_member(&member(ann, one)).await).await;
    let again = store.attempt(async |tx| tx.insert_member(&member(ann, one)).await).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let nowhere = store.attempt(async |tx| tx.insert_member(&member(ann, OrganizationId(uuid(9)))).await).await;
    assert!(nowhere.is_err());
    assert_eq!(store.store.read().memberships(ann).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_organizations_of_a_user_are_the_live_ones_they_are_a_member_of() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.user("ann").await, store.user("bob").await);
    let (one, two, gone) =
        (store.organization("one").await, store.organization("two").await, store.organization("gone").await);
    store
        .given(async |tx| {
            tx.insert_member(&member(ann, one)).await?;
            tx.insert_member(&member(ann, gone)).await?;
            tx.insert_member(&member(bob, two)).await
        })
        .await;
    store.tamper("UPDATE organizations SET deleted = true WHERE name = 'gone'").await;
    assert_eq!(store.store.read().organizations_of(ann).await.unwrap(), [organization("one")]);
    assert_eq!(store.store.read().organizations_of(bob).await.unwrap(), [organization("two")]);
}

#[tokio::test]
async fn organizations_are_found_by_their_ids_all_at_once() {
    let store = TestStore::new().await;
    let (ann, bob) = (store.organization("ann").await, store.organization("bob").await);
    store.organization("other").await;
    let missing = OrganizationId(uuid(9));
    let find = async |ids: &[OrganizationId]| {
        let found = store.store.read().organizations_by_id(ids).await.unwrap();
        let mut found: Vec<OrganizationId> = found.into_iter().map(|organization| organization.id).collect();
        found.sort_unstable();
        found
    };
    let mut both = [ann, bob];
    both.sort_unstable();
    assert_eq!(find(&[bob, missing, ann, bob]).await, both);
    assert!(find(&[]).await.is_empty());
    store.given(async |tx| tx.delete_organization(ann, at(1)).await).await;
    assert_eq!(find(&[ann, bob]).await, [bob]);
}
