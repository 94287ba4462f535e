//! What a provider's tokens may be like: how they are asked for, who signed them, and what they must contain.
use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_testkit::{SigningKey, TokenFault};
use serde_json::json;

use crate::{
    browser::Browser,
    oidc::{amy, provider, sign_in, signed_in, start_server},
};

const ME: &str = "/api/v2/users/me";
const UNVERIFIED: &str = "Failed to verify OIDC token.";

/// Providers may list `client_secret_basic` and refuse it.
#[tokio::test]
async fn a_secret_is_sent_in_the_form_where_the_header_is_refused() {
    for listed in
        [&["client_secret_basic", "client_secret_post"][..], &["client_secret_basic"], &["client_secret_post"]]
    {
        let provider = provider();
        provider.take_secret_in_form(listed);
        provider.expire_in(Some(600));
        let (app, _owner) = start_server(&provider, &[]).await;
        let amy = signed_in(&app, &provider).await;
        app.advance(SignedDuration::from_secs(600));
        provider.set_now(app.clock.now().as_second());
        amy.get(ME).await.expect(StatusCode::OK);
    }
    // Where both are refused, the provider's word counts.
    let provider = provider();
    provider.require_assertions();
    let (app, _owner) = start_server(&provider, &[]).await;
    let answer = sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((answer.message(), answer.detail()), ("Failed exchanging Oauth code.".into(), "invalid_client".into()));
}

/// `OpenID` Connect Core 1.0, section 5.3.2.
#[tokio::test]
async fn claims_of_the_user_info_endpoint_may_be_signed() {
    let provider = provider();
    provider.add_user_info(&json!({"name": "From the endpoint"}));
    provider.sign_user_info(&json!({"iat": 1}), None);
    let (app, _owner) = start_server(&provider, &[]).await;
    let amy = signed_in(&app, &provider).await;
    assert_eq!(amy.get(ME).await.expect(StatusCode::OK).text("name"), "From the endpoint");
    let claims = amy.get("/api/v2/users/oidc-claims").await.expect(StatusCode::OK).json();
    assert_eq!(claims["claims"]["iat"], app.clock.now().as_second(), "when the user signed in");
    for (about, fault) in [
        (json!({"sub": "somebody else"}), None),
        (json!({"iss": "https://other.example"}), None),
        (json!({"aud": "another-client"}), None),
        (json!({"exp": app.clock.now().as_second()}), None),
        (json!({}), Some(TokenFault::Signature)),
        (json!({}), Some(TokenFault::NoSignature)),
        (json!({}), Some(TokenFault::Symmetric)),
    ] {
        provider.sign_user_info(&about, fault);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.message(), "Failed to obtain user information claims.", "{about} {fault:?}");
        assert_eq!(browser.session(), None);
    }
}

/// A token for several clients need not say whom it was issued to; if it does, it must be us.
#[tokio::test]
async fn a_token_may_be_for_several_clients() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    for (claims, is_believed) in [
        (json!({"aud": ["another-client", "keyfob"]}), true),
        (json!({"aud": ["another-client", "keyfob"], "azp": "keyfob"}), true),
        (json!({"aud": ["another-client", "keyfob"], "azp": "another-client"}), false),
        (json!({"aud": ["another-client", "keyfob"], "azp": 7}), false),
        (json!({"aud": "keyfob", "azp": "another-client"}), false),
        (json!({"aud": ["another-client", "a-third"]}), false),
        (json!({"aud": []}), false),
    ] {
        provider.override_claims(&claims);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await;
        assert_eq!(browser.session().is_some(), is_believed, "{claims}: {}", answer.body);
    }
}

/// Each claim that makes a token useless is named, with its value or type.
#[tokio::test]
async fn what_is_wrong_with_a_claim_is_said() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let far = 1e30;
    for (claims, detail) in [
        (json!({"sub": 4711}), "its `sub` is a number, not a text"),
        (json!({"sub": ["amy-1"]}), "its `sub` is a list, not a text"),
        (json!({"aud": {"client": "keyfob"}}), "its `aud` is an object, not a text"),
        (json!({"exp": [1]}), "its `exp` is a list, not a number"),
        (json!({"exp": far}), "its `exp` is 1e+30, which is out of range"),
        (json!({"exp": -far}), "its `exp` is -1e+30, which is out of range"),
        (json!({"exp": "tomorrow"}), "its `exp` is a text, not a number"),
        (json!({"exp": null}), "its `exp` is missing"),
        (json!({"nbf": far}), "its `nbf` is 1e+30, which is out of range"),
        (json!({"iat": far}), "its `iat` is 1e+30, which is out of range"),
        (json!({"iss": [provider.issuer]}), "its `iss` is a list, not a text"),
    ] {
        provider.override_claims(&claims);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!((answer.message().as_str(), answer.detail().as_str()), (UNVERIFIED, detail), "{claims}");
        assert_eq!(browser.session(), None);
    }
    // Some providers send numbers as text.
    provider.override_claims(&json!({"exp": (app.clock.now().as_second() + 60).to_string()}));
    signed_in(&app, &provider).await;
}

#[tokio::test]
async fn keys_that_cannot_have_signed_are_named() {
    let provider = provider();
    provider.sign_with(SigningKey::Rsa, None);
    let (app, _owner) = start_server(&provider, &[]).await;
    signed_in(&app, &provider).await;
    for (key, algorithm, detail) in [
        (SigningKey::Rsa, Some("RSA"), "key `2` has the `alg` `RSA`, and the token `RS256`"),
        (SigningKey::Rsa, Some("RS512"), "key `2` has the `alg` `RS512`, and the token `RS256`"),
        (
            SigningKey::ShortRsa,
            None,
            "key `2` is an RSA key of 1024 bits, and 2048 are the least (RFC 7518, section 3.3)",
        ),
        (SigningKey::CutEd25519, None, "key `2` cannot be read: its `x` has 3 bytes in place of 32"),
    ] {
        let provider = self::provider();
        provider.rotate_keys();
        provider.sign_with(key, algorithm);
        let (app, _owner) = start_server(&provider, &[]).await;
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::BAD_REQUEST);
        let detail = format!("no key of the provider signed it that can be used: {detail}");
        assert_eq!((answer.message().as_str(), answer.detail()), (UNVERIFIED, detail));
        assert_eq!(browser.session(), None);
        // Once the provider has mended its keys, they are fetched again.
        provider.sign_with(SigningKey::Rsa, None);
        provider.sign_in_as(&amy());
        signed_in(&app, &provider).await;
    }
}
