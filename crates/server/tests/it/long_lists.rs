//! Lists that are too long for one answer are refused before they take memory, and can be read in pages.
use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;

/// The bytes that one text gets in each row: a list of twenty is more than an answer may hold, one of five is not.
const TEXT: usize = 500_000;

#[tokio::test]
async fn a_list_that_is_too_long_for_one_answer_is_refused_and_comes_in_pages() {
    let (app, owner) = TestApp::new().await;
    let acme = owner.add_organization("acme").await;
    for n in 0..20 {
        owner.make_user(&format!("user{n}"), &[]).await;
        owner.post(&format!("/api/v2/organizations/{acme}/members/user{n}"), json!({})).await.expect(StatusCode::OK);
        let token = json!({"token_name": format!("token{n}"), "scope": "all"});
        owner.post("/api/v2/users/me/keys/tokens", token).await.expect(StatusCode::CREATED);
        let group = json!({"name": format!("group{n}")});
        owner.post(&format!("/api/v2/organizations/{acme}/groups"), group).await.expect(StatusCode::CREATED);
        let organization = json!({"name": format!("organization{n}")});
        owner.post("/api/v2/organizations", organization).await.expect(StatusCode::CREATED);
    }
    let text = "x".repeat(TEXT);
    for (table, column, list, pages) in [
        ("users", "name", "/api/v2/users", true),
        ("users", "name", &format!("/api/v2/organizations/{acme}/members"), false),
        ("users", "name", &format!("/api/v2/organizations/{acme}/paginated-members"), true),
        ("api_keys", "user_agent", "/api/v2/users/me/keys/tokens", true),
        ("audit_records", "user_agent", "/api/v2/audit?limit=1000000000", true),
        ("groups", "display_name", &format!("/api/v2/organizations/{acme}/groups"), false),
        ("groups", "display_name", "/api/v2/groups", false),
        ("organizations", "description", "/api/v2/organizations", false),
    ] {
        owner.get(list).await.expect(StatusCode::OK);
        assert!(app.tamper(&format!("UPDATE {table} SET {column} = '{text}'")).await > 0);
        let refused = owner.get(list).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.text("message"), "The list is too long for one answer.", "{list}");
        assert!(refused.text("detail").contains("limit"), "{list}: {}", refused.body);
        if pages {
            let list = list.replace("?limit=1000000000", "");
            let sign = if list.contains('?') { '&' } else { '?' };
            owner.get(&format!("{list}{sign}limit=5&offset=3")).await.expect(StatusCode::OK);
        }
        app.tamper(&format!("UPDATE {table} SET {column} = ''")).await;
    }
}
