//! Rows as a later version or a person might have written them: they do not decode, and stand in nobody's way.
use keyfob_rbac::{Atom, Filter, Predicate};
use keyfob_store::{
    ApiKey, CustomRole, Group, GroupId, GroupSource, KeyLoginType, Limits, ListGroups, ListKeys, ListResources,
    ListUsers, OrganizationId, Page, Resource, StoreError, UserId, UserStatus,
};

use crate::support::{TestStore, at, id_for, key_id, member, organization, resource, token};

/// Changes to the rows whose names begin with `bad`, each with its table.
const DAMAGE: [(&str, &str); 21] = [
    ("users", "UPDATE users SET created_at = 9223372036854775807 WHERE username = 'bad'"),
    ("users", "UPDATE users SET status = 'asleep' WHERE username = 'bad'"),
    ("users", "UPDATE users SET login_type = 'charm' WHERE username = 'bad'"),
    ("users", "UPDATE users SET roles = '{}' WHERE username = 'bad'"),
    ("users", "UPDATE users SET roles = '[1]' WHERE username = 'bad'"),
    ("organizations", "UPDATE organizations SET updated_at = -9223372036854775807 WHERE name = 'bad'"),
    ("organizations", "UPDATE organizations SET shareable_workspace_owners = 'some' WHERE name = 'bad'"),
    ("organizations", "UPDATE organizations SET default_org_member_roles = '{}' WHERE name = 'bad'"),
    ("organization_members", "UPDATE organization_members SET created_at = 9223372036854775807 WHERE MINE"),
    ("organization_members", "UPDATE organization_members SET roles = '7' WHERE MINE"),
    ("api_keys", "UPDATE api_keys SET secret_hash = x'07' WHERE token_name = 'bad'"),
    ("api_keys", "UPDATE api_keys SET login_type = 'charm' WHERE token_name = 'bad'"),
    ("api_keys", "UPDATE api_keys SET parent_id = 'short' WHERE token_name = 'bad'"),
    ("api_keys", "UPDATE api_keys SET expires_at = 9223372036854775807 WHERE token_name = 'bad'"),
    ("api_keys", "UPDATE api_keys SET scopes = '[[]]' WHERE token_name = 'bad'"),
    ("api_keys", "UPDATE api_keys SET ip_address = 'home' WHERE token_name = 'bad'"),
    ("resources", "UPDATE resources SET updated_at = 9223372036854775807 WHERE name = 'bad'"),
    ("resources", "UPDATE resources SET attributes = '[]' WHERE name = 'bad'"),
    ("resources", "UPDATE resources SET owner_id = x'01' WHERE name = 'bad'"),
    ("groups", "UPDATE groups SET source = 'sky' WHERE name = 'bad'"),
    ("custom_roles", "UPDATE custom_roles SET permissions = '[1]' WHERE name = 'bad'"),
];

/// A store with a good row in each of these tables, and one that is damaged.
struct Damaged {
    store: TestStore,
    good: UserId,
    bad: UserId,
    place: Resource,
}

impl Damaged {
    async fn by(sql: &str) -> Self {
        // PostgreSQL takes nothing but ids in a column of ids.
        let is_for_a_file = sql.contains("owner_id = x'");
        let store = if is_for_a_file { TestStore::in_a_file(Limits::default()).await } else { TestStore::new().await };
        let (good, bad) = (store.user("good").await, store.user("bad").await);
        let (home, other) = (store.organization("good").await, organization("bad"));
        let places = [resource("workspace", "good"), resource("workspace", "bad")];
        store
            .given(async |tx| {
                tx.insert_organization(&other).await?;
                for (user, name) in [(good, "good"), (bad, "bad")] {
                    tx.insert_member(&member(user, home)).await?;
                    tx.insert_key(&token(user, name, name)).await?;
                    tx.insert_group(&group(home, name)).await?;
                    tx.insert_custom_role(&custom_role(home, name)).await?;
                }
                for place in &places {
                    tx.insert_resource(place).await?;
                }
                Ok(())
            })
            .await;
        let mine = sql.replace("MINE", "user_id = (SELECT id FROM users WHERE username = 'bad')");
        assert_eq!(store.tamper(&mine).await, 1, "{sql}");
        let [_, place] = places;
        Self { store, good, bad, place }
    }
}

fn group(organization_id: OrganizationId, name: &str) -> Group {
    Group {
        id: GroupId(id_for(&format!("group/{name}"))),
        organization_id,
        name: name.to_owned(),
        display_name: String::new(),
        avatar_url: String::new(),
        quota_allowance: 0,
        source: GroupSource::User,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn custom_role(organization_id: OrganizationId, name: &str) -> CustomRole {
    let (name, display_name) = (name.to_owned(), String::new());
    CustomRole { organization_id, name, display_name, permissions: Vec::new(), created_at: at(0), updated_at: at(0) }
}

fn all_keys() -> ListKeys {
    ListKeys { user_id: None, include_expired: true, now: at(0), ..ListKeys::default() }
}

fn all_resources() -> ListResources {
    ListResources { visible: vec![("workspace".to_owned(), Filter::All)], ..Default::default() }
}

/// Where it alone is asked for, and where it may forbid something.
#[tokio::test]
async fn a_row_that_does_not_decode_is_corrupt_and_named() {
    for (table, sql) in DAMAGE {
        let Damaged { store, bad, place, .. } = Damaged::by(sql).await;
        let (home, other) = (organization("good").id, organization("bad").id);
        let read: [(&str, Result<(), StoreError>); 7] = [
            ("users", store.store.read().find_user(bad).await.map(drop)),
            ("organizations", store.store.read().find_organization(other).await.map(drop)),
            ("organization_members", store.store.read().memberships(bad).await.map(drop)),
            ("organization_members", store.store.read().find_member(home, bad).await.map(drop)),
            ("api_keys", store.store.read().find_key(&key_id("bad")).await.map(drop)),
            ("resources", store.store.read().find_resource(&place.key).await.map(drop)),
            ("groups", store.store.read().find_group_by_name(home, "bad").await.map(drop)),
        ];
        for (of, result) in read {
            match result {
                Err(StoreError::Corrupt { table: named, id, reason }) => {
                    assert_eq!((of, named), (table, table), "{sql}");
                    assert!(!id.is_empty() && !reason.is_empty(), "{sql}");
                }
                other => assert!(of != table && other.is_ok(), "{sql}: {of}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn lists_leave_out_a_row_that_does_not_decode() {
    for (table, sql) in DAMAGE {
        let Damaged { store, good, bad, place } = Damaged::by(sql).await;
        let home = organization("good").id;
        let read = || store.store.read();
        let users = ListUsers { visible: Filter::All, ..Default::default() };
        let groups = ListGroups { visible: Filter::All, organization: Some(home), ..Default::default() };
        let tokens = read().tokens(&all_keys(), &Filter::All).await.unwrap();
        let sessions = read().sessions(&all_keys(), &Filter::All).await.unwrap();
        let lists: [(&str, usize); 9] = [
            ("users", read().users(&[good, bad]).await.unwrap().len()),
            ("users", read().list_users(&users).await.unwrap().0.len()),
            ("organizations", read().organizations(&Filter::All).await.unwrap().len()),
            ("organization_members", read().memberships_of_all(&[good, bad]).await.unwrap().len()),
            ("api_keys", tokens.len() + sessions.len()),
            ("resources", read().resources(&all_resources()).await.unwrap().0.len()),
            ("resources", read().resources_by_id("workspace", &[place.key.id.0]).await.unwrap().len() + 1),
            // The third is that of all members.
            ("groups", read().groups(&groups).await.unwrap().len() - 1),
            ("custom_roles", read().custom_roles(&[home]).await.unwrap().len()),
        ];
        for (of, count) in lists {
            assert_eq!(count, if of == table { 1 } else { 2 }, "{sql}: {of}");
        }
        read().names_in_use().await.unwrap();
    }
}

/// What remains of it gives no right, and takes as much to delete as it can have taken.
#[tokio::test]
async fn a_row_that_does_not_decode_is_deleted_by_its_id() {
    for (table, sql) in DAMAGE {
        let Damaged { store, bad, place, .. } = Damaged::by(sql).await;
        let (home, other) = (organization("good").id, organization("bad").id);
        let read = || store.store.read().salvaging();
        let user = read().find_user(bad).await.unwrap().unwrap();
        assert_eq!(user.username, "bad");
        if table == "users" {
            // What can be read stays; roles that cannot are all.
            let status = if sql.contains("status =") { UserStatus::Suspended } else { UserStatus::Active };
            let roles = if sql.contains("roles =") { vec!["owner".to_owned()] } else { Vec::new() };
            assert_eq!((user.status, user.roles), (status, roles), "{sql}");
        }
        let key = read().find_key_for_view(&key_id("bad"), at(0)).await.unwrap().unwrap();
        assert_eq!(key.user_id, bad);
        if table == "api_keys" {
            let ApiKey { is_revoked, scopes, allow_list, .. } = key;
            assert_eq!((is_revoked, scopes.len(), allow_list.len()), (true, 0, 0));
            let listed = read().sessions(&all_keys(), &Filter::All).await.unwrap();
            let listed = listed.into_iter().chain(read().tokens(&all_keys(), &Filter::All).await.unwrap());
            assert_eq!(listed.count(), 2, "{sql}");
        }
        if table == "resources" {
            assert!(read().find_resource(&place.key).await.unwrap().unwrap().attributes.is_empty());
        }
        assert!(read().find_organization(other).await.unwrap().unwrap().name == "bad");
        let member = read().find_member(home, bad).await.unwrap().unwrap();
        assert_eq!(member.roles.len(), usize::from(table == "organization_members"));
        let group = read().find_group_by_name(home, "bad").await.unwrap().unwrap();
        assert!(read().custom_roles(&[home]).await.unwrap().iter().any(|role| role.name == "bad"));
        store
            .given(async |tx| {
                tx.expire_key(&key_id("bad"), at(1)).await?;
                tx.delete_key(&key_id("bad")).await?;
                tx.delete_resource(&place.key).await?;
                tx.delete_group(group.id).await?;
                tx.delete_custom_role(home, "bad", at(1)).await?;
                tx.delete_member(home, bad).await?;
                tx.delete_user(bad, at(1)).await?;
                tx.delete_organization(other, at(1)).await
            })
            .await;
    }
}

#[tokio::test]
async fn a_key_of_an_unknown_kind_is_still_expired_and_purged() {
    let Damaged { store, .. } = Damaged::by(DAMAGE[11].1).await;
    store.given(async |tx| tx.expire_key(&key_id("bad"), at(1)).await.map(|was_live| assert!(was_live))).await;
    let purged = store.attempt(async |tx| tx.purge_keys(at(2), 10).await).await.unwrap();
    assert_eq!(purged, 1);
    let left = store.store.read().tokens(&all_keys(), &Filter::All).await.unwrap();
    assert!(left.iter().all(|key| key.login_type == KeyLoginType::Token && key.token_name == "good"));
}

/// The places of few in the list are read first, and counted.
#[tokio::test]
async fn a_page_of_few_leaves_out_a_resource_whose_id_is_none() {
    let store = TestStore::in_a_file(Limits::default()).await;
    let owner = store.user("amy").await;
    let places = ["good", "bad"].map(|name| Resource { owner_id: Some(owner), ..resource("workspace", name) });
    store
        .given(async |tx| {
            for place in &places {
                tx.insert_resource(place).await?;
            }
            Ok(())
        })
        .await;
    store.tamper("UPDATE resources SET id = x'01' WHERE name = 'bad'").await;
    let own = Filter::When(Predicate::Is(Atom::OwnerIs(owner.0.into())));
    let page = Page { limit: Some(10), ..Page::default() };
    let list = ListResources { visible: vec![("workspace".to_owned(), own)], page, ..ListResources::default() };
    let (found, count) = store.store.read().resources(&list).await.unwrap();
    assert_eq!((found, count), (vec![places[0].clone()], 1));
}
