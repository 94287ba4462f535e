//! Names and addresses are the same if they differ in the case of ASCII letters, and never otherwise.
use axum::http::StatusCode;
use keyfob_testkit::MailServer;
use serde_json::json;

use crate::{
    browser::Browser,
    oidc::{flags, provider, sign_in, signed_in},
    support::{PASSWORD, TestApp},
};

/// Names, each with one that is alike: U+212A KELVIN SIGN, U+017F LATIN SMALL LETTER LONG S, U+0130 LATIN CAPITAL LETTER I
/// WITH DOT ABOVE, and full-width letters. The first becomes an ASCII letter in Unicode's lower case.
const ALIKE: [(&str, &str); 4] =
    [("mike", "mi\u{212a}e"), ("sam", "\u{17f}am"), ("ida", "\u{130}da"), ("mia", "\u{ff4d}\u{ff29}a")];

/// Nobody takes `Default` for another organization than `default`, or `everyone` for another group than `Everyone`.
#[tokio::test]
async fn reserved_names_are_reserved_in_every_case() {
    let (_app, owner) = TestApp::new().await;
    owner.add_organization("acme").await;
    for name in ["default", "Default", "DEFAULT"] {
        for refused in [
            owner.post("/api/v2/organizations", json!({"name": name})).await,
            owner.patch("/api/v2/organizations/acme", json!({"name": name})).await,
        ] {
            let refused = refused.expect(StatusCode::BAD_REQUEST);
            assert_eq!(refused.message(), "Organization name \"default\" is reserved.", "{name}");
        }
    }
    let groups = "/api/v2/organizations/acme/groups";
    let made = owner.post(groups, json!({"name": "builders"})).await.expect(StatusCode::CREATED);
    let builders = format!("/api/v2/groups/{}", made.text("id"));
    for name in ["Everyone", "everyone", "EVERYONE"] {
        let refused = owner.post(groups, json!({"name": name})).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "Invalid group name.", "{name}");
        let refused = owner.patch(&builders, json!({"name": name})).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "\"Everyone\" is a reserved group name!", "{name}");
    }
}

fn in_path(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

#[tokio::test]
async fn a_letter_that_is_alike_is_another_in_addresses_and_paths() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, owner) = TestApp::with(&["--email-from=Keyfob <keys@example.com>", &smarthost]).await;
    for (name, alike) in ALIKE {
        owner.make_user(name, &[]).await;
        owner.add_organization(&format!("{name}-org")).await;
        let sign_in = async |email: &str| {
            let login = json!({"email": email, "password": PASSWORD});
            app.anonymous().post("/api/v2/users/login", login).await
        };
        sign_in(&format!("{}@Example.com", name.to_uppercase())).await.expect(StatusCode::CREATED);
        sign_in(&format!("{alike}@example.com")).await.expect(StatusCode::UNAUTHORIZED);
        owner.get(&format!("/api/v2/users/{}", name.to_uppercase())).await.expect(StatusCode::OK);
        owner.get(&format!("/api/v2/users/{}", in_path(alike))).await.expect(StatusCode::NOT_FOUND);
        owner.get(&format!("/api/v2/organizations/{}-ORG", name.to_uppercase())).await.expect(StatusCode::OK);
        owner.get(&format!("/api/v2/organizations/{}-org", in_path(alike))).await.expect(StatusCode::NOT_FOUND);
        // Nor is it somebody's own name.
        let own = app.sign_in(&format!("{name}@example.com")).await;
        own.get(&format!("/api/v2/users/{}", in_path(alike))).await.expect(StatusCode::NOT_FOUND);
        for (asked, mailed) in [(alike, 0), (name, 1)] {
            let body = json!({"email": format!("{asked}@example.com")});
            app.anonymous().post("/api/v2/users/otp/request", body).await.expect(StatusCode::NO_CONTENT);
            app.server.run_jobs_once().await;
            assert_eq!(mails.take().len(), mailed, "{asked}");
        }
    }
}

/// Who has an address that is alike at a provider is not taken for the user with the other.
#[tokio::test]
async fn a_letter_that_is_alike_takes_over_nobody() {
    let provider = provider();
    let flags = flags(&provider, &[]);
    let (app, owner) = TestApp::with(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    for (name, alike) in ALIKE {
        let user = json!({
            "username": name, "email": format!("{name}@example.com"), "login_type": "oidc",
            "organization_ids": [owner.organization().await],
        });
        let user = owner.post("/api/v2/users", user).await.expect(StatusCode::CREATED);
        let claims =
            |email: &str| json!({"sub": email, "email": format!("{email}@example.com"), "email_verified": true});
        provider.sign_in_as(&claims(alike));
        let mut browser = Browser::new(&app);
        sign_in(&mut browser, &provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
        let me = app.bearer_of(browser.session().unwrap()).get("/api/v2/users/me").await.expect(StatusCode::OK);
        assert_ne!(me.text("id"), user.text("id"), "{alike}");
        // The user with that address comes in, in capital letters, too.
        provider.sign_in_as(&claims(&name.to_uppercase()));
        assert_eq!(signed_in(&app, &provider).await.id, user.text("id"));
    }
}
