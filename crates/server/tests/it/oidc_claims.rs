//! What is made of a provider's claims: names, groups and roles.
use axum::http::StatusCode;
use keyfob_testkit::OidcProvider;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    oidc::{amy, provider, sign_in, signed_in, start_server},
    support::{Identity, Log, TestApp},
};

const ME: &str = "/api/v2/users/me";

/// Amy's claims, with these besides or in place of hers.
fn amy_with(more: &Value) -> Value {
    let mut claims = amy();
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

async fn username(app: &TestApp, provider: &OidcProvider, claims: &Value) -> String {
    provider.sign_in_as(claims);
    signed_in(app, provider).await.get(ME).await.expect(StatusCode::OK).text("username").to_owned()
}

/// The names of the groups that amy is in, without the group of all members, and of her roles.
async fn memberships(owner: &Identity) -> (Vec<String>, Vec<String>) {
    let names = |list: Value| -> Vec<String> {
        let all = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        all.filter(|name| name != "Everyone").collect()
    };
    let groups = owner.get("/api/v2/groups?has_member=amy").await.expect(StatusCode::OK).json();
    let user = owner.get("/api/v2/users/amy").await.expect(StatusCode::OK).json();
    (names(groups), names(user["roles"].clone()))
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Google's ID tokens hold no username.
#[tokio::test]
async fn without_a_username_the_part_before_the_at_is_one() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let claims = json!({"sub": "kyle-1", "email": "kyle@kwc.io", "email_verified": true});
    assert_eq!(username(&app, &provider, &claims).await, "kyle");
    // So is one that holds nothing to make a name of.
    let claims = json!({"sub": "k-2", "email": "k.two@kwc.io", "email_verified": true, "preferred_username": "…"});
    assert_eq!(username(&app, &provider, &claims).await, "ktwo");
}

/// The path of such a user would be that of whoever has that id.
#[tokio::test]
async fn a_username_that_reads_as_an_id_gets_a_suffix() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    let id = owner.id.replace('-', "");
    for (number, name) in [id.clone(), id.to_uppercase(), format!("{{{id}}}")].into_iter().enumerate() {
        let email = format!("{number}@example.com");
        let claims = json!({"sub": email, "email": email, "email_verified": true, "preferred_username": name});
        let name = username(&app, &provider, &claims).await;
        assert!(name.to_lowercase().starts_with(&format!("{}-", &id[..25])) && name.len() == 32, "{name}");
        assert_eq!(owner.get(&format!("/api/v2/users/{name}")).await.expect(StatusCode::OK).text("email"), email);
    }
}

/// Such a group would be taken for that of all members.
#[tokio::test]
async fn a_providers_group_is_not_made_with_a_reserved_name() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &["--oidc-group-field=groups", "--oidc-group-auto-create"]).await;
    provider.sign_in_as(&amy_with(&json!({"groups": ["everyone", "EVERYONE", "Everyone", "dev"]})));
    signed_in(&app, &provider).await;
    assert_eq!(memberships(&owner).await.0, ["dev"]);
}

/// Some providers name groups by their ids. A group stays the same from one sign-in to the next.
#[tokio::test]
async fn a_group_that_reads_as_an_id_gets_a_suffix_that_stays() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &["--oidc-group-field=groups", "--oidc-group-auto-create"]).await;
    let id = "8d1f7a52-64c4-4b0e-9a35-0d6c2f6f9e11";
    provider.sign_in_as(&amy_with(&json!({"groups": [id, id.replace('-', "")]})));
    signed_in(&app, &provider).await;
    let (groups, _) = memberships(&owner).await;
    assert_eq!(groups.len(), 2);
    for name in &groups {
        let (begin, suffix) = name.rsplit_once('-').unwrap();
        assert!(begin.replace('-', "") == id.replace('-', "") && suffix.len() == 6, "{name}");
    }
    signed_in(&app, &provider).await;
    assert_eq!(memberships(&owner).await.0, groups);
}

/// Azure leaves out lists that are too long for a token, and says so in one of two ways.
#[tokio::test]
async fn groups_and_roles_that_the_provider_leaves_out_stay_and_the_log_says_so() {
    let provider = provider();
    let mapping = r#"--oidc-user-role-mapping={"dev": ["auditor"]}"#;
    let flags = [
        "--oidc-group-field=groups",
        "--oidc-group-auto-create",
        "--oidc-user-role-field=groups",
        mapping,
        "--oidc-user-role-default=template-admin",
    ];
    let (app, owner) = start_server(&provider, &flags).await;
    let elsewhere = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}});
    for left_out in [elsewhere, json!({"hasgroups": true})] {
        provider.sign_in_as(&amy_with(&json!({"groups": ["dev"]})));
        signed_in(&app, &provider).await;
        let before = memberships(&owner).await;
        assert_eq!(before, (texts(&["dev"]), texts(&["auditor", "template-admin"])));
        let log = Log::capture();
        provider.sign_in_as(&amy_with(&left_out));
        signed_in(&app, &provider).await;
        assert_eq!(memberships(&owner).await, before);
        let warnings = log.take();
        assert!(warnings.len() == 1 && warnings[0].contains("claim=\"groups\""), "{warnings:?}");
        // A claim that is missing without a word lists nothing.
        provider.sign_in_as(&amy());
        signed_in(&app, &provider).await;
        assert_eq!(memberships(&owner).await, (Vec::new(), texts(&["template-admin"])));
        assert!(log.take().is_empty());
    }
    // A new user has what every user gets.
    provider.sign_in_as(&json!({"sub": "b", "email": "bob@example.com", "email_verified": true, "hasgroups": true}));
    let bob = signed_in(&app, &provider).await.get(ME).await.expect(StatusCode::OK).json();
    assert_eq!(bob["roles"][0]["name"], "template-admin");
}

/// Nobody comes in for a group that the provider does not name.
#[tokio::test]
async fn groups_that_are_left_out_let_nobody_in() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &["--oidc-group-field=groups", "--oidc-allowed-groups=dev"]).await;
    provider.sign_in_as(&amy_with(&json!({"hasgroups": true})));
    let log = Log::capture();
    let answer = sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Not a member of an allowed group"), "{}", answer.body);
    assert!(log.text().contains("the provider left a claim out"), "{}", log.text());
}

#[tokio::test]
async fn groups_and_roles_that_are_no_texts_are_ignored_and_the_log_says_so() {
    let provider = provider();
    let flags = ["--oidc-group-field=groups", "--oidc-group-auto-create", "--oidc-user-role-field=roles"];
    let (app, owner) = start_server(&provider, &flags).await;
    for (groups, warned) in [
        (json!(["dev", 7, {"name": "ops"}]), "claim=\"groups\" ignored=2"),
        (json!({"name": "ops"}), "claim=\"groups\" ignored=1"),
        (json!(7), "claim=\"groups\" ignored=1"),
    ] {
        let log = Log::capture();
        provider.sign_in_as(&amy_with(&json!({"groups": groups})));
        signed_in(&app, &provider).await;
        assert!(log.text().contains(warned), "{groups}: {}", log.text());
    }
    assert_eq!(memberships(&owner).await, (Vec::new(), Vec::new()));
    let log = Log::capture();
    provider.sign_in_as(&amy_with(&json!({"groups": ["dev"], "roles": [{"name": "auditor"}, "auditor"]})));
    signed_in(&app, &provider).await;
    assert!(log.text().contains("claim=\"roles\" ignored=1"), "{}", log.text());
    assert_eq!(memberships(&owner).await, (texts(&["dev"]), texts(&["auditor"])));
}

#[tokio::test]
async fn a_picture_is_an_address_of_the_web() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let relative = format!("{}/pictures/amy", provider.issuer);
    for (picture, kept) in [
        ("/pictures/amy", relative.as_str()),
        ("https://pictures.example/amy", "https://pictures.example/amy"),
        ("javascript:alert(1)", ""),
        ("data:image/png;base64,AAAA", ""),
    ] {
        provider.sign_in_as(&amy_with(&json!({"picture": picture})));
        let me = signed_in(&app, &provider).await.get(ME).await.expect(StatusCode::OK).json();
        assert_eq!(me["avatar_url"].as_str().unwrap_or_default(), kept, "{picture}");
    }
}

/// No request can give a text with it, either.
#[tokio::test]
async fn the_character_nul_is_in_nothing_that_a_provider_gives() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &["--oidc-group-field=groups", "--oidc-group-auto-create"]).await;
    let claims = json!({
        "sub": "nul", "email": "nul@example.com", "email_verified": true, "preferred_username": "n\0ul",
        "name": "\0N\0ul \0", "picture": "https://pictures.example/n\0ul", "groups": ["d\0ev", "ops\0"],
    });
    provider.sign_in_as(&claims);
    let me = signed_in(&app, &provider).await.get(ME).await.expect(StatusCode::OK).json();
    assert_eq!(me["name"], "Nul");
    assert_eq!(me["avatar_url"], "https://pictures.example/n%00ul");
    let groups = owner.get("/api/v2/groups").await.expect(StatusCode::OK).json();
    for stored in [me, groups] {
        assert!(!stored.to_string().contains("\\u0000"), "{stored}");
    }
    provider.sign_in_as(&json!({"sub": "other", "email": "n\0ul@example.com", "email_verified": true}));
    sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::FORBIDDEN);
}

/// Without a rule about domains, too, an address must be one.
#[tokio::test]
async fn what_is_no_address_is_refused_on_a_page() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    provider.sign_in_as(&amy_with(&json!({"email": "amy"})));
    let answer = sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.body);
    assert!(answer.body.contains("Your email &#34;amy&#34; is no e-mail address."), "{}", answer.body);
}
