//! Sign-in with an `OpenID` Connect provider.
use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_server::{Host, KeyFile, Random, Server};
use keyfob_testkit::{OIDC_CLIENT, OidcProvider, TokenFault};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, Log, NOW, PASSWORD, TestApp},
};

pub(crate) const CALLBACK: &str = "/api/v2/users/oidc/callback";

pub(crate) fn provider() -> OidcProvider {
    let provider = OidcProvider::start(NOW.parse::<jiff::Timestamp>().unwrap().as_second());
    provider.sign_in_as(&amy());
    provider
}

pub(crate) fn amy() -> Value {
    json!({
        "sub": "amy-1", "preferred_username": "amy", "email": "amy@example.com", "email_verified": true,
        "name": "Amy Adams", "picture": "https://pictures.example/amy",
    })
}

pub(crate) fn flags<'a>(provider: &OidcProvider, more: &[&'a str]) -> Vec<std::borrow::Cow<'a, str>> {
    let own = [
        format!("--oidc-issuer-url={}", provider.issuer),
        format!("--oidc-client-id={}", OIDC_CLIENT.0),
        format!("--oidc-client-secret={}", OIDC_CLIENT.1),
    ];
    own.into_iter().map(std::borrow::Cow::from).chain(more.iter().map(|flag| (*flag).into())).collect()
}

/// Starts a server with this provider, and an owner who signs in with a password.
pub(crate) async fn start_server(provider: &OidcProvider, more: &[&str]) -> (TestApp, Identity) {
    let flags = flags(provider, more);
    TestApp::with(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await
}

/// The same with the database in a file: its keys are for one server alone.
async fn start_in_a_file(provider: &OidcProvider) -> (TestApp, Identity) {
    TestApp::in_a_file(&flags(provider, &[]).iter().map(AsRef::as_ref).collect::<Vec<_>>()).await
}

/// Goes to the provider and back.
pub(crate) async fn sign_in(browser: &mut Browser, provider: &OidcProvider) -> Answer {
    let away = browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    browser.open(&provider.agree(away.header("location"))).await
}

pub(crate) async fn signed_in(app: &TestApp, provider: &OidcProvider) -> Identity {
    let mut browser = Browser::new(app);
    sign_in(&mut browser, provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let session = app.bearer_of(browser.session().unwrap());
    let me = session.get("/api/v2/users/me").await.expect(StatusCode::OK);
    session.with_id(me.text("id"))
}

#[tokio::test]
async fn a_new_user_signs_up_and_is_redirected_to_the_requested_page() {
    let provider = provider();
    let mut claims = amy();
    // What turns the reading direction of a terminal is no part of a name.
    claims["name"] = json!("Amy\u{202e} Adams");
    provider.sign_in_as(&claims);
    let (app, owner) = start_server(&provider, &[]).await;
    let mut browser = Browser::new(&app);
    let away = browser.open(&format!("{CALLBACK}?redirect=https://evil.example/settings%3Fx=1")).await;
    let away = away.expect(StatusCode::TEMPORARY_REDIRECT);
    let back = provider.agree(away.header("location"));
    let home = browser.open(&back).await.expect(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(home.header("location"), "/settings?x=1");
    let left: Vec<_> = browser.cookies.keys().filter(|name| name.starts_with("oauth_")).collect();
    assert!(left.is_empty(), "{left:?}");
    let session = app.bearer_of(browser.session().unwrap());
    let me = session.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
    assert_eq!(
        (&me["username"], &me["email"], &me["login_type"]),
        (&json!("amy"), &json!("amy@example.com"), &json!("oidc"))
    );
    assert_eq!((&me["name"], &me["avatar_url"]), (&json!("Amy Adams"), &json!("https://pictures.example/amy")));
    assert_eq!((&me["roles"], &me["status"]), (&json!([]), &json!("active")));
    assert_eq!(me["organization_ids"], json!([owner.organization().await]));
    let key = session.get(&format!("/api/v2/users/me/keys/{}", session.key_id())).await.expect(StatusCode::OK);
    assert_eq!(key.text("login_type"), "oidc");
    let records = owner.get("/api/v2/audit?q=username:amy%20resource_type:api_key").await.expect(StatusCode::OK).json();
    assert_eq!(records["audit_logs"][0]["action"], "register");
    let methods = app.anonymous().get("/api/v2/users/authmethods").await.expect(StatusCode::OK).json();
    assert_eq!(methods["oidc"], json!({"enabled": true, "signInText": "OpenID Connect", "iconUrl": ""}));
}

/// Every sign-in begins a new session of the same user, even if the names at the provider change. The username stays.
#[tokio::test]
async fn who_was_here_before_is_the_same_user_under_whatever_name() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    let first = signed_in(&app, &provider).await;
    provider.sign_in_as(&json!({
        "sub": "amy-1", "preferred_username": "amelia", "email": "amelia@example.com", "email_verified": true,
        "name": "Amelia\n Adams",
    }));
    let second = signed_in(&app, &provider).await;
    assert_eq!(first.id, second.id);
    assert_ne!(first.key, second.key);
    let me = second.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
    assert_eq!((&me["username"], &me["email"]), (&json!("amy"), &json!("amelia@example.com")));
    assert_eq!((&me["name"], &me["avatar_url"]), (&json!("Amelia Adams"), &Value::Null));
    // An address that another user has stays theirs.
    provider.sign_in_as(&json!({"sub": "amy-1", "email": "owner@example.com", "email_verified": true}));
    let third = signed_in(&app, &provider).await;
    assert_eq!(third.id, first.id);
    assert_eq!(third.get("/api/v2/users/me").await.expect(StatusCode::OK).text("email"), "amelia@example.com");
    assert_ne!(owner.id, third.id);
    let claims = third.get("/api/v2/users/oidc-claims").await.expect(StatusCode::OK).json();
    assert_eq!(claims["claims"]["sub"], "amy-1");
}

/// Each refusal of the callback, by its message. None begins a session.
#[tokio::test]
async fn a_callback_that_does_not_fit_its_sign_in_is_refused() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let mut browser = Browser::new(&app);
    let away = browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let back = provider.agree(away.header("location"));
    let state = browser.cookies["oauth_state"].clone();
    let cases = [
        (format!("{CALLBACK}?code=x"), None, 400, "State must be provided."),
        (format!("{CALLBACK}?code=x&state=other"), None, 401, "State mismatched."),
        (back.clone(), Some("oauth_state"), 401, "Cookie \"oauth_state\" must be provided."),
        (back.clone(), Some("oauth_pkce_verifier"), 400, "PKCE challenge must be provided."),
        (back.clone(), Some("oauth_provider"), 401, "State mismatched."),
        (format!("{back}&iss=https%3A%2F%2Fother.example"), None, 401, "State mismatched."),
        (format!("{CALLBACK}?code=made-up&state={state}"), None, 500, "Failed exchanging Oauth code."),
    ];
    for (address, without, status, message) in cases {
        let mut browser = Browser { cookies: browser.cookies.clone(), ..Browser::new(&app) };
        without.map(|name| browser.cookies.remove(name));
        let answer = browser.open(&address).await;
        assert_eq!((answer.status.as_u16(), answer.message().as_str()), (status, message), "{address}");
        assert_eq!(browser.session(), None);
    }
    let kept = browser.cookies.clone();
    browser.open(&back).await.expect(StatusCode::TEMPORARY_REDIRECT);
    // A code that was used before: an attacker has read it, with all cookies.
    let mut thief = Browser { cookies: kept, ..Browser::new(&app) };
    let replayed = thief.open(&back).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(replayed.message(), "Failed exchanging Oauth code.");
    assert_eq!(thief.session(), None);
}

/// Everything that can be wrong with a token, such as its nonce.
#[tokio::test]
async fn tokens_that_lie_are_not_believed() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    let unverified = "Failed to verify OIDC token.";
    let cases = [
        (TokenFault::Issuer, unverified),
        (TokenFault::Audience, unverified),
        (TokenFault::Party, unverified),
        (TokenFault::Expired, unverified),
        (TokenFault::Nonce, unverified),
        (TokenFault::NoNonce, unverified),
        (TokenFault::Signature, unverified),
        (TokenFault::NoSignature, unverified),
        (TokenFault::Symmetric, unverified),
        (TokenFault::NoSubject, "OIDC token missing 'sub' claim field or 'sub' claim field is empty."),
        (
            TokenFault::NoIdToken,
            "id_token not found in response payload. Ensure your OIDC callback is configured correctly!",
        ),
        (TokenFault::UserInfo, "Failed to obtain user information claims."),
    ];
    for (fault, message) in cases {
        provider.set_fault(Some(fault));
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await;
        assert_eq!(answer.message(), message, "{fault:?} {}", answer.body);
        assert_eq!(answer.status, if fault == TokenFault::UserInfo { 500 } else { 400 });
        assert_eq!(browser.session(), None);
    }
    provider.set_fault(None);
    signed_in(&app, &provider).await;
    // The refusal is recorded.
    app.server.run_jobs_once().await;
    let records = owner.get("/api/v2/audit?q=resource_type:api_key").await.expect(StatusCode::OK).json();
    let refused = records["audit_logs"].as_array().unwrap().iter().find(|one| one["status_code"] == 400).unwrap();
    assert_eq!((&refused["action"], &refused["additional_fields"]["count"]), (&json!("login"), &json!(11)));
}

#[tokio::test]
async fn keys_that_the_provider_changes_are_found() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    signed_in(&app, &provider).await;
    provider.rotate_keys();
    signed_in(&app, &provider).await;
}

/// A provider that does not announce PKCE gets no challenge.
#[tokio::test]
async fn pkce_is_used_where_the_provider_takes_it() {
    let provider = provider();
    provider.announce_pkce(false);
    let (app, _owner) = start_server(&provider, &[]).await;
    let mut browser = Browser::new(&app);
    sign_in(&mut browser, &provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
    assert!(browser.session().is_some());
}

/// Claims that are missing or wrong, by message.
#[tokio::test]
async fn claims_must_hold_a_verified_address() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &["--oidc-email-domain=example.com,@keys.test"]).await;
    let cases = [
        (json!({"sub": "x"}), 400, "No email found in OIDC payload!"),
        (json!({"sub": "x", "email": 3, "email_verified": true}), 400, "Email in OIDC payload isn't a string."),
        (json!({"sub": "x", "email": "x@example.com"}), 403, "Email not verified"),
        (json!({"sub": "x", "email": "x@example.com", "email_verified": "false"}), 403, "Email not verified"),
        (json!({"sub": "x", "email": "x@evil.test", "email_verified": true}), 403, "Unauthorized email"),
        (json!({"sub": "x", "email": "kyle", "email_verified": true}), 403, "Unauthorized email"),
    ];
    for (claims, status, text) in cases {
        provider.sign_in_as(&claims);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await;
        assert_eq!(answer.status, status, "{claims}");
        assert!(answer.body.contains(text), "{claims}: {}", answer.body);
        assert_eq!(answer.header("content-type").starts_with("text/html"), status == 403);
        assert_eq!(browser.session(), None);
        // Which domains are allowed is told to nobody.
        assert!(!answer.body.contains("keys.test"), "{}", answer.body);
    }
    for email in ["a@EXAMPLE.com", "b@keys.test"] {
        provider.sign_in_as(&json!({"sub": email, "email": email, "email_verified": 1}));
        signed_in(&app, &provider).await;
    }
}

#[tokio::test]
async fn claims_come_from_user_info_unless_that_is_switched_off() {
    let provider = provider();
    provider.add_user_info(&json!({"name": "From the endpoint", "nickname": "am"}));
    for (flags, want) in [(&[][..], "From the endpoint"), (&["--oidc-ignore-userinfo"], "Amy Adams")] {
        let (app, _owner) = start_server(&provider, flags).await;
        let amy = signed_in(&app, &provider).await;
        assert_eq!(amy.get("/api/v2/users/me").await.expect(StatusCode::OK).text("name"), want);
    }
}

/// How accounts are linked to users.
#[tokio::test]
async fn accounts_are_linked_by_address_once() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    let order = json!({
        "username": "amy-made", "email": "amy@example.com", "login_type": "oidc", "user_status": "active",
        "organization_ids": [owner.organization().await],
    });
    let made = owner.post("/api/v2/users", order).await.expect(StatusCode::CREATED);
    let amy = signed_in(&app, &provider).await;
    assert_eq!(amy.id, made.text("id"), "who was made beforehand is found by their address");
    // Another account of the same provider with the same address is another user.
    provider.sign_in_as(&json!({"sub": "amy-2", "email": "AMY@example.com", "email_verified": true}));
    let mut browser = Browser::new(&app);
    let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Account already linked"), "{}", answer.body);
    // A user with a password cannot sign in with a provider just because the addresses are equal.
    provider.sign_in_as(&json!({"sub": "evil", "email": "owner@example.com", "email_verified": true}));
    let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Incorrect login type"), "{}", answer.body);
    let text = "Attempting to use login type &#34;oidc&#34;, but the user has the login type &#34;password&#34;. You can \
                convert your account to use this login type by visiting your account settings.";
    assert!(answer.body.contains(text), "{}", answer.body);
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn the_suspended_stay_out_and_the_dormant_wake() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    let amy = signed_in(&app, &provider).await;
    let status = |to: &str| format!("/api/v2/users/{}/status/{to}", amy.id);
    owner.put(&status("suspend"), Value::Null).await.expect(StatusCode::OK);
    let mut browser = Browser::new(&app);
    let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Account suspended"), "{}", answer.body);
    assert!(answer.body.contains("Your account &#34;amy&#34; has been suspended."), "{}", answer.body);
    owner.put(&status("activate"), Value::Null).await.expect(StatusCode::OK);
    signed_in(&app, &provider).await;
    app.advance(SignedDuration::from_hours(24 * 91));
    provider.set_now(app.clock.now().as_second());
    app.server.run_jobs_once().await;
    let owner = app.sign_in("owner@example.com").await;
    let amy_now = owner.get("/api/v2/users/amy").await.expect(StatusCode::OK);
    assert_eq!(amy_now.text("status"), "dormant");
    signed_in(&app, &provider).await;
    assert_eq!(owner.get("/api/v2/users/amy").await.expect(StatusCode::OK).text("status"), "active");
}

#[tokio::test]
async fn without_signups_only_the_first_user_and_those_who_are_known_come_in() {
    let provider = provider();
    let more = [
        "--oidc-allow-signups=false",
        "--oidc-signups-disabled-text=Ask <b>the</b> [platform team](https://example.com/team).",
    ];
    let flags = flags(&provider, &more);
    let app = TestApp::empty(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let amy = signed_in(&app, &provider).await;
    let me = amy.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
    assert_eq!(me["roles"][0]["name"], "owner");
    app.anonymous().get("/api/v2/users/first").await.expect(StatusCode::OK);
    amy.get("/api/v2/organizations/default").await.expect(StatusCode::OK);
    provider.sign_in_as(&json!({"sub": "bob-1", "email": "bob@example.com", "email_verified": true}));
    let mut browser = Browser::new(&app);
    let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Signups are disabled"), "{}", answer.body);
    // The text is Markdown.
    let html = "<p>Ask &lt;b&gt;the&lt;/b&gt; <a href=\"https://example.com/team\">platform team</a>.</p>";
    assert!(answer.body.contains(html), "{}", answer.body);
}

#[tokio::test]
async fn a_taken_username_gets_a_suffix() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    owner.make_user("Amy", &[]).await;
    provider.sign_in_as(&json!({
        "sub": "amy-1", "preferred_username": "amy", "email": "another@example.com", "email_verified": true,
    }));
    let amy = signed_in(&app, &provider).await;
    let name = amy.get("/api/v2/users/me").await.expect(StatusCode::OK).text("username").to_owned();
    assert!(name.starts_with("amy-") && name.len() == "amy-".len() + 6, "{name}");
}

/// Users are in exactly the groups, and have exactly the roles, that the provider's claims list.
#[tokio::test]
async fn groups_and_roles_follow_the_provider() {
    let provider = provider();
    let flags = [
        "--oidc-group-field=groups",
        "--oidc-group-mapping={\"eng\": \"engineers\"}",
        "--oidc-group-auto-create",
        "--oidc-group-regex-filter=^[a-z]+$",
        "--oidc-allowed-groups=eng,ops",
        "--oidc-user-role-field=roles",
        "--oidc-user-role-mapping={\"boss\": [\"user-admin\", \"auditor\"]}",
        "--oidc-user-role-default=template-admin",
    ];
    let (app, owner) = start_server(&provider, &flags).await;
    let with = |groups: Value, roles: Value| {
        let mut claims = amy();
        claims["groups"] = groups;
        claims["roles"] = roles;
        provider.sign_in_as(&claims);
    };
    let named = |list: &Value, field: &str| {
        let mut names: Vec<_> =
            list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let seen = async |amy: &Identity| {
        let groups = owner.get("/api/v2/groups?has_member=amy").await.expect(StatusCode::OK).json();
        let me = amy.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
        (named(&groups, "name"), named(&me["roles"], "name"))
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    with(json!(["eng", "ops", "Not-Matching"]), json!(["boss", "unheard-of"]));
    let amy = signed_in(&app, &provider).await;
    let want = (texts(&["Everyone", "engineers", "ops"]), texts(&["auditor", "template-admin", "user-admin"]));
    assert_eq!(seen(&amy).await, want);
    with(json!("eng"), json!(null));
    let amy = signed_in(&app, &provider).await;
    assert_eq!(seen(&amy).await, (texts(&["Everyone", "engineers"]), texts(&["template-admin"])));
    with(json!(["elsewhere"]), json!(null));
    let mut browser = Browser::new(&app);
    let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Not a member of an allowed group"), "{}", answer.body);
}

/// Two groups of the provider may map to one here, and invalid names of groups are ignored.
#[tokio::test]
async fn groups_that_the_provider_names_twice_or_oddly_keep_no_user_out() {
    let provider = provider();
    let flags = ["--oidc-group-field=groups", "--oidc-group-mapping={\"dev\": \"eng\"}", "--oidc-group-auto-create"];
    let (app, owner) = start_server(&provider, &flags).await;
    let mut claims = amy();
    claims["groups"] = json!(["eng", "dev", "eng", "Domain Users", "a/b", "new", "Everyone"]);
    provider.sign_in_as(&claims);
    signed_in(&app, &provider).await;
    let groups = owner.get("/api/v2/groups").await.expect(StatusCode::OK).json();
    let mut names: Vec<_> = groups.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Everyone", "eng"]);
}

/// The first user is an owner, whatever roles the provider's claims list: there must be an owner.
#[tokio::test]
async fn the_first_user_is_an_owner_even_if_roles_follow_the_provider() {
    let provider = provider();
    let flags = flags(&provider, &["--oidc-user-role-field=roles"]);
    let app = TestApp::empty(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let amy = signed_in(&app, &provider).await;
    let me = amy.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
    assert_eq!(me["roles"][0]["name"], "owner");
}

#[tokio::test]
async fn a_session_lives_as_long_as_the_providers() {
    let provider = provider();
    provider.expire_in(Some(600));
    let (app, _owner) = start_server(&provider, &[]).await;
    let amy = signed_in(&app, &provider).await;
    let token = amy.scoped(&["user:read"]).await;
    let past = |app: &TestApp| {
        app.advance(SignedDuration::from_secs(600));
        provider.set_now(app.clock.now().as_second());
    };
    past(&app);
    amy.get("/api/v2/users/me").await.expect(StatusCode::OK);
    past(&app);
    provider.refuse_refresh(true);
    let refused = amy.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    let message = "Could not refresh expired OpenID Connect token. Try re-authenticating to resolve this issue.";
    assert_eq!(refused.message(), message);
    assert_eq!(refused.json()["detail"], "invalid_grant: no");
    // Tokens are not sessions: they expire at their own time.
    token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    provider.refuse_refresh(false);
    app.advance(SignedDuration::from_mins(1));
    amy.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

/// Of two requests at the same time, one renews; the refresh token that the other read is used up by then.
#[tokio::test(flavor = "multi_thread")]
async fn requests_at_the_same_time_renew_the_providers_session_once() {
    let provider = provider();
    provider.expire_in(Some(600));
    let (app, _owner) = start_server(&provider, &[]).await;
    let amy = signed_in(&app, &provider).await;
    for _ in 0..5 {
        app.advance(SignedDuration::from_secs(600));
        provider.set_now(app.clock.now().as_second());
        let asks: Vec<_> = (0..8)
            .map(|_| {
                let amy = amy.clone();
                tokio::spawn(async move { amy.get("/api/v2/users/me").await.status })
            })
            .collect();
        for ask in asks {
            assert_eq!(ask.await.unwrap(), StatusCode::OK);
        }
    }
}

/// What the provider gave is sealed anew.
#[tokio::test]
async fn a_session_goes_on_when_the_key_that_seals_is_replaced() {
    let provider = provider();
    provider.expire_in(Some(600));
    let (app, owner) = start_in_a_file(&provider).await;
    let amy = signed_in(&app, &provider).await;
    let TestApp { server, clock, data } = app;
    let key = amy.key.clone();
    server.close().await;
    drop((server, amy, owner));
    let file = data.path().join("seal.key");
    let former = std::fs::read(&file).unwrap();
    let folder = format!("--data-dir={}", data.path().display());
    let host = Host::open(&data.args(&[&folder])).await.unwrap();
    let replaced = host.replace_key(KeyFile::Seal).await.unwrap();
    assert_eq!((replaced.file.as_path(), replaced.lost), (file.as_path(), 0));
    assert_ne!(std::fs::read(&file).unwrap(), former);
    let flags = flags(&provider, &[]);
    let flags: Vec<_> = flags.iter().map(AsRef::as_ref).collect();
    let server = data.open(&flags, &clock).await.unwrap();
    let app = TestApp { server, clock, data };
    app.advance(SignedDuration::from_secs(600));
    provider.set_now(app.clock.now().as_second());
    app.bearer_of(&key).get("/api/v2/users/me").await.expect(StatusCode::OK);
    assert_eq!(provider.refresh_requests(), 1);
}

/// Without a refresh token, the session ends when the provider's does.
#[tokio::test]
async fn what_cannot_be_renewed_ends() {
    let provider = provider();
    provider.expire_in(Some(600));
    let (app, owner) = start_in_a_file(&provider).await;
    let amy = signed_in(&app, &provider).await;
    // A refresh token that was sealed with another key counts as missing.
    std::fs::remove_file(app.data.path().join("seal.key")).unwrap();
    let TestApp { server, clock, data } = app;
    let key = amy.key.clone();
    drop((server, amy, owner));
    let flags = flags(&provider, &[]);
    let flags: Vec<_> = flags.iter().map(AsRef::as_ref).collect();
    let args = data.args(&flags);
    let server = Server::open(&args, data.path(), "http://keyfob.test", clock.clone(), Random::seeded(2));
    let app = TestApp { server: server.await.unwrap(), clock, data };
    let amy = app.bearer_of(&key);
    amy.get("/api/v2/users/me").await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_secs(600));
    let ended = amy.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED).json();
    let detail = "OpenID Connect session expired at \"2026-01-02 03:14:05 +0000 UTC\". Try signing in again.";
    assert_eq!(ended["detail"], detail);
}

/// The database holds no token of the provider.
#[tokio::test]
async fn what_the_provider_gave_is_sealed() {
    let provider = provider();
    provider.expire_in(Some(600));
    let (app, _owner) = start_server(&provider, &[]).await;
    signed_in(&app, &provider).await;
    for file in std::fs::read_dir(app.data.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [&b"refresh-"[..], b"access-", PASSWORD.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

/// While the provider is unreachable, sessions go on, and sign-ins get an error.
#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let flags = ["--oidc-issuer-url=http://127.0.0.1:1", "--oidc-client-id=x", "--oidc-client-secret=y"];
    let (app, owner) = TestApp::with(&flags).await;
    let log = Log::capture();
    let answer = Browser::new(&app).open(CALLBACK).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.message(), "The OpenID Connect provider cannot be asked.");
    // The log says more: the address, and what the system says.
    assert_eq!(answer.detail(), "the connection was refused");
    assert!(
        log.text().contains("http://127.0.0.1:1: the connection was refused: error sending request"),
        "{}",
        log.text()
    );
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn people_come_back_only_to_hosts_that_are_allowed() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &["--oidc-redirect-allowed-hosts=keys.example.com"]).await;
    let ask = async |host: &str| {
        let request = axum::http::Request::get(CALLBACK).header("Host", host).body(axum::body::Body::empty()).unwrap();
        app.anonymous().send_request(request).await
    };
    let answer = ask("evil.example.com").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.message(), "OIDC login is not permitted from this host.");
    let answer = ask("keys.example.com").await.expect(StatusCode::TEMPORARY_REDIRECT);
    let back = "redirect_uri=http%3A%2F%2Fkeys.example.com%2Fapi%2Fv2%2Fusers%2Foidc%2Fcallback";
    assert!(answer.header("location").contains(back), "{}", answer.header("location"));
}

/// The first sign-in creates the first user, and the organization whose groups they are in.
#[tokio::test]
async fn the_first_user_may_come_from_a_provider_that_names_groups() {
    let provider = provider();
    let flags = flags(&provider, &["--oidc-group-field=groups", "--oidc-group-auto-create"]);
    let app = TestApp::empty(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let mut claims = amy();
    claims["groups"] = json!(["eng"]);
    provider.sign_in_as(&claims);
    let amy = signed_in(&app, &provider).await;
    let groups = amy.get("/api/v2/groups").await.expect(StatusCode::OK).json();
    let made = groups.as_array().unwrap().iter().find(|group| group["name"] == "eng").unwrap();
    assert_eq!(made["source"], "oidc");
    assert_eq!(made["members"][0]["username"], "amy");
    let path = format!("/api/v2/groups/{}", made["id"].as_str().unwrap());
    let changed = amy.patch(&path, json!({"display_name": "Engineers"})).await.expect(StatusCode::OK).json();
    assert_eq!(changed["source"], "oidc");
}

/// The last owner stays one, even if the provider's claims lack the role: no one could give it back.
#[tokio::test]
async fn the_last_owner_stays_one() {
    let provider = provider();
    let flags = flags(&provider, &["--oidc-user-role-field=roles"]);
    let app = TestApp::empty(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let roles = async |who: &Identity| {
        let user = who.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
        user["roles"].as_array().unwrap().iter().map(|role| role["name"].clone()).collect::<Vec<_>>()
    };
    let amy = signed_in(&app, &provider).await;
    assert_eq!(roles(&amy).await, ["owner"]);
    let amy = signed_in(&app, &provider).await;
    assert_eq!(roles(&amy).await, ["owner"]);
    // Another owner could give it back.
    amy.make_user("bob", &["owner"]).await;
    assert!(roles(&signed_in(&app, &provider).await).await.is_empty());
}

#[tokio::test]
async fn roles_that_follow_the_provider_are_changed_there() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &["--oidc-user-role-field=roles"]).await;
    signed_in(&app, &provider).await;
    let roles = json!({"roles": ["auditor"]});
    let refused = owner.put("/api/v2/users/amy/roles", roles.clone()).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Cannot modify roles for OIDC users when role sync is enabled.");
    owner.make_user("bob", &[]).await;
    owner.put("/api/v2/users/bob/roles", roles).await.expect(StatusCode::OK);
}

/// Any path and query to return to are kept unchanged.
#[tokio::test]
async fn people_come_back_to_the_whole_of_where_they_wanted_to_go() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    for path in ["/device?code=WDJB-MJHT", "/a;b?c=d,e&f=%22g%22", "/a?next=https://elsewhere.example/x"] {
        let mut browser = Browser::new(&app);
        let redirect: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        let away = browser.open(&format!("{CALLBACK}?redirect={redirect}")).await;
        let away = away.expect(StatusCode::TEMPORARY_REDIRECT);
        let home = browser.open(&provider.agree(away.header("location"))).await;
        assert_eq!(home.expect(StatusCode::TEMPORARY_REDIRECT).header("location"), path);
    }
}

/// A PKCE verifier of another sign-in is not sent to a provider that got no challenge (RFC 7636).
#[tokio::test]
async fn a_verifier_of_another_way_is_forgotten() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    provider.announce_pkce(false);
    let mut browser = Browser::new(&app);
    browser.cookies.insert("oauth_pkce_verifier".to_owned(), "x".repeat(43));
    browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(browser.cookies.get("oauth_pkce_verifier"), None);
}
