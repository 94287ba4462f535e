//! Which certificates of mail servers are trusted.
use std::fs;

use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_testkit::{MailEncryption, MailServer, OwnCertificate, ServerTls};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Log, TestApp};

const ENCRYPTIONS: [MailEncryption; 2] = [MailEncryption::Wrapper, MailEncryption::StartTls];

/// The flags for a mail server on this host, at a port.
fn flags(encryption: MailEncryption, port: u16, more: &[String]) -> Vec<String> {
    let encryption = match encryption {
        MailEncryption::Wrapper => "--email-force-tls",
        MailEncryption::StartTls => "--email-tls-starttls",
    };
    let own = ["--email-from=Keyfob <keys@example.com>", encryption, "--email-auth-username=keyfob"];
    let own = own
        .into_iter()
        .map(str::to_owned)
        .chain([format!("--email-smarthost=localhost:{port}"), "--email-auth-password=secret".to_owned()]);
    own.chain(more.iter().cloned()).collect()
}

fn file(folder: &TempDir, name: &str, content: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Has a mail sent, and returns what is logged meanwhile.
async fn send(flags: &[String]) -> String {
    let (app, _owner) = TestApp::with(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let log = Log::capture();
    let asked = app.anonymous().post("/api/v2/users/otp/request", json!({"email": "owner@example.com"})).await;
    asked.expect(StatusCode::NO_CONTENT);
    app.server.run_jobs_once().await;
    app.advance(SignedDuration::from_secs(5));
    app.server.run_jobs_once().await;
    log.text()
}

/// It is the very certificate in the file, though it says that it is an authority.
#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_trusted_where_it_is_named() {
    for encryption in ENCRYPTIONS {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnCertificate::of("localhost");
        let mails = MailServer::start_encrypted(encryption, &ServerTls::new(&own));
        let ca = format!("--email-tls-ca-cert-file={}", file(&folder, "own.pem", &own.certificate));
        let log = send(&flags(encryption, mails.address.port(), &[ca])).await;
        assert_eq!((mails.take().len(), log.as_str()), (1, ""), "{encryption:?}");
        assert_eq!(mails.logins().len(), 1);
    }
}

/// No password, and no mail, goes to a mail server that is not trusted; the log says why it is not.
#[tokio::test]
async fn a_mail_server_that_is_not_trusted_gets_nothing_and_the_log_says_why() {
    let trusted = OwnCertificate::of("localhost");
    let cases = [
        (&trusted, OwnCertificate::of("localhost"), "its certificate has an unknown issuer"),
        (&OwnCertificate::expired("localhost"), OwnCertificate::of("x"), "its certificate has expired"),
        (&OwnCertificate::of("mail.example.com"), OwnCertificate::of("x"), "its certificate is for another name"),
    ];
    for encryption in ENCRYPTIONS {
        for (shown, other, reason) in &cases {
            let folder = tempfile::tempdir().unwrap();
            let mails = MailServer::start_encrypted(encryption, &ServerTls::new(shown));
            // The first case trusts another certificate of the same name, the others the one that is shown.
            let is_unknown = reason.contains("issuer");
            let named = if is_unknown { &other.certificate } else { &shown.certificate };
            let ca = format!("--email-tls-ca-cert-file={}", file(&folder, "ca.pem", named));
            let log = send(&flags(encryption, mails.address.port(), &[ca])).await;
            assert!(log.contains(&format!("cause=\"{reason}: ")), "{encryption:?} {reason}: {log}");
            assert_eq!((mails.tries_to("owner@example.com"), mails.logins().len()), (0, 0), "{reason}");
        }
        let log = send(&flags(encryption, 1, &[])).await;
        assert!(log.contains("cause=\"the connection was refused: "), "{log}");
    }
}

/// The name may be another than the host's, and an operator may accept any certificate.
#[tokio::test]
async fn another_name_is_trusted_where_that_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let own = OwnCertificate::of("mail.example.com");
    let ca = format!("--email-tls-ca-cert-file={}", file(&folder, "own.pem", &own.certificate));
    for more in
        [vec![ca, "--email-tls-server-name=mail.example.com".to_owned()], vec!["--email-tls-skip-verify".to_owned()]]
    {
        let mails = MailServer::start_encrypted(MailEncryption::Wrapper, &ServerTls::new(&own));
        send(&flags(MailEncryption::Wrapper, mails.address.port(), &more)).await;
        assert_eq!(mails.take().len(), 1, "{more:?}");
    }
}

#[tokio::test]
async fn the_server_shows_its_own_certificate_to_a_mail_server_that_asks_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let (own, client) = (OwnCertificate::of("localhost"), OwnCertificate::client_of("keyfob"));
    let mails =
        MailServer::start_encrypted(MailEncryption::Wrapper, &ServerTls::for_clients_of(&own, &client.certificate));
    let files =
        [("ca-cert-file", &own.certificate), ("cert-file", &client.certificate), ("cert-key-file", &client.key)];
    let shown = files.map(|(flag, content)| format!("--email-tls-{flag}={}", file(&folder, flag, content)));
    send(&flags(MailEncryption::Wrapper, mails.address.port(), &shown)).await;
    assert_eq!(mails.take().len(), 1);
    send(&flags(MailEncryption::Wrapper, mails.address.port(), &shown[..1])).await;
    assert!(mails.take().is_empty());
}
