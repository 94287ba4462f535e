//! Building a client from settings.
use keyfob_client::{BuildError, Client, api::secret::SecretText};

#[test]
fn a_url_must_be_one_of_a_server() {
    for url in ["", "localhost:3000", "ftp://example.com", "http://a:b@example.com", "http://example.com?x=1"] {
        assert!(matches!(Client::builder(url).build(), Err(BuildError::Url(_))), "{url}");
    }
    assert_eq!(Client::builder("http://example.com/sub/").build().unwrap().url(), "http://example.com/sub");
}

#[test]
fn a_key_or_header_that_cannot_be_sent_is_refused_without_being_shown() {
    let builder = Client::builder("http://example.com");
    let error = builder.clone().session_token(SecretText::new("se\ncret")).build().unwrap_err();
    assert!(matches!(error, BuildError::SessionToken));
    assert!(!format!("{error} {error:?}").contains("cret"));
    let error = builder.header("X-Proxy", "se\ncret").build().unwrap_err();
    assert_eq!(error.to_string(), "invalid header `X-Proxy`");
}

#[test]
fn a_missing_certificate_is_named() {
    let builder = Client::builder("https://example.com");
    for builder in [builder.clone().ca_file("/nowhere.pem"), builder.client_certificate("/nowhere.pem", "/key.pem")] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.to_string(), "cannot read `/nowhere.pem`");
    }
}
