//! The programs in `examples`, against a Keyfob server.
use keyfob_client::{
    ME, TokensFilter,
    api::{
        keys::{AllowListTarget, CreateTokenRequest},
        secret::SecretText,
    },
};
use uuid::Uuid;

use crate::keyfob::Keyfob;

#[expect(dead_code, reason = "`main` only reads arguments and environment variables")]
#[path = "../../examples/guard_a_service.rs"]
mod guard_a_service;
#[expect(dead_code, reason = "`main` only reads arguments and environment variables")]
#[path = "../../examples/mint_scoped_token.rs"]
mod mint_scoped_token;

#[tokio::test]
async fn a_scoped_token_is_minted_and_expires() {
    let keyfob = Keyfob::start().await;
    let dev = keyfob.workspace("dev").await;
    // Twice: nothing that the program leaves behind is in its own way.
    for run in 1..=2 {
        let mut out = Vec::new();
        mint_scoped_token::run(&keyfob.owner, dev, &mut out).await.unwrap();

        let filter = TokensFilter { include_expired: true, ..TokensFilter::default() };
        let tokens = keyfob.owner.list_tokens(ME, filter).await.unwrap();
        assert_eq!(tokens.len(), run);
        let key = &tokens.iter().max_by_key(|token| token.key.created_at).unwrap().key;
        assert_eq!(key.scopes, ["workspace:read"]);
        assert_eq!(key.allow_list, [format!("workspace:{dev}")]);
        assert_eq!(key.lifetime_seconds, 3600);
        let lines = String::from_utf8(out).unwrap();
        let lines: Vec<_> = lines.lines().collect();
        assert!(lines[0].starts_with("minted workspace-report, which expires at 2"), "{lines:?}");
        assert_eq!(lines[1..], ["read the workspace dev", "the token has expired"]);
    }
    assert!(keyfob.owner.list_tokens(ME, TokensFilter::default()).await.unwrap().is_empty());
}

/// What the example prints about a caller.
async fn verdict(keyfob: &Keyfob, caller: &SecretText, action: &str, workspace: Uuid) -> String {
    let service = keyfob.owner.without_session_token();
    let verdict = guard_a_service::ask(&service, caller, action, workspace).await.unwrap();
    let mut out = Vec::new();
    guard_a_service::print(&verdict, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn a_guarded_service_does_what_the_callers_token_allows() {
    let keyfob = Keyfob::start().await;
    let (dev, prod) = (keyfob.workspace("dev").await, keyfob.workspace("prod").await);
    let wanted = CreateTokenRequest {
        scopes: vec!["workspace:read".to_owned()],
        allow_list: vec![AllowListTarget(format!("workspace:{dev}"))],
        ..CreateTokenRequest::default()
    };
    let caller = keyfob.owner.create_token(ME, &wanted).await.unwrap().key;

    assert_eq!(verdict(&keyfob, &caller, "read", dev).await, "allowed\n");
    let denied = verdict(&keyfob, &caller, "delete", dev).await;
    assert!(denied.starts_with("denied: workspace:delete is refused: "), "{denied}");
    assert!(denied.contains("  missing: ") && denied.contains("workspace:delete"), "{denied}");
    assert!(verdict(&keyfob, &caller, "read", prod).await.starts_with("denied: "));

    let made_up = SecretText::new(crate::server::KEY);
    for stranger in [made_up, SecretText::default(), SecretText::new("line\nbreak")] {
        assert_eq!(verdict(&keyfob, &stranger, "read", dev).await, "not signed in\n");
    }
    keyfob.owner.with_session_token(&caller).unwrap().logout().await.unwrap();
    assert_eq!(verdict(&keyfob, &caller, "read", dev).await, "not signed in\n");
}

#[tokio::test]
async fn a_service_hears_of_it_when_no_answer_came() {
    // No server listens on port 1.
    let service = keyfob_client::Client::builder("http://127.0.0.1:1").build().unwrap();
    let caller = SecretText::new(crate::server::KEY);
    let error = guard_a_service::ask(&service, &caller, "read", Uuid::nil()).await.err().unwrap();
    assert_eq!(error.to_string(), "no answer from the server");
}
