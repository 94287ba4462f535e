//! Every way to sign in, with all its secrets; afterwards every sink is searched: logs at the most verbose level,
//! answers, files, audit records, and the subjects of mails.
use std::{collections::BTreeMap, fs, path::Path};

use keyfob_testkit::{Cookies, MailServer, OIDC_CLIENT, OidcProvider, cookie_header, form_token, keep_cookie};
use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{PASSWORD, Server},
};

const OTHER: &str = "An0ther!Secret-pw";
const SMTP_PASSWORD: &str = "smtp-pass-0123456789";
const CALLBACK: &str = "/api/v2/users/oidc/callback";

/// Texts that must not be found, by name.
#[derive(Default)]
struct Secrets(BTreeMap<&'static str, Vec<String>>);

impl Secrets {
    fn add(&mut self, name: &'static str, secret: &str) {
        assert!(secret.len() >= 8, "{name} is too short to be searched for");
        self.0.entry(name).or_default().push(secret.to_owned());
    }

    fn add_key(&mut self, name: &'static str, key: &str) {
        self.add(name, key.split_once('-').unwrap().1);
    }

    #[track_caller]
    fn assert_absent(&self, place: &str, content: &[u8]) {
        for (name, secrets) in &self.0 {
            for secret in secrets {
                let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{name} is in {place}");
            }
        }
    }

    fn assert_absent_from_files(&self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                self.assert_absent(&path.display().to_string(), &fs::read(&path).unwrap());
            }
        }
    }
}

/// A browser: it keeps cookies.
struct Browser<'a> {
    server: &'a Server,
    cookies: Cookies,
}

impl<'a> Browser<'a> {
    fn new(server: &'a Server) -> Self {
        Self { server, cookies: Cookies::new() }
    }

    fn open(&mut self, address: &str) -> Message {
        self.send(Message::request("GET", self.path(address)))
    }

    /// Submits a form. Its proof is the same on every page, and this one is always shown.
    fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Message {
        let csrf = form_token(&self.open("/reset-password").text());
        let mut request =
            Message::request("POST", path).with_header("Content-Type", "application/x-www-form-urlencoded");
        let mut form = form_urlencoded::Serializer::new(String::new());
        request.body = form.append_pair("csrf_token", &csrf).extend_pairs(fields).finish().into_bytes();
        self.send(request)
    }

    fn path<'b>(&self, address: &'b str) -> &'b str {
        address.strip_prefix(&self.server.url()).unwrap_or(address)
    }

    fn send(&mut self, request: Message) -> Message {
        let answer = request.with_header("Cookie", &cookie_header(&self.cookies)).send(&self.server.address).unwrap();
        for cookie in answer.all_headers("Set-Cookie") {
            keep_cookie(&mut self.cookies, cookie);
        }
        answer
    }
}

/// The value of a parameter in an address.
fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1.as_bytes();
    let found = form_urlencoded::parse(query).find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("{name} is not in {address}")).1.into_owned()
}

/// Goes to the provider and back; adds the secrets on the way.
fn by_provider(browser: &mut Browser, provider: &OidcProvider, start: &str, secrets: &mut Secrets) -> Message {
    let away = browser.open(start);
    let there = away.header("Location").unwrap().to_owned();
    for (name, cookie) in [("a verifier", "oauth_pkce_verifier"), ("a nonce", "oauth_nonce")] {
        secrets.add(name, &browser.cookies[cookie]);
    }
    let back = provider.agree(&there);
    secrets.add("an authorization code", &parameter(&back, "code"));
    secrets.add("a state", &parameter(&back, "state"));
    let home = browser.open(&back);
    // A second use is refused; the log must not hold its secrets either.
    let again = browser.open(&back);
    assert!(again.status() >= 400, "{}", again.start);
    home
}

#[expect(clippy::disallowed_methods, reason = "a server that is a process has the machine's clock")]
fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}

#[test]
fn no_way_in_leaves_a_secret_anywhere() {
    let (mails, provider) = (MailServer::start(), OidcProvider::start(now()));
    provider.expire_in(Some(3600));
    let flags = [
        "--log=trace".to_owned(),
        "--log-format=json".to_owned(),
        "--access-log".to_owned(),
        "--email-from=keys@example.com".to_owned(),
        format!("--email-smarthost={}", mails.address),
        "--email-auth-username=keyfob".to_owned(),
        format!("--email-auth-password={SMTP_PASSWORD}"),
        format!("--oidc-issuer-url={}", provider.issuer),
        format!("--oidc-client-id={}", OIDC_CLIENT.0),
        format!("--oidc-client-secret={}", OIDC_CLIENT.1),
    ];
    let server = Server::start_with(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let mut secrets = Secrets::default();
    for (name, secret) in [("a password", PASSWORD), ("another password", OTHER), ("the mail password", SMTP_PASSWORD)]
    {
        secrets.add(name, secret);
    }
    secrets.add("the client's secret", OIDC_CLIENT.1);
    // The beginnings of the tokens that the provider issues to the server.
    secrets.add("an access token of the provider", "provider-access-");
    secrets.add("a refresh token of the provider", "provider-refresh-");
    let owner = server.set_up();
    secrets.add_key("the owner's session", &owner);

    // A reset by mail, with a wrong passcode first.
    let email = "owner@example.com";
    assert_eq!(server.post(None, "/api/v2/users/otp/request", &json!({"email": email})).status(), 204);
    let mail = mails.next_to(email).unwrap();
    let passcode = mail.text.split_once("otp=").unwrap().1[..36].to_owned();
    secrets.add("a passcode", &passcode);
    let wrong = "11111111-2222-4333-8444-555555555555";
    secrets.add("a wrong passcode", wrong);
    for (code, status) in [(wrong, 400), (passcode.as_str(), 204)] {
        let change = json!({"email": email, "password": OTHER, "one_time_passcode": code});
        assert_eq!(server.post(None, "/api/v2/users/otp/change-password", &change).status(), status);
    }

    // A sign-in on pages, which also fails, and a session for the command line.
    let mut browser = Browser::new(&server);
    browser.open("/login");
    secrets.add("a CSRF token", &browser.cookies["csrf_token"]);
    secrets.add("a form's token", &form_token(&browser.open("/login").text()));
    assert_eq!(browser.submit("/login", &[("email", email), ("password", PASSWORD)]).status(), 401);
    assert_eq!(browser.submit("/login", &[("email", email), ("password", OTHER)]).status(), 303);
    secrets.add_key("a browser's session", &browser.cookies["coder_session_token"].clone());
    let shown = browser.submit("/cli-auth", &[]).text();
    let token = shown.split_once("id=\"token\">").unwrap().1.split('<').next().unwrap().to_owned();
    secrets.add_key("a session for the command line", &token);

    // A device: its code, and the token that it gets for it.
    let code = server.post(None, "/api/v2/device/code", &json!({})).json().unwrap();
    let device_code = code["device_code"].as_str().unwrap();
    secrets.add("a device's code", device_code);
    let ask = json!({"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device_code});
    assert_eq!(server.post(None, "/api/v2/device/token", &ask).status(), 400);
    let fields = [("code", code["user_code"].as_str().unwrap()), ("answer", "approve")];
    assert_eq!(browser.submit("/device", &fields).status(), 200);
    let granted = server.post(None, "/api/v2/device/token", &ask).json().unwrap();
    secrets.add_key("a device's session", granted["access_token"].as_str().unwrap());

    // A new user from the provider, then a sign-in that fails.
    let claims = |sub: &str, email: &str| json!({"sub": sub, "email": email, "email_verified": true});
    provider.sign_in_as(&claims("amy-1", "amy@example.com"));
    let mut amy = Browser::new(&server);
    let home = by_provider(&mut amy, &provider, CALLBACK, &mut secrets);
    assert_eq!(home.status(), 307, "{}", home.text());
    secrets.add_key("a session by the provider", &amy.cookies["coder_session_token"].clone());
    let lost = format!("{CALLBACK}?code=a-code-that-was-not-issued&state=a-state-that-was-not-issued");
    secrets.add("a made-up code", "a-code-that-was-not-issued");
    assert!(Browser::new(&server).open(&lost).status() >= 400);

    // The owner converts their login.
    let session = browser.cookies["coder_session_token"].clone();
    let begin = Message::request("POST", "/api/v2/users/me/convert-login")
        .with_json(&json!({"to_type": "oidc", "password": OTHER}))
        .with_header("Coder-Session-Token", &session);
    let promised = browser.send(begin);
    assert_eq!(promised.status(), 201, "{}", promised.text());
    secrets.add("a conversion token", &browser.cookies["coder_oauth_convert_jwt"].clone());
    provider.sign_in_as(&claims("owner-1", email));
    let state = promised.json().unwrap()["state_string"].as_str().unwrap().to_owned();
    let start = format!("{CALLBACK}?oidc_merge_state={state}");
    assert_eq!(by_provider(&mut browser, &provider, &start, &mut secrets).status(), 307);
    let session = browser.cookies["coder_session_token"].clone();
    secrets.add_key("the converted session", &session);

    let records = Message::request("GET", "/api/v2/audit?limit=1000").with_header("Coder-Session-Token", &session);
    let records = records.send(&server.address).unwrap();
    assert!(records.json().unwrap()["count"].as_u64() > Some(10), "{}", records.text());
    secrets.assert_absent("the records", &records.body);
    secrets.assert_absent("the subjects of mails", mail.subject.as_bytes());
    secrets.assert_absent_from_files(&server.data_dir());
    let (log, data) = server.stop();
    assert!(log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).count() > 100, "a log in JSON");
    assert!(log.contains(CALLBACK) && log.contains("sent a mail"), "the log says what happened");
    secrets.assert_absent("the log", log.as_bytes());
    secrets.assert_absent_from_files(&data.path().join("data"));
}
