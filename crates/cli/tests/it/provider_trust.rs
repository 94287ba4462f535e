//! Which certificates of identity providers are trusted, and what is said when one is not.
#![cfg(unix)]
use std::fs;

use keyfob_testkit::{OwnCertificate, ServerTls};
use serde_json::json;

use crate::{http::Message, program::Server};

/// A provider that shows this certificate; its issuer.
fn provider(own: &OwnCertificate) -> String {
    let issuer = |port: u16| format!("https://localhost:{port}");
    let description = |issuer: &str| {
        json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        })
    };
    let address = ServerTls::new(own).serve_json(|address| description(&issuer(address.port())).to_string());
    issuer(address.port())
}

/// Starts a server that trusts this certificate as the system's, and goes to the provider. Returns the status, the
/// detail of a refusal, and the log.
fn go(issuer: &str, trusted: &OwnCertificate) -> (u64, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trusted.pem");
    fs::write(&file, &trusted.certificate).unwrap();
    let issuer = format!("--oidc-issuer-url={issuer}");
    let environment = [("SSL_CERT_FILE", file.to_str().unwrap())];
    let server = Server::start_in(&environment, &[&issuer, "--oidc-client-id=keyfob", "--oidc-client-secret=x"]);
    let answer = Message::request("GET", "/api/v2/users/oidc/callback").send(&server.address).unwrap();
    let detail = answer.json().map(|body| body["detail"].as_str().unwrap_or_default().to_owned()).unwrap_or_default();
    (answer.status(), detail, server.stop().0)
}

/// It is the very certificate that the system trusts, though it says that it is an authority.
#[test]
fn a_certificate_that_is_its_own_authority_is_trusted_where_the_system_names_it() {
    let own = OwnCertificate::of("localhost");
    let (status, detail, log) = go(&provider(&own), &own);
    assert_eq!(status, 307, "{detail}: {log}");
}

/// Users, who may be anybody, get the reason in fixed words; the log says more.
#[test]
fn why_a_provider_is_not_trusted_is_said() {
    let (own, other) = (OwnCertificate::of("localhost"), OwnCertificate::of("localhost"));
    let (expired, named) = (OwnCertificate::expired("localhost"), OwnCertificate::of("id.example.com"));
    for (issuer, trusted, reason) in [
        (provider(&own), &other, "its certificate has an unknown issuer"),
        (provider(&expired), &expired, "its certificate has expired"),
        (provider(&named), &named, "its certificate is for another name"),
        ("https://localhost:1".to_owned(), &own, "the connection was refused"),
    ] {
        let (status, detail, log) = go(&issuer, trusted);
        assert_eq!((status, detail.as_str()), (500, reason), "{log}");
        assert!(log.contains(&format!("{issuer}: {reason}: error sending request: ")), "{log}");
    }
}
