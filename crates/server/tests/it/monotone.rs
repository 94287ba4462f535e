//! No key makes a stronger one, as a property over the router.
use std::{collections::BTreeSet, sync::Arc};

use axum::http::StatusCode;
use keyfob_rbac::{
    Action, Catalogue, Id, Object, Permission, ResourceType, Role, RoleName, Scope, ScopeName, Subject, authorize,
};
use proptest::{
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{Identity, TestApp};

const IDS: [&str; 3] = [
    "aaaaaaaa-0000-4000-8000-000000000001",
    "aaaaaaaa-0000-4000-8000-000000000002",
    "aaaaaaaa-0000-4000-8000-000000000003",
];

/// A caller's key, and the request that it sends.
#[derive(Clone, Debug)]
struct Case {
    own: Wish,
    asked: Wish,
    /// The endpoint creates a session and takes no parameters.
    session: bool,
    /// The user who the new key is for.
    user: &'static str,
    /// The only scope is in the older member.
    legacy: bool,
}

#[derive(Clone, Debug)]
struct Wish {
    scopes: Vec<String>,
    allow_list: Vec<String>,
    /// In seconds; zero requests no lifetime.
    lifetime: i64,
}

impl Wish {
    fn request(&self, legacy: bool) -> Value {
        let lifetime = self.lifetime * 1_000_000_000;
        match self.scopes.as_slice() {
            [only] if legacy => json!({"scope": only, "allow_list": self.allow_list, "lifetime": lifetime}),
            scopes => json!({"scopes": scopes, "allow_list": self.allow_list, "lifetime": lifetime}),
        }
    }
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    let mut names = Catalogue::built_in().requestable_scopes();
    names.extend(["all", "application_connect"].map(str::to_owned));
    let few = proptest::collection::vec(select(names), 0..4);
    // Most callers may mint keys.
    let minting = select(vec!["api_key:*", "coder:apikeys.manage_self", "api_key:create", "coder:all"]);
    (few, proptest::option::weighted(0.8, minting)).prop_map(|(mut scopes, minting)| {
        scopes.extend(minting.map(str::to_owned));
        scopes
    })
}

fn allow_list() -> impl Strategy<Value = Vec<String>> {
    let types = ["*", "api_key", "workspace", "template", "user"];
    let entries = types.iter().flat_map(|of| IDS.iter().chain(&["*"]).map(move |id| format!("{of}:{id}")));
    let few = subsequence(entries.collect::<Vec<_>>(), 0..4);
    (few, proptest::option::weighted(0.8, select(vec!["api_key:*", "*:*"]))).prop_map(|(mut list, minting)| {
        list.extend(minting.map(str::to_owned));
        list
    })
}

fn request() -> impl Strategy<Value = Wish> {
    (scopes(), allow_list(), select(vec![0, 60, 3600, 600_000])).prop_map(|(scopes, allow_list, lifetime)| Wish {
        scopes,
        allow_list,
        lifetime,
    })
}

fn case() -> impl Strategy<Value = Case> {
    (request(), request(), proptest::bool::weighted(0.3), select(vec!["me", "owner", "alice"]), any::<bool>())
        .prop_map(|(own, asked, session, user, legacy)| Case { own, asked, session, user, legacy })
}

/// Every type and action that these scopes permit, decided by the engine for a role that permits all.
fn permitted(catalogue: &Arc<Catalogue>, scopes: &Value) -> BTreeSet<(ResourceType, Action)> {
    let names: Vec<ScopeName> =
        scopes.as_array().unwrap().iter().map(|name| catalogue.scope(name.as_str().unwrap()).unwrap()).collect();
    let everything = Role { site: vec![Permission::EVERYTHING], ..Role::empty(RoleName::site("test")) };
    let scope = Scope::expand(catalogue, &names).unwrap();
    let subject = Subject::compile(catalogue, Id::from(uuid::Uuid::from_u128(1)), &[everything], &[], &scope);
    catalogue
        .resource_types()
        .flat_map(|of| catalogue.actions_of(of).map(move |action| (of, action)))
        .filter(|(of, action)| authorize(&subject, *action, &Object::of(*of)).is_allowed())
        .collect()
}

/// Whether an entry lies within one of the list's entries, compared as text.
fn is_listed(entry: &str, list: &Value) -> bool {
    let (of, id) = entry.split_once(':').unwrap();
    list.as_array().unwrap().iter().any(|held| {
        let (held_type, held_id) = held.as_str().unwrap().split_once(':').unwrap();
        (held_type == "*" || held_type == of) && (held_id == "*" || held_id == id)
    })
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap())
}

async fn view(owner: &Identity, key: &Identity) -> Value {
    owner.get(&format!("/api/v2/users/me/keys/{}", key.key_id())).await.expect(StatusCode::OK).json()
}

/// Runs a case. Returns whether a key was issued, or `None` if the caller's key could not be created.
async fn run(catalogue: &Arc<Catalogue>, owner: &Identity, case: &Case) -> Option<bool> {
    let minted = owner.post("/api/v2/users/me/keys/tokens", case.own.request(false)).await;
    if minted.status == StatusCode::BAD_REQUEST {
        return None;
    }
    let caller = owner.with_key_of(&minted);
    let answer = if case.session {
        caller.post(&format!("/api/v2/users/{}/keys", case.user), json!({})).await
    } else {
        let path = format!("/api/v2/users/{}/keys/tokens", case.user);
        caller.post(&path, case.asked.request(case.legacy)).await
    };
    if answer.status != StatusCode::CREATED {
        assert!(matches!(answer.status.as_u16(), 400 | 403 | 404), "{}: {}", answer.status, answer.body);
        assert!(!answer.body.contains("\"key\""), "{}", answer.body);
        return Some(false);
    }
    let (held, issued) = (view(owner, &caller).await, view(owner, &caller.with_key_of(&answer)).await);
    let (may, may_now) = (permitted(catalogue, &held["scopes"]), permitted(catalogue, &issued["scopes"]));
    assert!(may_now.is_subset(&may), "{case:?}: {:?}", may_now.difference(&may).collect::<Vec<_>>());
    for entry in texts(&issued["allow_list"]) {
        assert!(is_listed(entry, &held["allow_list"]), "{case:?}: {entry} is not within {}", held["allow_list"]);
    }
    let is_full = texts(&held["scopes"]).any(|scope| scope == "coder:all")
        && texts(&held["allow_list"]).any(|entry| entry == "*:*");
    let end = |key: &Value| key["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(is_full || end(&issued) <= end(&held), "{case:?}: lives longer than its parent");
    Some(true)
}

#[test]
fn what_a_key_issues_lies_within_what_it_may_itself() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let catalogue = Catalogue::built_in();
    let owner = runtime.block_on(async {
        let (app, owner) = TestApp::new().await;
        owner.make_user("alice", &[]).await;
        (app, owner)
    });
    let (issued, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case(), |case| {
        match runtime.block_on(run(&catalogue, &owner.1, &case)) {
            Some(true) => issued.set(issued.get() + 1),
            Some(false) => refused.set(refused.get() + 1),
            None => {}
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // A run with only one outcome would test little.
    assert!(issued.get() > 10 && refused.get() > 10, "{} issued, {} refused", issued.get(), refused.get());
}

#[tokio::test]
async fn a_refusal_names_each_scope_and_each_entry_that_exceeds() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.restricted(&["workspace:read", "api_key:*"], &["api_key:*", "workspace:*"]).await;
    let asked =
        json!({"scopes": ["workspace:read", "coder:all", "user:read"], "allow_list": ["workspace:*", "file:*"]});
    let refused = narrow.post("/api/v2/users/me/keys/tokens", asked).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Forbidden.");
    assert_eq!(
        refused.detail(),
        "scope coder:all exceeds the scopes of the key that asks for it; scope user:read exceeds the scopes of the key \
         that asks for it; allow_list entry file:* exceeds the allow list of the key that asks for it"
    );
}

#[tokio::test]
async fn without_a_wish_a_narrow_key_hands_on_what_it_has() {
    let (_app, owner) = TestApp::new().await;
    let list = ["api_key:*", "workspace:aaaaaaaa-0000-4000-8000-000000000001"];
    let narrow = owner.restricted(&["workspace:read", "api_key:*"], &list).await;
    let child = narrow.token(json!({})).await;
    let shown = view(&owner, &child).await;
    assert_eq!(shown["scopes"], json!(["workspace:read", "api_key:*"]));
    assert_eq!(shown["allow_list"], json!(list));
}

#[tokio::test]
async fn a_narrow_key_creates_no_user_who_could_sign_in_with_more_than_it_has() {
    let (_app, owner) = TestApp::new().await;
    let list = ["user:*", "organization:*", "organization_member:*", "assign_role:*", "assign_org_role:*", "api_key:*"];
    let narrow = owner.token(json!({"allow_list": list})).await;
    let organization = owner.organization().await;
    let body = |username: &str| json!({"username": username, "organization_ids": [organization], "roles": ["owner"]});
    let mut person = body("esc");
    person["email"] = json!("esc@example.com");
    person["password"] = json!(crate::support::PASSWORD);
    for login_type in ["password", "none", "github"] {
        let mut person = person.clone();
        person["login_type"] = json!(login_type);
        if login_type != "password" {
            person["password"] = json!("");
        }
        let refused = narrow.post("/api/v2/users", person).await.expect(StatusCode::FORBIDDEN);
        assert!(refused.detail().starts_with("only a key with the scope coder:all"), "{}", refused.body);
    }
    owner.get("/api/v2/users/esc").await.expect(StatusCode::NOT_FOUND);

    // An account that cannot sign in is no owner either. Without that role it does not help: its keys lie within the
    // key that mints them.
    let mut robot = body("robot");
    robot["service_account"] = json!(true);
    let refused = narrow.post("/api/v2/users", robot.clone()).await.expect(StatusCode::FORBIDDEN);
    assert!(refused.detail().contains("may give the role owner"), "{}", refused.body);
    robot["roles"] = json!(["auditor"]);
    narrow.post("/api/v2/users", robot).await.expect(StatusCode::CREATED);
    let minted = narrow.post("/api/v2/users/robot/keys/tokens", json!({})).await;
    let key = view(&owner, &narrow.with_key_of(&minted)).await;
    assert!(texts(&key["allow_list"]).all(|entry| list.contains(&entry)), "{key}");
    owner.post("/api/v2/users", person).await.expect(StatusCode::CREATED);
}
