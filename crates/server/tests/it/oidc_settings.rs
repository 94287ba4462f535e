//! Settings of sign-in with an `OpenID` Connect provider.
use std::{collections::BTreeMap, fs};

use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_server::Clock;
use keyfob_testkit::{OIDC_CLIENT, OIDC_CLIENT_CERTIFICATE, OIDC_CLIENT_KEY, OidcProvider, SHORT_RSA_KEY, TokenFault};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    oidc::{CALLBACK, amy, provider, sign_in, signed_in, start_server},
    support::{Answer, Identity, NOW, TestApp, open},
};

const ME: &str = "/api/v2/users/me";

/// A server that authenticates at the provider as these flags say.
async fn proving(provider: &OidcProvider, proof: &[&str]) -> TestApp {
    let issuer = format!("--oidc-issuer-url={}", provider.issuer);
    TestApp::with(&[&[issuer.as_str(), "--oidc-client-id=keyfob"], proof].concat()).await.0
}

/// The parameters of the authorization URL.
async fn asked(app: &TestApp) -> BTreeMap<String, String> {
    let away = Browser::new(app).open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let (_, query) = away.header("location").split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Asserts that a sign-in ends at an error page with this title.
#[track_caller]
fn expect_page(answer: Answer, title: &str) {
    let answer = answer.expect(StatusCode::FORBIDDEN);
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.body);
    assert!(answer.body.contains(title), "{}", answer.body);
}

/// The groups that amy is in, without the group of all members.
async fn groups_of_amy(owner: &Identity) -> Vec<String> {
    let groups = owner.get("/api/v2/groups?has_member=amy").await.expect(StatusCode::OK).json();
    let names = groups.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_owned());
    names.filter(|name| name != "Everyone").collect()
}

/// `private_key_jwt` (RFC 7523; `OpenID` Connect Core 1.0, section 9). The secret alone authenticates no client.
#[tokio::test]
async fn the_server_proves_itself_by_a_key_in_place_of_a_secret() {
    let provider = provider();
    provider.require_assertions();
    provider.expire_in(Some(600));
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    fs::write(&key, OIDC_CLIENT_KEY).unwrap();
    fs::write(&certificate, OIDC_CLIENT_CERTIFICATE).unwrap();
    let key = format!("--oidc-client-key-file={}", key.display());
    let certificate = format!("--oidc-client-cert-file={}", certificate.display());
    let app = proving(&provider, &[&key, &certificate]).await;
    let amy = signed_in(&app, &provider).await;
    // Every renewal has an assertion of its own.
    for _ in 0..2 {
        app.advance(SignedDuration::from_secs(600));
        provider.set_now(app.clock.now().as_second());
        amy.get(ME).await.expect(StatusCode::OK);
    }
    let other = proving(&provider, &[&format!("--oidc-client-secret={}", OIDC_CLIENT.1)]).await;
    let answer = sign_in(&mut Browser::new(&other), &provider).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((answer.message(), answer.detail()), ("Failed exchanging Oauth code.".into(), "invalid_client".into()));
}

#[tokio::test]
async fn one_newline_at_the_end_of_a_secret_file_is_none_of_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    for (end, is_right) in [("", true), ("\n", true), ("\n\n", false)] {
        fs::write(&file, format!("{}{end}", OIDC_CLIENT.1)).unwrap();
        let provider = provider();
        let app = proving(&provider, &[&format!("--oidc-client-secret-file={}", file.display())]).await;
        let mut browser = Browser::new(&app);
        sign_in(&mut browser, &provider).await;
        assert_eq!(browser.session().is_some(), is_right, "{end:?}");
    }
}

#[tokio::test]
async fn the_provider_is_asked_for_the_scopes_that_are_set() {
    let provider = provider();
    for (flags, scope) in
        [(&[][..], "openid profile email"), (&["--oidc-scopes=openid,email,groups"], "openid email groups")]
    {
        let (app, _owner) = start_server(&provider, flags).await;
        assert_eq!(asked(&app).await["scope"], scope);
        signed_in(&app, &provider).await;
    }
}

/// Extra parameters do not replace those of the server.
#[tokio::test]
async fn the_address_at_the_provider_has_the_parameters_that_are_set() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    assert_eq!(asked(&app).await["access_type"], "offline");
    let (app, _owner) = start_server(&provider, &[r#"--oidc-auth-url-params={"access_type": "online"}"#]).await;
    assert_eq!(asked(&app).await["access_type"], "online");
    let more = r#"--oidc-auth-url-params={"prompt": "select account&x", "state": "fixed", "client_id": "other"}"#;
    let (app, _owner) = start_server(&provider, &[more]).await;
    let with_more = asked(&app).await;
    assert_eq!(with_more["prompt"], "select account&x");
    assert_eq!((with_more["client_id"].as_str(), with_more["state"].len()), ("keyfob", 32));
    signed_in(&app, &provider).await;
}

/// The authorization URL has `access_type=offline`, or the parameters that are set.
#[tokio::test]
async fn a_provider_is_asked_for_a_refresh_token_whatever_else_it_is_asked() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[r#"--oidc-auth-url-params={"prompt": "login"}"#]).await;
    let asked = asked(&app).await;
    assert_eq!(asked["prompt"], "login");
    assert_eq!(asked.get("access_type").map(String::as_str), Some("offline"), "{asked:?}");
}

#[tokio::test]
async fn unverified_addresses_count_only_when_that_is_set() {
    let provider = provider();
    for verified in [json!(null), json!(false), json!("false")] {
        let mut claims = amy();
        claims["email_verified"] = verified;
        provider.sign_in_as(&claims);
        let (app, _owner) = start_server(&provider, &[]).await;
        expect_page(sign_in(&mut Browser::new(&app), &provider).await, "Email not verified");
        let (app, _owner) = start_server(&provider, &["--oidc-ignore-email-verified"]).await;
        signed_in(&app, &provider).await;
    }
}

#[tokio::test]
async fn claims_of_other_names_say_who_it_is() {
    let provider = provider();
    let mut claims = amy();
    let others = json!({"nick": "amelia", "mail": "amelia@example.com", "display": "Amelia Adams"});
    claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    provider.sign_in_as(&claims);
    let flags = ["--oidc-username-field=nick", "--oidc-email-field=mail", "--oidc-name-field=display"];
    let (app, _owner) = start_server(&provider, &flags).await;
    let me = signed_in(&app, &provider).await.get(ME).await.expect(StatusCode::OK).json();
    let read = (&me["username"], &me["email"], &me["name"]);
    assert_eq!(read, (&json!("amelia"), &json!("amelia@example.com"), &json!("Amelia Adams")));
    // The usual claims are ignored then.
    provider.sign_in_as(&amy());
    let answer = sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.message(), "No email found in OIDC payload!");
}

/// Claims of the ID token win over those of the access token, and the user-info endpoint is not called.
#[tokio::test]
async fn claims_come_from_the_access_token_when_that_is_set() {
    let provider = provider();
    provider.add_user_info(&json!({"nickname": "from the endpoint"}));
    provider.sign_access_tokens(&json!({"sub": "amy-at-the-api", "name": "From the token", "nickname": "am"}));
    // Coder demands both flags.
    for flags in [&["--oidc-access-token-claims"][..], &["--oidc-access-token-claims", "--oidc-ignore-userinfo"]] {
        let (app, _owner) = start_server(&provider, flags).await;
        let amy = signed_in(&app, &provider).await;
        let claims = amy.get("/api/v2/users/oidc-claims").await.expect(StatusCode::OK).json()["claims"].clone();
        let read = (&claims["name"], &claims["nickname"], &claims["sub"]);
        assert_eq!(read, (&json!("Amy Adams"), &json!("am"), &json!("amy-1")));
    }
    // An access token that cannot be read.
    let provider = self::provider();
    let (app, _owner) = start_server(&provider, &["--oidc-access-token-claims"]).await;
    let mut browser = Browser::new(&app);
    sign_in(&mut browser, &provider).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn the_button_says_and_shows_what_is_set() {
    let provider = provider();
    let icon = "https://id.example.com/icon.svg?size=24&dark=1";
    let flags = ["--oidc-sign-in-text=Sign in & go", &format!("--oidc-icon-url={icon}")];
    let (app, _owner) = start_server(&provider, &flags).await;
    let methods = app.anonymous().get("/api/v2/users/authmethods").await.expect(StatusCode::OK).json();
    assert_eq!(methods["oidc"], json!({"enabled": true, "signInText": "Sign in & go", "iconUrl": icon}));
    let page = Browser::new(&app).open("/login?redirect=/cli-auth").await.expect(StatusCode::OK);
    let (_, button) = page.body.split_once("href=\"/api/v2/users/oidc/callback").unwrap();
    let button = button.split("</a>").next().unwrap();
    assert!(button.starts_with("?redirect=%2Fcli%2Dauth\">"), "{button}");
    assert!(button.ends_with(">Sign in &#38; go"), "{button}");
    assert!(button.contains("src=\"https://id.example.com/icon.svg?size=24&#38;dark=1\""), "{button}");
}

#[tokio::test]
async fn people_come_back_to_the_address_that_is_set() {
    let provider = provider();
    let other_callback = "https://keys.example.com/api/v2/users/oidc/callback";
    let (app, _owner) = start_server(&provider, &[&format!("--oidc-redirect-url={other_callback}")]).await;
    let mut browser = Browser::new(&app);
    let away = browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let back = provider.agree(away.header("location"));
    assert!(back.starts_with(&format!("{other_callback}?")), "{back}");
    // The server at that address passes the request on.
    browser.open(&back.replace(other_callback, CALLBACK)).await.expect(StatusCode::TEMPORARY_REDIRECT);
    assert!(browser.session().is_some());
}

#[tokio::test]
async fn a_provider_that_calls_itself_otherwise_is_believed_only_when_that_is_set() {
    let provider = provider();
    provider.set_issuer("https://another.example");
    let (app, _owner) = start_server(&provider, &[]).await;
    let answer = Browser::new(&app).open(CALLBACK).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.detail().contains("https://another.example"), "{}", answer.body);
    let (app, _owner) = start_server(&provider, &["--dangerous-oidc-skip-issuer-checks"]).await;
    let first = signed_in(&app, &provider).await;
    // Tokens of yet another issuer are accepted, too; an equal subject there is another user.
    provider.set_fault(Some(TokenFault::Issuer));
    let mut namesake = amy();
    namesake["email"] = json!("namesake@example.com");
    provider.sign_in_as(&namesake);
    assert_ne!(signed_in(&app, &provider).await.id, first.id);
    // The provider must have signed it all the same.
    provider.set_fault(Some(TokenFault::Signature));
    let answer = sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.message(), "Failed to verify OIDC token.");
}

#[tokio::test]
async fn another_account_with_the_same_address_is_the_same_user_when_that_is_set() {
    let provider = provider();
    let mut other = amy();
    other["sub"] = json!("amy-2");
    for (flags, is_same) in [(&[][..], false), (&["--dangerous-oidc-email-fallback"], true)] {
        provider.sign_in_as(&amy());
        let (app, _owner) = start_server(&provider, flags).await;
        let first = signed_in(&app, &provider).await;
        provider.sign_in_as(&other);
        if !is_same {
            expect_page(sign_in(&mut Browser::new(&app), &provider).await, "Account already linked");
            continue;
        }
        assert_eq!(signed_in(&app, &provider).await.id, first.id);
        // An equal address gives no access to an account with a password.
        provider.sign_in_as(&json!({"sub": "evil", "email": "owner@example.com", "email_verified": true}));
        expect_page(sign_in(&mut Browser::new(&app), &provider).await, "Incorrect login type");
    }
}

#[tokio::test]
async fn groups_that_are_not_there_are_made_only_when_that_is_set() {
    let provider = provider();
    let mut claims = amy();
    claims["groups"] = json!(["there", "missing"]);
    provider.sign_in_as(&claims);
    let field = "--oidc-group-field=groups";
    for (flags, want) in [
        (&[field][..], &["there"][..]),
        (&[field, "--oidc-group-auto-create=false"], &["there"]),
        (&[field, "--oidc-group-auto-create=true"], &["missing", "there"]),
    ] {
        let (app, owner) = start_server(&provider, flags).await;
        let path = format!("/api/v2/organizations/{}/groups", owner.organization().await);
        owner.post(&path, json!({"name": "there"})).await.expect(StatusCode::CREATED);
        signed_in(&app, &provider).await;
        let mut groups = groups_of_amy(&owner).await;
        groups.sort_unstable();
        assert_eq!(groups, want, "{flags:?}");
    }
}

/// A member of one of the allowed groups may sign in. Names are those at the provider.
#[tokio::test]
async fn only_members_of_allowed_groups_come_in() {
    let provider = provider();
    let mapping = r#"--oidc-group-mapping={"eng": "engineers", "sales": "eng"}"#;
    let flags = ["--oidc-group-field=groups", mapping, "--oidc-allowed-groups=ops,eng"];
    let (app, _owner) = start_server(&provider, &flags).await;
    let cases = [
        (json!(["sales", "eng"]), true),
        (json!("ops"), true),
        (json!(["sales"]), false),
        (json!(["engineers", "ENG"]), false),
        (json!([]), false),
        (Value::Null, false),
    ];
    for (groups, comes_in) in cases {
        let mut claims = amy();
        claims["groups"] = groups;
        provider.sign_in_as(&claims);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await;
        assert_eq!(browser.session().is_some(), comes_in, "{}", claims["groups"]);
        if !comes_in {
            expect_page(answer, "Not a member of an allowed group");
        }
    }
}

/// A server does not start with settings that let no user sign in, and names them.
#[tokio::test]
async fn a_server_does_not_start_with_half_a_provider() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let (key, certificate) =
        (format!("--oidc-client-key-file={}", empty.display()), format!("--oidc-client-cert-file={}", empty.display()));
    // The key is refused for its length whatever the certificate is.
    let short = folder.path().join("short.pem");
    fs::write(&short, SHORT_RSA_KEY).unwrap();
    let short = format!("--oidc-client-key-file={}", short.display());
    let short_certificate = certificate.clone();
    let (issuer, secret) = ("--oidc-issuer-url=https://id.example.com", "--oidc-client-secret=x");
    let cases = [
        (&[secret][..], "OIDC issuer URL must be set!"),
        (&[issuer], "--oidc-client-secret"),
        (&[issuer, "--oidc-client-secret-file=/missing"], "--oidc-client-secret-file"),
        (&[issuer, &key, &certificate], "--oidc-client-key-file"),
        (&[issuer, &key], "--oidc-client-cert-file: needed"),
        (&[issuer, &short, &short_certificate], "holds an RSA key of 1024 bits, and 2048 are the least"),
    ];
    let clock = Clock::fixed(NOW.parse().unwrap());
    for (flags, text) in cases {
        let flags = [&["--oidc-client-id=keyfob"], flags].concat();
        let error = open(folder.path(), &flags, &clock).await.err().unwrap().to_string();
        assert!(error.contains(text), "{flags:?}: {error}");
    }
}
