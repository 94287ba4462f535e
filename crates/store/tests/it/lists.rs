//! Lists of resources: order, pages and filters.
use std::collections::BTreeSet;

use keyfob_rbac::Filter;
use keyfob_store::{
    AttributeIs, AttributeValue, ListResources, OrganizationId, Page, Resource, ResourceId, StoreError, UserId,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::support::{TestStore, at, resource, uuid};

fn all_of(types: &[&str]) -> ListResources {
    ListResources { visible: types.iter().map(|it| ((*it).to_owned(), Filter::All)).collect(), ..Default::default() }
}

async fn insert(store: &TestStore, all: &[Resource]) {
    store
        .given(async |tx| {
            for new in all {
                tx.insert_resource(new).await?;
            }
            Ok(())
        })
        .await;
}

async fn names(store: &TestStore, list: &ListResources) -> Vec<String> {
    let (found, count) = store.store.read().resources(list).await.unwrap();
    if list.page == Page::default() {
        assert_eq!(u64::try_from(found.len()).unwrap(), count);
    }
    found.into_iter().map(|it| it.name).collect()
}

/// Thirty resources of two types, three of them created at each instant.
async fn thirty(store: &TestStore) -> Vec<Resource> {
    let mut all: Vec<Resource> = (0..30)
        .map(|number| {
            let resource_type = if number % 4 == 0 { "template" } else { "workspace" };
            Resource { created_at: at(number * 7 % 10), ..resource(resource_type, &format!("r{number}")) }
        })
        .collect();
    insert(store, &all).await;
    all.sort_by_key(|it| (it.created_at, it.key.id));
    all
}

#[tokio::test]
async fn resources_are_listed_oldest_first_and_the_count_is_of_all_pages() {
    let store = TestStore::new().await;
    let all = thirty(&store).await;
    let list = all_of(&["template", "workspace"]);
    assert_eq!(store.store.read().resources(&list).await.unwrap(), (all.clone(), 30));
    for page in [1, 4, 7, 30, 31] {
        let (mut by_offset, mut by_id) = (Vec::new(), Vec::new());
        loop {
            let offset = u64::try_from(by_offset.len()).unwrap();
            let next = ListResources { page: Page { limit: Some(page), offset, after: None }, ..list.clone() };
            let (found, count) = store.store.read().resources(&next).await.unwrap();
            assert_eq!(count, 30);
            assert!(u64::try_from(found.len()).unwrap() <= page);
            if found.is_empty() {
                break;
            }
            by_offset.extend(found);
        }
        loop {
            let after = by_id.last().map(|it: &Resource| it.key.id);
            let (found, count) = store
                .store
                .read()
                .resources(&ListResources { page: Page { limit: Some(page), offset: 0, after }, ..list.clone() })
                .await
                .unwrap();
            assert_eq!(count, 30);
            if found.is_empty() {
                break;
            }
            by_id.extend(found);
        }
        assert_eq!(by_offset, all, "pages of {page} by offset");
        assert_eq!(by_id, all, "pages of {page} by id");
    }
}

#[tokio::test]
async fn the_bounds_of_a_page_may_be_any_number() {
    let store = TestStore::new().await;
    let all = thirty(&store).await;
    let page = async |limit, offset, after| {
        let list = ListResources { page: Page { limit, offset, after }, ..all_of(&["template", "workspace"]) };
        let (found, count) = store.store.read().resources(&list).await.unwrap();
        assert_eq!(count, 30);
        found
    };
    assert_eq!(page(Some(0), 0, None).await, []);
    assert_eq!(page(None, 28, None).await, all[28..]);
    assert_eq!(page(Some(2), 1, Some(all[3].key.id)).await, all[5..7]);
    assert_eq!(page(Some(u64::MAX), 0, None).await, all);
    assert_eq!(page(Some(u64::MAX), u64::MAX, None).await, []);
    assert_eq!(page(None, u64::MAX, None).await, []);
    let gone = Page { after: Some(ResourceId(uuid(999))), ..Page::default() };
    let gone = ListResources { page: gone, ..all_of(&["template", "workspace"]) };
    let refused = store.store.read().resources(&gone).await;
    assert!(matches!(refused, Err(StoreError::Gone)), "{refused:?}");
}

#[tokio::test]
async fn a_page_begins_after_the_resource_of_the_listed_type_whatever_else_has_its_id() {
    let store = TestStore::new().await;
    let named = |resource_type: &str, name: &str, number, created| {
        let mut new = resource(resource_type, name);
        (new.key.id, new.created_at) = (ResourceId(uuid(number)), at(created));
        new
    };
    let mut all = Vec::new();
    // In each type the ids come in another order.
    for number in 0..6 {
        all.push(named("template", &format!("t{number}"), number, 10 - i64::try_from(number).unwrap()));
        all.push(named("workspace", &format!("w{number}"), number, i64::try_from(number).unwrap()));
    }
    insert(&store, &all).await;
    let after = |resource_type, number| ListResources {
        page: Page { after: Some(ResourceId(uuid(number))), ..Page::default() },
        ..all_of(&[resource_type])
    };
    assert_eq!(names(&store, &after("workspace", 3)).await, ["w4", "w5"]);
    assert_eq!(names(&store, &after("template", 3)).await, ["t2", "t1", "t0"]);
}

#[tokio::test]
async fn a_type_that_is_not_asked_for_is_not_listed() {
    let store = TestStore::new().await;
    thirty(&store).await;
    let count = async |list: ListResources| store.store.read().resources(&list).await.unwrap().1;
    assert_eq!(count(all_of(&[])).await, 0);
    assert_eq!(count(all_of(&["template"])).await, 8);
    assert_eq!(count(all_of(&["workspace", "nope"])).await, 22);
    let hidden = [("template".to_owned(), Filter::None), ("workspace".to_owned(), Filter::All)];
    assert_eq!(count(ListResources { visible: hidden.to_vec(), ..Default::default() }).await, 22);
}

#[tokio::test]
async fn a_list_may_be_longer_than_a_statement_has_parameters() {
    let store = TestStore::new().await;
    insert(&store, &[resource("workspace", "first")]).await;
    let more = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 33000) \
                INSERT INTO resources SELECT resource_type, randomblob(16), 'r' || n, organization_id, owner_id, \
                attributes, created_at + n, updated_at FROM resources, numbers";
    assert_eq!(store.tamper(more).await, 33000);
    let (found, count) = store.store.read().resources(&all_of(&["workspace"])).await.unwrap();
    assert_eq!((found.len(), count), (33001, 33001));
    assert_eq!(found.last().unwrap().name, "r33000");
    let ids: Vec<_> = found.iter().map(|it| it.key.id.0).collect();
    assert_eq!(store.store.read().resources_by_id("workspace", &ids).await.unwrap().len(), 33001);
}

#[tokio::test]
async fn a_search_for_part_of_a_name_takes_every_character_as_it_is() {
    let store = TestStore::new().await;
    let all =
        ["100%", "1000", "a_b", "aXb", "C:\\dir", "C:dir", "Dev-Box", "it's \"so\"", "CAFÉ", "*", "[a-z]", "^?", "q]"];
    insert(&store, &all.map(|name| resource("workspace", name))).await;
    let found = async |part: &str| {
        let list = ListResources { name_contains: Some(part.to_owned()), ..all_of(&["workspace"]) };
        names(&store, &list).await.into_iter().collect::<BTreeSet<_>>()
    };
    for (part, expected) in [
        ("%", &["100%"][..]),
        ("0%", &["100%"]),
        ("_", &["a_b"]),
        ("A_B", &["a_b"]),
        ("\\", &["C:\\dir"]),
        (":\\D", &["C:\\dir"]),
        ("100", &["100%", "1000"]),
        ("v-b", &["Dev-Box"]),
        ("'s \"S", &["it's \"so\""]),
        ("café", &["CAFÉ"]),
        ("*", &["*"]),
        ("[", &["[a-z]"]),
        ("A-Z]", &["[a-z]"]),
        ("[a-z]", &["[a-z]"]),
        ("?", &["^?"]),
        ("^", &["^?"]),
        ("]", &["[a-z]", "q]"]),
        ("\0", &[]),
        ("100\0", &[]),
        ("", &all),
        ("nope", &[]),
    ] {
        assert_eq!(found(part).await, expected.iter().map(|name| (*name).to_owned()).collect(), "{part:?}");
    }
}

#[tokio::test]
async fn a_search_for_a_name_finds_it_whole_and_whatever_the_case() {
    let store = TestStore::new().await;
    insert(&store, &["Dev", "dev-2", "a_b", "aXb", "CAFÉ"].map(|name| resource("workspace", name))).await;
    let found = async |name: &str| {
        names(&store, &ListResources { name: Some(name.to_owned()), ..all_of(&["workspace"]) }).await
    };
    assert_eq!(found("dEV").await, ["Dev"]);
    assert_eq!(found("a_b").await, ["a_b"]);
    assert_eq!(found("CAFÉ").await, ["CAFÉ"]);
    assert_eq!(found("de").await, Vec::<String>::new());
    assert_eq!(found("").await, Vec::<String>::new());
}

/// A search is longer than any name, and than the longest pattern of the database.
#[tokio::test]
async fn a_search_for_a_text_of_any_length_is_answered() {
    let store = TestStore::new().await;
    let long = "ü".repeat(200);
    insert(&store, &[resource("workspace", &long), resource("workspace", "short")]).await;
    let found = async |name_contains: String| {
        names(&store, &ListResources { name_contains: Some(name_contains), ..all_of(&["workspace"]) }).await
    };
    assert_eq!(found("Ü".repeat(200)).await, [long]);
    for length in [201, 10_000, 100_000] {
        assert_eq!(found("Ü".repeat(length)).await, Vec::<String>::new());
    }
}

fn folded(text: &str) -> String {
    let fold = |one: char| one.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    text.chars().flat_map(fold).collect()
}

/// Letters whose cases are unlike those of ASCII letters, and some like them.
const LETTERS: [char; 22] = [
    'a', 'S', 's', 'ſ', 'ß', 'ẞ', 'f', 'I', 'i', 'ı', 'İ', '\u{307}', 'ﬁ', 'ﬃ', 'ﬆ', 't', 'T', 'K', 'k', '\u{212a}',
    'ΐ', 'Σ',
];

#[tokio::test]
async fn a_search_finds_what_is_the_same_after_case_folding_and_nothing_else() {
    let store = TestStore::new().await;
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut text = |longest| -> String {
        let length = random.random_range(1..=longest);
        (0..length).map(|_| LETTERS[random.random_range(0..LETTERS.len())]).collect()
    };
    let texts: BTreeSet<String> = (0..300).map(|_| text(6)).collect();
    // Names that differ in case alone are apart in places of their own.
    let all: Vec<Resource> = texts
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let owner = UserId(uuid(10_000 + u128::try_from(place).unwrap()));
            Resource { owner_id: Some(owner), ..resource("workspace", name) }
        })
        .collect();
    insert(&store, &all).await;
    let mut matches = 0;
    for _ in 0..200 {
        let searched = text(3);
        let part = ListResources { name_contains: Some(searched.clone()), ..all_of(&["workspace"]) };
        let whole = ListResources { name_is: Some(searched.clone()), ..all_of(&["workspace"]) };
        let searched = folded(&searched);
        let expected = |is: &dyn Fn(&str) -> bool| texts.iter().filter(|it| is(&folded(it))).cloned().collect();
        let found: BTreeSet<String> = names(&store, &part).await.into_iter().collect();
        matches += found.len();
        assert_eq!(found, expected(&|it| it.contains(&searched)), "{searched}");
        let found: BTreeSet<String> = names(&store, &whole).await.into_iter().collect();
        assert_eq!(found, expected(&|it| it == searched), "{searched}");
    }
    assert!(matches > 1_000, "{matches}");
}

#[tokio::test]
async fn conditions_on_place_and_owner_are_joined_and_counted() {
    let store = TestStore::new().await;
    let (organizations, owners) = ([1, 2].map(|it| OrganizationId(uuid(it))), [3, 4].map(|it| UserId(uuid(it))));
    let mut all = vec![resource("workspace", "bare")];
    for (place, organization) in organizations.iter().enumerate() {
        for (owner, user) in owners.iter().enumerate() {
            let new = resource("workspace", &format!("r{place}{owner}"));
            all.push(Resource { organization_id: Some(*organization), owner_id: Some(*user), ..new });
        }
    }
    insert(&store, &all).await;
    let found = async |organization_id, owner_id| {
        let list = ListResources { organization_id, owner_id, ..all_of(&["workspace"]) };
        names(&store, &list).await.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(found(Some(organizations[0]), Some(owners[1])).await, ["r01"]);
    assert_eq!(found(Some(organizations[1]), None).await.len(), 2);
    assert_eq!(found(None, Some(owners[0])).await.len(), 2);
    assert_eq!(found(Some(OrganizationId(uuid(9))), None).await, Vec::<String>::new());
}

#[tokio::test]
async fn attributes_narrow_a_list_by_any_name_and_by_what_they_read_as() {
    let store = TestStore::new().await;
    let odd = ["a.b", "a b", "[0]", "$", "ü", "it's", "a\"b", "a\\b", "a\nb", ""];
    let mut all: Vec<Resource> = Vec::new();
    for (number, name) in odd.iter().enumerate() {
        let mut new = resource("workspace", &format!("odd{number}"));
        new.attributes.insert((*name).to_owned(), json!("x"));
        all.push(new);
    }
    let with = |name: &str, attributes: serde_json::Value| Resource {
        attributes: attributes.as_object().unwrap().clone(),
        ..resource("workspace", name)
    };
    all.push(with("text", json!({ "size": "5", "os": "linux" })));
    all.push(with("number", json!({ "size": 5 })));
    all.push(with("null", json!({ "size": null })));
    insert(&store, &all).await;
    let found = async |asked: &[(&str, &str, bool)]| {
        let attributes = asked.iter().map(|(name, text, or_missing)| AttributeIs {
            name: (*name).to_owned(),
            value: AttributeValue::Text((*text).to_owned()),
            or_missing: *or_missing,
        });
        names(&store, &ListResources { attributes: attributes.collect(), ..all_of(&["workspace"]) }).await
    };
    for (number, name) in odd.iter().enumerate() {
        assert_eq!(found(&[(name, "x", false)]).await, [format!("odd{number}")], "{name:?}");
    }
    assert_eq!(found(&[("size", "5", false)]).await, ["number", "text"]);
    assert_eq!(found(&[("os", "LINUX", false)]).await, ["text"]);
    assert_eq!(found(&[("size", "5", false), ("os", "windows", false)]).await, Vec::<String>::new());
    assert_eq!(found(&[("size", "5", false), ("os", "linux", true)]).await, ["number", "text"]);
    assert_eq!(found(&[("os", "windows", true)]).await.len(), all.len() - 1);
    assert!(!found(&[("size", "6", true)]).await.iter().any(|name| name == "text" || name == "number"));
}
