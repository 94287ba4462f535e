//! Requests to providers.
use std::{error::Error, fmt::Write as _, sync::Once, time::Duration};

use keyfob_api::{proxy::Proxies, secret::SecretText};
use keyfob_tls::{TrustedServers, Unreached};
use reqwest::{RequestBuilder, StatusCode, header, redirect::Policy};
use serde_json::Value;
use url::Url;

/// The time-out of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum length of an answer, in bytes.
const MAX_ANSWER_LENGTH: usize = 1024 * 1024;

/// The HTTP client for providers. It follows no redirects: an address that answers with one is not a provider's, or the
/// settings are wrong.
#[derive(Clone, Debug)]
pub struct Http {
    /// Goes through the proxy that the environment names, if it names one.
    proxied: reqwest::Client,
    direct: reqwest::Client,
    proxies: Proxies,
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("the system's certificates cannot be used: {0}")]
pub struct NoHttp(String);

/// Why there is no usable answer of a provider. The text is for the log: [`HttpError::summary`] is for others.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The provider cannot be reached, or took too long.
    #[error("{reason}: {cause}")]
    Unreachable {
        /// Which of the usual reasons it is.
        reason: Unreached,
        /// All that is known of it.
        cause: String,
    },
    /// The answer is not JSON, or too long.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// The provider refused.
    #[error("the answer's status is {0}")]
    Refused(StatusCode),
}

impl HttpError {
    /// What anybody may read of the error: it holds no address, and no text of the provider.
    pub fn summary(&self) -> String {
        match self {
            Self::Unreachable { reason, .. } => reason.to_string(),
            Self::Unreadable(_) => "the answer cannot be read".to_owned(),
            Self::Refused(_) => self.to_string(),
        }
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        // The address may contain a code, which must not get into logs.
        let error = error.without_url();
        let reason = if error.is_timeout() { Unreached::TimedOut } else { Unreached::because_of(&error) };
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let _infallible = write!(cause, ": {error}");
            source = error.source();
        }
        Self::Unreachable { reason, cause }
    }
}

/// An answer with a status of success.
pub(crate) enum Document {
    Json(Value),
    /// Signed, and not verified yet.
    Jwt(SecretText),
}

struct Answer {
    status: StatusCode,
    is_jwt: bool,
    body: Vec<u8>,
}

impl Http {
    /// A client with pooled connections.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub fn new() -> Result<Self, NoHttp> {
        static ONCE: Once = Once::new();
        // Another part of the program may have installed one already; it is the same.
        ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = || {
            let tls = TrustedServers::with_system(Vec::new()).and_then(|trusted| trusted.http_client(None));
            Ok(reqwest::Client::builder()
                .redirect(Policy::none())
                .timeout(TIMEOUT)
                .user_agent("keyfob")
                .tls_backend_preconfigured(tls.map_err(|error| NoHttp(error.to_string()))?))
        };
        let built = |builder: reqwest::ClientBuilder| builder.build().map_err(|error| NoHttp(error.to_string()));
        let proxies = Proxies::from_environment();
        Ok(Self { proxied: built(through(&proxies, client()?))?, direct: built(client()?.no_proxy())?, proxies })
    }

    /// The client for requests to this address.
    fn client(&self, url: &Url) -> &reqwest::Client {
        let port = url.port_or_known_default();
        let is_direct = url.host_str().is_some_and(|host| self.proxies.are_avoided_by(host, port));
        if is_direct { &self.direct } else { &self.proxied }
    }

    /// Gets the JSON at an address.
    pub(crate) async fn get(&self, url: Url, bearer: Option<&SecretText>) -> Result<Value, HttpError> {
        self.fetch(url, bearer, "application/json").await?.json()
    }

    /// Gets what is at an address: JSON, or a signed JWT.
    pub(crate) async fn get_signed(&self, url: Url, bearer: &SecretText) -> Result<Document, HttpError> {
        let answer = self.fetch(url, Some(bearer), "application/json, application/jwt;q=0.9").await?;
        if !answer.is_jwt {
            return answer.json().map(Document::Json);
        }
        let text = String::from_utf8(answer.body).map_err(|error| HttpError::Unreadable(error.to_string()))?;
        Ok(Document::Jwt(SecretText::new(text.trim())))
    }

    /// Posts a form; gives the status and the answer.
    pub(crate) async fn post(
        &self,
        url: Url,
        form: String,
        authorization: Option<String>,
    ) -> Result<(StatusCode, Value), HttpError> {
        let request =
            self.client(&url).post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let request = authorization.into_iter().fold(request, |request, value| {
            let mut value = header::HeaderValue::try_from(value).unwrap_or(header::HeaderValue::from_static(""));
            value.set_sensitive(true);
            request.header(header::AUTHORIZATION, value)
        });
        let answer = send(request, "application/json").await?;
        let status = answer.status;
        match answer.json() {
            Ok(json) => Ok((status, json)),
            Err(_) if !status.is_success() => Err(HttpError::Refused(status)),
            Err(error) => Err(error),
        }
    }

    async fn fetch(&self, url: Url, bearer: Option<&SecretText>, accepted: &'static str) -> Result<Answer, HttpError> {
        let request = self.client(&url).get(url);
        let request = bearer.into_iter().fold(request, |request, token| request.bearer_auth(token.reveal()));
        let answer = send(request, accepted).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(HttpError::Refused(answer.status)) }
    }
}

impl Answer {
    fn json(self) -> Result<Value, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| HttpError::Unreadable(error.to_string()))
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

async fn send(request: RequestBuilder, accepted: &'static str) -> Result<Answer, HttpError> {
    let mut response = request.header(header::ACCEPT, accepted).send().await?;
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let (status, is_jwt) = (response.status(), kind.eq_ignore_ascii_case("application/jwt"));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_LENGTH {
            return Err(HttpError::Unreadable(format!("longer than {MAX_ANSWER_LENGTH} bytes")));
        }
    }
    Ok(Answer { status, is_jwt, body })
}
