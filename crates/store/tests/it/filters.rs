//! The engine's filter selects in the database exactly what the engine permits in memory.
use keyfob_rbac::{Acl, Action, Filter, Object, ResourceType, authorize, filter};
use keyfob_store::{ApiKey, ListKeys, ListResources, Organization, OrganizationId, Page};

use crate::{
    support::{TestStore, at, new_user, organization, token},
    worlds::{ACTIONS, TYPES, World, acl, object},
};

const SUBJECTS: usize = 400;
const RESOURCES: i64 = 300;
const TOKENS_EACH: usize = 30;

/// A store with resources, tokens and organizations of a random world.
async fn inhabited() -> (TestStore, World) {
    let (store, mut world) = (TestStore::new().await, World::new());
    store
        .given(async |tx| {
            for number in 0..RESOURCES {
                let new = world.resource(number);
                world.ids.push(new.key.id.to_string());
                tx.insert_resource(&new).await?;
                tx.replace_grants(&new).await?;
            }
            for (number, user) in world.users.clone().into_iter().enumerate() {
                let mut new = new_user(&format!("user{number}"));
                new.user.id.0 = user;
                tx.insert_user(&new).await?;
                for place in 0..TOKENS_EACH {
                    let new = token(new.user.id, &format!("k{number}{place:02}x"), "");
                    world.ids.push(new.id.to_string());
                    tx.insert_key(&new).await?;
                }
            }
            for (number, id) in world.organizations.clone().into_iter().enumerate() {
                let mut new = organization(&format!("organization{number}"));
                new.id = OrganizationId(id);
                world.ids.push(id.to_string());
                tx.insert_organization(&new).await?;
            }
            Ok(())
        })
        .await;
    (store, world)
}

fn all_types(mut visible: impl FnMut(&str) -> Filter) -> ListResources {
    let visible = TYPES.iter().map(|of| ((*of).to_owned(), visible(of))).collect();
    ListResources { visible, ..ListResources::default() }
}

fn key_object(key: &ApiKey) -> Object<'_> {
    Object::of(ResourceType::API_KEY).with_id(key.id.as_str()).owned_by(key.user_id.0)
}

fn organization_object(organization: &Organization) -> Object<'_> {
    Object::of(ResourceType::ORGANIZATION).with_id(organization.id.0).in_organization(organization.id.0)
}

#[tokio::test]
async fn the_resources_listed_are_exactly_those_permitted() {
    let (store, mut world) = inhabited().await;
    let (all, _) = store.store.read().resources(&all_types(|_| Filter::All)).await.unwrap();
    assert_eq!(i64::try_from(all.len()).unwrap(), RESOURCES);
    let catalogue = world.catalogue.clone();
    let (mut listed, mut some) = (0, 0);
    for _ in 0..SUBJECTS {
        let subject = world.subject();
        let action = if world.chance(70) { Action::READ } else { catalogue.requested_action(world.one_of(&ACTIONS)) };
        let list = all_types(|of| filter(&subject, action, catalogue.requested_type(of)));
        let (found, count) = store.store.read().resources(&list).await.unwrap();
        let expected: Vec<_> = all
            .iter()
            .filter(|it| {
                authorize(&subject, action, &object(&catalogue, it, &acl(&catalogue, &it.grants))).is_allowed()
            })
            .cloned()
            .collect();
        assert_eq!(found, expected, "{:?}: {action:?} {:#?}", subject.id(), list.visible);
        assert_eq!(count, u64::try_from(expected.len()).unwrap());

        // A page counts all permitted rows, and holds the first of them.
        let page = ListResources { page: Page { limit: Some(5), ..Page::default() }, ..list };
        assert_eq!(
            store.store.read().resources(&page).await.unwrap(),
            (expected.iter().take(5).cloned().collect(), count)
        );
        listed += expected.len();
        some += usize::from(!expected.is_empty() && expected.len() < all.len());
    }
    // Worlds in which everything or nothing is permitted would test little.
    assert!(some > SUBJECTS / 8, "{some} of {SUBJECTS} see some, and {listed} resources in all");
}

#[tokio::test]
async fn the_tokens_listed_are_exactly_those_permitted() {
    let (store, mut world) = inhabited().await;
    let list = ListKeys { user_id: None, include_expired: false, now: at(1), ..ListKeys::default() };
    let all = store.store.read().tokens(&list, &Filter::All).await.unwrap();
    assert_eq!(all.len(), world.users.len() * TOKENS_EACH);
    let mut some = 0;
    for _ in 0..SUBJECTS {
        let subject = world.subject();
        let filter = filter(&subject, Action::READ, ResourceType::API_KEY);
        let found = store.store.read().tokens(&list, &filter).await.unwrap();
        let permitted = all.iter().filter(|key| authorize(&subject, Action::READ, &key_object(key)).is_allowed());
        let expected: Vec<_> = permitted.map(|key| key.id.clone()).collect();
        let found: Vec<_> = found.into_iter().map(|key| key.id).collect();
        assert_eq!(found, expected, "{:?}: {filter:#?}", subject.id());
        some += usize::from(!expected.is_empty() && expected.len() < all.len());
    }
    assert!(some > SUBJECTS / 100, "{some} of {SUBJECTS} see some");
}

#[tokio::test]
async fn the_organizations_listed_are_exactly_those_permitted() {
    let (store, mut world) = inhabited().await;
    let all = store.store.read().organizations(&Filter::All).await.unwrap();
    assert_eq!(all.len(), world.organizations.len());
    let mut some = 0;
    for _ in 0..SUBJECTS {
        let subject = world.subject();
        let filter = filter(&subject, Action::READ, ResourceType::ORGANIZATION);
        let found = store.store.read().organizations(&filter).await.unwrap();
        let permitted =
            all.iter().filter(|it| authorize(&subject, Action::READ, &organization_object(it)).is_allowed());
        let expected: Vec<_> = permitted.cloned().collect();
        assert_eq!(found, expected, "{:?}: {filter:#?}", subject.id());
        some += usize::from(!expected.is_empty() && expected.len() < all.len());
    }
    assert!(some > SUBJECTS / 100, "{some} of {SUBJECTS} see some");
}

#[tokio::test]
async fn any_condition_selects_in_the_database_what_it_matches_in_memory() {
    let (store, mut world) = inhabited().await;
    let catalogue = world.catalogue.clone();
    let tokens = ListKeys { user_id: None, include_expired: true, now: at(1), ..ListKeys::default() };
    let everything = all_types(|_| Filter::All);
    let (all_resources, _) = store.store.read().resources(&everything).await.unwrap();
    let all_keys = store.store.read().tokens(&tokens, &Filter::All).await.unwrap();
    let all_organizations = store.store.read().organizations(&Filter::All).await.unwrap();
    for _ in 0..SUBJECTS {
        let filter = Filter::When(world.predicate(3));

        let (found, _) = store.store.read().resources(&all_types(|_| filter.clone())).await.unwrap();
        let matches = all_resources.iter().filter(|it| filter.matches(&object(&catalogue, it, &Acl::new())));
        assert_eq!(found, matches.cloned().collect::<Vec<_>>(), "{filter:?}");

        let found = store.store.read().tokens(&tokens, &filter).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|key| key.id).collect();
        let matches = all_keys.iter().filter(|key| filter.matches(&key_object(key)));
        assert_eq!(found, matches.map(|key| key.id.clone()).collect::<Vec<_>>(), "{filter:?}");

        let found = store.store.read().organizations(&filter).await.unwrap();
        let matches = all_organizations.iter().filter(|it| filter.matches(&organization_object(it)));
        assert_eq!(found, matches.cloned().collect::<Vec<_>>(), "{filter:?}");
    }
}
