//! URLs of servers, as people type them.
use anyhow::Context as _;
use url::Url;

/// The URL with its scheme and without a slash at the end. Without a scheme it is `https`, except for `localhost`.
pub(crate) fn parse(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else if text.starts_with("localhost") {
        format!("http://{text}")
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&with_scheme).with_context(|| {
        // It may have a password in it.
        let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
        format!("`{shown}` is not a URL")
    })?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The part of a URL that identifies a server: host and port, lower-case.
pub(crate) fn host(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return url.to_lowercase() };
    let host = url.host_str().unwrap_or_default().to_lowercase();
    url.port_or_known_default().map_or(host.clone(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scheme_is_https_except_for_localhost() {
        let cases = [
            ("keyfob.example.com", "https://keyfob.example.com"),
            ("keyfob.example.com/", "https://keyfob.example.com"),
            ("localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
            ("HTTPS://Keyfob.Example.com/sub/", "https://keyfob.example.com/sub"),
        ];
        for (text, url) in cases {
            assert_eq!(parse(text).unwrap(), url);
        }
        assert!(parse("http://").is_err());
    }

    #[test]
    fn a_server_is_its_host_and_port() {
        assert_eq!(host("https://A.example"), host("https://a.example:443/x"));
        assert_ne!(host("https://a.example"), host("http://a.example"));
    }
}
