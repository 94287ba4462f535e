//! HTTPS without a proxy: certificates, those of clients, and what changes while the server runs.
use std::{fs, path::Path};

use keyfob_testkit::OwnCertificate;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tempfile::TempDir;

use crate::program::{Home, PASSWORD, Server};

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a certificate and its key: `<name>.pem` and `<name>.key`.
    fn issue(&self, folder: &Path, name: &str, usage: ExtendedKeyUsagePurpose) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
    }

    /// Writes its own certificate: `<name>.pem`.
    fn publish(&self, folder: &Path, name: &str) {
        fs::write(folder.join(format!("{name}.pem")), self.0.pem()).unwrap();
    }
}

fn text(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn flags(folder: &TempDir) -> Vec<String> {
    let (certificate, key) = (text(folder, "server.pem"), text(folder, "server.key"));
    ["--tls-enable", "--tls-address=127.0.0.1:0"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("--tls-cert-file={certificate}"), format!("--tls-key-file={key}")])
        .collect()
}

fn start(flags: &[String]) -> Server {
    Server::start_with(&flags.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Signs in as a client that trusts this authority; the error if the server is not reached.
fn ask(server: &Server, trusted: &str, more: &[&str]) -> Result<(), String> {
    let url = format!("https://localhost:{}", server.address.rsplit_once(':').unwrap().1);
    let (home, ca) = (Home::new(), ["--client-tls-ca-file", trusted]);
    let login = ["login", &url, "--first-user-username", "amy", "--first-user-email", "amy@example.com"];
    let ran = home.run(&[&login[..], &["--first-user-password", PASSWORD], &ca, more].concat());
    // The second client finds the first user created, and is asked for a token: it reached the server, too.
    let reached = ran.code == Some(0) || ran.stderr.contains("token") || ran.stdout.contains("/cli-auth");
    if reached { Ok(()) } else { Err(ran.stderr) }
}

#[test]
fn clients_that_trust_the_certificate_reach_the_server_over_https() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, other) = (Authority::new(), Authority::new());
    authority.issue(folder.path(), "server", ExtendedKeyUsagePurpose::ServerAuth);
    authority.publish(folder.path(), "ca");
    other.publish(folder.path(), "other");
    let server = start(&flags(&folder));
    ask(&server, &text(&folder, "ca.pem"), &[]).unwrap();
    let error = ask(&server, &text(&folder, "other.pem"), &[]).unwrap_err();
    assert!(error.to_lowercase().contains("certificate"), "{error}");
}

/// Writes a certificate and its key: `<name>.pem` and `<name>.key`.
fn write(folder: &Path, name: &str, own: &OwnCertificate) {
    fs::write(folder.join(format!("{name}.key")), &own.key).unwrap();
    fs::write(folder.join(format!("{name}.pem")), &own.certificate).unwrap();
}

/// As `openssl req -x509` makes it: the certificate of the server says that it is an authority's.
#[test]
fn a_certificate_that_is_its_own_authority_is_trusted_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let other = OwnCertificate::of("localhost");
    write(folder.path(), "other", &other);
    for (own, refused_as) in [
        (OwnCertificate::of("localhost"), None),
        (OwnCertificate::expired("localhost"), Some("expired")),
        (OwnCertificate::of("keys.example.com"), Some("not valid for name")),
    ] {
        write(folder.path(), "server", &own);
        let server = start(&flags(&folder));
        let own = ask(&server, &text(&folder, "server.pem"), &[]);
        let error = match refused_as {
            None => {
                own.unwrap();
                ask(&server, &text(&folder, "other.pem"), &[]).unwrap_err()
            }
            Some(_) => own.unwrap_err(),
        };
        assert!(error.contains(refused_as.unwrap_or("UnknownIssuer")), "{error}");
    }
}

/// The same for the certificates of clients.
#[test]
fn a_clients_certificate_that_is_its_own_authority_is_trusted_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["server", "client", "stranger"] {
        write(folder.path(), name, &OwnCertificate::of("localhost"));
    }
    write(folder.path(), "late", &OwnCertificate::expired("localhost"));
    let named = ["client", "late"].map(|name| fs::read_to_string(text(&folder, &format!("{name}.pem"))).unwrap());
    fs::write(folder.path().join("clients.pem"), named.concat()).unwrap();
    let more = [
        "--tls-client-auth=require-and-verify".to_owned(),
        format!("--tls-client-ca-file={}", text(&folder, "clients.pem")),
    ];
    let server = start(&[flags(&folder), more.to_vec()].concat());
    for (name, is_trusted) in [("client", true), ("stranger", false), ("late", false)] {
        let (certificate, key) = (text(&folder, &format!("{name}.pem")), text(&folder, &format!("{name}.key")));
        let shown = ["--client-tls-cert-file", &certificate, "--client-tls-key-file", &key];
        let asked = ask(&server, &text(&folder, "server.pem"), &shown);
        assert_eq!(asked.is_ok(), is_trusted, "{name}: {asked:?}");
    }
}

/// They are read again within ten seconds of a change and on SIGHUP; invalid ones are not used
/// (`docs/compatibility.md`).
#[cfg(unix)]
#[test]
fn certificates_that_change_are_used_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    old.issue(folder.path(), "server", ExtendedKeyUsagePurpose::ServerAuth);
    old.publish(folder.path(), "old");
    new.publish(folder.path(), "new");
    let server = start(&flags(&folder));
    ask(&server, &text(&folder, "old.pem"), &[]).unwrap();
    fs::write(folder.path().join("server.pem"), "no certificate").unwrap();
    server.signal("HUP");
    ask(&server, &text(&folder, "old.pem"), &[]).unwrap();
    new.issue(folder.path(), "server", ExtendedKeyUsagePurpose::ServerAuth);
    server.signal("HUP");
    let tries = (0..200).take_while(|_| ask(&server, &text(&folder, "new.pem"), &[]).is_err()).count();
    assert!(tries < 200, "the new certificate is not used");
    ask(&server, &text(&folder, "old.pem"), &[]).unwrap_err();
    // Without a signal, too.
    old.issue(folder.path(), "server", ExtendedKeyUsagePurpose::ServerAuth);
    let tries = (0..10_000).take_while(|_| ask(&server, &text(&folder, "old.pem"), &[]).is_err()).count();
    assert!(tries < 10_000, "the changed certificate is not noticed");
}

#[test]
fn clients_may_have_to_show_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, other) = (Authority::new(), Authority::new());
    authority.issue(folder.path(), "server", ExtendedKeyUsagePurpose::ServerAuth);
    authority.issue(folder.path(), "client", ExtendedKeyUsagePurpose::ClientAuth);
    other.issue(folder.path(), "stranger", ExtendedKeyUsagePurpose::ClientAuth);
    authority.publish(folder.path(), "ca");
    let ca = text(&folder, "ca.pem");
    let shown = |name: &str| {
        let files = (text(&folder, &format!("{name}.pem")), text(&folder, &format!("{name}.key")));
        [("--client-tls-cert-file".to_owned(), files.0), ("--client-tls-key-file".to_owned(), files.1)]
            .map(|(flag, file)| [flag, file])
            .concat()
    };
    for (rule, without, strangers) in [
        ("require-and-verify", false, false),
        ("verify-if-given", true, false),
        ("require-any", false, true),
        ("request", true, true),
    ] {
        let more = [format!("--tls-client-auth={rule}"), format!("--tls-client-ca-file={ca}")];
        let server = start(&[flags(&folder), more.to_vec()].concat());
        let ask_with = |name: &str| {
            let shown = shown(name);
            ask(&server, &ca, &shown.iter().map(String::as_str).collect::<Vec<_>>())
        };
        ask_with("client").unwrap();
        assert_eq!(ask_with("stranger").is_ok(), strangers, "{rule}");
        assert_eq!(ask(&server, &ca, &[]).is_ok(), without, "{rule}");
    }
}

#[test]
fn tls_settings_that_cannot_work_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().issue(folder.path(), "server", ExtendedKeyUsagePurpose::ServerAuth);
    Authority::new().issue(folder.path(), "other", ExtendedKeyUsagePurpose::ServerAuth);
    let (certificate, key) = (text(&folder, "server.pem"), text(&folder, "other.key"));
    let cases = [
        (vec!["--tls-enable"], "--tls-cert-file: needed to listen for HTTPS"),
        (vec!["--tls-enable", "--tls-cert-file", &certificate], "as many keys as certificates"),
        (vec!["--tls-enable", "--tls-cert-file", &certificate, "--tls-key-file", &key], "--tls-key-file"),
    ];
    for (flags, problem) in cases {
        let home = Home::new();
        let data = home.path().join("data");
        let run = ["server", "--http-address", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
        let ran = home.run(&[&run[..], &flags].concat());
        assert!(ran.code == Some(1) && ran.stderr.contains(problem), "{flags:?}: {}", ran.stderr);
    }
}
