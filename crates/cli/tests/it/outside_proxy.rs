//! Proxies that the environment names: what goes through them, and what never does.
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use keyfob_testkit::{OIDC_CLIENT, OidcProvider};

use crate::{
    http::Message,
    program::{Home, Server, keyfob, run},
};

/// A proxy that passes nothing on, and remembers what it was asked for.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut line = String::new();
                let _gone = BufReader::new(&stream).read_line(&mut line);
                kept.lock().unwrap().push(line.trim_end().to_owned());
                let _gone = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
            }
        });
        Self { url, asked }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Asks a server; whether the proxy saw it.
fn passes(proxy: &Proxy, server: &str, no_proxy: &str) -> bool {
    ask(server, &[("HTTP_PROXY", &proxy.url), ("NO_PROXY", no_proxy)]);
    !proxy.take().is_empty()
}

/// Asks a server that does not answer.
fn ask(server: &str, environment: &[(&str, &str)]) {
    let home = Home::new();
    let mut command = keyfob(home.path());
    command.envs(environment.iter().copied()).env("KEYFOB_SESSION_TOKEN", "x");
    run(command.args(["--url", server, "whoami"]), "");
}

#[test]
fn a_server_on_this_machine_is_asked_without_a_proxy() {
    let (server, session) = Server::with_owner();
    let (proxy, home) = (Proxy::start(), Home::signed_in(&server, &session));
    let port = server.address.rsplit_once(':').unwrap().1;
    for (name, host) in [("HTTP_PROXY", "localhost"), ("http_proxy", "127.0.0.1"), ("ALL_PROXY", "localhost")] {
        let mut command = keyfob(home.path());
        let url = format!("http://{host}:{port}");
        command.env(name, &proxy.url).args(["--url", &url, "--token", &session, "whoami"]);
        let ran = run(&mut command, "");
        assert_eq!((ran.code, proxy.take()), (Some(0), Vec::new()), "{name} {host}: {}", ran.stderr);
    }
}

/// Names that never resolve, and an address that nobody can connect to: what goes around the proxy fails at once.
#[test]
fn what_no_proxy_names_goes_around_the_proxy() {
    const NAME: &str = "http://keyfob.invalid:3000";
    const ADDRESS: &str = "http://255.255.255.255:3000";
    let proxy = Proxy::start();
    for (server, no_proxy) in [(NAME, ""), (NAME, "keyfob.invalid:3001"), (ADDRESS, ""), (ADDRESS, "255.255.255.255:1")]
    {
        assert!(passes(&proxy, server, no_proxy), "{server} {no_proxy}");
    }
    for (server, no_proxy) in [
        (NAME, "*"),
        (NAME, "keyfob.invalid"),
        (NAME, "invalid"),
        (NAME, "keyfob.invalid."),
        (NAME, "invalid.:3000"),
        (NAME, "keyfob.invalid:3000"),
        (NAME, "other.invalid,.invalid:3000"),
        (ADDRESS, "*"),
        (ADDRESS, "255.255.255.255"),
        (ADDRESS, "255.0.0.0/8"),
        (ADDRESS, "255.255.255.255:3000"),
    ] {
        assert!(!passes(&proxy, server, no_proxy), "{server} {no_proxy}");
    }
}

/// As curl reads them.
#[test]
fn lower_case_variables_come_first_and_empty_ones_are_not_set() {
    const SERVER: &str = "http://keyfob.invalid:3000";
    let (proxy, other) = (Proxy::start(), Proxy::start());
    for environment in [
        &[("http_proxy", &*proxy.url), ("HTTP_PROXY", &other.url)][..],
        &[("http_proxy", ""), ("HTTP_PROXY", &proxy.url)],
        &[("http_proxy", ""), ("HTTP_PROXY", ""), ("all_proxy", &proxy.url), ("ALL_PROXY", &other.url)],
        &[("http_proxy", &proxy.url), ("NO_PROXY", "keyfob.invalid"), ("no_proxy", "other.invalid")],
    ] {
        ask(SERVER, environment);
        assert_eq!((proxy.take().is_empty(), other.take().is_empty()), (false, true), "{environment:?}");
    }
    for environment in [
        &[("http_proxy", &*proxy.url), ("NO_PROXY", ""), ("no_proxy", "keyfob.invalid")][..],
        &[("http_proxy", &proxy.url), ("NO_PROXY", "keyfob.invalid"), ("no_proxy", "")],
        // What a web server made of a header.
        &[("HTTP_PROXY", &proxy.url), ("REQUEST_METHOD", "GET")],
    ] {
        ask(SERVER, environment);
        assert_eq!(proxy.take(), Vec::<String>::new(), "{environment:?}");
    }
}

/// The client's secret and the codes of users stay on this machine.
#[expect(clippy::disallowed_methods, reason = "a server that is a process has the machine's clock")]
#[test]
fn a_provider_on_this_machine_is_asked_without_a_proxy() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (provider, proxy) = (OidcProvider::start(i64::try_from(now).unwrap()), Proxy::start());
    let flags = [
        format!("--oidc-issuer-url={}", provider.issuer),
        format!("--oidc-client-id={}", OIDC_CLIENT.0),
        format!("--oidc-client-secret={}", OIDC_CLIENT.1),
    ];
    let environment = [("HTTP_PROXY", &*proxy.url), ("HTTPS_PROXY", &*proxy.url)];
    let server = Server::start_in(&environment, &flags.each_ref().map(String::as_str));
    server.set_up();
    let away = Message::request("GET", "/api/v2/users/oidc/callback").send(&server.address).unwrap();
    assert_eq!(away.status(), 307, "{}", away.text());
    assert_eq!(proxy.take(), Vec::<String>::new());
}
