//! What the client makes of answers.
use keyfob_client::{Descendants, Error, ME, StatusCode, TokensFilter};

use crate::server::{Canned, KEY};

#[tokio::test]
async fn a_refusal_keeps_all_that_the_server_said() {
    let body = r#"{"message": "Bad.", "detail": "Very.", "validations": [{"field": "name", "detail": "Taken."}]}"#;
    let server = Canned::new("409 Conflict\r\nContent-Type: application/json", body);
    let error = server.client().api_key_by_id(ME, KEY).await.unwrap_err();
    assert_eq!(error.to_string(), "GET /api/v2/users/{user}/keys/{keyid}: status 409: Bad.: Very.; name: Taken.");
    let Error::Api(answer) = error else { panic!("{error}") };
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!((answer.body.message.as_str(), answer.body.detail.as_str()), ("Bad.", "Very."));
    assert_eq!(answer.body.validations[0].field, "name");
}

#[tokio::test]
async fn a_refused_key_is_an_answer_like_others() {
    let server = Canned::new("401 Unauthorized\r\nContent-Type: application/json", r#"{"message": "Signed out."}"#);
    let Error::Api(answer) = server.client().user(ME).await.unwrap_err() else { panic!("another error") };
    assert_eq!((answer.status, answer.body.message.as_str()), (StatusCode::UNAUTHORIZED, "Signed out."));
}

#[tokio::test]
async fn an_answer_without_a_message_gets_one() {
    for (head, body) in [
        ("405 Method Not Allowed", ""),
        ("405 Method Not Allowed\r\nContent-Type: application/json", "{}"),
        ("405 Method Not Allowed\r\nContent-Type: application/json", "not JSON"),
    ] {
        let Error::Api(answer) = Canned::new(head, body).client().user(ME).await.unwrap_err() else { panic!("{head}") };
        assert_eq!(answer.body.message, "unexpected status code 405, response has no message");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_an_error() {
    for head in ["200 OK\r\nContent-Type: text/html", "502 Bad Gateway\r\nContent-Type: text/html"] {
        let error = Canned::new(head, "<html>").client().user(ME).await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16().to_string()).as_deref(), head.get(..3));
        let Error::UnexpectedContentType { content_type, body, .. } = error else { panic!("{error}") };
        assert_eq!((content_type.as_str(), body.as_str()), ("text/html", "<html>"));
    }
}

#[tokio::test]
async fn json_of_another_shape_is_an_error() {
    let error = Canned::json("[]").client().user(ME).await.unwrap_err();
    assert_eq!(error.to_string(), "unexpected answer to GET /api/v2/users/{user}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Canned::new("302 Found\r\nLocation: http://127.0.0.1:1/", "");
    assert_eq!(server.client().user(ME).await.unwrap_err().status(), Some(StatusCode::FOUND));
}

#[tokio::test]
async fn a_server_without_users_must_say_what_it_is() {
    let head = "404 Not Found\r\nContent-Type: application/json\r\nX-Coder-Build-Version: v2.34.0";
    assert!(!Canned::new(head, "{}").client().has_first_user().await.unwrap());
    assert!(Canned::json("{}").client().has_first_user().await.unwrap());
    let error = Canned::new("404 Not Found", "").client().has_first_user().await.unwrap_err();
    assert!(matches!(error, Error::MissingBuildVersion), "{error}");
}

#[tokio::test]
async fn an_empty_list_may_be_null() {
    let tokens = Canned::json("null").client().list_tokens(ME, TokensFilter::default()).await.unwrap();
    assert!(tokens.is_empty());
}

#[tokio::test]
async fn expiring_a_key_returns_the_number_of_descendants_that_expired() {
    let server = Canned::new("204 No Content\r\nX-Keyfob-Descendants-Ended: 3", "");
    assert_eq!(server.client().expire_api_key(ME, "aaaaaaaaaa", Descendants::End).await.unwrap(), 3);
    let server = Canned::new("204 No Content", "");
    assert_eq!(server.client().delete_api_key(ME, "aaaaaaaaaa", Descendants::End).await.unwrap(), 0);
}

#[tokio::test]
async fn every_clone_remembers_the_version_and_the_warnings_of_the_server() {
    let head = "200 OK\r\nContent-Type: application/json\r\nX-Coder-Build-Version: v2.34.0\r\n\
                X-Coder-Entitlements-Warning: one\r\nX-Coder-Entitlements-Warning: two";
    let server = Canned::new(head, "[]");
    let client = server.client();
    assert_eq!(client.build_version(), None);
    for _ in 0..2 {
        client.clone().without_session_token().list_organizations().await.unwrap();
    }
    assert_eq!(client.build_version().as_deref(), Some("v2.34.0"));
    assert_eq!(client.entitlement_warnings(), ["one", "two"]);
}

#[tokio::test]
async fn no_error_holds_the_key_or_the_path() {
    // No server listens on port 1.
    let client = keyfob_client::Client::builder("http://127.0.0.1:1")
        .session_token(keyfob_client::api::secret::SecretText::new(KEY))
        .build()
        .unwrap();
    let error = client.api_key_by_name(ME, KEY).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer from the server");
    assert!(!format!("{error:?} {client:?}").contains(KEY), "{error:?}");
}
