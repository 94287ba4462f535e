//! SIGHUP: what can be read again is read again, and the server goes on.
#![cfg(unix)]
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use keyfob_testkit::{Cookies, MailServer, OIDC_CLIENT, OidcProvider, cookie_header, keep_cookie};
use serde_json::json;

use crate::{
    http::Message,
    program::{Home, Server, keyfob},
};

/// As often as something is looked at that comes soon.
const TRIES: u32 = 2_000;

fn is_there(server: &Server) -> bool {
    Message::request("GET", "/healthz").send(&server.address).is_ok_and(|answer| answer.status() == 200)
}

/// Sends SIGHUP, and waits until what follows it is done.
#[track_caller]
fn hang_up(server: &Server, is_done: impl Fn() -> bool) {
    server.signal("HUP");
    assert!((0..TRIES).any(|_| is_there(server) && is_done()), "nothing was read again");
}

#[test]
fn a_server_without_tls_goes_on_after_a_hangup() {
    let server = Server::start();
    for count in 1..=3 {
        hang_up(&server, || server.output().matches("read certificates and secrets again").count() == count);
    }
    let (output, _data) = server.stop();
    assert!(output.contains("Keyfob has stopped."), "{output}");
}

/// Bounds the size of the files that a server writes, in bytes.
#[cfg(target_os = "linux")]
fn bound_files(server: &Server, bytes: &str) {
    let limited =
        Command::new("prlimit").args([format!("--pid={}", server.process_id()), format!("--fsize={bytes}")]).status();
    assert!(limited.unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_at_the_limit_of_its_size_is_a_full_disk() {
    let (server, session) = Server::with_owner();
    let mint = || server.post(Some(&session), "/api/v2/users/me/keys/tokens", &json!({})).status();
    assert_eq!(mint(), 201);
    bound_files(&server, "4096:unlimited");
    assert_eq!(mint(), 503);
    let read = Message::request("GET", "/api/v2/users/me/keys/tokens").with_header("Coder-Session-Token", &session);
    assert_eq!(read.send(&server.address).unwrap().status(), 200);
    bound_files(&server, "unlimited");
    assert_eq!(mint(), 201);
}

/// A flag or a variable cannot change while the server runs; the settings file can.
#[test]
fn the_log_filter_is_read_again() {
    let home = Home::new();
    let file = home.path().join("keyfob.toml");
    let config = format!("--config={}", file.display());
    fs::write(&file, "log = \"info\"\n").unwrap();
    let server = Server::start_with(&[&config]);
    fs::write(&file, "log = \"=x=\"\n").unwrap();
    hang_up(&server, || server.output().contains("the log filter stays as it is: --log:"));
    assert!(!server.output().contains("DEBUG"), "{}", server.output());
    fs::write(&file, "log = \"debug\"\n").unwrap();
    // Requests are logged from then on.
    hang_up(&server, || server.output().contains("DEBUG"));

    fs::write(&file, "log = \"info\"\n").unwrap();
    let server = Server::start_with(&[&config, "--log=warn"]);
    fs::write(&file, "log = \"trace\"\n").unwrap();
    hang_up(&server, || true);
    hang_up(&server, || true);
    assert!(!server.output().contains("TRACE"), "{}", server.output());
}

/// Signs in by a provider; the status of the answer, which is 307 if that worked.
pub(crate) fn sign_in_by(provider: &OidcProvider, server: &Server) -> u64 {
    let (mut cookies, callback) = (Cookies::new(), "/api/v2/users/oidc/callback");
    let away = Message::request("GET", callback).send(&server.address).unwrap();
    away.all_headers("Set-Cookie").for_each(|cookie| keep_cookie(&mut cookies, cookie));
    let back = provider.agree(away.header("Location").unwrap());
    let back = back.strip_prefix(&server.url()).unwrap().to_owned();
    let request = Message::request("GET", &back).with_header("Cookie", &cookie_header(&cookies));
    request.send(&server.address).unwrap().status()
}

fn write_secret(path: &Path, secret: &str) {
    fs::write(path, format!("{secret}\n")).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a server that is a process has the machine's clock")]
#[test]
fn the_secret_of_a_provider_is_read_again() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (home, provider) = (Home::new(), OidcProvider::start(i64::try_from(now).unwrap()));
    provider.sign_in_as(&json!({"sub": "amy", "email": "amy@example.com", "email_verified": true}));
    let file = home.path().join("secret");
    write_secret(&file, "an old secret");
    let flags = [
        format!("--oidc-issuer-url={}", provider.issuer),
        format!("--oidc-client-id={}", OIDC_CLIENT.0),
        format!("--oidc-client-secret-file={}", file.display()),
    ];
    let server = Server::start_with(&flags.each_ref().map(String::as_str));
    server.set_up();
    let sign_in = || sign_in_by(&provider, &server);
    assert_eq!(sign_in(), 500, "the provider refuses the old secret");
    fs::remove_file(&file).unwrap();
    hang_up(&server, || server.output().contains("--oidc-client-secret-file"));
    write_secret(&file, OIDC_CLIENT.1);
    hang_up(&server, || sign_in() == 307);
}

/// The mail server gets the password as it is then.
#[test]
fn the_password_of_the_mail_server_is_read_again() {
    let (home, mails) = (Home::new(), MailServer::start());
    let file = home.path().join("password");
    write_secret(&file, "an old password");
    let flags = [
        "--email-from=keys@example.com".to_owned(),
        format!("--email-smarthost={}", mails.address),
        "--email-auth-username=keyfob".to_owned(),
        format!("--email-auth-password-file={}", file.display()),
    ];
    let server = Server::start_with(&flags.each_ref().map(String::as_str));
    server.set_up();
    let mail = || {
        let body = json!({"email": "owner@example.com"});
        assert_eq!(server.post(None, "/api/v2/users/otp/request", &body).status(), 204);
        mails.next_to("owner@example.com").unwrap();
        mails.logins().pop().unwrap()
    };
    // User and password in Base64 (RFC 4616).
    assert_eq!(mail(), "AUTH PLAIN AGtleWZvYgBhbiBvbGQgcGFzc3dvcmQ=");
    write_secret(&file, "a new password");
    hang_up(&server, || server.output().contains("read certificates and secrets again"));
    assert_eq!(mail(), "AUTH PLAIN AGtleWZvYgBhIG5ldyBwYXNzd29yZA==");
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Longer than any end takes; only a server that does not end reaches it.
const END: Duration = Duration::from_mins(1);

/// Neither a secret nor a settings file that never comes keeps the server.
#[test]
fn a_server_that_waits_for_a_file_ends() {
    let home = Home::new();
    let [secret, settings] = ["password", "keyfob.toml"].map(|name| home.path().join(name));
    write_secret(&secret, "a password");
    fs::write(&settings, "log = \"info\"\n").unwrap();
    let flags = [
        "--email-from=keys@example.com".to_owned(),
        "--email-smarthost=127.0.0.1:1".to_owned(),
        "--email-auth-username=keyfob".to_owned(),
        format!("--email-auth-password-file={}", secret.display()),
        format!("--config={}", settings.display()),
    ];
    let server = Server::start_with(&flags.each_ref().map(String::as_str));
    for file in [&secret, &settings] {
        fs::remove_file(file).unwrap();
        make_pipe(file);
    }
    server.signal("HUP");
    // Opened as soon as the server opens them, which then waits for what is written.
    let pipes = [&secret, &settings].map(|file| File::options().write(true).open(file).unwrap());
    assert!(is_there(&server));
    let (told, ended) = mpsc::channel();
    std::thread::spawn(move || told.send(server.stop().0));
    let ended = ended.recv_timeout(END);
    drop(pipes);
    assert!(ended.expect("the server does not end").contains("Keyfob has stopped."));
}

/// Also where it is the first start, which has no secret from before.
#[test]
fn a_server_that_starts_and_waits_for_a_file_ends() {
    for signal in ["TERM", "INT"] {
        let home = Home::new();
        let secret = home.path().join("password");
        make_pipe(&secret);
        let mut command = keyfob(home.path());
        command.args(["server", "--http-address=127.0.0.1:0", "--data-dir=data"]);
        command.args(["--email-from=keys@example.com", "--email-smarthost=127.0.0.1:1"]);
        command.args(["--email-auth-username=keyfob", "--email-auth-password-file=password"]);
        let mut process = command.stdin(Stdio::null()).spawn().unwrap();
        // Opened as soon as the server opens it, which then waits for what is written.
        let pipe = File::options().write(true).open(&secret).unwrap();
        let id = process.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let (told, ended) = mpsc::channel();
        std::thread::spawn(move || told.send(process.wait().unwrap()));
        let ended = ended.recv_timeout(END);
        drop(pipe);
        assert!(ended.expect("the server does not end").success(), "{signal}");
    }
}

/// Wherever `server` stands in the command line.
#[test]
fn a_server_that_reads_its_settings_outlives_a_hangup() {
    for arguments in [&["server"][..], &["--verbose", "server"]] {
        let home = Home::new();
        let settings = home.path().join("keyfob.toml");
        make_pipe(&settings);
        let mut command = keyfob(home.path());
        command.args(arguments).args(["--http-address=127.0.0.1:0", "--data-dir=data", "--config=keyfob.toml"]);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let id = process.id().to_string();
        let kill = |signal| assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        // Opened as soon as the server opens it.
        let mut pipe = File::options().write(true).open(&settings).unwrap();
        kill("HUP");
        pipe.write_all(b"log = \"warn\"\n").unwrap();
        drop(pipe);
        let mut greeting = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        assert!(greeting.contains("is running at http://127.0.0.1:"), "{arguments:?}: {greeting:?}");
        kill("TERM");
        assert!(process.wait().unwrap().success(), "{arguments:?}");
    }
}
