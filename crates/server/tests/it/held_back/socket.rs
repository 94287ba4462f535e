//! The same over a real socket. A server asks for a body (RFC 9110, section 10.1.1) when it has read the head.
use keyfob_server::serve;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

use crate::support::{PASSWORD, args};

/// A server that listens, with its first user.
struct Listening {
    address: String,
    owner: String,
    organization: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _data: TempDir,
}

impl Listening {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = format!("--data-dir={}", data.path().display());
        let args = args(&["--http-address=127.0.0.1:0", &folder]);
        let (ready, is_ready) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let told = async { drop(stopped.await) };
            let on_ready = Box::new(|at: &keyfob_server::Ready| ready.send(at.url.clone()).unwrap());
            serve(args, on_ready, Box::pin(told)).await.unwrap();
        });
        let url = is_ready.await.unwrap();
        let address = url.strip_prefix("http://").unwrap().to_owned();
        let (owner, organization) = (String::new(), String::new());
        let mut server = Self { address, owner, organization, stop, serving, _data: data };
        let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        server.ask("POST", "/users/first", &first).await.expect(201);
        let login = json!({"email": "owner@example.com", "password": PASSWORD});
        server.owner = server.ask("POST", "/users/login", &login).await.expect(201).text("session_token");
        server.organization = server.ask("GET", "/organizations/default", &json!({})).await.expect(200).text("id");
        server
    }

    /// Asks as the owner.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(head(method, path, &self.owner, body.len(), "").as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        Answer::read(stream).await
    }

    /// Makes a user with these roles; their id, and a key of theirs.
    async fn user(&self, name: &str, roles: &[&str]) -> (String, String) {
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "login_type": "none", "user_status": "active",
            "organization_ids": [self.organization], "roles": roles,
        });
        let id = self.ask("POST", "/users", &body).await.expect(201).text("id");
        let key = self.ask("POST", &format!("/users/{id}/keys"), &json!({})).await.expect(201).text("key");
        (id, key)
    }

    /// Sends a request but for its last byte, once the server has read its head.
    async fn hold(&self, method: &str, path: &str, key: &str, body: &Value) -> Held {
        let body = body.to_string().into_bytes();
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let head = head(method, path, key, body.len(), "Expect: 100-continue\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut told = Vec::new();
        while !told.ends_with(b"\r\n\r\n") {
            told.push(stream.read_u8().await.unwrap());
        }
        assert!(told.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&told));
        let (first, last) = body.split_at(body.len() - 1);
        stream.write_all(first).await.unwrap();
        Held { stream, last: last.to_vec() }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap();
    }
}

fn head(method: &str, path: &str, key: &str, length: usize, more: &str) -> String {
    let key = if key.is_empty() { String::new() } else { format!("Coder-Session-Token: {key}\r\n") };
    format!(
        "{method} /api/v2{path} HTTP/1.1\r\nHost: keyfob.test\r\n{key}{more}Content-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

/// A request on a connection that waits for its last byte.
struct Held {
    stream: TcpStream,
    last: Vec<u8>,
}

impl Held {
    async fn complete(mut self) -> Answer {
        self.stream.write_all(&self.last).await.unwrap();
        Answer::read(self.stream).await
    }
}

struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    async fn read(mut stream: TcpStream) -> Self {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Self { status: head.split(' ').nth(1).unwrap().parse().unwrap(), body: body.to_owned() }
    }

    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap().to_owned()
    }

    fn is_refusal(&self) -> bool {
        [401, 403, 404].contains(&self.status)
    }
}

#[tokio::test]
async fn no_key_is_minted_on_a_connection_that_waits_until_its_caller_is_suspended() {
    let server = Listening::start().await;
    let (alice, key) = server.user("alice", &[]).await;
    let tokens = format!("/users/{alice}/keys/tokens");
    let minted = server.hold("POST", "/users/me/keys/tokens", &key, &json!({"token_name": "in-time"})).await;
    minted.complete().await.expect(201);
    let late = server.hold("POST", "/users/me/keys/tokens", &key, &json!({"token_name": "late"})).await;
    server.ask("PUT", &format!("/users/{alice}/status/suspend"), &json!({})).await.expect(200);
    let answer = late.complete().await;
    let kept = server.ask("GET", &tokens, &json!({})).await.expect(200).json();
    let names: Vec<&str> = kept.as_array().unwrap().iter().map(|key| key["token_name"].as_str().unwrap()).collect();
    assert!(answer.is_refusal(), "{} {}", answer.status, answer.body);
    assert_eq!(names, ["in-time"]);
    server.stop().await;
}

#[tokio::test]
async fn no_role_is_given_on_a_connection_that_waits_until_its_callers_roles_are_taken() {
    let server = Listening::start().await;
    let (mallory, key) = server.user("mallory", &["owner"]).await;
    let (alice, _) = server.user("alice", &[]).await;
    let given = json!({"roles": ["owner"]});
    let late = server.hold("PUT", &format!("/users/{alice}/roles"), &key, &given).await;
    server.ask("PUT", &format!("/users/{mallory}/roles"), &json!({"roles": []})).await.expect(200);
    let answer = late.complete().await;
    let alice = server.ask("GET", &format!("/users/{alice}"), &json!({})).await.expect(200).json();
    assert!(answer.is_refusal(), "{} {}", answer.status, answer.body);
    assert_eq!(alice["roles"], json!([]));
    server.stop().await;
}
