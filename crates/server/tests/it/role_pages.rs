//! The pages of an organization's roles, without JavaScript.
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, TestApp},
    user_pages::people,
    web::words,
};

const API: &str = "/api/v2/organizations/default/members/roles";
const MARKUP: &str = "<b>{{ 7 }}</b>\"'";

fn role(name: &str, permissions: &[&str]) -> Value {
    let permission = |text: &&str| {
        let (of, action) = text.split_once(':').unwrap();
        json!({"resource_type": of, "action": action, "negate": false})
    };
    let permissions: Vec<Value> = permissions.iter().map(permission).collect();
    json!({"name": name, "display_name": MARKUP, "organization_permissions": permissions})
}

/// The boxes of a page: the permission, whether it is ticked, and whether it can be.
fn boxes(page: &Answer) -> Vec<(&str, bool, bool)> {
    let inputs = page.body.split("name=\"permission\" value=\"").skip(1).map(|rest| rest.split('>').next().unwrap());
    inputs
        .map(|input| {
            let (name, rest) = input.split_once('"').unwrap();
            (name, rest.contains("checked"), !rest.contains("disabled"))
        })
        .collect()
}

async fn is_done(by: &Identity, method: Method, path: &str, body: Option<Value>) -> bool {
    by.send(method, path, body).await.status.is_success()
}

#[tokio::test]
async fn what_the_pages_of_roles_offer_is_what_the_api_does() {
    let (app, owner) = TestApp::new().await;
    let organization = format!("/organizations/{}", owner.organization().await);
    for (who, person) in people(&app, &owner).await {
        owner.post(API, role("kept", &["template:read"])).await.expect(StatusCode::OK);
        let mut browser = Browser::signed_in(&app, &person);
        let list = browser.open(&format!("{organization}/roles")).await;
        let listed = person.get(API).await;
        assert_eq!(list.status, listed.status, "{who}");
        let page = browser.open(&organization).await.expect(StatusCode::OK);
        let link = format!("href=\"{organization}/roles\"");
        assert_eq!(page.body.contains(&link), list.status == StatusCode::OK, "{who}: {}", words(&page));
        if list.status != StatusCode::OK {
            browser.open(&format!("{organization}/new-role")).await.expect(list.status);
            owner.delete(&format!("{API}/kept")).await.expect(StatusCode::NO_CONTENT);
            continue;
        }
        for known in listed.json().as_array().unwrap() {
            assert!(words(&list).contains(known["name"].as_str().unwrap()), "{who}: {known}");
        }
        let may_create = list.body.contains("/new-role\"");
        assert_eq!(is_done(&person, Method::POST, API, Some(role("empty", &[]))).await, may_create, "{who}");
        let page = browser.open(&format!("{organization}/new-role")).await.expect(StatusCode::OK);
        if may_create {
            let all = boxes(&page);
            assert!(all.len() > 100, "{who}: {}", all.len());
            let offered: Vec<&str> = all.iter().filter(|(.., may)| *may).map(|(name, ..)| *name).collect();
            assert!(is_done(&person, Method::POST, API, Some(role("all", &offered))).await, "{who}");
            for (name, _, may) in &all {
                let body = Some(role("one", &[name]));
                assert!(*may || !is_done(&person, Method::POST, API, body).await, "{who}: {name} is missing");
            }
            owner.delete(&format!("{API}/all")).await.expect(StatusCode::NO_CONTENT);
            owner.delete(&format!("{API}/empty")).await.expect(StatusCode::NO_CONTENT);
        } else {
            assert!(page.body.contains("You may not add roles") && boxes(&page).is_empty(), "{who}");
        }
        let page = browser.open(&format!("{organization}/roles/kept")).await.expect(StatusCode::OK);
        assert!(boxes(&page).contains(&("template:read", true, may_create)), "{who}: {}", words(&page));
        let offered = page.body.contains(">Save role<");
        assert_eq!(is_done(&person, Method::PUT, API, Some(role("kept", &[]))).await, offered, "{who}");
        let offered = page.body.contains("/roles/kept/delete\"");
        assert_eq!(is_done(&person, Method::DELETE, &format!("{API}/kept"), None).await, offered, "{who}");
        owner.delete(&format!("{API}/kept")).await;
    }
}

#[tokio::test]
async fn a_role_is_made_changed_and_deleted_and_what_built_in_roles_say_is_beside() {
    let (app, owner) = TestApp::new().await;
    let organization = format!("/organizations/{}", owner.organization().await);
    let mut browser = Browser::signed_in(&app, &owner);
    let path = format!("{organization}/new-role");
    let page = browser.open(&path).await.expect(StatusCode::OK);
    let of = |name: &str| page.body.split(&format!("value=\"{name}\"")).nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(
        of("workspace:create")
            .contains("data-label=\"workspace-creation-ban\"><span><span class=\"badge bad\">forbids<")
    );
    assert!(of("workspace:create").contains("data-label=\"admin\"><span>yes<"), "{}", of("workspace:create"));
    assert!(of("workspace:create").contains("data-label=\"workspace-access\"><span>own<"));
    for (fields, status, said) in [
        (&[("name", "owner")][..], StatusCode::BAD_REQUEST, "is the name of a built-in role"),
        (&[("name", "a b")], StatusCode::BAD_REQUEST, "Take letters, digits"),
        (&[("name", "x"), ("permission", "workspace:fly")], StatusCode::BAD_REQUEST, "There is no such permission."),
        (&[("name", "x"), ("permission", "*:*")], StatusCode::BAD_REQUEST, "not a single permission"),
    ] {
        let again = browser.submit(&page, &path, fields).await.expect(status);
        assert!(words(&again).contains(said), "{fields:?}: {}", words(&again));
    }
    let fields = [
        ("name", "deployer"),
        ("display_name", MARKUP),
        ("permission", "workspace:read"),
        ("permission", "workspace:start"),
    ];
    let made = browser.submit(&page, &path, &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(made.header("location"), format!("{organization}/roles/deployer?message=created"));
    browser.submit(&page, &path, &fields).await.expect(StatusCode::CONFLICT);
    let own = format!("{organization}/roles/deployer");
    let shown = browser.open(&own).await.expect(StatusCode::OK);
    let ticked = |page: &Answer| -> Vec<String> {
        boxes(page).into_iter().filter(|(_, is, _)| *is).map(|(name, ..)| name.to_owned()).collect()
    };
    assert_eq!(ticked(&shown), ["workspace:read", "workspace:start"]);
    assert!(!shown.body.contains("<b>{{") && shown.body.contains("&#60;b&#62;{{ 7 }}"), "{}", shown.body);
    assert!(shown.body.len() < 80_000, "with its files below 100 kB: {}", shown.body.len());
    browser.submit(&shown, &own, &[("permission", "template:read")]).await.expect(StatusCode::SEE_OTHER);
    let shown = browser.open(&own).await.expect(StatusCode::OK);
    assert_eq!(ticked(&shown), ["template:read"]);
    // What an administrator of the organization may not grant is greyed, and saving would take it: the page says so.
    let admin = owner.invite(&app, "admin", &[]).await;
    let roles = json!({"roles": ["organization-admin"]});
    owner.put("/api/v2/organizations/default/members/admin/roles", roles).await.expect(StatusCode::OK);
    let mut theirs = Browser::signed_in(&app, &admin);
    let seen = theirs.open(&own).await.expect(StatusCode::OK);
    let grantable = |page: &Answer| -> Vec<String> {
        boxes(page).into_iter().filter(|(.., may)| *may).map(|(name, ..)| name.to_owned()).collect()
    };
    let (all, fewer) = (grantable(&shown), grantable(&seen));
    let beyond = all.iter().find(|name| !fewer.contains(name)).unwrap();
    owner.put(API, role("deployer", &["template:read", beyond])).await.expect(StatusCode::OK);
    let seen = theirs.open(&own).await.expect(StatusCode::OK);
    assert!(words(&seen).contains(&format!("Saving takes them from it: {beyond}.")), "{}", words(&seen));
    // So it does where the form is shown again, although a browser sends no greyed box.
    let long = "x".repeat(2000);
    let wrong = [("permission", "template:read"), ("display_name", &*long)];
    let again = theirs.submit(&seen, &own, &wrong).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&again).contains(&format!("Saving takes them from it: {beyond}.")), "{}", words(&again));
    assert!(boxes(&again).contains(&(beyond.as_str(), true, false)), "{}", again.body);
    let delete = format!("{own}/delete");
    let ask = browser.open(&delete).await.expect(StatusCode::OK);
    browser.submit(&ask, &delete, &[]).await.expect(StatusCode::SEE_OTHER);
    browser.open(&own).await.expect(StatusCode::NOT_FOUND);
    for built_in in ["organization-admin", "nothing", "a%20b"] {
        browser.open(&format!("{organization}/roles/{built_in}")).await.expect(StatusCode::NOT_FOUND);
    }
}

/// Two people change a role: what one took away does not come back with the form of the other.
#[tokio::test]
async fn a_role_that_was_changed_meanwhile_is_not_saved_over() {
    let (app, owner) = TestApp::new().await;
    let path = format!("/organizations/{}/roles/kept", owner.organization().await);
    owner.post(API, role("kept", &["template:read", "template:delete"])).await.expect(StatusCode::OK);
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&path).await.expect(StatusCode::OK);
    owner.put(API, role("kept", &["template:read"])).await.expect(StatusCode::OK);
    let ticked = [("permission", "template:read"), ("permission", "template:delete"), ("display_name", MARKUP)];
    let refused = browser.submit(&page, &path, &ticked).await.expect(StatusCode::CONFLICT);
    assert!(words(&refused).contains("was changed meanwhile"), "{}", words(&refused));
    let ticked: Vec<&str> = boxes(&refused).into_iter().filter(|(_, is, _)| *is).map(|(name, ..)| name).collect();
    assert_eq!(ticked, ["template:read"], "the page shows what the role permits now");
    let fields = [("permission", "template:read"), ("permission", "template:use"), ("display_name", MARKUP)];
    let saved = browser.submit(&refused, &path, &fields).await.expect(StatusCode::SEE_OTHER);
    let page = browser.open(saved.header("location")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Role kept saved."), "{}", words(&page));
    // The same of the display name alone.
    let mut renamed = role("kept", &["template:read", "template:use"]);
    renamed["display_name"] = json!("Renamed");
    owner.put(API, renamed).await.expect(StatusCode::OK);
    let refused = browser.submit(&page, &path, &fields).await.expect(StatusCode::CONFLICT);
    assert!(refused.body.contains("name=\"display_name\" value=\"Renamed\""), "{}", refused.body);
    // A form that is shown again for another reason belongs to the role as it was shown before.
    let long = "x".repeat(2000);
    let wrong = [("permission", "template:read"), ("display_name", &*long)];
    let again = browser.submit(&refused, &path, &wrong).await.expect(StatusCode::BAD_REQUEST);
    owner.put(API, role("kept", &["template:delete"])).await.expect(StatusCode::OK);
    browser.submit(&again, &path, &fields).await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn permissions_on_types_that_are_gone_are_named_before_they_are_lost() {
    let (app, owner) = TestApp::new().await;
    let path = format!("/organizations/{}/roles/kept", owner.organization().await);
    owner.post(API, role("kept", &["template:read"])).await.expect(StatusCode::OK);
    let gone = json!([
        {"resource_type": "template", "action": "read"}, {"resource_type": "robot", "action": "drive"},
    ]);
    assert_eq!(app.tamper(&format!("UPDATE custom_roles SET permissions = '{gone}'")).await, 1);
    let page = Browser::signed_in(&app, &owner).open(&path).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Saving takes them from it: robot:drive"), "{}", words(&page));
}
