//! Every list and its pages, compared with single answers: each row that may be read is on exactly one page.
use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use keyfob_server::Random;
use serde_json::{Map, Value, json};

use crate::{
    lists::{Objects, groups, objects, people},
    support::{Identity, TestApp},
};

struct World {
    owner: Identity,
    people: Vec<Identity>,
    organizations: [String; 2],
    groups: Vec<String>,
    objects: Vec<Objects>,
    /// The viewers: every user with keys of several kinds.
    viewers: Vec<Viewer>,
    _app: TestApp,
}

struct Viewer {
    name: String,
    key: Identity,
    /// Whether the key has no allow list, so that checks without an id hold for every object.
    lists_everything: bool,
}

impl World {
    async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        let random = Random::seeded(3);
        let organizations = [owner.organization().await, owner.add_organization("second").await];
        let people = people(&app, &owner, &organizations[1]).await;
        let given =
            [("bob", "organization-admin"), ("frank", "organization-auditor"), ("alice", "organization-user-admin")];
        for (name, role) in given {
            let path = format!("/api/v2/organizations/{}/members/{name}/roles", organizations[0]);
            owner.put(&path, json!({"roles": [role]})).await.expect(StatusCode::OK);
        }
        let groups = groups(&owner, &people, &organizations, &random).await;
        let objects = objects(&owner, &people, &organizations, &groups, &random).await;
        let mut viewers = Vec::new();
        for person in &people {
            viewers.extend(viewers_of(person, &people, &objects).await);
        }
        Self { owner, people, organizations, groups, objects, viewers, _app: app }
    }
}

async fn viewers_of(person: &Identity, people: &[Identity], objects: &[Objects]) -> Vec<Viewer> {
    let everything = |name: &str, key: Identity| Viewer { name: name.to_owned(), key, lists_everything: true };
    let some = |objects: &Objects| objects.1.iter().step_by(3).map(|id| format!("{}:{id}", objects.0)).collect();
    let mut listed: Vec<String> = some(&objects[0]);
    listed.extend([format!("user:{}", people[1].id), "organization:*".to_owned(), "group:*".to_owned()]);
    listed.extend(["organization_member:*".to_owned(), "template:*".to_owned()]);
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let restricted = person.restricted(&["coder:all"], &listed).await;
    let mut viewers = vec![everything("session", person.clone())];
    for scopes in [&["api_key:read", "organization:read"][..], &["workspace:read", "template:read", "user:read"]] {
        viewers.push(everything(&scopes.join(" "), person.scoped(scopes).await));
    }
    viewers.push(Viewer { name: "restricted".to_owned(), key: restricted, lists_everything: false });
    for viewer in &mut viewers {
        viewer.name = format!("{} of {}", viewer.name, person.id);
    }
    viewers
}

/// The ids of the rows of a list; `None` if the list itself may not be read.
async fn rows(key: &Identity, path: &str, row: &str, id: &str) -> Option<Vec<String>> {
    let answer = key.get(path).await;
    if answer.status != StatusCode::OK {
        assert!([StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&answer.status), "{path}: {}", answer.body);
        return None;
    }
    let body = answer.json();
    let found = if row.is_empty() { &body } else { &body[row] }.as_array().unwrap().clone();
    let asks_for_all = !path.contains("limit=") && !path.contains("after_id=");
    assert!(row.is_empty() || !asks_for_all || body["count"] == found.len(), "{path}: {body}");
    Some(found.iter().map(|one| one[id].as_str().unwrap().to_owned()).collect())
}

/// The rows of all pages of a list, paged by offset or by the last row before.
async fn paged(key: &Identity, path: &str, row: &str, id: &str, by_row: bool) -> Vec<String> {
    const LENGTH: usize = 13;
    let mut all: Vec<String> = Vec::new();
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let after = match all.last() {
            Some(last) if by_row => format!("after_id={last}"),
            _ => format!("offset={}", all.len()),
        };
        let page = rows(key, &format!("{path}{separator}limit={LENGTH}&{after}"), row, id).await.unwrap();
        assert!(page.len() <= LENGTH);
        let is_last = page.len() < LENGTH;
        all.extend(page);
        if is_last {
            return all;
        }
    }
}

/// Checks that a list holds exactly these rows, each once, and that its pages hold the same rows in the same order.
async fn check(viewer: &Viewer, list: &List<'_>, expected: Option<BTreeSet<String>>) -> usize {
    let List { path, row, id, pages } = *list;
    let found = rows(&viewer.key, path, row, id).await;
    let set = found.as_ref().map(|found| found.iter().cloned().collect::<BTreeSet<String>>());
    assert_eq!(set, expected, "{path} for {}", viewer.name);
    let Some(found) = found else { return 0 };
    assert_eq!(found.len(), expected.map_or(0, |expected| expected.len()), "{path}: each row once");
    let by_row_or_not = [false, true].into_iter().filter(|_| matches!(pages, Pages::Both));
    for by_row in by_row_or_not {
        assert_eq!(paged(&viewer.key, path, row, id, by_row).await, found, "{path} for {}", viewer.name);
    }
    found.len()
}

/// A list: its path, the member of the answer, the field that identifies a row, and how it is paged.
#[derive(Clone, Copy)]
struct List<'a> {
    path: &'a str,
    row: &'a str,
    id: &'a str,
    pages: Pages,
}

#[derive(Clone, Copy)]
enum Pages {
    None,
    Both,
}

/// The names of the checks that are allowed.
async fn answers(key: &Identity, questions: Vec<(String, Value)>) -> BTreeSet<String> {
    let check = |(name, object)| (name, json!({"action": "read", "object": object}));
    let checks: Map<String, Value> = questions.into_iter().map(check).collect();
    let answers = key.post("/api/v2/authcheck", json!({"checks": checks})).await.expect(StatusCode::OK).json();
    answers.as_object().unwrap().iter().filter(|(_, yes)| **yes == true).map(|(name, _)| name.clone()).collect()
}

/// The objects that may be read.
async fn readable(key: &Identity, of: &str, ids: impl IntoIterator<Item = &String>) -> BTreeSet<String> {
    let question = |id: &String| (id.clone(), json!({"resource_type": of, "resource_id": id}));
    answers(key, ids.into_iter().map(question).collect()).await
}

/// The ids for which the single endpoint answers.
async fn existing(key: &Identity, path: &str, ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for id in ids {
        if key.get(&format!("{path}/{id}")).await.status == StatusCode::OK {
            found.insert(id);
        }
    }
    found
}

/// Asserts that both empty and filled lists were compared.
fn assert_worth_it(sizes: &[usize]) {
    let empty = sizes.iter().filter(|size| **size == 0).count();
    let largest = sizes.iter().max().copied().unwrap_or_default();
    assert!(empty > 0 && largest > 0 && sizes.len() - empty > 3, "{sizes:?}");
}

#[tokio::test]
async fn views_and_registered_objects_hold_what_may_be_read() {
    let world = World::new().await;
    let mut sizes = Vec::new();
    for viewer in &world.viewers {
        for Objects(of, ids) in &world.objects {
            let expected = readable(&viewer.key, of, ids).await;
            let path = format!("/api/v2/resources?type={of}");
            let list = List { path: &path, row: "resources", id: "id", pages: Pages::Both };
            sizes.push(check(viewer, &list, Some(expected.clone())).await);
            let list = match *of {
                "workspace" => List { path: "/api/v2/workspaces", row: "workspaces", ..list },
                "template" => List { path: "/api/v2/templates", row: "", ..list },
                _ => continue,
            };
            check(viewer, &list, Some(expected)).await;
        }
    }
    assert_worth_it(&sizes);
}

#[tokio::test]
async fn people_and_organizations_are_listed_for_those_who_may_read_them() {
    let world = World::new().await;
    let mut sizes = Vec::new();
    let ids: Vec<String> = world.people.iter().map(|person| person.id.clone()).collect();
    for viewer in &world.viewers {
        let list = List { path: "/api/v2/users", row: "users", id: "id", pages: Pages::Both };
        sizes.push(check(viewer, &list, Some(readable(&viewer.key, "user", &ids).await)).await);
        let organizations = readable(&viewer.key, "organization", &world.organizations).await;
        let list = List { path: "/api/v2/organizations", row: "", id: "id", pages: Pages::None };
        sizes.push(check(viewer, &list, Some(organizations.clone())).await);
        let theirs = world.owner.get(&format!("/api/v2/users/{}/organizations", viewer.key.id)).await.json();
        let theirs: BTreeSet<String> =
            theirs.as_array().unwrap().iter().map(|of| of["id"].as_str().unwrap().to_owned()).collect();
        let list = List { path: "/api/v2/users/me/organizations", ..list };
        check(viewer, &list, Some(&organizations & &theirs)).await;
    }
    assert_worth_it(&sizes);
}

#[tokio::test]
async fn what_is_below_an_organization_is_listed_for_those_who_may_read_it() {
    let world = World::new().await;
    let (mut sizes, ids) = (Vec::new(), world.people.iter().map(|person| person.id.clone()));
    for organization in &world.organizations {
        let at = format!("/api/v2/organizations/{organization}");
        let groups = in_organization(&world.owner, "group", &world.groups, organization).await;
        let templates = in_organization(&world.owner, "template", &world.objects[1].1, organization).await;
        for viewer in &world.viewers {
            let is_there = viewer.key.get(&at).await.status == StatusCode::OK;
            let members = existing(&viewer.key, &format!("{at}/members"), ids.clone()).await;
            let members = is_there.then_some(members);
            for (path, row, pages) in [("members", "", Pages::None), ("paginated-members", "members", Pages::Both)] {
                let path = format!("{at}/{path}");
                let list = List { path: &path, row, id: "user_id", pages };
                sizes.push(check(viewer, &list, members.clone()).await);
            }
            for (path, of, within) in [("groups", "group", &groups), ("templates", "template", &templates)] {
                let expected = readable(&viewer.key, of, within).await;
                let path = format!("{at}/{path}");
                let list = List { path: &path, row: "", id: "id", pages: Pages::None };
                sizes.push(check(viewer, &list, is_there.then_some(expected)).await);
            }
        }
    }
    for viewer in &world.viewers {
        let list = List { path: "/api/v2/groups", row: "", id: "id", pages: Pages::None };
        sizes.push(check(viewer, &list, Some(readable(&viewer.key, "group", &world.groups).await)).await);
    }
    assert_worth_it(&sizes);
}

/// The objects that are in this organization.
async fn in_organization(owner: &Identity, of: &str, ids: &[String], organization: &str) -> Vec<String> {
    let mut within = Vec::new();
    for id in ids {
        let one = owner.get(&format!("/api/v2/{of}s/{id}")).await.expect(StatusCode::OK);
        if one.json()["organization_id"] == organization {
            within.push(id.clone());
        }
    }
    within
}

#[tokio::test]
async fn members_of_groups_are_listed_for_those_who_may_read_them() {
    let world = World::new().await;
    let mut sizes = Vec::new();
    for group in &world.groups {
        let path = format!("/api/v2/groups/{group}/members");
        let organization = world.owner.get(&format!("/api/v2/groups/{group}")).await.text("organization_id").to_owned();
        let all = rows(&world.owner, &path, "users", "id").await.unwrap();
        for viewer in world.viewers.iter().filter(|viewer| viewer.lists_everything) {
            let object = |user: &String| json!({"resource_type": "group_member", "owner_id": user, "organization_id": organization});
            let expected = answers(&viewer.key, all.iter().map(|user| (user.clone(), object(user))).collect()).await;
            let is_there = viewer.key.get(&format!("/api/v2/groups/{group}")).await.status == StatusCode::OK;
            let list = List { path: &path, row: "users", id: "id", pages: Pages::Both };
            sizes.push(check(viewer, &list, is_there.then_some(expected)).await);
        }
    }
    assert_worth_it(&sizes);
}

#[tokio::test]
async fn keys_are_listed_for_those_who_may_read_them() {
    let world = World::new().await;
    let path = "/api/v2/users/me/keys/tokens?include_all=true";
    let all = rows(&world.owner, path, "", "id").await.unwrap();
    let mut sizes = Vec::new();
    for viewer in &world.viewers {
        // A key may always read itself, but is not listed for that.
        let mut expected = existing(&viewer.key, "/api/v2/users/me/keys", all.clone()).await;
        let question = json!({"resource_type": "api_key", "owner_id": viewer.key.id});
        if answers(&viewer.key, vec![("own".to_owned(), question)]).await.is_empty() {
            expected.remove(viewer.key.key_id());
        }
        let list = List { path, row: "", id: "id", pages: Pages::Both };
        sizes.push(check(viewer, &list, Some(expected)).await);
    }
    assert_worth_it(&sizes);
}

#[tokio::test]
async fn records_are_listed_for_those_who_may_read_them() {
    let world = World::new().await;
    let path = "/api/v2/audit?limit=1000";
    let all = world.owner.get(path).await.expect(StatusCode::OK).json()["audit_logs"].as_array().unwrap().clone();
    assert!((100..1000).contains(&all.len()), "{}", all.len());
    let mut sizes = Vec::new();
    for viewer in world.viewers.iter().filter(|viewer| viewer.lists_everything) {
        let nil = uuid::Uuid::nil().to_string();
        let question = |record: &Value| {
            let organization = record["organization_id"].as_str().filter(|id| *id != nil).unwrap_or_default();
            let object = json!({"resource_type": "audit_log", "organization_id": organization});
            (record["id"].as_str().unwrap().to_owned(), object)
        };
        let expected = answers(&viewer.key, all.iter().map(question).collect()).await;
        // A viewer who may read no records anywhere is refused.
        let found = rows(&viewer.key, path, "audit_logs", "id").await.unwrap_or_default();
        let newest_first = all.iter().map(|record| record["id"].as_str().unwrap().to_owned());
        let expected_order: Vec<String> = newest_first.filter(|id| expected.contains(id)).collect();
        assert_eq!(found, expected_order, "{}", viewer.name);
        if !found.is_empty() {
            assert_eq!(paged(&viewer.key, "/api/v2/audit", "audit_logs", "id", false).await, found, "{}", viewer.name);
        }
        sizes.push(found.len());
    }
    assert_worth_it(&sizes);
}

/// A list that is paged by the last row before, in a world of its own.
struct Paged {
    path: String,
    row: &'static str,
    id: &'static str,
    /// What takes a row out of the list; the id stands for `{}`.
    removal: (Method, String, Value),
    /// Whether a page goes on behind a row that is gone.
    goes_on: bool,
}

/// Lists of six or more rows each.
async fn paged_lists(owner: &Identity) -> Vec<Paged> {
    let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "g"})).await.text("id").to_owned();
    let mut members = Vec::new();
    for number in 0..6 {
        members.push(owner.make_user(&format!("user{number}"), &[]).await["id"].clone());
        owner.token(json!({"token_name": format!("token{number}")})).await;
        owner.register("workspace", &format!("w{number}")).await;
        owner.register("template", &format!("t{number}")).await;
    }
    let all = json!({"name": "", "add_users": members});
    owner.patch(&format!("/api/v2/groups/{group}"), all).await.expect(StatusCode::OK);
    let list = |path: &str, (row, id), removal: &str, goes_on| Paged {
        path: format!("/api/v2/{path}"),
        row,
        id,
        removal: (Method::DELETE, format!("/api/v2/{removal}"), Value::Null),
        goes_on,
    };
    let mut lists = vec![
        list("users/me/keys/tokens", ("", "id"), "users/me/keys/{}", false),
        list("resources?type=workspace", ("resources", "id"), "resources/workspace/{}", false),
        list("workspaces", ("workspaces", "id"), "resources/workspace/{}", false),
        list("templates", ("", "id"), "resources/template/{}", false),
        list("organizations/coder/templates", ("", "id"), "resources/template/{}", false),
        list(&format!("groups/{group}/members"), ("users", "id"), "", false),
        list("organizations/coder/paginated-members", ("members", "user_id"), "organizations/coder/members/{}", false),
        list("users", ("users", "id"), "users/{}", true),
    ];
    for list in lists.iter_mut().filter(|list| list.path.contains("/groups/")) {
        let body = json!({"name": "", "remove_users": ["{}"]});
        list.removal = (Method::PATCH, format!("/api/v2/groups/{group}"), body);
    }
    lists
}

/// An empty page in the middle of a list would look like its end.
#[tokio::test]
async fn a_page_after_a_row_that_is_gone_goes_on_or_is_refused() {
    let (_app, owner) = TestApp::new().await;
    for list in paged_lists(&owner).await {
        let all = rows(&owner, &list.path, list.row, list.id).await.unwrap();
        assert!(all.len() >= 4, "{}: {all:?}", list.path);
        let gone = &all[2];
        let (method, path, body) = &list.removal;
        let body = body.to_string().replace("{}", gone);
        let removed = owner.send(method.clone(), &path.replace("{}", gone), serde_json::from_str(&body).ok()).await;
        assert!(removed.status.is_success(), "{path}: {}", removed.body);
        let separator = if list.path.contains('?') { '&' } else { '?' };
        let after = |id: &str| format!("{}{separator}after_id={id}", list.path);
        let answer = owner.get(&after(gone)).await;
        if list.goes_on {
            assert_eq!(rows(&owner, &after(gone), list.row, list.id).await.unwrap(), all[3..], "{}", list.path);
        } else {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}: {}", list.path, answer.body);
            let never = if list.path.ends_with("/tokens") { "aaaaaaaaaa" } else { NOBODY };
            assert_eq!(owner.get(&after(never)).await.body, answer.body, "{}", list.path);
        }
        let answer = owner.get(&after(if list.path.ends_with("/tokens") { "aaaaaaaaaa" } else { NOBODY })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}: {}", list.path, answer.body);
        let expected = "Query param \"after_id\" must name an entry that is still in the list: begin again without it, or \
                        go on with \"offset\"";
        assert_eq!(answer.json()["validations"], json!([{"field": "after_id", "detail": expected}]), "{}", list.path);
    }
}

const NOBODY: &str = "aaaaaaaa-0000-4000-8000-000000000001";

#[tokio::test]
async fn the_count_is_of_all_matches_also_past_the_last_page() {
    let (_app, owner) = TestApp::new().await;
    let mut lists: Vec<(String, &str)> = vec![("/api/v2/audit".to_owned(), "audit_logs")];
    for list in paged_lists(&owner).await.iter().filter(|list| !list.row.is_empty()) {
        lists.push((list.path.clone(), list.row));
    }
    for (path, row) in lists {
        let separator = if path.contains('?') { '&' } else { '?' };
        let count = owner.get(&path).await.expect(StatusCode::OK).json()["count"].as_u64().unwrap();
        assert!(count > 3, "{path}");
        for offset in [0, 1, count, count + 1, 1_000_000] {
            let page = owner.get(&format!("{path}{separator}limit=2&offset={offset}")).await.expect(StatusCode::OK);
            let page = page.json();
            assert_eq!(page["count"], count, "{path} {offset}");
            let rest = usize::try_from(count.saturating_sub(offset).min(2)).unwrap();
            assert_eq!(page[row].as_array().unwrap().len(), rest, "{path} {offset}");
        }
    }
}
