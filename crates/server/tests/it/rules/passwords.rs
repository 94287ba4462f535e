//! Another password: with a passcode on the page and by a call, by oneself and by an owner, and on the host.
use axum::http::StatusCode;
use keyfob_api::secret::SecretText;
use keyfob_testkit::MailServer;
use serde_json::json;

use super::{Done, OTHER, Outcome, WEAK, accepted, host};
use crate::{
    browser::Browser,
    support::{Identity, MAILS, PASSWORD, TestApp},
};

/// Where passwords are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    ResetPage,
    PasscodeCall,
    OwnCall,
    OwnersCall,
    OnHost,
}
use Front::{OnHost, OwnCall, OwnersCall, PasscodeCall, ResetPage};

const EMAIL: &str = "alice@example.com";

/// A server with the user alice, whose password every front sets.
struct World {
    app: TestApp,
    owner: Identity,
    alice: Identity,
    mails: MailServer,
}

impl World {
    async fn new() -> Self {
        let mails = MailServer::start();
        let smarthost = format!("--email-smarthost={}", mails.address);
        let (app, owner) = TestApp::with(&["--email-from=keys@example.com", &smarthost]).await;
        let alice = owner.invite(&app, "alice", &[]).await;
        Self { app, owner, alice, mails }
    }

    /// A passcode that was mailed to alice.
    async fn passcode(&self) -> String {
        let asked = self.app.anonymous().post("/api/v2/users/otp/request", json!({"email": EMAIL})).await;
        asked.expect(StatusCode::NO_CONTENT);
        self.app.server.run_jobs_once().await;
        // Among notices of passwords that were changed.
        let mail = std::iter::from_fn(|| self.mails.next_to(EMAIL)).find(|mail| mail.text.contains("otp=")).unwrap();
        mail.text.split_once("otp=").unwrap().1[..36].to_owned()
    }

    async fn page(&self, passcode: &str, password: &str) -> Outcome {
        let mut browser = Browser::new(&self.app);
        let path = "/reset-password/change";
        let page = browser.open(&format!("{path}?email=alice%40example.com&otp={passcode}")).await;
        let fields = [("password", password), ("confirmation", password)];
        Outcome::of_form(&browser.submit(&page, path, &fields).await)
    }

    async fn call(&self, passcode: &str, password: &str) -> Outcome {
        let body = json!({"email": EMAIL, "password": password, "one_time_passcode": passcode});
        Outcome::of_call(&self.app.anonymous().post("/api/v2/users/otp/change-password", body).await)
    }

    /// Sets alice's password on every front of a server that runs.
    async fn set(&self, passcode: &str, password: &str) -> Vec<(Front, Outcome)> {
        let own = json!({"old_password": PASSWORD, "password": password});
        let own = self.alice.put("/api/v2/users/me/password", own).await;
        let owners = self.owner.put("/api/v2/users/alice/password", json!({"password": password})).await;
        vec![
            (ResetPage, self.page(passcode, password).await),
            (PasscodeCall, self.call(passcode, password).await),
            (OwnCall, Outcome::of_call(&own)),
            (OwnersCall, Outcome::of_call(&owners)),
        ]
    }

    /// Sets these passwords of these users on the host, one after the other.
    async fn on_host(self, all: &[(&str, &str)]) -> Vec<Outcome> {
        let Self { app: TestApp { server, data, .. }, owner, alice, .. } = self;
        drop((server, owner, alice));
        let host = host(&data).await;
        let mut outcomes = Vec::new();
        for (user, password) in all {
            outcomes.push(Outcome::of_command(host.reset_password(user, &SecretText::new(*password)).await));
        }
        host.close().await;
        outcomes
    }
}

#[tokio::test]
async fn a_password_is_refused_on_every_front_for_the_same_reasons() {
    let rules: Vec<(&str, &str)> = WEAK.into_iter().chain([("the one that is to be replaced", PASSWORD)]).collect();
    let world = World::new().await;
    let passcode = world.passcode().await;
    let mut outcomes = Vec::new();
    for (_, password) in &rules {
        outcomes.push(world.set(&passcode, password).await);
    }
    world.app.sign_in(EMAIL).await;
    assert_eq!(world.call(&passcode, OTHER).await, Done, "refusals use no passcode up");
    let back = json!({"password": PASSWORD});
    world.owner.put("/api/v2/users/alice/password", back).await.expect(StatusCode::NO_CONTENT);
    let all: Vec<(&str, &str)> =
        rules.iter().map(|(_, password)| ("alice", *password)).chain([("alice", OTHER)]).collect();
    let mut on_host = world.on_host(&all).await;
    assert_eq!(on_host.pop(), Some(Done));
    let mut wrong = Vec::new();
    for (((why, _), mut outcomes), outcome) in rules.into_iter().zip(outcomes).zip(on_host) {
        outcomes.push((OnHost, outcome));
        wrong.extend(accepted(why, &outcomes));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A user without a password is given none, and neither is one who is deleted.
#[tokio::test]
async fn only_users_who_sign_in_with_one_are_given_a_password() {
    let world = World::new().await;
    let organization = world.owner.organization().await;
    for (name, rest) in [
        ("none", json!({"login_type": "none", "email": "none@example.com"})),
        ("robot", json!({"service_account": true})),
    ] {
        let mut body = json!({"username": name, "user_status": "active", "organization_ids": [organization]});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        world.owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
    }
    world.owner.delete("/api/v2/users/alice").await.expect(StatusCode::OK);
    let users = ["none", "robot", "alice", "nobody"];
    let mut wrong = Vec::new();
    for user in users {
        let set = world.owner.put(&format!("/api/v2/users/{user}/password"), json!({"password": OTHER})).await;
        wrong.extend(accepted(user, &[(OwnersCall, Outcome::of_call(&set))]));
    }
    for outcome in world.on_host(&users.map(|user| (user, OTHER))).await {
        wrong.extend(accepted("user", &[(OnHost, outcome)]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_passcode_is_refused_on_the_page_and_by_the_call_for_the_same_reasons() {
    let world = World::new().await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let mut outcomes = Vec::new();
    for (why, passcode) in [("unknown", unknown), ("none", ""), ("in another form", "123456")] {
        outcomes.push((why, ResetPage, world.page(passcode, OTHER).await));
        outcomes.push((why, PasscodeCall, world.call(passcode, OTHER).await));
    }
    for (first, second) in [(ResetPage, PasscodeCall), (PasscodeCall, ResetPage)] {
        let passcode = world.passcode().await;
        let new = if first == ResetPage { OTHER } else { PASSWORD };
        let mut tries = Vec::new();
        for front in [first, second, first] {
            tries.push(match front {
                ResetPage => world.page(&passcode, new).await,
                _ => world.call(&passcode, new).await,
            });
        }
        assert_eq!(tries.remove(0), Done);
        outcomes.push(("used", second, tries.remove(0)));
        outcomes.push(("used", first, tries.remove(0)));
    }
    let passcode = world.passcode().await;
    world.app.advance(jiff::SignedDuration::from_mins(21));
    outcomes.push(("expired", ResetPage, world.page(&passcode, OTHER).await));
    outcomes.push(("expired", PasscodeCall, world.call(&passcode, OTHER).await));
    let passcode = world.passcode().await;
    world.owner.delete("/api/v2/users/alice").await.expect(StatusCode::OK);
    outcomes.push(("of a deleted user", ResetPage, world.page(&passcode, OTHER).await));
    outcomes.push(("of a deleted user", PasscodeCall, world.call(&passcode, OTHER).await));
    let wrong: Vec<String> =
        outcomes.into_iter().flat_map(|(why, front, outcome)| accepted(why, &[(front, outcome)])).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A mail is asked for by the same rules.
#[tokio::test]
async fn a_passcode_is_asked_for_on_the_page_and_by_the_call_by_the_same_rules() {
    for (flags, is_disabled) in [(&[][..], false), (&["--disable-password-auth"][..], true)] {
        let (app, _owner) = TestApp::with(&[&MAILS[..], flags].concat()).await;
        let mut emails = super::NO_ADDRESS.to_vec();
        if is_disabled {
            emails.push("owner@example.com");
        }
        for email in emails {
            let mut browser = Browser::new(&app);
            let page = browser.open("/reset-password").await.expect(StatusCode::OK);
            let on_page = browser.submit(&page, "/reset-password", &[("email", email)]).await;
            let by_call = app.anonymous().post("/api/v2/users/otp/request", json!({"email": email})).await;
            assert!(on_page.status.is_client_error(), "{email:?} on the page: {}", on_page.body);
            assert_eq!(on_page.status, by_call.status, "{email:?} by the call: {}", by_call.body);
        }
    }
}
