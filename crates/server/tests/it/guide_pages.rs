//! Pages that are for everybody, signed in or not: the guides, and errors.
use axum::{
    body::Body,
    http::{Request, StatusCode},
};

use crate::{browser::Browser, support::TestApp, web::words};

const NAVIGATION: &str = "<nav class=\"places\"";

#[tokio::test]
async fn every_guide_is_a_page_that_all_may_read_and_caches_keep() {
    let (app, owner) = TestApp::new().await;
    let index = app.anonymous().get("/docs/guides").await.expect(StatusCode::OK);
    let links: Vec<&str> =
        index.body.split("href=\"/docs/guides/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
    let names = files.filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned));
    for name in names.filter(|name| name != "README") {
        assert!(links.contains(&name.as_str()), "{name} is not in the index");
    }
    for name in links {
        let path = format!("/docs/guides/{name}");
        let page = app.anonymous().get(&path).await.expect(StatusCode::OK);
        assert_eq!(page.header("cache-control"), "public, max-age=300", "{path}");
        assert_eq!(page.header("set-cookie"), "", "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none';"), "{path}");
        assert!(page.body.len() < 100_000 && !page.body.contains(NAVIGATION), "{path}: {}", page.body.len());
        assert!(page.body.matches("<h1>").count() == 1, "{path}");
        let request = Request::get(&path).header("If-None-Match", page.header("etag"));
        let known = app.anonymous().send_request(request.body(Body::empty()).unwrap()).await;
        assert_eq!((known.status, known.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
    }
    // For people who are signed in it stands among the other pages, and is theirs alone.
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/docs/guides/roles").await.expect(StatusCode::OK);
    assert!(page.body.contains(NAVIGATION), "{}", page.body);
    assert_eq!((page.header("cache-control"), page.header("etag")), ("no-store", ""));
    app.anonymous().get("/docs/guides/../roles").await.expect(StatusCode::NOT_FOUND);
    app.anonymous().get("/docs/guides/nothing").await.expect(StatusCode::NOT_FOUND);
    for (path, guide) in [("/settings/tokens/new", "choosing-scopes"), ("/settings/tokens", "ci")] {
        let page = browser.open(path).await.expect(StatusCode::OK);
        assert!(page.body.contains(&format!("href=\"/docs/guides/{guide}\"")), "{path}");
        assert!(page.body.contains("href=\"/docs/guides\""), "{path}");
    }
}

/// An error leaves people where they were: the navigation goes on.
#[tokio::test]
async fn an_error_is_among_the_pages_of_the_console_for_people_who_are_signed_in() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let mut hers = Browser::signed_in(&app, &alice);
    for (path, status) in [
        ("/nothing", StatusCode::NOT_FOUND),
        ("/settings/tokens/abcdefghij", StatusCode::NOT_FOUND),
        ("/audit", StatusCode::FORBIDDEN),
        ("/groups/x", StatusCode::BAD_REQUEST),
        ("/settings/tokens?offset=x", StatusCode::BAD_REQUEST),
    ] {
        let page = hers.look_at(path).await.expect(status);
        assert!(page.body.contains(NAVIGATION) && page.body.contains("<p class=\"who\">alice</p>"), "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    // Her own places, and a way out that works.
    let page = hers.look_at("/nothing").await;
    assert!(page.body.contains("href=\"/settings/tokens\"") && !page.body.contains("href=\"/deployment/users\""));
    assert_eq!(page.header("x-keyfob-required"), "", "the navigation is nothing that the request required");
    // A form that proves nothing is refused in the same frame.
    hers.accepts = "text/html";
    let refused = hers.send(axum::http::Method::POST, "/settings/account", "name=x").await;
    assert!(refused.expect(StatusCode::BAD_REQUEST).body.contains(NAVIGATION));
    let out = hers.submit(&page, "/logout", &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(out.header("location"), "/login?message=signed-out");
    // Without a session, it is a card, and so it is where the session is over.
    let mut nobody = Browser::new(&app);
    let page = nobody.look_at("/nothing").await.expect(StatusCode::NOT_FOUND);
    assert!(!page.body.contains(NAVIGATION) && words(&page).contains("Home page"), "{}", words(&page));
    let mut ended = Browser::signed_in(&app, &alice);
    let page = ended.look_at("/nothing").await.expect(StatusCode::NOT_FOUND);
    assert!(!page.body.contains(NAVIGATION), "{}", words(&page));
    // Programs are answered as before.
    let answer = owner.get("/nothing").await.expect(StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["message"], "Route not found.");
}
