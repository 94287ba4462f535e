//! Making an owner: on the set-up page, by the calls for the first and for every further user, and on the host.
use axum::http::StatusCode;
use keyfob_api::secret::SecretText;
use keyfob_server::NewAdmin;
use serde_json::json;

use super::{Done, NO_ADDRESS, NotThere, Outcome, Refused, WEAK, accepted, host};
use crate::{
    browser::Browser,
    support::{Identity, PASSWORD, TestApp},
};

/// Where owners are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    SetUpPage,
    FirstUserCall,
    UsersCall,
    CreateAdmin,
}
use Front::{CreateAdmin, FirstUserCall, SetUpPage, UsersCall};

/// An owner to make.
#[derive(Clone, Copy, Debug)]
struct Candidate<'a> {
    username: &'a str,
    email: &'a str,
    password: &'a str,
}

const GOOD: Candidate<'static> = Candidate { username: "second", email: "second@example.com", password: PASSWORD };

/// Texts that are no username.
const NO_USERNAME: [&str; 12] = [
    "",
    "me",
    "Me",
    "new",
    "create",
    "a b",
    "a_b",
    "-a",
    "a--b",
    "abcdefghijklmnopqrstuvwxyz-1234567",
    // A name that reads as an id would be taken for it.
    "67e5504410b1426f9247bb680e5fe0c8",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
];

/// Names and addresses that the first user has, in other letters.
const TAKEN: [(&str, &str); 2] = [("OWNER", "second@example.com"), ("second", "Owner@Example.com")];

/// Owners that must not be made, and why.
fn bad() -> Vec<(String, Candidate<'static>)> {
    let passwords = WEAK.map(|(why, password)| (format!("password {why}"), Candidate { password, ..GOOD }));
    let addresses = NO_ADDRESS.map(|email| (format!("address {email:?}"), Candidate { email, ..GOOD }));
    let usernames = NO_USERNAME.map(|username| (format!("username {username:?}"), Candidate { username, ..GOOD }));
    passwords.into_iter().chain(addresses).chain(usernames).collect()
}

/// Servers that are not set up, for the page and for the call, and one that is.
struct Fronts {
    page: TestApp,
    call: TestApp,
    host: TestApp,
    owner: Identity,
}

impl Fronts {
    async fn new() -> Self {
        let (page, call) = (TestApp::empty(&[]).await, TestApp::empty(&[]).await);
        let (host, owner) = TestApp::new().await;
        Self { page, call, host, owner }
    }

    async fn set_up_page(&self, new: Candidate<'_>) -> Outcome {
        // There is no field for it: it is made of the address.
        if new.username != GOOD.username {
            return NotThere;
        }
        let mut browser = Browser::new(&self.page);
        let page = browser.open("/setup").await.expect(StatusCode::OK);
        let fields = [("email", new.email), ("password", new.password), ("confirmation", new.password)];
        Outcome::of_form(&browser.submit(&page, "/setup", &fields).await)
    }

    async fn first_user_call(&self, new: Candidate<'_>) -> Outcome {
        let body = json!({"username": new.username, "email": new.email, "password": new.password});
        Outcome::of_call(&self.call.anonymous().post("/api/v2/users/first", body).await)
    }

    async fn users_call(&self, new: Candidate<'_>) -> Outcome {
        let organization = self.owner.organization().await;
        let body = json!({
            "username": new.username, "email": new.email, "password": new.password, "roles": ["owner"],
            "organization_ids": [organization],
        });
        Outcome::of_call(&self.owner.post("/api/v2/users", body).await)
    }

    async fn by_calls_and_pages(&self, new: Candidate<'_>) -> Vec<(Front, Outcome)> {
        vec![
            (SetUpPage, self.set_up_page(new).await),
            (FirstUserCall, self.first_user_call(new).await),
            (UsersCall, self.users_call(new).await),
        ]
    }
}

/// Makes all of these on the host, one after the other, where there is an owner.
async fn on_host(fronts: Fronts, all: &[Candidate<'_>]) -> Vec<Outcome> {
    let Fronts { host: TestApp { server, data, .. }, owner, .. } = fronts;
    drop((server, owner));
    let host = host(&data).await;
    let mut outcomes = Vec::new();
    for new in all {
        let admin = NewAdmin {
            username: new.username.to_owned(),
            email: new.email.to_owned(),
            password: SecretText::new(new.password),
        };
        outcomes.push(Outcome::of_command(host.create_admin(admin).await));
    }
    host.close().await;
    outcomes
}

#[tokio::test]
async fn an_owner_is_refused_on_every_front_for_the_same_reasons() {
    let fronts = Fronts::new().await;
    let mut rules = Vec::new();
    for (why, new) in bad() {
        rules.push((why, new, fronts.by_calls_and_pages(new).await));
    }
    for (username, email) in TAKEN {
        let new = Candidate { username, email, ..GOOD };
        // Where there is no user yet no name is taken.
        rules.push((format!("taken {username} {email}"), new, vec![(UsersCall, fronts.users_call(new).await)]));
    }
    for app in [&fronts.page, &fronts.call] {
        app.anonymous().get("/api/v2/users/first").await.expect(StatusCode::NOT_FOUND);
    }
    for (front, outcome) in fronts.by_calls_and_pages(GOOD).await {
        assert_eq!(outcome, Done, "{front:?}");
    }
    assert_eq!(fronts.owner.delete("/api/v2/users/second").await.status, StatusCode::OK);
    let candidates: Vec<Candidate<'_>> = rules.iter().map(|(_, new, _)| *new).chain([GOOD]).collect();
    let mut on_host = on_host(fronts, &candidates).await;
    assert_eq!(on_host.pop(), Some(Done));
    let mut wrong = Vec::new();
    for ((why, _, mut outcomes), outcome) in rules.into_iter().zip(on_host) {
        outcomes.push((CreateAdmin, outcome));
        wrong.extend(accepted(&why, &outcomes));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a password is said in the same words.
#[tokio::test]
async fn a_weak_password_is_explained_on_every_front() {
    // Pages say it in words of their own.
    const WORDS: [&str; 2] = ["insecure password, try including more special characters", "Try including more special"];
    let fronts = Fronts::new().await;
    let weak = Candidate { password: "password", ..GOOD };
    let mut outcomes = fronts.by_calls_and_pages(weak).await;
    outcomes.push((CreateAdmin, on_host(fronts, &[weak]).await.remove(0)));
    for (front, outcome) in outcomes {
        assert!(
            matches!(&outcome, Refused(words) if WORDS.iter().any(|of| words.contains(of))),
            "{front:?}: {outcome:?}"
        );
    }
}

/// Set-up opens once per database, on the page and by the call; before it no owner is made on the host.
#[tokio::test]
async fn set_up_opens_once() {
    let (app, _owner) = TestApp::new().await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.open("/setup").await.expect(StatusCode::SEE_OTHER).header("location"), "/login");
    let page = browser.open("/login").await.expect(StatusCode::OK);
    let fields = [("email", GOOD.email), ("password", GOOD.password), ("confirmation", GOOD.password)];
    browser.submit(&page, "/setup", &fields).await.expect(StatusCode::CONFLICT);
    let body = json!({"username": GOOD.username, "email": GOOD.email, "password": GOOD.password});
    app.anonymous().post("/api/v2/users/first", body).await.expect(StatusCode::CONFLICT);
    let login = json!({"email": GOOD.email, "password": GOOD.password});
    app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::UNAUTHORIZED);

    let (TestApp { server, data, .. }, fresh) = (TestApp::empty(&[]).await, GOOD);
    drop(server);
    let host = host(&data).await;
    let (username, email) = (fresh.username.to_owned(), fresh.email.to_owned());
    let admin = NewAdmin { username, email, password: SecretText::new(fresh.password) };
    assert!(host.create_admin(admin).await.is_err());
    host.close().await;
}
