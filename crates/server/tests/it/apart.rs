//! What belongs to one organization looks to another's administrators as if it were not there, whatever names it.
mod named;
mod town;

use axum::http::{Method, StatusCode};

use crate::{
    access::{body, endpoints},
    support::{Answer, Identity, TestApp},
};
use town::{Spelling, Town, person};

/// What the gate was asked for.
const REQUIRED: &str = "X-Keyfob-Required";

/// Roles of an organization that see nobody but its members.
const UNSEEING: [&str; 4] =
    ["organization-auditor", "organization-template-admin", "organization-workspace-access", "agents-access"];

/// Roles of an organization with which all people of the deployment may be read (contract of decisions, section 3.4).
const SEEING: [&str; 2] = ["organization-admin", "organization-user-admin"];

/// What is answered to those who may read people when a path names a person of another organization, and all else in it
/// is their own. Every other endpoint answers as if there were nobody.
const PEOPLE: [(&str, &str, StatusCode); 16] = [
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

/// Whoever may read a person and make members may make them one.
const JOINING: (&str, &str) = ("POST", "/organizations/{organization}/members/{user}");

struct World {
    owner: Identity,
    own: Town,
    foreign: Town,
    vanished: Town,
    /// The same with the people of the other town.
    vanished_but_people: Town,
    _app: TestApp,
}

impl World {
    async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        let (own, foreign) = (Town::new(&owner, "acme").await, Town::new(&owner, "bell").await);
        let vanished = foreign.vanished();
        let vanished_but_people = vanished.with("{user}", &foreign);
        Self { owner, own, foreign, vanished, vanished_but_people, _app: app }
    }

    /// Which types of objects, and which spellings of names, there are to try with a path.
    fn ways(&self, path: &str) -> Vec<(&str, Spelling)> {
        let every = self.foreign.objects.keys().map(String::as_str);
        let kinds: Vec<&str> = if path.contains("{type}") { every.collect() } else { vec!["workspace"] };
        let has_names = places(path).iter().any(|place| *place != "{id}" && self.foreign.has_name(place));
        let spellings: &[Spelling] = if has_names { &[Spelling::Id, Spelling::Name] } else { &[Spelling::Id] };
        kinds.into_iter().flat_map(|kind| spellings.iter().map(move |spelling| (kind, *spelling))).collect()
    }

    /// Whoever administers the first organization, and what is theirs there.
    async fn callers(&self) -> Vec<Caller> {
        let all: Vec<&str> = SEEING.iter().chain(&UNSEEING).copied().chain(["acme-role"]).collect();
        let mut callers = Vec::new();
        for (name, roles) in [("admin", &SEEING[..1]), ("all", &all), ("unseeing", &UNSEEING)] {
            let who = person(&self.owner, "acme", name, roles).await;
            let own = self.own.of(&who).await;
            callers.push(Caller { name, who, own, sees_people: roles.iter().any(|role| SEEING.contains(role)) });
        }
        callers
    }
}

struct Caller {
    name: &'static str,
    who: Identity,
    own: Town,
    sees_people: bool,
}

/// The places of a path that name something; which type it is of is no secret.
fn places(path: &str) -> Vec<&str> {
    let places = path.split('/').filter(|segment| segment.starts_with('{') && *segment != "{type}");
    places.collect()
}

/// All choices of some of these, the empty one left out.
fn choices<'a>(of: &[&'a str]) -> Vec<Vec<&'a str>> {
    let chosen = |bits: usize| {
        of.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, name)| *name).collect()
    };
    (1..1 << of.len()).map(chosen).collect()
}

/// An endpoint's path, in which some places name what is another town's.
struct Address<'a> {
    path: &'a str,
    elsewhere: Vec<&'a str>,
    kind: &'a str,
    spelling: Spelling,
}

impl Address<'_> {
    fn to(&self, own: &Town, other: &Town) -> String {
        let town = |place: &str| if self.elsewhere.contains(&place) { other } else { own };
        let path = self.path.replace("{type}", self.kind).replace("{id}", &town("{id}").objects[self.kind]);
        let path = places(&path)
            .into_iter()
            .fold(path.clone(), |path, place| path.replace(place, town(place).spelled(place, self.spelling)));
        format!("/api/v2{path}")
    }
}

async fn ask(who: &Identity, method: &str, path: &str, to: &str) -> Answer {
    let body = (!matches!(method, "GET" | "DELETE")).then(|| body(path));
    who.send(Method::from_bytes(method.as_bytes()).unwrap(), to, body).await
}

/// A request to the same endpoint with another town's names and with names of nothing.
struct Compared {
    foreign: Answer,
    vanished: Answer,
}

impl Caller {
    async fn compare(&self, world: &World, method: &str, address: &Address<'_>) -> Compared {
        let keeps_person = self.sees_people && address.elsewhere.len() > 1;
        let vanished = if keeps_person { &world.vanished_but_people } else { &world.vanished };
        Compared {
            foreign: ask(&self.who, method, address.path, &address.to(&self.own, &world.foreign)).await,
            vanished: ask(&self.who, method, address.path, &address.to(&self.own, vanished)).await,
        }
    }

    fn check(&self, world: &World, method: &str, address: &Address<'_>, Compared { foreign, vanished }: &Compared) {
        let shown = format!("{} {method} {} {:?}: {}", self.name, address.path, address.elsewhere, foreign.body);
        let (seen, unseen) = (world.foreign.anonymous(foreign), world.vanished.anonymous(vanished));
        if !self.sees_people || address.elsewhere != ["{user}"] {
            assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&foreign.status), "{shown}");
            assert_eq!((seen, foreign.header(REQUIRED)), (unseen, vanished.header(REQUIRED)), "{shown}");
            return;
        }
        match PEOPLE.iter().find(|(of, path, _)| (*of, *path) == (method, address.path)) {
            Some((_, path, status)) => {
                assert_eq!(foreign.status, *status, "{shown}");
                // A person's own record says where they are members.
                let named = if *path == "/users/{user}" { Vec::new() } else { world.foreign.named_in(foreign) };
                assert!(named.is_empty(), "{shown}");
            }
            None => assert_eq!((foreign.status, seen), (StatusCode::NOT_FOUND, unseen), "{shown}"),
        }
    }
}

#[tokio::test]
async fn what_is_another_organizations_looks_as_if_it_were_not_there_in_every_path() {
    let world = World::new().await;
    let before = world.foreign.everything(&world.owner).await;
    for caller in world.callers().await {
        for (method, path, _) in endpoints() {
            for elsewhere in choices(&places(&path)) {
                if caller.sees_people && elsewhere == ["{user}"] && (method, path.as_str()) == JOINING {
                    continue;
                }
                for (kind, spelling) in world.ways(&path) {
                    let address = Address { path: &path, elsewhere: elsewhere.clone(), kind, spelling };
                    let compared = caller.compare(&world, method, &address).await;
                    caller.check(&world, method, &address, &compared);
                }
            }
        }
        assert_eq!(world.foreign.everything(&world.owner).await, before, "{}", caller.name);
    }
}

/// The paths of the test above are right: with an organization's own names they lead to something.
#[tokio::test]
async fn what_is_their_own_is_there_for_administrators() {
    let world = World::new().await;
    let all = world.callers().await.remove(1);
    for (_, path, _) in endpoints().into_iter().filter(|(method, ..)| *method == "GET") {
        for (kind, spelling) in world.ways(&path).into_iter().filter(|_| !places(&path).is_empty()) {
            let address = Address { path: &path, elsewhere: Vec::new(), kind, spelling };
            let answer = ask(&all.who, "GET", &path, &address.to(&all.own, &world.foreign)).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {kind}: {}", answer.body);
        }
    }
}
