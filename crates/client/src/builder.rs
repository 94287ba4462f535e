//! Building a client from settings.
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Once,
    time::Duration,
};

use keyfob_api::{SESSION_TOKEN_HEADER, proxy::Proxies, secret::SecretText};
use keyfob_tls::{Identity, TrustedServers, certificates_in};
use reqwest::{
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use rustls::{
    ClientConfig,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
};
use url::Url;

use crate::client::Client;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// The settings of a [`Client`]; [`Client::builder`] creates one.
///
/// # Examples
/// ```
/// use keyfob_client::{Client, api::secret::SecretText};
///
/// let keyfob = Client::builder("http://127.0.0.1:3000")
///     .session_token(SecretText::new("Zq3bT0xWcN-9n4kVx2Lw8Rf6Yt1Ds5Ghc"))
///     .user_agent("nightly-report/1.0")
///     .header("X-Proxy-Key", "opensesame")
///     .build()?;
/// assert_eq!(keyfob.url(), "http://127.0.0.1:3000");
/// # Ok::<(), keyfob_client::BuildError>(())
/// ```
#[derive(Clone)]
pub struct ClientBuilder {
    url: String,
    session_token: Option<SecretText>,
    user_agent: String,
    headers: Vec<(String, String)>,
    ca_file: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

/// Why a [`Client`] could not be built.
///
/// # Examples
/// ```
/// use keyfob_client::{BuildError, Client};
///
/// let error = Client::builder("keyfob.example.com").build().unwrap_err();
/// assert!(matches!(error, BuildError::Url(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The text is not a URL, or not the URL of a server.
    #[error("invalid server URL: {0}")]
    Url(String),
    /// The session token has characters that no token has.
    #[error("the session token has characters that no token has")]
    SessionToken,
    /// A header's name or value has characters that no header may have.
    #[error("invalid header `{0}`")]
    Header(String),
    /// A certificate or key file cannot be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A certificate or the key is malformed.
    #[error("cannot set up TLS")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{Client, api::secret::SecretText};
    ///
    /// let token = SecretText::new(std::env::var("KEYFOB_SESSION_TOKEN")?);
    /// let keyfob = Client::builder("https://keyfob.example.com").session_token(token).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn session_token(mut self, token: SecretText) -> Self {
        self.session_token = Some(token);
        self
    }

    /// Sends this `User-Agent` in place of `keyfob-client/<version>`. Audit records show it.
    ///
    /// # Examples
    /// ```no_run
    /// # use keyfob_client::Client;
    /// let keyfob = Client::builder("https://keyfob.example.com").user_agent("nightly-report/1.0").build()?;
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sends one more header with every request.
    ///
    /// # Examples
    /// ```no_run
    /// # use keyfob_client::Client;
    /// let keyfob = Client::builder("https://keyfob.example.com").header("X-Proxy-Key", "opensesame").build()?;
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Trusts the certificates of this PEM file, and no others: those that they signed, and they themselves.
    ///
    /// # Examples
    /// ```no_run
    /// # use keyfob_client::Client;
    /// let keyfob = Client::builder("https://keyfob.internal").ca_file("/etc/ssl/internal-ca.pem").build()?;
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Presents this certificate to the server. Both files are in PEM.
    ///
    /// # Examples
    /// ```no_run
    /// # use keyfob_client::Client;
    /// let builder = Client::builder("https://keyfob.internal");
    /// let keyfob = builder.client_certificate("/etc/ssl/report.pem", "/etc/ssl/report.key").build()?;
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Builds the client. It sends no request.
    ///
    /// Requests go through the proxy that the environment names (`http_proxy`, `https_proxy`, `all_proxy`, or the same in
    /// upper case), except to this machine itself and to what `no_proxy` names: `*`, hosts, domains, networks, and hosts
    /// with a port.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that cannot be used.
    ///
    /// # Examples
    /// ```
    /// # use keyfob_client::Client;
    /// let keyfob = Client::builder("http://127.0.0.1:3000/").build()?;
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
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
        // It follows no redirects, so that this is the only host that it asks.
        let proxies = Proxies::from_environment();
        let is_direct = url.host_str().is_some_and(|host| proxies.are_avoided_by(host, url.port_or_known_default()));
        builder = if is_direct { builder.no_proxy() } else { through(&proxies, builder) };
        let has_files = self.ca_file.is_some() || self.identity.is_some();
        builder = if url.scheme() == "http" && !has_files {
            // This client follows no redirects, so it never uses TLS. A machine without certificates can run it.
            builder.tls_certs_only([])
        } else {
            builder.tls_backend_preconfigured(self.tls()?)
        };
        builder.build().map_err(|error| BuildError::Tls(error.into()))
    }

    fn tls(&self) -> Result<ClientConfig, BuildError> {
        let trusted = match &self.ca_file {
            Some(path) => {
                let certificates = certificates_in(&read(path)?).map_err(|error| bad(path, &error))?;
                TrustedServers::only(certificates).map_err(|error| bad(path, &error))?
            }
            None => TrustedServers::with_system(Vec::new()).map_err(|error| BuildError::Tls(error.into()))?,
        };
        let own = self.identity.as_ref().map(|(certificate, key)| identity(certificate, key)).transpose()?;
        trusted.http_client(own).map_err(|error| BuildError::Tls(error.into()))
    }

    fn header_map(&self) -> Result<HeaderMap, BuildError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let bad = || BuildError::Header(name.clone());
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
            // The value may be a credential for a proxy.
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

/// Lets requests go through these proxies, but for those to networks that `NO_PROXY` names. What is no address of a proxy
/// is ignored.
fn through(proxies: &Proxies, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    let except = reqwest::NoProxy::from_string(&proxies.exceptions());
    let http = proxies.http().map(reqwest::Proxy::http);
    let https = proxies.https().map(reqwest::Proxy::https);
    let usable = [http, https].into_iter().flatten().filter_map(Result::ok);
    // First without those that the library finds for itself.
    usable.fold(builder.no_proxy(), |builder, proxy| builder.proxy(proxy.no_proxy(except.clone())))
}

/// The header with the key.
pub(crate) fn session_token_header(token: &SecretText) -> Result<(HeaderName, HeaderValue), BuildError> {
    let mut value = HeaderValue::from_str(token.reveal()).map_err(|_| BuildError::SessionToken)?;
    value.set_sensitive(true);
    let name = HeaderName::from_bytes(SESSION_TOKEN_HEADER.as_bytes()).map_err(|_| BuildError::SessionToken)?;
    Ok((name, value))
}

fn parse_url(text: &str) -> Result<Url, BuildError> {
    let url = Url::parse(text).map_err(|error| BuildError::Url(error.to_string()))?;
    let problem = match url.scheme() {
        "http" | "https" if url.host().is_none() => "it has no host",
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => "it has credentials in it",
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => "it has a query or a fragment",
        "http" | "https" => return Ok(url),
        _ => "it does not begin with http:// or https://",
    };
    Err(BuildError::Url(problem.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(|source| BuildError::File { path: path.to_owned(), source })
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, BuildError> {
    let chain = certificates_in(&read(certificate)?).map_err(|error| bad(certificate, &error))?;
    let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| bad(key, &error))?;
    Ok(Identity { chain, key })
}

/// A file that holds something else than it should.
fn bad(file: &Path, problem: &dyn fmt::Display) -> BuildError {
    BuildError::Tls(format!("{}: {problem}", file.display()).into())
}

/// TLS needs a provider of cryptography. One that the program installed before stays.
fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
