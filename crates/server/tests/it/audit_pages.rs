//! The page on which people see what was done, without JavaScript, and what they take with them.
use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    mutations::{Targets, mutations},
    support::{Identity, TestApp},
    web::words,
};

#[tokio::test]
async fn the_time_line_says_in_sentences_what_happened_and_shows_what_changed() {
    let (app, owner) = TestApp::new().await;
    let ben = owner.make_user("ben", &[]).await;
    let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "ops"})).await;
    let group = group.expect(StatusCode::CREATED).text("id").to_owned();
    let web = owner.register("workspace", "web").await;
    let acl = json!({"group_roles": {&group: "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{web}/acl"), acl).await.expect(StatusCode::OK);
    owner.post("/api/v2/users/ben/keys/tokens", json!({"token_name": "ci"})).await.expect(StatusCode::CREATED);
    let token = owner.token(json!({"token_name": "mine"})).await;
    let path = format!("/api/v2/users/me/keys/{}/expire", token.key_id());
    owner.put(&path, json!({})).await.expect(StatusCode::NO_CONTENT);
    owner.put("/api/v2/users/ben/roles", json!({"roles": ["auditor"]})).await.expect(StatusCode::OK);
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/audit").await.expect(StatusCode::OK);
    let said = words(&page);
    let mut rest = said.as_str();
    for sentence in [
        "owner gave ben the role auditor",
        "owner expired token mine",
        "owner minted token mine",
        "owner minted token ci for ben",
        "owner shared workspace web with group ops",
        "owner registered workspace web",
        "owner created group ops",
        "owner created user ben",
        "owner added ben to organization coder",
        "owner signed in",
    ] {
        let (_, after) = rest.split_once(sentence).unwrap_or_else(|| panic!("{sentence}: {rest}"));
        rest = after;
    }
    let detail = format!("Group({group})");
    assert!(said.contains(&detail) && page.body.contains("<ins>auditor</ins>"), "{said}");
    // Filters are those of the API; what is filtered stays in the form.
    for (query, contains, lacks) in [
        ("username=owner&resource_type=user", "gave ben the role", "workspace web"),
        ("resource_target=WEB", "registered workspace web", "token mine"),
        ("action=login", "owner signed in", "registered workspace"),
        ("username=owner@example.com&action=write", "expired token mine", "minted"),
        (&format!("resource_id={}", ben["id"].as_str().unwrap()), "minted token ci for ben", "token mine"),
        (&format!("api_key_id={}", token.key_id()), "owner expired token mine", "token ci"),
        ("organization=coder", "created group ops", "gave ben"),
        ("username=nobody", "No records found.", "owner signed in"),
        ("date_to=2020-01-01", "No records found.", "owner signed in"),
    ] {
        let found = browser.open(&format!("/audit?{query}")).await.expect(StatusCode::OK);
        let page = words(&found);
        let (_, said) = page.split_once(" Filter ").unwrap();
        assert!(said.contains(contains) && !said.contains(lacks), "{query}: {said}");
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let is_kept = found.body.contains(&format!("name=\"{key}\" value=\"{value}\""))
                || found.body.contains(&format!("<option value=\"{value}\" selected>"));
            assert!(is_kept, "{key}: {}", found.body);
        }
    }
    for query in ["date_from=yesterday", "request_id=x", "offset=x"] {
        browser.open(&format!("/audit?{query}")).await.expect(StatusCode::BAD_REQUEST);
    }
}

/// The page shows what the API answers, in its order of time.
#[tokio::test]
async fn every_kind_of_record_has_its_sentence_and_pages_follow_each_other() {
    let (app, owner) = TestApp::new().await;
    for (number, of) in mutations().enumerate() {
        let targets = Targets::new(&owner, &format!("acme{number}")).await;
        let by = if of.path == "/users/logout" { app.sign_in("owner@example.com").await } else { owner.clone() };
        of.send(&by, &targets).await;
    }
    app.anonymous().get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    owner.get("/api/v2/groups/aaaaaaaa-0000-4000-8000-000000000001").await.expect(StatusCode::NOT_FOUND);
    app.advance(SignedDuration::from_secs(60));
    owner.scoped(&["workspace:read"]).await;
    app.server.run_jobs_once().await;
    let all = owner.get("/api/v2/audit?limit=2000").await.expect(StatusCode::OK).json();
    let total = all["audit_logs"].as_array().unwrap().len();
    let mut browser = Browser::signed_in(&app, &owner);
    let (mut address, mut seen, mut last) = (Some("/audit".to_owned()), 0, String::new());
    while let Some(next) = address {
        let page = browser.open(&next).await.expect(StatusCode::OK);
        assert!(words(&page).contains(&format!("{total} records.")), "{}", words(&page));
        for row in page.body.split("<p class=\"when\">").skip(1) {
            seen += 1;
            let at = row.split("datetime=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            assert!(last.is_empty() || at <= last, "{at} after {last}");
            last = at;
            let sentence = row.split("<div>").nth(1).unwrap().split("</p>").next().unwrap();
            assert!(!sentence.contains("  ") && !sentence.contains(" did "), "{sentence}");
        }
        address = page
            .body
            .split_once("\" rel=\"next\"")
            .map(|(before, _)| before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&"));
    }
    assert_eq!(seen, total);
}

#[tokio::test]
async fn what_is_filtered_is_taken_away_as_json_lines_and_as_a_table() {
    let (app, owner) = TestApp::new().await;
    let mut formula = String::from("=cmd|' /C calc'!A0");
    owner.register("workspace", &formula).await;
    for number in 0..1100 {
        if number % 100 == 0 {
            app.advance(SignedDuration::from_secs(1));
        }
        owner.register("workspace", &format!("w{number}")).await;
    }
    let mut browser = Browser::signed_in(&app, &owner);
    let export = browser.open("/audit/records.jsonl?resource_type=workspace").await.expect(StatusCode::OK);
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    let lines: Vec<Value> = export.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: BTreeSet<&str> = lines.iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!((lines.len(), ids.len()), (1101, 1101));
    let of_api = owner.get("/api/v2/audit?q=resource_type:workspace&limit=1").await.json();
    assert_eq!(lines[0], of_api["audit_logs"][0], "a line is what the API answers");
    let table = browser.open("/audit/records.csv?resource_type=workspace").await.expect(StatusCode::OK);
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(table.body.split("\r\n").count(), 1101 + 2);
    assert!(table.body.starts_with("time,what,user,"), "{}", &table.body[..200]);
    formula.insert(0, '\'');
    assert!(table.body.contains(&format!(",{formula},")), "a formula is text");
    let page = browser.open("/audit?resource_type=workspace").await.expect(StatusCode::OK);
    assert!(page.body.contains("href=\"/audit/records.csv?resource_type=workspace\""), "{}", page.body);
    let none = browser.open("/audit/records.csv?username=nobody").await.expect(StatusCode::OK);
    assert_eq!(none.body.lines().count(), 1);
    browser.open("/audit/records.csv?date_from=x").await.expect(StatusCode::BAD_REQUEST);
}

/// The page is for those whom the API answers, and shows them no name that they may not see.
#[tokio::test]
async fn people_see_just_the_records_that_the_api_shows_them() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("ben", &[]).await;
    owner.post("/api/v2/users/ben/keys/tokens", json!({"token_name": "ci"})).await.expect(StatusCode::CREATED);
    let member = owner.invite(&app, "alice", &[]).await;
    let auditor = owner.invite(&app, "rita", &["auditor"]).await;
    for (who, status) in [(&member, StatusCode::FORBIDDEN), (&auditor, StatusCode::OK), (&owner, StatusCode::OK)] {
        assert_eq!(who.get("/api/v2/audit").await.status, status);
        let mut browser = Browser::signed_in(&app, who);
        for path in ["/audit", "/audit?username=nobody", "/audit/records.csv", "/audit/records.jsonl?username=nobody"] {
            browser.open(path).await.expect(status);
        }
        let is_offered = browser.open("/settings/tokens").await.body.contains("href=\"/audit\"");
        assert_eq!(is_offered, status == StatusCode::OK);
    }
    let head = owner.get("/api/v2/audit").await.json()["chain_head"].as_str().unwrap().to_owned();
    assert!(Browser::signed_in(&app, &owner).open("/audit").await.body.contains(&head));
    // An auditor of an organization, who may not see the users, is told none whom records hold by id alone.
    owner.make_user("dora", &[]).await;
    let roles = json!({"roles": ["organization-auditor"]});
    owner.put("/api/v2/organizations/coder/members/dora/roles", roles).await.expect(StatusCode::OK);
    let dora = app.sign_in("dora@example.com").await;
    let ben = owner.get("/api/v2/users/ben").await.expect(StatusCode::OK).text("id").to_owned();
    let web = owner.register("workspace", "web").await;
    let acl = json!({"user_roles": {ben: "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{web}/acl"), acl).await.expect(StatusCode::OK);
    for (who, sentence) in
        [(&owner, "shared workspace web with ben"), (&dora, "shared workspace web with another user")]
    {
        let path = "/audit?resource_target=web&action=write";
        let page = Browser::signed_in(&app, who).open(path).await.expect(StatusCode::OK);
        assert!(words(&page).contains(sentence), "{}", words(&page));
        let table = Browser::signed_in(&app, who).open("/audit/records.csv?action=write").await.expect(StatusCode::OK);
        assert!(table.body.contains(sentence), "{}", table.body);
    }
}

#[tokio::test]
async fn texts_in_records_are_text_on_the_page() {
    let (app, owner) = TestApp::new().await;
    let markup = "<img src=x onerror=alert(1)>{{ 7 * 7 }}";
    let body = json!({
        "resource_type": "workspace", "name": markup, "organization_id": owner.organization().await,
        "attributes": {"note": markup},
    });
    owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
    let login = json!({"email": "owner@example.com", "password": crate::support::PASSWORD});
    let request = axum::http::Request::post("/api/v2/users/login")
        .header("User-Agent", markup)
        .body(axum::body::Body::from(login.to_string()))
        .unwrap();
    app.anonymous().send_request(request).await.expect(StatusCode::CREATED);
    let page = Browser::signed_in(&app, &owner).open("/audit").await.expect(StatusCode::OK);
    assert!(!page.body.contains("<img"), "{}", page.body);
    assert!(page.body.matches("&#60;img src=x onerror=alert(1)&#62;{{ 7 * 7 }}").count() >= 3, "{}", page.body);
}

/// An export that is taken a piece at a time.
struct Download {
    body: Body,
    text: String,
}

impl Download {
    async fn begin(by: &Identity, path: &str) -> Self {
        let request = Request::get(path).header("Coder-Session-Token", &by.key).body(Body::empty()).unwrap();
        let response = by.begin_request(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        Self { body: response.into_body(), text: String::new() }
    }

    /// Takes the next piece; false at the end. An error where it broke off.
    async fn next(&mut self) -> Result<bool, axum::Error> {
        let Some(frame) = self.body.frame().await else { return Ok(false) };
        if let Ok(piece) = frame?.into_data() {
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
        Ok(true)
    }

    /// The names of the objects of its records.
    fn targets(&self) -> Vec<String> {
        let record = |line: &str| serde_json::from_str::<Value>(line).unwrap()["resource_target"].to_string();
        self.text.lines().map(record).collect()
    }
}

/// More than one answer may have.
#[tokio::test]
async fn an_export_has_all_records_however_large_they_are() {
    let (app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    for number in 0..300 {
        let note = |letter: &str| json!({"note": letter.repeat(16_000)});
        let body = json!({
            "resource_type": "workspace", "name": format!("w{number}"), "organization_id": organization,
            "attributes": note("x"),
        });
        let id = owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED).text("id").to_owned();
        let path = format!("/api/v2/resources/workspace/{id}");
        owner.patch(&path, json!({"attributes": note("y")})).await.expect(StatusCode::OK);
    }
    for file in ["records.jsonl", "records.csv"] {
        let path = format!("/audit/{file}?resource_type=workspace");
        let export = Browser::signed_in(&app, &owner).open(&path).await.expect(StatusCode::OK);
        assert_eq!(export.body.lines().filter(|line| line.contains("workspace")).count(), 600, "{file}");
    }
}

#[tokio::test]
async fn records_that_are_added_meanwhile_move_none_of_an_export() {
    let (_app, owner) = TestApp::new().await;
    let register = async |names: std::ops::Range<u32>| {
        for number in names {
            owner.register("workspace", &format!("w{number}")).await;
        }
    };
    register(0..1300).await;
    let mut export = Download::begin(&owner, "/audit/records.jsonl?resource_type=workspace").await;
    assert!(export.next().await.unwrap());
    register(1300..2000).await;
    while export.next().await.unwrap() {}
    let expected: Vec<String> = (0..1300).rev().map(|number| format!("\"w{number}\"")).collect();
    assert_eq!(export.targets(), expected);
}

#[tokio::test]
async fn an_export_breaks_off_once_its_caller_has_no_right_to_it_any_more() {
    let (app, owner) = TestApp::new().await;
    for number in 0..1100 {
        owner.register("workspace", &format!("w{number}")).await;
    }
    let rita = owner.invite(&app, "rita", &["auditor"]).await;
    let token = rita.token(json!({})).await;
    for cause in ["the key is revoked", "the role is taken"] {
        let by = if cause == "the key is revoked" { &token } else { &rita };
        for path in ["/audit/records.jsonl", "/audit/records.csv"] {
            let mut whole = Download::begin(by, path).await;
            while whole.next().await.unwrap() {}
        }
        let mut exports = Vec::new();
        for (path, pieces) in [("/audit/records.jsonl", 1), ("/audit/records.csv", 2)] {
            let mut export = Download::begin(by, path).await;
            for _ in 0..pieces {
                assert!(export.next().await.unwrap());
            }
            exports.push(export);
        }
        if cause == "the key is revoked" {
            let path = format!("/api/v2/users/rita/keys/{}/expire", token.key_id());
            owner.put(&path, json!({})).await.expect(StatusCode::NO_CONTENT);
        } else {
            owner.put("/api/v2/users/rita/roles", json!({"roles": []})).await.expect(StatusCode::OK);
        }
        for mut export in exports {
            assert!(export.next().await.is_err(), "{cause}: an export goes on");
        }
    }
}

/// A day that no record can have is no reason to show all records.
#[tokio::test]
async fn a_day_out_of_range_is_a_wrong_field() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    for query in ["date_from=9999-12-31", "date_to=9999-12-31", "date_from=-009999-01-01", "date_to=-009999-01-01"] {
        let page = browser.open(&format!("/audit?{query}")).await.expect(StatusCode::BAD_REQUEST);
        assert!(words(&page).contains("This day is out of range."), "{query}: {}", words(&page));
        let (field, day) = query.split_once('=').unwrap();
        let q = format!("/api/v2/audit?q={field}:{day}");
        let answer = owner.get(&q).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["validations"][0]["field"], field, "{}", answer.body);
    }
}

/// What there is to pick are the actions and types that records have.
#[tokio::test]
async fn every_action_and_type_of_a_record_is_there_to_pick() {
    let (app, owner) = TestApp::new().await;
    for (number, of) in mutations().enumerate() {
        let targets = Targets::new(&owner, &format!("acme{number}")).await;
        let by = if of.path == "/users/logout" { app.sign_in("owner@example.com").await } else { owner.clone() };
        of.send(&by, &targets).await;
    }
    let page = Browser::signed_in(&app, &owner).open("/audit").await.expect(StatusCode::OK);
    let records = owner.get("/api/v2/audit?limit=2000").await.expect(StatusCode::OK).json();
    for record in records["audit_logs"].as_array().unwrap() {
        for field in ["action", "resource_type"] {
            let value = record[field].as_str().unwrap();
            assert!(page.body.contains(&format!("<option value=\"{value}\">")), "{field} {value}");
        }
    }
    for value in ["refused", "deployment_config", "audit_log"] {
        assert!(page.body.contains(&format!("<option value=\"{value}\">")), "{value}");
    }
}

/// A form that fails: its path, its fields, and what is told of it.
type Failing<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// Forms have one method for whatever they do, and fail before the operation is asked as well as in it.
#[tokio::test]
async fn a_form_that_failed_is_told_as_what_it_was_to_do() {
    let (app, owner) = TestApp::new().await;
    let amy = owner.invite(&app, "amy", &["owner"]).await;
    owner.make_user("ben", &[]).await;
    let organization = owner.organization().await;
    let group = owner.post("/api/v2/organizations/default/groups", json!({"name": "ops"})).await;
    let group = group.expect(StatusCode::CREATED).text("id").to_owned();
    let web = owner.register("workspace", "web").await;
    let mut hers = Browser::signed_in(&app, &amy);
    let page = hers.open("/settings/account").await.expect(StatusCode::OK);
    let of_organization = format!("/organizations/{organization}");
    let members = format!("{of_organization}/members");
    let new_role = format!("{of_organization}/new-role");
    let (of_group, of_web) = (format!("/groups/{group}"), format!("/resources/workspace/{web}"));
    let (less, more) = ("An0ther!Secret-pw", "Y3t-An0ther!Secret-pw");
    let cases: [Failing<'_>; 12] = [
        ("/deployment/users/ben/delete", &[("typed", "bob")], "delete a user, which failed"),
        (
            "/deployment/users/ben/password",
            &[("password", less), ("confirmation", more)],
            "change a user, which failed",
        ),
        ("/deployment/users/create", &[("username", "a b")], "create a user, which failed"),
        ("/organizations/create", &[("name", "a b")], "create an organization, which failed"),
        (&of_organization, &[("name", "a b")], "change an organization, which failed"),
        (&members, &[("user", "nobody")], "add a member, which failed"),
        (&new_role, &[("name", "a b")], "create a role, which failed"),
        (&of_group, &[("user", "nobody")], "change a group, which failed"),
        (&of_web, &[("kind", "user"), ("name", "nobody"), ("access", "use")], "change a workspace, which failed"),
        ("/settings/tokens/new", &[("step", "mint")], "mint a token, which failed"),
        ("/settings/tokens/aaaaaaaaaa/expire", &[], "expire a token, which failed"),
        // This looks for one, and is no change.
        ("/deployment/tokens/find", &[("token", "aaaaaaaaaa")], ""),
    ];
    for (path, fields, told) in cases {
        let failed = hers.submit(&page, path, fields).await;
        assert!(failed.status.is_client_error(), "{path}: {}", failed.status);
        app.advance(SignedDuration::from_secs(1));
        app.server.run_jobs_once().await;
        let told = if told.is_empty() { String::new() } else { format!("amy tried to {told}") };
        let newest = Browser::signed_in(&app, &owner).open("/audit?username=amy").await.expect(StatusCode::OK);
        assert!(words(&newest).contains(&told), "{path}: {told}: {}", words(&newest));
    }
    let all = owner.get("/api/v2/audit?q=username:amy&limit=100").await.expect(StatusCode::OK).json();
    let failed =
        all["audit_logs"].as_array().unwrap().iter().filter(|record| record["status_code"].as_u64() >= Some(400));
    assert_eq!(failed.count(), cases.len() - 1, "one each, and none of the search: {all}");
}

/// A name that is written from right to left does not turn the words around it.
#[tokio::test]
async fn a_sentence_sets_names_of_other_scripts_apart() {
    let (app, owner) = TestApp::new().await;
    owner.register("workspace", "\u{5e9}\u{5dc}\u{5d5}\u{5dd} 1").await;
    let page = Browser::signed_in(&app, &owner).open("/audit").await.expect(StatusCode::OK);
    let expected = "owner registered workspace \u{2068}\u{5e9}\u{5dc}\u{5d5}\u{5dd} 1\u{2069}";
    assert!(words(&page).contains(expected), "{}", words(&page));
    let table = Browser::signed_in(&app, &owner).open("/audit/records.csv").await.expect(StatusCode::OK);
    assert!(!table.body.contains('\u{2068}'), "programs get the name alone: {}", table.body);
}
