//! The settings in effect: what the API answers, and the page.
use axum::http::StatusCode;
use serde_json::json;

use crate::{browser::Browser, support::TestApp, user_pages::people, web::words};

#[tokio::test]
async fn people_who_may_read_the_settings_see_their_sources_and_no_secrets() {
    let secret = "a-s3cret-of-the-deployment";
    let flags = [
        "--session-duration=2h",
        "--oauth2-github-client-id=an-id",
        &format!("--oauth2-github-client-secret={secret}"),
        "--oauth2-github-allow-everyone",
        "--terms-of-service-url=https://example.com/?<b>",
    ];
    let (app, owner) = TestApp::with(&flags).await;
    let answer = owner.get("/api/v2/deployment/config").await.expect(StatusCode::OK).json();
    let option = |name: &str| {
        let options = answer["options"].as_array().unwrap();
        options.iter().find(|option| option["name"] == name).unwrap().clone()
    };
    assert_eq!(answer["config"]["session-duration"], "2h");
    assert_eq!(option("session-duration")["value_source"], "flag");
    assert_eq!(option("session-duration")["default"], "24h");
    assert_eq!(option("max-token-lifetime")["value_source"], "default");
    assert_eq!(option("oauth2-github-client-secret")["value"], "");
    assert_eq!(option("oauth2-github-client-secret")["annotations"], json!({"secret": "true"}));
    assert_eq!(option("email-auth-password")["annotations"], json!({}));
    for (who, person) in people(&app, &owner).await {
        let mut browser = Browser::signed_in(&app, &person);
        let page = browser.open("/deployment/settings").await;
        let of_api = person.get("/api/v2/deployment/config").await;
        assert_eq!(page.status, of_api.status, "{who}");
        assert!(!page.body.contains(secret) && !of_api.body.contains(secret), "{who}");
        let home = browser.open("/").await.expect(StatusCode::OK);
        let is_offered = home.body.contains("href=\"/deployment/settings\"");
        assert_eq!(is_offered, page.status == StatusCode::OK, "{who}");
        if is_offered {
            for option in of_api.json()["options"].as_array().unwrap() {
                assert!(page.body.contains(&format!("<code>{}</code>", option["name"].as_str().unwrap())), "{option}");
            }
            let is_there = |heading: &&str| page.body.contains(&format!("<h2 id=\"{heading}\">"));
            let linked: Vec<&str> =
                page.body.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let sections: Vec<&str> = linked.into_iter().filter(|name| *name != "main").collect();
            assert!(sections.len() > 3 && sections.iter().all(is_there), "{sections:?}");
            assert!(!words(&page).contains('`'), "{}", words(&page));
            assert!(words(&page).contains("secret, set") && !page.body.contains("<b>"), "{}", words(&page));
        }
    }
}
