//! Resources: they are read as written, names are unique per place, and ids are never used again.
use keyfob_rbac::{
    Action, Catalogue, Id, OrganizationPermissions, OwnedId, ResourceType, Role, RoleName, Scope, Subject, filter,
};
use keyfob_store::{
    Grant, Grantee, ListResources, OrganizationId, Resource, ResourceId, ResourceKey, StoreError, UserId,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{TestStore, at, resource, uuid};

async fn insert(store: &TestStore, new: &Resource) {
    store.given(async |tx| tx.insert_resource(new).await).await;
}

async fn find(store: &TestStore, key: &ResourceKey) -> Option<Resource> {
    let mut found = store.store.read().find_resource(key).await.unwrap();
    if let Some(it) = &mut found {
        it.grants.sort();
    }
    found
}

fn full() -> Resource {
    let attributes = json!({
        "text": "\"quoted\" ü\n", "number": -1.5, "large": u64::MAX, "yes": true, "nothing": null,
        "list": [1, "two", {}], "inner": { "a": { "b": [] } }, "": "no name",
    });
    Resource {
        name: "Wörk space; DROP TABLE resources --".to_owned(),
        organization_id: Some(OrganizationId(uuid(1))),
        owner_id: Some(UserId(uuid(2))),
        attributes: attributes.as_object().unwrap().clone(),
        created_at: at(3),
        updated_at: at(-4),
        ..resource("workspace", "full")
    }
}

fn grant(grantee: Grantee, action: &str) -> Grant {
    Grant { grantee, action: action.to_owned() }
}

#[tokio::test]
async fn every_field_of_a_resource_is_read_back() {
    let store = TestStore::new().await;
    let full = full();
    let placed = Resource { organization_id: Some(OrganizationId(uuid(1))), ..resource("file", "placed") };
    let owned = Resource { owner_id: Some(UserId(uuid(2))), ..resource("file", "owned") };
    for new in [&full, &placed, &owned, &resource("file", "bare")] {
        insert(&store, new).await;
        assert_eq!(find(&store, &new.key).await.as_ref(), Some(new));
    }
    let ids = [full.key.id.0, placed.key.id.0, Uuid::nil()];
    assert_eq!(store.store.read().resources_by_id("file", &ids).await.unwrap(), [placed]);
    assert_eq!(store.store.read().resources_by_id("file", &[]).await.unwrap(), []);
}

#[tokio::test]
async fn grants_are_read_back_with_the_resource_and_replaced_as_a_whole() {
    let store = TestStore::new().await;
    let mut mine = full();
    let mut twin = Resource { key: ResourceKey { resource_type: "file".to_owned(), ..mine.key.clone() }, ..full() };
    insert(&store, &mine).await;
    insert(&store, &twin).await;
    mine.grants = vec![
        grant(Grantee::User(uuid(1)), "*"),
        grant(Grantee::User(uuid(1)), "read"),
        grant(Grantee::Group(uuid(1)), "read"),
        grant(Grantee::Group(uuid(2)), "update"),
    ];
    twin.grants = vec![grant(Grantee::User(uuid(3)), "read")];
    let replace = async |of: &Resource| store.given(async |tx| tx.replace_grants(of).await).await;
    replace(&mine).await;
    replace(&twin).await;
    mine.grants.sort();
    assert_eq!(find(&store, &mine.key).await.as_ref(), Some(&mine));
    assert_eq!(find(&store, &twin.key).await.as_ref(), Some(&twin));

    mine.grants.drain(1..);
    replace(&mine).await;
    assert_eq!(find(&store, &mine.key).await.as_ref(), Some(&mine));
    mine.grants.clear();
    replace(&mine).await;
    assert_eq!(find(&store, &mine.key).await.as_ref(), Some(&mine));
    assert_eq!(find(&store, &twin.key).await.as_ref(), Some(&twin));
}

/// Grants have a copy of the organization of their resource.
#[tokio::test]
async fn what_is_shared_follows_a_resource_to_another_organization() {
    let store = TestStore::new().await;
    let [user, stranger, old, new] = [1, 2, 3, 4].map(uuid);
    let mut moved = Resource { organization_id: Some(OrganizationId(old)), ..resource("workspace", "moved") };
    moved.grants = vec![grant(Grantee::User(user), "read"), grant(Grantee::Group(new), "read")];
    insert(&store, &moved).await;
    store.given(async |tx| tx.replace_grants(&moved).await).await;
    let catalogue = Catalogue::built_in();
    let counts = async || {
        let mut counts = Vec::new();
        // The grantee, and one who is granted nothing but as a member, in the one organization or the other.
        for (id, organization) in [(user, old), (user, new), (stranger, old), (stranger, new)] {
            let mut role = Role::empty(RoleName::in_organization("guest", organization));
            role.organizations.push((OwnedId::from(organization), OrganizationPermissions::default()));
            let subject = Subject::compile(&catalogue, Id::from(id), &[role], &[], &Scope::everything());
            let visible = filter(&subject, Action::READ, ResourceType::WORKSPACE);
            let list = ListResources { visible: vec![("workspace".to_owned(), visible)], ..ListResources::default() };
            let (found, count) = store.store.read().resources(&list).await.unwrap();
            assert_eq!(found.len() as u64, count);
            counts.push(count);
        }
        counts
    };
    assert_eq!(counts().await, [1, 0, 0, 0]);
    moved.organization_id = Some(OrganizationId(new));
    store.given(async |tx| tx.update_resource(&moved).await).await;
    assert_eq!(counts().await, [0, 1, 0, 1]);
    assert_eq!(find(&store, &moved.key).await, Some(moved));
}

#[tokio::test]
async fn what_a_unit_of_work_did_to_a_resource_it_sees() {
    let store = TestStore::new().await;
    let mut new = full();
    store
        .given(async |tx| {
            assert_eq!(tx.read().find_resource(&new.key).await?, None);
            tx.insert_resource(&new).await?;
            new.grants = vec![grant(Grantee::User(uuid(1)), "read")];
            tx.replace_grants(&new).await?;
            assert_eq!(tx.read().find_resource(&new.key).await?.as_ref(), Some(&new));
            assert_eq!(store.store.read().find_resource(&new.key).await?, None);
            Ok(())
        })
        .await;
    assert_eq!(find(&store, &new.key).await, Some(new));
}

#[tokio::test]
async fn a_name_is_unique_per_type_organization_and_owner_and_an_id_per_type() {
    let store = TestStore::new().await;
    let (organization, owner) = (Some(OrganizationId(uuid(1))), Some(UserId(uuid(2))));
    let places = [(None, None), (organization, None), (None, owner), (organization, owner)];
    let mut number = 100;
    let mut named = |resource_type: &str, name: &str, (organization_id, owner_id)| {
        number += 1;
        let key = ResourceKey { resource_type: resource_type.to_owned(), id: ResourceId(uuid(number)) };
        Resource { key, name: name.to_owned(), organization_id, owner_id, ..resource("", "") }
    };
    for place in places {
        insert(&store, &named("workspace", "dev", place)).await;
        insert(&store, &named("workspace", "other", place)).await;
        insert(&store, &named("template", "dev", place)).await;
    }
    for place in places {
        let refused = store.attempt(async |tx| tx.insert_resource(&named("workspace", "dev", place)).await).await;
        // The text tells a taken name from a taken id.
        assert!(matches!(&refused, Err(StoreError::Conflict(text)) if text.contains("name")), "{refused:?}");
    }
    let mut same_id = named("workspace", "third", (None, None));
    insert(&store, &same_id).await;
    same_id.name = "fourth".to_owned();
    let refused = store.attempt(async |tx| tx.insert_resource(&same_id).await).await;
    assert!(matches!(&refused, Err(StoreError::Conflict(text)) if !text.contains("name")), "{refused:?}");
    same_id.key.resource_type = "template".to_owned();
    insert(&store, &same_id).await;
}

#[tokio::test]
async fn a_changed_resource_is_read_back_and_its_neighbours_stay() {
    let store = TestStore::new().await;
    let (mut changed, neighbour) = (resource("workspace", "a"), resource("workspace", "b"));
    let twin = Resource { key: ResourceKey { resource_type: "file".to_owned(), ..changed.key.clone() }, ..full() };
    for new in [&changed, &neighbour, &twin] {
        insert(&store, new).await;
    }
    changed = Resource { key: changed.key, created_at: changed.created_at, ..full() };
    store.given(async |tx| tx.update_resource(&changed).await).await;
    for expected in [&changed, &neighbour, &twin] {
        assert_eq!(find(&store, &expected.key).await.as_ref(), Some(expected));
    }
    let taken = Resource { key: neighbour.key.clone(), ..changed.clone() };
    let refused = store.attempt(async |tx| tx.update_resource(&taken).await).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let missing = store.attempt(async |tx| tx.update_resource(&resource("workspace", "never")).await).await;
    assert!(matches!(missing, Err(StoreError::Gone)), "{missing:?}");
}

#[tokio::test]
async fn the_id_of_a_deleted_resource_is_retired_and_its_name_is_free() {
    let store = TestStore::new().await;
    let new = full();
    insert(&store, &new).await;
    let shared = Resource { grants: vec![grant(Grantee::User(uuid(1)), "read")], ..new.clone() };
    store.given(async |tx| tx.replace_grants(&shared).await).await;
    let is_retired = async |id: ResourceId| store.attempt(async |tx| tx.read().is_retired(id).await).await.unwrap();
    assert!(!is_retired(new.key.id).await);
    store.given(async |tx| tx.delete_resource(&new.key).await).await;
    assert!(is_retired(new.key.id).await);
    assert!(!is_retired(ResourceId(uuid(9))).await);
    assert_eq!(find(&store, &new.key).await, None);
    let again = store.attempt(async |tx| tx.delete_resource(&new.key).await).await;
    assert!(matches!(again, Err(StoreError::Gone)), "{again:?}");

    let heir = Resource { key: ResourceKey { id: ResourceId(uuid(9)), ..new.key.clone() }, ..full() };
    insert(&store, &heir).await;
    assert_eq!(find(&store, &heir.key).await, Some(heir));
}

#[tokio::test]
async fn what_was_shared_of_a_deleted_resource_is_not_inherited() {
    let store = TestStore::new().await;
    let new = resource("workspace", "a");
    insert(&store, &new).await;
    let shared = Resource { grants: vec![grant(Grantee::User(uuid(1)), "*")], ..new.clone() };
    store.given(async |tx| tx.replace_grants(&shared).await).await;
    store.given(async |tx| tx.delete_resource(&new.key).await).await;
    // The store leaves checking retired ids to its caller.
    insert(&store, &new).await;
    assert_eq!(find(&store, &new.key).await, Some(new));
}
