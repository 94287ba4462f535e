//! No list of values is too long for a statement: SQLite takes 32,766 values.
use keyfob_rbac::{Action, Atom, Filter, Id, OwnedId, Predicate, ResourceType, Scope, Subject, filter};
use keyfob_rbac::{Catalogue, OrganizationPermissions, Role, RoleName};
use keyfob_store::{
    AttributeIs, AttributeValue, Grant, Grantee, GroupId, Limits, ListGroups, ListKeys, ListResources, ListUsers,
    OrganizationId, Page, Resource, ResourceId, StoreError,
};

use crate::support::{TestStore, at, new_user, organization, resource, token, uuid};

const MANY: u128 = 40_000;

fn many() -> impl Iterator<Item = uuid::Uuid> {
    (0..MANY).map(uuid)
}

fn with_many(last: uuid::Uuid) -> Vec<OwnedId> {
    many().chain([last]).map(OwnedId::from).collect()
}

#[tokio::test]
async fn filters_by_many_ids_select_what_they_name() {
    let store = TestStore::new().await;
    let home = organization("home");
    let (ann, bob) = (new_user("ann"), new_user("bob"));
    let (mut there, gone) = (resource("workspace", "there"), resource("workspace", "gone"));
    there.organization_id = Some(home.id);
    let (key, other) = (token(ann.user.id, "k", ""), token(bob.user.id, "l", ""));
    store
        .given(async |tx| {
            tx.insert_organization(&home).await?;
            tx.insert_organization(&organization("away")).await?;
            for user in [&ann, &bob] {
                tx.insert_user(user).await?;
            }
            for resource in [&there, &gone] {
                tx.insert_resource(resource).await?;
            }
            for key in [&key, &other] {
                tx.insert_key(key).await?;
            }
            Ok(())
        })
        .await;
    let is = |atom| Filter::When(Predicate::Is(atom));
    for filter in [is(Atom::IdIn(with_many(there.key.id.0))), is(Atom::OrganizationIn(with_many(home.id.0)))] {
        let list = ListResources { visible: vec![("workspace".to_owned(), filter)], ..ListResources::default() };
        let (found, count) = store.store.read().resources(&list).await.unwrap();
        assert_eq!((found, count), (vec![there.clone()], 1));
    }
    let found = store.store.read().organizations(&is(Atom::IdIn(with_many(home.id.0)))).await.unwrap();
    assert_eq!(found.into_iter().map(|of| of.id).collect::<Vec<_>>(), [home.id]);
    let mut keys: Vec<OwnedId> = (0..MANY).map(|number| Id::parse(&format!("{number:010}")).to_owned_id()).collect();
    keys.push(Id::parse(key.id.as_str()).to_owned_id());
    let list = ListKeys { user_id: None, include_expired: true, now: at(1), ..ListKeys::default() };
    let found = store.store.read().tokens(&list, &is(Atom::IdIn(keys))).await.unwrap();
    assert_eq!(found.into_iter().map(|found| found.id).collect::<Vec<_>>(), [key.id]);
    let list = ListUsers { visible: is(Atom::IdIn(with_many(ann.user.id.0))), ..ListUsers::default() };
    let (found, _) = store.store.read().list_users(&list).await.unwrap();
    assert_eq!(found.into_iter().map(|found| found.id).collect::<Vec<_>>(), [ann.user.id]);
}

/// What the engine asks of access lists for a member of many groups and organizations.
#[tokio::test]
async fn access_lists_are_searched_for_many_groups() {
    let store = TestStore::new().await;
    let catalogue = Catalogue::built_in();
    let home = organization("home");
    let member = |id: uuid::Uuid| {
        let mut role = Role::empty(RoleName::in_organization("member", id));
        role.organizations.push((OwnedId::from(id), OrganizationPermissions::default()));
        role
    };
    let roles: Vec<Role> = many().chain([home.id.0]).map(member).collect();
    let groups = with_many(uuid(MANY));
    let me = uuid(MANY + 1);
    let subject = Subject::compile(&catalogue, Id::from(me), &roles, &groups, &Scope::everything());
    let visible = filter(&subject, Action::READ, ResourceType::WORKSPACE);

    let mut shared = Vec::new();
    for (name, grantee) in
        [("group", Some(Grantee::Group(uuid(MANY)))), ("all", Some(Grantee::Group(home.id.0))), ("none", None)]
    {
        let mut new = resource("workspace", name);
        new.organization_id = Some(home.id);
        new.grants = grantee.into_iter().map(|grantee| Grant { grantee, action: "read".to_owned() }).collect();
        shared.push(new);
    }
    // An access list may be long, too.
    shared[2].grants =
        (0..10_000).map(|n| Grant { grantee: Grantee::User(uuid(n)), action: "read".to_owned() }).collect();
    store
        .given(async |tx| {
            tx.insert_organization(&home).await?;
            for new in &shared {
                tx.insert_resource(new).await?;
                tx.replace_grants(new).await?;
            }
            Ok(())
        })
        .await;
    let list = ListResources { visible: vec![("workspace".to_owned(), visible)], ..ListResources::default() };
    let (found, count) = store.store.read().resources(&list).await.unwrap();
    let mut names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!((names, count), (vec!["all", "group"], 2));
    let long = store.store.read().find_resource(&shared[2].key).await.unwrap().unwrap();
    assert_eq!(long.grants.len(), 10_000);
}

/// More than are sorted in this process.
#[tokio::test]
async fn what_one_owner_has_may_be_many() {
    const ALL: u64 = 33_000;
    let store = TestStore::in_a_file(Limits::default()).await;
    let owner = store.user("amy").await;
    let workspace = |number: i64| {
        let name = format!("n{number}");
        Resource { owner_id: Some(owner), created_at: at(number), ..resource("workspace", &name) }
    };
    let (oldest, newest) = (workspace(0), workspace(1_000_000));
    store
        .given(async |tx| {
            tx.insert_resource(&newest).await?;
            tx.insert_resource(&oldest).await
        })
        .await;
    let more = format!(
        "INSERT INTO resources
         SELECT resource_type, randomblob(16), 'other' || number, organization_id, owner_id, '{{}}',
                created_at + 1 + number, updated_at
         FROM resources CROSS JOIN (WITH RECURSIVE numbers(number) AS
            (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT {}) SELECT * FROM numbers)
         WHERE name = 'n0'",
        ALL - 2
    );
    assert_eq!(store.tamper(more).await, ALL - 2);
    let own = Filter::When(Predicate::Is(Atom::OwnerIs(owner.0.into())));
    for (name, offset, expected, all) in
        [(None, 0, &oldest, ALL), (None, ALL - 1, &newest, ALL), (Some("n"), 0, &oldest, 2), (Some("n"), 1, &newest, 2)]
    {
        let list = ListResources {
            visible: vec![("workspace".to_owned(), own.clone())],
            name_contains: name.map(str::to_owned),
            page: Page { limit: Some(1), offset, after: None },
            ..ListResources::default()
        };
        assert_eq!(store.store.read().resources(&list).await.unwrap(), (vec![expected.clone()], all));
    }
}

#[tokio::test]
async fn what_one_owner_has_of_all_types_together_is_one_answer() {
    let store = TestStore::new().await;
    let owner = store.user("amy").await;
    let large = |resource_type, number: u8| {
        let mut new = resource(resource_type, &format!("n{number}"));
        new.owner_id = Some(owner);
        new.attributes.insert("text".to_owned(), "x".repeat(1 << 20).into());
        new
    };
    let all: Vec<Resource> = (0..5).flat_map(|number| ["file", "workspace"].map(|of| large(of, number))).collect();
    store
        .given(async |tx| {
            for new in &all {
                tx.insert_resource(new).await?;
            }
            Ok(())
        })
        .await;
    let own = Filter::When(Predicate::Is(Atom::OwnerIs(owner.0.into())));
    let list = |types: &[&str]| ListResources {
        visible: types.iter().map(|of| ((*of).to_owned(), own.clone())).collect(),
        ..ListResources::default()
    };
    let of_one = store.store.read().bounded().resources(&list(&["file"])).await.unwrap();
    assert_eq!(of_one.0.len(), 5);
    let of_both = store.store.read().bounded().resources(&list(&["file", "workspace"])).await;
    assert!(matches!(of_both, Err(StoreError::TooLong)), "{:?}", of_both.map(|(found, _)| found.len()));
}

#[tokio::test]
async fn lists_that_callers_give_may_be_long() {
    let store = TestStore::new().await;
    let mut workspace = resource("workspace", "one");
    workspace.attributes.insert("template_id".to_owned(), uuid(5).to_string().into());
    store
        .given(async |tx| {
            tx.insert_resource(&workspace).await?;
            tx.wake_notices(at(0), &many().collect::<Vec<_>>()).await
        })
        .await;
    let is_one_of = AttributeIs {
        name: "template_id".to_owned(),
        value: AttributeValue::OneOf(many().map(ResourceId).collect()),
        or_missing: false,
    };
    let list = ListResources {
        visible: vec![("workspace".to_owned(), Filter::All)],
        attributes: vec![is_one_of],
        ..ListResources::default()
    };
    assert_eq!(store.store.read().resources(&list).await.unwrap().1, 1);
    let list = ListGroups { visible: Filter::All, ids: many().map(GroupId).collect(), ..ListGroups::default() };
    assert_eq!(store.store.read().groups(&list).await.unwrap(), []);
    let organizations: Vec<OrganizationId> = many().map(OrganizationId).collect();
    assert_eq!(store.store.read().custom_roles(&organizations).await.unwrap(), []);
}
