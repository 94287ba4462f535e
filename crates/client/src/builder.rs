//! How a client is made.
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Once,
    time::Duration,
};

use keyfob_api::{SESSION_TOKEN_HEADER, secret::SecretText};
use reqwest::{
    Certificate, Identity,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use url::Url;

use crate::client::Client;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// The settings of a [`Client`]; made by [`Client::builder`].
#[derive(Clone)]
pub struct ClientBuilder {
    url: String,
    session_token: Option<SecretText>,
    user_agent: String,
    headers: Vec<(String, String)>,
    ca_file: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

/// Why a [`Client`] could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is none, or not one of a server.
    #[error("invalid server URL: {0}")]
    Url(String),
    /// The key holds characters that no key has.
    #[error("the session token holds characters that no token has")]
    SessionToken,
    /// A header's name or value is not possible.
    #[error("invalid header `{0}`")]
    Header(String),
    /// A certificate or key file cannot be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificates or the key are not usable.
    #[error("cannot set up TLS")]
    Tls(#[source] reqwest::Error),
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            session_token: None,
            user_agent: concat!("keyfob-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: Vec::new(),
            ca_file: None,
            identity: None,
        }
    }

    /// Sends this key with every request.
    #[must_use]
    pub fn session_token(mut self, token: SecretText) -> Self {
        self.session_token = Some(token);
        self
    }

    /// Sends this `User-Agent` in place of `keyfob-client/<version>`.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sends one more header with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Trusts the certificates of this PEM file, and no others.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Shows the server this certificate, both files in PEM.
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// Which of the settings is not usable, and why.
    pub fn build(self) -> Result<Client, BuildError> {
        let url = parse_url(&self.url)?;
        let http = self.http_client(&url)?;
        let client = Client::new(http, url);
        match self.session_token {
            Some(token) => client.with_session_token(&token),
            None => Ok(client),
        }
    }

    fn http_client(&self, url: &Url) -> Result<reqwest::Client, BuildError> {
        install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .user_agent(self.user_agent.as_str())
            .default_headers(self.header_map()?);
        if let Some(path) = &self.ca_file {
            let certificates = Certificate::from_pem_bundle(&read(path)?).map_err(BuildError::Tls)?;
            builder = builder.tls_certs_only(certificates);
        } else if url.scheme() == "http" {
            // Without redirects there is no TLS here: do not fail on a machine that has no certificates.
            builder = builder.tls_certs_only([]);
        }
        if let Some((certificate, key)) = &self.identity {
            let mut pem = read(certificate)?;
            pem.push(b'\n');
            pem.extend(read(key)?);
            builder = builder.identity(Identity::from_pem(&pem).map_err(BuildError::Tls)?);
        }
        builder.build().map_err(BuildError::Tls)
    }

    fn header_map(&self) -> Result<HeaderMap, BuildError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let bad = || BuildError::Header(name.clone());
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
            // A person's own headers may well be credentials of a proxy.
            value.set_sensitive(true);
            map.append(header, value);
        }
        Ok(map)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The header that presents a key.
pub(crate) fn session_token_header(token: &SecretText) -> Result<(HeaderName, HeaderValue), BuildError> {
    let mut value = HeaderValue::from_str(token.reveal()).map_err(|_| BuildError::SessionToken)?;
    value.set_sensitive(true);
    let name = HeaderName::from_bytes(SESSION_TOKEN_HEADER.as_bytes()).map_err(|_| BuildError::SessionToken)?;
    Ok((name, value))
}

fn parse_url(text: &str) -> Result<Url, BuildError> {
    let url = Url::parse(text).map_err(|error| BuildError::Url(error.to_string()))?;
    let problem = match url.scheme() {
        "http" | "https" if url.host().is_none() => "it names no host",
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => "it holds credentials",
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => "it ends in a query or a fragment",
        "http" | "https" => return Ok(url),
        _ => "it begins neither with http:// nor with https://",
    };
    Err(BuildError::Url(problem.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(|source| BuildError::File { path: path.to_owned(), source })
}

/// TLS needs a provider of its cryptography. Whatever the program installed before stays.
fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
