//! Watching a running server: its metrics, its access log, the filter of its log, and what its supervisor is told.
use std::{fs, net::TcpListener};

use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{Home, PASSWORD, Server, keyfob, run},
};

/// As often as something is looked at that comes soon.
const TRIES: u32 = 2_000;

/// Where a server with `--prometheus-address=127.0.0.1:0` serves its metrics.
fn metrics_address(server: &Server) -> String {
    let output = server.output();
    let line = output.lines().find(|line| line.contains("metrics are served")).unwrap();
    let (_, address) = line.split_once("127.0.0.1:").unwrap();
    let port: String = address.chars().take_while(char::is_ascii_digit).collect();
    format!("127.0.0.1:{port}")
}

#[test]
fn metrics_are_served_on_an_address_of_their_own_and_nothing_else_is() {
    let server = Server::start_with(&["--prometheus-address=127.0.0.1:0", "--log-format=json"]);
    let session = server.set_up();
    let address = metrics_address(&server);
    let ask = |method: &str, path: &str| Message::request(method, path).send(&address).unwrap();
    let scrape = ask("GET", "/metrics");
    assert_eq!(scrape.status(), 200);
    assert_eq!(scrape.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let signed_in = "keyfob_http_requests_total{method=\"POST\",route=\"/api/v2/users/login\",status=\"201\"} 1\n";
    assert!(scrape.text().contains(signed_in), "{}", scrape.text());
    assert!(!scrape.text().contains(&session));
    for (method, path) in [("POST", "/metrics"), ("GET", "/"), ("GET", "/healthz"), ("GET", "/api/v2/buildinfo")] {
        assert_eq!(ask(method, path).status(), 404, "{method} {path}");
    }
    // The server's own address has no metrics.
    assert_eq!(Message::request("GET", "/metrics").send(&server.address).unwrap().status(), 404);
}

#[test]
fn an_address_for_metrics_that_is_taken_is_named_with_its_flag() {
    let (home, taken) = (Home::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = taken.local_addr().unwrap();
    let flag = format!("--prometheus-address={address}");
    let ran = home.run(&["server", "--http-address=127.0.0.1:0", "--data-dir=data", &flag]);
    assert_eq!(ran.code, Some(1));
    let error = format!("--prometheus-address: cannot listen on {address}: ");
    assert!(ran.stderr.contains(&error), "{}", ran.stderr);
}

/// The lines of the access log.
fn access_lines(output: &str) -> Vec<&str> {
    output.lines().filter(|line| line.contains("keyfob::access")).collect()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name}: {of}"))
}

/// The level of the log is for other lines.
#[test]
fn the_access_log_has_a_line_for_each_request_and_nothing_of_its_path() {
    let server = Server::start_with(&["--access-log", "--log=off", "--log-format=json", "--api-rate-limit=3"]);
    let session = server.set_up();
    let ask = |path: &str, key: &str| {
        Message::request("GET", path).with_header("Coder-Session-Token", key).send(&server.address).unwrap()
    };
    let me = ask("/api/v2/users/me?q=s3cr3t", &session);
    let user = me.json().unwrap()["id"].as_str().unwrap().to_owned();
    ask("/no/s3cr3t/place", &session);
    ask("/api/v2/users/me", "s3cr3tAAAA-aaaaaaaaaaaaaaaaaaaaaa");
    let limited = (0..10).map(|_| ask("/api/v2/users/me", &session)).find(|answer| answer.status() == 429);
    assert!(limited.is_some(), "the limit is never reached");
    let (output, _data) = server.stop();
    assert!(!output.contains("s3cr3t") && !output.contains(&session) && !output.contains(PASSWORD), "{output}");
    let lines: Vec<Value> = access_lines(&output).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["level"] == "INFO" && line["target"] == "keyfob::access"), "{output}");
    let find = |route: &str, status: u64| {
        let mut found = lines.iter().map(|line| &line["fields"]);
        let found = found.find(|fields| fields["route"] == route && fields["status"] == status);
        found.unwrap_or_else(|| panic!("{route} {status}: {output}"))
    };
    let known = find("/api/v2/users/{user}", 200);
    assert_eq!(text(known, "method"), "GET");
    assert_eq!(text(known, "user"), user);
    assert_eq!(text(known, "key"), &session[..10]);
    assert_eq!(text(known, "address"), "127.0.0.1");
    assert_eq!(text(known, "request_id"), me.header("X-Coder-Request-Id").unwrap());
    assert!(known["duration_ms"].as_f64().unwrap() > 0.0);
    // Refused before any handler asked whose request it is, or without one.
    for (route, status) in [("/api/v2/users/{user}", 429), ("none", 404)] {
        assert_eq!(text(find(route, status), "user"), user, "{route}");
    }
    for (route, status) in [("/api/v2/users/{user}", 401), ("/api/v2/users/login", 201)] {
        assert_eq!(find(route, status).get("key"), None, "{route}");
    }
}

#[test]
fn the_access_log_is_also_written_as_text() {
    let server = Server::start_with(&["--access-log"]);
    server.set_up();
    let (output, _data) = server.stop();
    let lines = access_lines(&output);
    let line = lines.iter().find(|line| line.contains("/api/v2/users/login")).unwrap();
    for part in ["INFO", "method=\"POST\"", "status=201", "address=127.0.0.1", "duration_ms=", "request_id="] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn the_log_has_no_texts_of_statements_at_debug() {
    let server = Server::start_with(&["--log=debug"]);
    let session = server.set_up();
    server.post(Some(&session), "/api/v2/users/me/keys/tokens", &json!({"token_name": "ci"}));
    let (output, _data) = server.stop();
    assert!(output.contains("DEBUG"), "{output}");
    let lower = output.to_lowercase();
    // A warning of a statement that takes longer than a second has its text.
    let lines = lower.lines().filter(|line| !line.contains("slow statement"));
    for line in lines {
        for word in ["sqlx::query", "select ", "insert into", "update ", "delete from", "pragma"] {
            assert!(!line.contains(word), "{word}: {line}");
        }
    }
}

#[test]
fn a_log_filter_that_is_no_level_is_refused() {
    let home = Home::new();
    let problem = "`loud` is no level: use off, error, warn, info, debug or trace";
    let refused = |environment: &[(&str, &str)], flags: &[&str]| {
        let mut command = keyfob(home.path());
        command.envs(environment.iter().copied()).args(["server", "--data-dir=data"]).args(flags);
        let ran = run(&mut command, "");
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(problem), "{}", ran.stderr);
        ran.stderr
    };
    assert!(refused(&[], &["--log=loud"]).contains("--log <FILTER>"));
    assert!(refused(&[("KEYFOB_LOG", "loud")], &["config", "check"]).contains("KEYFOB_LOG: "));
    fs::write(home.path().join("keyfob.toml"), "log = \"loud\"\n").unwrap();
    for more in [&["--config=keyfob.toml"][..], &["--config=keyfob.toml", "config", "check"]] {
        assert!(refused(&[], more).contains("keyfob.toml: "));
    }
}

#[cfg(unix)]
mod supervisor {
    use std::{os::unix::net::UnixDatagram, time::Duration};

    use super::*;

    /// Longer than any message takes; only a server that tells nothing reaches it.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// A supervisor's socket, and the folder that it is in.
    fn supervisor() -> (UnixDatagram, Home, String) {
        let home = Home::new();
        let path = home.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        (socket, home, path.to_str().unwrap().to_owned())
    }

    /// The next message.
    fn told(socket: &UnixDatagram) -> String {
        let mut message = vec![0; 4096];
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_supervisor_is_told_when_the_server_is_ready_reloads_and_stops() {
        let (socket, _home, path) = supervisor();
        let server = Server::start_in(&[("NOTIFY_SOCKET", &path)], &[]);
        assert_eq!(told(&socket), "READY=1\n");
        assert_eq!(Message::request("GET", "/healthz").send(&server.address).unwrap().status(), 200);
        server.signal("HUP");
        let reloading = told(&socket);
        let at = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim_end();
        assert!(at.parse::<u64>().unwrap() > 0);
        assert_eq!(told(&socket), "READY=1\n");
        server.stop();
        assert_eq!(told(&socket), "STOPPING=1\n");
        // Nothing else: no watchdog was asked for.
        socket.set_nonblocking(true).unwrap();
        assert!(socket.recv(&mut [0; 64]).is_err());
    }

    #[test]
    fn a_watchdog_hears_that_the_server_lives() {
        let (socket, _home, path) = supervisor();
        let server = Server::start_in(&[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "20000")], &[]);
        let lives = || (0..TRIES).any(|_| told(&socket) == "WATCHDOG=1\n");
        assert!(lives() && lives() && lives());
        drop(server);
    }

    #[test]
    fn a_supervisor_that_does_not_hear_keeps_no_server() {
        let server = Server::start_in(&[("NOTIFY_SOCKET", "/nowhere/notify")], &[]);
        server.set_up();
        let (output, _data) = server.stop();
        assert!(output.contains("the supervisor (NOTIFY_SOCKET) was not told"), "{output}");
        assert!(output.contains("Keyfob has stopped."), "{output}");
    }
}

/// Only in a build with the feature.
#[cfg(feature = "otel")]
mod traces {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::TcpListener,
        sync::mpsc,
        time::Duration,
    };

    use super::*;

    /// Longer than any trace takes to come; only a server that sends none reaches it.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// A collector: its address, and all that is sent to it, each with the path that it was sent to.
    fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, received) = mpsc::channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut path, mut length) = (String::new(), 0);
                for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                    let lower = line.to_lowercase();
                    if let Some(of_body) = lower.strip_prefix("content-length: ") {
                        length = of_body.parse().unwrap();
                    }
                    if path.is_empty() {
                        path = line;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
                let _ended = sender.send((path, body));
            }
        });
        (format!("http://{address}"), received)
    }

    #[test]
    fn requests_are_traced_without_secrets_paths_or_statements() {
        let (collector, received) = collector();
        let server = Server::start_in(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)], &["--trace", "--log=warn"]);
        let session = server.set_up();
        server.post(Some(&session), "/api/v2/users/me/keys/tokens?q=s3cr3t", &json!({"token_name": "zephyrine"}));
        // What is left is sent before the server ends.
        server.stop();
        let mut sent = String::new();
        while let Ok((path, body)) = received.recv_timeout(if sent.is_empty() { PATIENCE } else { Duration::ZERO }) {
            assert!(path.starts_with("POST /v1/traces "), "{path}");
            sent.push_str(&String::from_utf8_lossy(&body));
        }
        for part in ["keyfob", "/api/v2/users/{user}/keys/tokens", "request.id"] {
            assert!(sent.contains(part), "{part}: {sent}");
        }
        for private in ["s3cr3t", "zephyrine", &session, PASSWORD, "owner@", "SELECT", "INSERT"] {
            assert!(!sent.contains(private), "{private}");
        }
    }
}
