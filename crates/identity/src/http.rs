//! Requests to providers.
use std::{sync::Once, time::Duration};

use keyfob_api::{proxy::goes_around_proxies, secret::SecretText};
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
}

/// Why there is no usable answer of a provider.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The provider cannot be reached, or took too long.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is not JSON, or too long.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// The provider refused.
    #[error("the answer's status is {0}")]
    Refused(StatusCode),
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        // The address may contain a code, which must not get into logs.
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Unreachable(format!("{error}{cause}"))
    }
}

impl Http {
    /// A client with pooled connections.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub fn new() -> Result<Self, HttpError> {
        static ONCE: Once = Once::new();
        // Another part of the program may have installed one already; it is the same.
        ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = || reqwest::Client::builder().redirect(Policy::none()).timeout(TIMEOUT).user_agent("keyfob");
        Ok(Self { proxied: client().build()?, direct: client().no_proxy().build()? })
    }

    /// The client for requests to this address.
    fn client(&self, url: &Url) -> &reqwest::Client {
        let is_direct = url.host_str().is_some_and(|host| goes_around_proxies(host, url.port_or_known_default()));
        if is_direct { &self.direct } else { &self.proxied }
    }

    /// Gets the JSON at an address.
    pub(crate) async fn get(&self, url: Url, bearer: Option<&SecretText>) -> Result<Value, HttpError> {
        let request = self.client(&url).get(url);
        let request = bearer.into_iter().fold(request, |request, token| request.bearer_auth(token.reveal()));
        let (status, answer) = send(request).await?;
        if status.is_success() { Ok(answer) } else { Err(HttpError::Refused(status)) }
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
        send(request).await
    }
}

async fn send(request: RequestBuilder) -> Result<(StatusCode, Value), HttpError> {
    let mut response = request.header(header::ACCEPT, "application/json").send().await?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_LENGTH {
            return Err(HttpError::Unreadable(format!("longer than {MAX_ANSWER_LENGTH} bytes")));
        }
    }
    match serde_json::from_slice(&body) {
        Ok(answer) => Ok((status, answer)),
        Err(_) if !status.is_success() => Err(HttpError::Refused(status)),
        Err(error) => Err(HttpError::Unreadable(error.to_string())),
    }
}
