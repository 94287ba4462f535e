//! The number of statements of a list does not depend on its length: the server's own log is counted.
use serde_json::{Value, json};

use crate::{http::Message, program::Server};

struct World {
    server: Server,
    session: String,
    organization: String,
}

impl World {
    fn new() -> Self {
        let server = Server::start_with(&["--log", "sqlx::query=debug,keyfob_server=info"]);
        let session = server.set_up();
        let world = Self { server, session, organization: String::new() };
        let organization = id(&world.get("/api/v2/organizations/default").0).to_owned();
        Self { organization, ..world }
    }

    /// The answer, and its request's id.
    fn send(&self, request: Message) -> (Value, String) {
        let request = request.with_header("Coder-Session-Token", &self.session);
        let answer = request.send(&self.server.address).unwrap();
        assert!(answer.status() < 300, "{}", answer.text());
        (answer.json().unwrap_or_default(), answer.header("X-Coder-Request-Id").unwrap().to_owned())
    }

    fn get(&self, path: &str) -> (Value, String) {
        self.send(Message::request("GET", path))
    }

    fn post(&self, path: &str, body: &Value) -> (Value, String) {
        self.send(Message::request("POST", path).with_json(body))
    }

    /// Creates more rows of every kind; returns the ids of the workspaces.
    fn grow(&self, from: usize, to: usize) -> Vec<String> {
        let organization = &self.organization;
        let mut workspaces = Vec::new();
        for number in from..to {
            let name = format!("n{number}");
            let user = json!({"username": name, "service_account": true, "organization_ids": [organization]});
            let user = id(&self.post("/api/v2/users", &user).0).to_owned();
            self.post(&format!("/api/v2/users/{name}/keys/tokens"), &json!({}));
            self.post("/api/v2/organizations", &json!({"name": name}));
            let group = self.post(&format!("/api/v2/organizations/{organization}/groups"), &json!({"name": name})).0;
            let change = Message::request("PATCH", &format!("/api/v2/groups/{}", id(&group)));
            self.send(change.with_json(&json!({"add_users": [user]})));
            for of in ["template", "workspace"] {
                let body = json!({"resource_type": of, "name": name, "organization_id": organization});
                let made = self.post("/api/v2/resources", &body).0;
                let acl = Message::request("PATCH", &format!("/api/v2/resources/{of}/{}/acl", id(&made)));
                self.send(acl.with_json(&json!({"user_roles": {&user: "use"}})));
                if of == "workspace" {
                    workspaces.push(id(&made).to_owned());
                }
            }
        }
        workspaces
    }

    /// The ids of the requests for every list.
    fn ask(&self, workspaces: &[String]) -> Vec<(String, String)> {
        let below = |path: &str| format!("/api/v2/organizations/{}/{path}", self.organization);
        let paths = [
            "/api/v2/users".to_owned(),
            "/api/v2/users/me/keys/tokens?include_all=true".to_owned(),
            "/api/v2/organizations".to_owned(),
            "/api/v2/groups".to_owned(),
            "/api/v2/resources".to_owned(),
            "/api/v2/workspaces".to_owned(),
            "/api/v2/templates".to_owned(),
            "/api/v2/audit?limit=500".to_owned(),
            below("members"),
            below("paginated-members"),
            below("groups"),
            below("members/roles"),
        ];
        let mut asked: Vec<(String, String)> = paths.map(|path| (path.clone(), self.get(&path).1)).into();
        let check = |id: &String| {
            (id.clone(), json!({"action": "read", "object": {"resource_type": "workspace", "resource_id": id}}))
        };
        let checks: serde_json::Map<String, Value> = workspaces.iter().map(check).collect();
        asked.push(("authcheck".to_owned(), self.post("/api/v2/authcheck", &json!({"checks": checks})).1));
        asked
    }
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

#[test]
fn no_list_asks_the_database_once_for_each_row() {
    let world = World::new();
    let first = world.grow(0, 2);
    let few = world.ask(&first);
    let many = world.ask(&[first, world.grow(2, 12)].concat());
    let (log, _data) = world.server.stop();
    // A new connection asks for settings: those are not statements of the request.
    let is_statement = |line: &&str| line.contains("sqlx::query") && !line.contains("PRAGMA");
    let statements = |request: &str| log.lines().filter(is_statement).filter(|line| line.contains(request)).count();
    for ((path, few), (_, many)) in few.iter().zip(&many) {
        let (few, many) = (statements(few), statements(many));
        assert!(few > 0, "the log has the statements of {path}");
        assert_eq!(few, many, "{path}");
    }
}
