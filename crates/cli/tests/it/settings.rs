//! The server's settings as an operator gives them.
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use keyfob_testkit::{MailServer, OIDC_CLIENT, OidcProvider};
use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{Home, Server, keyfob, run},
    signals::sign_in_by,
};

fn longest_lifetime(environment: &[(&str, &str)], flags: &[&str]) -> Value {
    let server = Server::start_in(environment, flags);
    let session = server.set_up();
    let request = Message::request("GET", "/api/v2/users/me/keys/tokens/tokenconfig");
    let answer = request.with_header("Coder-Session-Token", &session).send(&server.address).unwrap();
    answer.json().unwrap()["max_token_lifetime"].clone()
}

/// Environment variables are read under Keyfob's names and under Coder's (`docs/compatibility.md`).
#[test]
fn a_setting_is_read_from_either_name_keyfobs_wins_and_a_flag_wins_over_both() {
    const HOUR: u64 = 3_600_000_000_000;
    let (theirs, ours) = (("CODER_MAX_ADMIN_TOKEN_LIFETIME", "2h"), ("KEYFOB_MAX_ADMIN_TOKEN_LIFETIME", "3h"));
    assert_eq!(longest_lifetime(&[theirs], &[]), 2 * HOUR);
    assert_eq!(longest_lifetime(&[theirs, ours], &[]), 3 * HOUR);
    assert_eq!(longest_lifetime(&[theirs, ours], &["--max-admin-token-lifetime", "4h"]), 4 * HOUR);
}

/// A supervisor that has read the address may stop the server in the same moment.
#[cfg(unix)]
#[test]
fn a_server_that_printed_its_address_stops_cleanly() {
    for _ in 0..5 {
        let (output, _data) = Server::start().stop();
        assert!(output.contains("Keyfob has stopped."), "{output}");
    }
}

/// A file, a variable, a flag: each wins over those before it.
#[test]
fn settings_may_be_in_a_file() {
    const HOUR: u64 = 3_600_000_000_000;
    let home = Home::new();
    let file = home.path().join("keyfob.toml");
    fs::write(
        &file,
        "max-admin-token-lifetime = \"5h\"\noidc-scopes = [\"openid\", \"email\"]\n[oidc-group-mapping]\na = \"b\"\n",
    )
    .unwrap();
    let flag = format!("--config={}", file.display());
    let variable = ("KEYFOB_CONFIG", file.to_str().unwrap());
    let theirs = ("CODER_MAX_ADMIN_TOKEN_LIFETIME", "2h");
    assert_eq!(longest_lifetime(&[], &[&flag]), 5 * HOUR);
    assert_eq!(longest_lifetime(&[variable], &[]), 5 * HOUR);
    assert_eq!(longest_lifetime(&[variable, theirs], &[]), 2 * HOUR);
    assert_eq!(longest_lifetime(&[variable, theirs], &["--max-admin-token-lifetime=4h"]), 4 * HOUR);
}

#[test]
fn all_problems_of_the_settings_are_reported_at_once() {
    let home = Home::new();
    let check = |text: &str, environment: &[(&str, &str)]| {
        fs::write(home.path().join("keyfob.toml"), text).unwrap();
        let mut command = keyfob(home.path());
        command.envs(environment.iter().copied()).args(["server", "--config", "keyfob.toml", "config", "check"]);
        let ran = run(&mut command, "");
        assert_eq!(ran.stdout, "");
        (ran.code, ran.stderr)
    };
    assert_eq!(check("session-duration = \"2h\"\n", &[]), (Some(0), "The settings are good.\n".to_owned()));
    let malformed = "session-duration = \"2\"\nsession-lenght = \"2h\"\napi-rate-limit = \"many\"\n\
                     terms-of-service-url = [\"a\"]\nemail-auth-password = 2026-01-01\n";
    let (code, said) = check(malformed, &[("CODER_DEFAULT_TOKEN_LIFETIME", "x"), ("KEYFOB_TLS_ENABLE", "perhaps")]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("malformed_settings", said);
    let together = "oidc-client-id = \"x\"\noauth2-github-client-id = \"x\"\nemail-smarthost = \"nowhere\"\n\
                    tls-enable = true\nsamesite-auth-cookie = \"none\"\naccess-url = \"http://x.example\"\n";
    let (code, said) = check(together, &[]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("settings_that_do_not_go_together", said);
    // No problem hides another, and settings that go in pairs are checked wherever they are set.
    let both = "session-duration = \"2\"\nproxy-trusted-headers = [\"X-Forwarded-For\"]\noidc-client-key-file = \"k\"\n\
                oidc-client-id = \"x\"\noidc-issuer-url = \"example.com\"\noidc-scopes = [\"email\"]\n\
                oidc-allowed-groups = [\"a\"]\nredirect-to-access-url = true\nemail-tls-cert-file = \"c\"\n\
                http-address = \"0.0.0.0:3000\"\noauth2-github-client-id = \"x\"\noauth2-github-allow-everyone = true\n\
                oauth2-github-allowed-teams = [\"acme/\"]\n";
    let (code, said) = check(both, &[("KEYFOB_ACCESS_URL", "keyfob.example.com:8443"), ("KEYFOB_LOG", "=x=")]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("settings_of_all_kinds", said);
    let (code, said) = check("x = [", &[]);
    assert!(code == Some(1) && said.contains("keyfob.toml: line 1: unclosed array"), "{said}");
    // The line that is no good may hold a secret.
    let (code, said) = check("log = \"info\"\npostgres-url = \"postgres://u:s3cret@x/y\n", &[]);
    assert!(code == Some(1) && said.contains("keyfob.toml: line 2: ") && !said.contains("s3cret"), "{said}");
}

/// As `config check` names them, and not one by one.
#[test]
fn a_server_that_does_not_start_names_all_problems_of_its_settings() {
    let home = Home::new();
    let text = "session-duration = \"2\"\nsesion-duration = \"2h\"\napi-rate-limit = \"many\"\nlog = \"=x=\"\n\
                redirect-to-access-url = true\n";
    fs::write(home.path().join("keyfob.toml"), text).unwrap();
    let said = |more: &[&str]| {
        let mut command = keyfob(home.path());
        command.env("KEYFOB_TLS_ENABLE", "perhaps").args(["server", "--config", "keyfob.toml"]).args(more);
        let ran = run(&mut command, "");
        assert_eq!(ran.code, Some(1));
        ran.stderr.split_once("error: ").unwrap().1.to_owned()
    };
    let problems = said(&["config", "check"]);
    assert!(problems.starts_with("6 problems found\n"), "{problems}");
    for more in [&["--data-dir", "data"][..], &["--data-dir", "data", "reset-password", "amy"]] {
        assert_eq!(said(more), problems);
    }
    // Whether settings go together is looked at once the command line can be read.
    let with_flag = said(&["--http-address", "nowhere"]);
    assert!(with_flag.starts_with("6 problems found\n") && with_flag.contains("--http-address"), "{with_flag}");
    // Problems that only appear when settings are put together.
    fs::write(home.path().join("keyfob.toml"), "redirect-to-access-url = true\nemail-smarthost = \"nowhere\"\n")
        .unwrap();
    let server = ["server", "--config", "keyfob.toml"];
    let [check, start] = [&["config", "check"], &["--data-dir", "data"]].map(|more| {
        let ran = home.run(&[&server[..], more].concat());
        ran.stderr.split_once("error: ").unwrap().1.to_owned()
    });
    assert!(check.starts_with("3 problems found\n"), "{check}");
    assert_eq!(start, check);
    assert!(!home.path().join("data").exists());
}

/// As a shell makes one of `<(…)`.
#[cfg(unix)]
#[test]
fn a_secret_may_come_through_a_pipe() {
    let home = Home::new();
    let script = "exec \"$0\" server --http-address 127.0.0.1:0 --data-dir data --oidc-client-id x \
                  --oidc-issuer-url http://x --oidc-client-secret-file /dev/fd/3 3<<END\nsecret\nEND\n";
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().current_dir(home.path()).args(["-c", script]).arg(keyfob(home.path()).get_program());
    let mut server = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut greeting = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
    server.kill().unwrap();
    let log = String::from_utf8(server.wait_with_output().unwrap().stderr).unwrap();
    assert!(greeting.contains("is running at"), "{log}");
}

#[test]
fn an_unknown_name_is_named_with_the_nearest_known_one() {
    let home = Home::new();
    fs::write(home.path().join("keyfob.toml"), "sesion-duration = \"2h\"\n").unwrap();
    let ran = home.run(&["server", "--config", "keyfob.toml", "--data-dir", "data"]);
    let words = "there is no setting `sesion-duration`; the nearest is `session-duration`";
    assert!(ran.code == Some(1) && ran.stderr.contains(words), "{}", ran.stderr);

    let misspelt = ("KEYFOB_SESION_DURATION", "2h");
    let words = "warning: no option reads KEYFOB_SESION_DURATION; the nearest variable is KEYFOB_SESSION_DURATION\n";
    // These are read, belong to somebody else, or come from Kubernetes.
    let others = [
        ("KEYFOB_URL", "http://localhost:3000"),
        ("CODER_OIDC_CLIENT_ID", ""),
        ("CODER_AGENT_TOKEN", "x"),
        ("KEYFOB_SERVICE_HOST", "10.0.0.1"),
        ("KEYFOB_PORT_3000_TCP", "x"),
    ];
    let mut command = keyfob(home.path());
    let ran = run(command.envs(others).envs([misspelt]).args(["server", "config", "check"]), "");
    assert_eq!((ran.code, ran.stderr), (Some(0), format!("{words}The settings are good.\n")));
    let server = Server::start_in(&[misspelt], &[]);
    let (output, _data) = server.stop();
    assert!(output.contains(words), "{output}");

    // Scripts around the program have variables of their own.
    let mut command = keyfob(home.path());
    let ran = run(
        command.envs([("KEYFOB_SESION_TOKEN", "x"), ("KEYFOB_TOKEN", "x"), ("KEYFOB_BIN", "x")]).arg("version"),
        "",
    );
    let words = "warning: no option reads KEYFOB_SESION_TOKEN; the nearest variable is KEYFOB_SESSION_TOKEN\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), words));
}

/// Longer ones would end after the last instant that can be written.
#[test]
fn no_duration_is_longer_than_a_hundred_years() {
    let home = Home::new();
    for flag in [
        "--session-duration",
        "--session-absolute-timeout",
        "--default-token-lifetime",
        "--max-token-lifetime",
        "--max-admin-token-lifetime",
        "--api-keys-retention",
        "--audit-logs-retention",
    ] {
        let ran = home.run(&["server", "--data-dir", "data", flag, "80000000h"]);
        let names_both = ran.stderr.contains(flag) && ran.stderr.contains("longer than 876600h, which is 100 years");
        assert!(ran.code == Some(1) && names_both, "{}", ran.stderr);
        let ran = home.run(&["server", flag, "876600h", "config", "check"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let ran = home.run(&["server", "--data-dir", "data", "--strict-transport-security", "3155760001"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("3155760001"), "{}", ran.stderr);
    // What the longest durations make works.
    let longest = ["--session-duration=876600h", "--max-admin-token-lifetime=876600h"];
    let server = Server::start_with(&longest);
    let session = server.set_up();
    let home = Home::signed_in(&server, &session);
    for arguments in [&["whoami"][..], &["tokens", "create", "--lifetime", "876600h"], &["tokens", "list"]] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    }
}

/// With mails or providers it is refused; without, people have to type another address than the server knows.
#[test]
fn an_address_that_nobody_can_be_sent_to_is_warned_of() {
    let home = Home::new();
    let words = |address: &str| format!("nobody can be sent to {address}: set --access-url");
    for (flags, address) in [
        (&["--http-address=0.0.0.0:3000"][..], Some("0.0.0.0:3000")),
        (&["--http-address=[::]:80"], Some("[::]:80")),
        (&["--http-address=0.0.0.0:3000", "--access-url=http://keyfob.example.com"], None),
        (&["--http-address=127.0.0.1:3000"], None),
    ] {
        let ran = home.run(&[&["server"], flags, &["config", "check"]].concat());
        let warned = ran.stderr.strip_suffix("The settings are good.\n").unwrap();
        match address {
            Some(address) => assert!(warned.contains(&words(address)), "{flags:?}: {warned}"),
            None => assert_eq!(warned, "", "{flags:?}"),
        }
    }
    let mut command = keyfob(home.path());
    command.args(["server", "--http-address=0.0.0.0:0", "--data-dir", "data"]);
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut greeting = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
    server.kill().unwrap();
    let log = String::from_utf8(server.wait_with_output().unwrap().stderr).unwrap();
    assert!(greeting.contains("is running at"), "{log}");
    assert!(log.contains("WARN") && log.contains(&words("0.0.0.0:0")), "{log}");
}

/// Deployments leave a setting out by setting its variable to nothing.
#[test]
fn a_variable_that_is_empty_sets_nothing() {
    let empty = [
        "KEYFOB_ACCESS_URL",
        "KEYFOB_CONFIG",
        "KEYFOB_TLS_ENABLE",
        "CODER_OIDC_CLIENT_ID",
        "CODER_OIDC_EMAIL_DOMAIN",
        "CODER_OIDC_ALLOWED_GROUPS",
        "CODER_OIDC_USER_ROLE_FIELD",
        "CODER_EMAIL_SMARTHOST",
        "KEYFOB_MAX_ADMIN_TOKEN_LIFETIME",
    ];
    let environment: Vec<(&str, &str)> = empty.iter().map(|name| (*name, "")).collect();
    let theirs = [("CODER_MAX_ADMIN_TOKEN_LIFETIME", "2h")];
    assert_eq!(longest_lifetime(&[&environment[..], &theirs].concat(), &[]), 7_200_000_000_000_u64);
}

/// A secret is given as a value or as a file. Flags and variables win over the settings file, Keyfob's variables over
/// Coder's.
#[test]
fn a_secret_that_is_given_twice_counts_once() {
    let home = Home::new();
    fs::write(home.path().join("secret"), "from-file").unwrap();
    fs::write(
        home.path().join("keyfob.toml"),
        "oidc-client-id = \"x\"\noidc-issuer-url = \"https://x\"\noidc-client-secret-file = \"nowhere\"\n",
    )
    .unwrap();
    let check = |environment: &[(&str, &str)]| {
        let mut command = keyfob(home.path());
        command.envs(environment.iter().copied()).args(["server", "--config", "keyfob.toml", "config", "check"]);
        run(&mut command, "").stderr
    };
    assert!(check(&[]).contains("--oidc-client-secret-file: nowhere:"));
    assert_eq!(check(&[("KEYFOB_OIDC_CLIENT_SECRET", "s")]), "The settings are good.\n");
    assert_eq!(check(&[("CODER_OIDC_CLIENT_SECRET", "s")]), "The settings are good.\n");
    let both = [("CODER_OIDC_CLIENT_SECRET", "s"), ("KEYFOB_OIDC_CLIENT_SECRET_FILE", "secret")];
    assert_eq!(check(&both), "The settings are good.\n");
    let ours = [("KEYFOB_OIDC_CLIENT_SECRET", "s"), ("KEYFOB_OIDC_CLIENT_SECRET_FILE", "secret")];
    assert!(check(&ours).contains("--oidc-client-secret: leave it out, or --oidc-client-secret-file"));
}

/// One newline at the end of a secret file is dropped (`docs/compatibility.md`). Secrets are printed nowhere.
#[test]
fn secrets_come_from_files_and_are_not_printed() {
    let home = Home::new();
    fs::write(home.path().join("secret"), "a-secret\n").unwrap();
    fs::write(home.path().join("keyfob.toml"), "oidc-client-secret = \"a-secret\"\nsession-duration = \"x\"\n")
        .unwrap();
    let run_with = |arguments: &[&str]| {
        let ran = home.run(arguments);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains("a-secret"), "{said}");
        said
    };
    run_with(&["server", "--config", "keyfob.toml", "config", "check"]);
    run_with(&["server", "--config", "keyfob.toml", "--debug-options"]);
    let files = ["server", "--oidc-client-id=x", "--oidc-issuer-url=http://x", "--oidc-client-secret-file=secret"];
    assert!(run_with(&[&files[..], &["config", "check"]].concat()).contains("The settings are good."));
    let missing = ["server", "--oidc-client-id=x", "--oidc-issuer-url=http://x", "--oidc-client-secret-file=nowhere"];
    assert!(run_with(&[&missing[..], &["config", "check"]].concat()).contains("--oidc-client-secret-file: nowhere:"));
}

/// As in files: most editors and shells put one there.
#[expect(clippy::disallowed_methods, reason = "a server that is a process has the machine's clock")]
#[test]
fn a_newline_at_the_end_of_a_servers_secret_in_a_variable_is_dropped() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (provider, mails) = (OidcProvider::start(i64::try_from(now).unwrap()), MailServer::start());
    provider.sign_in_as(&json!({"sub": "amy", "email": "amy@example.com", "email_verified": true}));
    let flags = [
        format!("--oidc-issuer-url={}", provider.issuer),
        format!("--oidc-client-id={}", OIDC_CLIENT.0),
        "--email-from=keys@example.com".to_owned(),
        format!("--email-smarthost={}", mails.address),
        "--email-auth-username=keyfob".to_owned(),
    ];
    for newline in ["\n", "\r\n"] {
        let secret = format!("{}{newline}", OIDC_CLIENT.1);
        let password = format!("an old password{newline}");
        let environment = [("KEYFOB_OIDC_CLIENT_SECRET", &*secret), ("KEYFOB_EMAIL_AUTH_PASSWORD", &password)];
        let server = Server::start_in(&environment, &flags.each_ref().map(String::as_str));
        server.set_up();
        assert_eq!(sign_in_by(&provider, &server), 307);
        let body = json!({"email": "owner@example.com"});
        assert_eq!(server.post(None, "/api/v2/users/otp/request", &body).status(), 204);
        mails.next_to("owner@example.com").unwrap();
        // User and password in Base64 (RFC 4616).
        assert_eq!(mails.logins().pop().unwrap(), "AUTH PLAIN AGtleWZvYgBhbiBvbGQgcGFzc3dvcmQ=");
    }
}
