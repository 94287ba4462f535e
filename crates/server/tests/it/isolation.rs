//! Objects of one organization look to the administrators of another as if they did not exist, in paths, queries and
//! bodies.
mod named;
mod sample;

use axum::http::{Method, StatusCode};

use crate::{
    access::{body, endpoints},
    support::{Answer, Identity, TestApp},
};
use sample::{SampleOrganization, Spelling, person};

/// The header with the permissions that a request required.
const REQUIRED: &str = "X-Keyfob-Required";

/// Roles of an organization that may read no users but its members.
const ROLES_WITHOUT_USERS: [&str; 4] =
    ["organization-auditor", "organization-template-admin", "organization-workspace-access", "agents-access"];

/// Roles of an organization that may read all users of the deployment.
const ROLES_WITH_USERS: [&str; 2] = ["organization-admin", "organization-user-admin"];

/// The answers to callers who may read users, when a path names a user of another organization and otherwise only the
/// caller's own objects. Every other endpoint answers as if there were no such user.
const FOREIGN_USER: [(&str, &str, StatusCode); 16] = [
    ("GET", "/users/{user}", StatusCode::OK),
    ("GET", "/users/{user}/organizations", StatusCode::OK),
    ("GET", "/users/{user}/keys/tokens", StatusCode::OK),
    ("GET", "/users/{user}/sessions", StatusCode::OK),
    ("GET", "/users/{user}/keys/tokens/tokenconfig", StatusCode::OK),
    ("GET", "/users/{user}/login-type", StatusCode::FORBIDDEN),
    ("DELETE", "/users/{user}", StatusCode::FORBIDDEN),
    ("POST", "/users/{user}/keys", StatusCode::FORBIDDEN),
    ("POST", "/users/{user}/keys/tokens", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/profile", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/roles", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/status/suspend", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/status/activate", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/appearance", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/preferences", StatusCode::FORBIDDEN),
    ("PUT", "/users/{user}/notices", StatusCode::FORBIDDEN),
];

/// A caller who may read a user and add members may add the user.
const ADD_MEMBER: (&str, &str) = ("POST", "/organizations/{organization}/members/{user}");

struct TwoOrganizations {
    owner: Identity,
    own: SampleOrganization,
    foreign: SampleOrganization,
    missing: SampleOrganization,
    /// Missing names, but for the user of the foreign organization.
    missing_with_foreign_user: SampleOrganization,
    _app: TestApp,
}

impl TwoOrganizations {
    async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        let (own, foreign) =
            (SampleOrganization::new(&owner, "acme").await, SampleOrganization::new(&owner, "bell").await);
        let missing = foreign.missing();
        let missing_with_foreign_user = missing.with("{user}", &foreign);
        Self { owner, own, foreign, missing, missing_with_foreign_user, _app: app }
    }

    /// The types of objects and the spellings of names to try with a path.
    fn cases(&self, path: &str) -> Vec<(&str, Spelling)> {
        let every = self.foreign.objects.keys().map(String::as_str);
        let kinds: Vec<&str> = if path.contains("{type}") { every.collect() } else { vec!["workspace"] };
        let has_names = places(path).iter().any(|place| *place != "{id}" && self.foreign.has_name(place));
        let spellings: &[Spelling] = if has_names { &[Spelling::Id, Spelling::Name] } else { &[Spelling::Id] };
        kinds.into_iter().flat_map(|kind| spellings.iter().map(move |spelling| (kind, *spelling))).collect()
    }

    /// Administrators of the first organization, each with their own objects there.
    async fn callers(&self) -> Vec<Caller> {
        let all: Vec<&str> =
            ROLES_WITH_USERS.iter().chain(&ROLES_WITHOUT_USERS).copied().chain(["acme-role"]).collect();
        let mut callers = Vec::new();
        for (name, roles) in [("admin", &ROLES_WITH_USERS[..1]), ("all", &all), ("unseeing", &ROLES_WITHOUT_USERS)] {
            let who = person(&self.owner, "acme", name, roles).await;
            let own = self.own.of(&who).await;
            callers.push(Caller {
                name,
                who,
                own,
                reads_users: roles.iter().any(|role| ROLES_WITH_USERS.contains(role)),
            });
        }
        callers
    }
}

struct Caller {
    name: &'static str,
    who: Identity,
    own: SampleOrganization,
    reads_users: bool,
}

/// The placeholders of a path that name an object. Types are no secret.
fn places(path: &str) -> Vec<&str> {
    let places = path.split('/').filter(|segment| segment.starts_with('{') && *segment != "{type}");
    places.collect()
}

/// All subsets but the empty one.
fn subsets<'a>(of: &[&'a str]) -> Vec<Vec<&'a str>> {
    let chosen = |bits: usize| {
        of.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, name)| *name).collect()
    };
    (1..1 << of.len()).map(chosen).collect()
}

/// An endpoint's path, some of whose placeholders are filled with names of another organization.
struct Address<'a> {
    path: &'a str,
    foreign_places: Vec<&'a str>,
    kind: &'a str,
    spelling: Spelling,
}

impl Address<'_> {
    fn to(&self, own: &SampleOrganization, other: &SampleOrganization) -> String {
        let source = |place: &str| if self.foreign_places.contains(&place) { other } else { own };
        let path = self.path.replace("{type}", self.kind).replace("{id}", &source("{id}").objects[self.kind]);
        let path = places(&path)
            .into_iter()
            .fold(path.clone(), |path, place| path.replace(place, source(place).name_as(place, self.spelling)));
        format!("/api/v2{path}")
    }
}

async fn ask(who: &Identity, method: &str, path: &str, to: &str) -> Answer {
    let body = (!matches!(method, "GET" | "DELETE")).then(|| body(path));
    who.send(Method::from_bytes(method.as_bytes()).unwrap(), to, body).await
}

/// The answers of one endpoint to names of the foreign organization, and to names of nothing.
struct Answers {
    foreign: Answer,
    missing: Answer,
}

impl Caller {
    async fn compare(&self, organizations: &TwoOrganizations, method: &str, address: &Address<'_>) -> Answers {
        let keeps_user = self.reads_users && address.foreign_places.len() > 1;
        let missing = if keeps_user { &organizations.missing_with_foreign_user } else { &organizations.missing };
        Answers {
            foreign: ask(&self.who, method, address.path, &address.to(&self.own, &organizations.foreign)).await,
            missing: ask(&self.who, method, address.path, &address.to(&self.own, missing)).await,
        }
    }

    fn check(
        &self,
        organizations: &TwoOrganizations,
        method: &str,
        address: &Address<'_>,
        Answers { foreign, missing }: &Answers,
    ) {
        let context = format!("{} {method} {} {:?}: {}", self.name, address.path, address.foreign_places, foreign.body);
        let (seen, unseen) =
            (organizations.foreign.without_names(foreign), organizations.missing.without_names(missing));
        if !self.reads_users || address.foreign_places != ["{user}"] {
            assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&foreign.status), "{context}");
            assert_eq!((seen, foreign.header(REQUIRED)), (unseen, missing.header(REQUIRED)), "{context}");
            return;
        }
        match FOREIGN_USER.iter().find(|(of, path, _)| (*of, *path) == (method, address.path)) {
            Some((_, path, status)) => {
                assert_eq!(foreign.status, *status, "{context}");
                // A user's own record lists their organizations.
                let named = if *path == "/users/{user}" { Vec::new() } else { organizations.foreign.names_in(foreign) };
                assert!(named.is_empty(), "{context}");
            }
            None => assert_eq!((foreign.status, seen), (StatusCode::NOT_FOUND, unseen), "{context}"),
        }
    }
}

#[tokio::test]
async fn what_is_another_organizations_looks_as_if_it_were_not_there_in_every_path() {
    let organizations = TwoOrganizations::new().await;
    let before = organizations.foreign.everything(&organizations.owner).await;
    for caller in organizations.callers().await {
        for (method, path, _) in endpoints() {
            for foreign_places in subsets(&places(&path)) {
                if caller.reads_users && foreign_places == ["{user}"] && (method, path.as_str()) == ADD_MEMBER {
                    continue;
                }
                for (kind, spelling) in organizations.cases(&path) {
                    let address = Address { path: &path, foreign_places: foreign_places.clone(), kind, spelling };
                    let compared = caller.compare(&organizations, method, &address).await;
                    caller.check(&organizations, method, &address, &compared);
                }
            }
        }
        assert_eq!(organizations.foreign.everything(&organizations.owner).await, before, "{}", caller.name);
    }
}

/// Shows that the test above tries the right paths: with the caller's own names, they lead to objects.
#[tokio::test]
async fn what_is_their_own_is_there_for_administrators() {
    let organizations = TwoOrganizations::new().await;
    let all = organizations.callers().await.remove(1);
    for (_, path, _) in endpoints().into_iter().filter(|(method, ..)| *method == "GET") {
        for (kind, spelling) in organizations.cases(&path).into_iter().filter(|_| !places(&path).is_empty()) {
            let address = Address { path: &path, foreign_places: Vec::new(), kind, spelling };
            let answer = ask(&all.who, "GET", &path, &address.to(&all.own, &organizations.foreign)).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {kind}: {}", answer.body);
        }
    }
}
