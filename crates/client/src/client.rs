//! Sending requests and reading answers.
use std::{fmt, sync::Arc};

use keyfob_api::{BASE_PATH, REQUIRED_HEADER, error::ErrorBody, keys::KeySummary, secret::SecretText};
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    builder::{BuildError, ClientBuilder, session_token_header},
    error::{ApiError, Error},
    observed::{Observed, permissions},
    route::Route,
};

/// The number of bytes that an error keeps of an answer that is not JSON.
const KEPT_BODY: usize = 1024;

/// A server, and the key to use with it. Clones share their connections.
///
/// # Examples
/// ```no_run
/// use keyfob_client::{Client, ME, api::secret::SecretText};
///
/// # async fn example(token: SecretText) -> Result<(), Box<dyn std::error::Error>> {
/// let keyfob = Client::builder("https://keyfob.example.com").session_token(token).build()?;
/// println!("{} on {}", keyfob.user(ME).await?.username, keyfob.url());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    session_token: Option<(HeaderName, HeaderValue)>,
    observed: Arc<Observed>,
}

impl Client {
    /// Settings for a client of the server at this URL.
    ///
    /// # Examples
    /// ```
    /// let keyfob = keyfob_client::Client::builder("http://127.0.0.1:3000").build()?;
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    pub(crate) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url, session_token: None, observed: Arc::default() }
    }

    /// The same client with another key.
    ///
    /// # Errors
    /// [`BuildError::SessionToken`] when the text has characters that no key has.
    ///
    /// # Examples
    /// ```
    /// use keyfob_client::{BuildError, Client, api::secret::SecretText};
    ///
    /// /// A client that acts for the caller whose token a request brought.
    /// fn for_caller(keyfob: &Client, bearer: &str) -> Result<Client, BuildError> {
    ///     keyfob.with_session_token(&SecretText::new(bearer))
    /// }
    /// # let keyfob = Client::builder("http://127.0.0.1:3000").build()?;
    /// assert!(for_caller(&keyfob, "line\nbreak").is_err());
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn with_session_token(&self, token: &SecretText) -> Result<Self, BuildError> {
        Ok(Self { session_token: Some(session_token_header(token)?), ..self.clone() })
    }

    /// The same client without a key.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// // Works even when the key in use has expired.
    /// let version = keyfob.without_session_token().build_info().await?.version;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn without_session_token(&self) -> Self {
        Self { session_token: None, ..self.clone() }
    }

    /// The server's URL, without a slash at the end.
    ///
    /// # Examples
    /// ```
    /// let keyfob = keyfob_client::Client::builder("http://example.com/keyfob/").build()?;
    /// assert_eq!(keyfob.url(), "http://example.com/keyfob");
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The server's version, as its latest answer reported it; `None` before the first answer.
    ///
    /// # Examples
    /// ```
    /// let keyfob = keyfob_client::Client::builder("http://127.0.0.1:3000").build()?;
    /// assert_eq!(keyfob.build_version(), None);
    /// # Ok::<(), keyfob_client::BuildError>(())
    /// ```
    pub fn build_version(&self) -> Option<String> {
        self.observed.build_version()
    }

    /// The warnings for the people who run the server, each once, in the order in which they came.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.list_organizations().await?;
    /// for warning in keyfob.entitlement_warnings() {
    ///     eprintln!("warning: {warning}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn entitlement_warnings(&self) -> Vec<String> {
        self.observed.warnings()
    }

    /// The time until the key in use expires, as the latest answer reported it. A server reports it only for a key that
    /// expires soon.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.user("me").await?;
    /// if let Some(rest) = keyfob.expires_in() {
    ///     eprintln!("the token expires in {} minutes", rest.as_secs() / 60);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn expires_in(&self) -> Option<std::time::Duration> {
        self.observed.expires_in()
    }

    /// The key that the latest such answer described: the key in use when its own user was asked for, a new token when
    /// it was made. `None` before, and from servers that describe none.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let user = keyfob.user(ME).await?;
    /// if let Some(key) = keyfob.described_key() {
    ///     println!("{} until {}: {}", user.username, key.expires_at, key.scopes.join(", "));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn described_key(&self) -> Option<KeySummary> {
        self.observed.key()
    }

    /// The permissions without which the latest answer, a list, could hold nothing for the caller; empty if it could.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{ME, TokensFilter};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// if keyfob.list_tokens(ME, TokensFilter::default()).await?.is_empty() && !keyfob.missing().is_empty() {
    ///     eprintln!("this key may see no tokens: it lacks {}", keyfob.missing().join(", "));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn missing(&self) -> Vec<String> {
        self.observed.missing()
    }

    /// A request to a path below the base path.
    pub(crate) fn call(&self, method: Method, route: &'static str, values: &[&str]) -> Call<'_> {
        self.call_below(BASE_PATH, method, route, values)
    }

    /// A path that is not below the base path of the API.
    pub(crate) fn get_at_root(&self, route: &'static str) -> Call<'_> {
        self.call_below("", Method::GET, route, &[])
    }

    fn call_below(&self, base: &str, method: Method, route: &'static str, values: &[&str]) -> Call<'_> {
        let route = Route(route);
        let request = route.fill(values).map(|path| {
            let request = self.http.request(method.clone(), format!("{}{base}{path}", self.url()));
            match &self.session_token {
                Some((name, value)) => request.header(name, value),
                None => request,
            }
        });
        Call { client: self, method, route, request }
    }

    pub(crate) fn get(&self, route: &'static str, values: &[&str]) -> Call<'_> {
        self.call(Method::GET, route, values)
    }

    pub(crate) fn post(&self, route: &'static str, values: &[&str]) -> Call<'_> {
        self.call(Method::POST, route, values)
    }

    pub(crate) fn put(&self, route: &'static str, values: &[&str]) -> Call<'_> {
        self.call(Method::PUT, route, values)
    }

    pub(crate) fn patch(&self, route: &'static str, values: &[&str]) -> Call<'_> {
        self.call(Method::PATCH, route, values)
    }

    pub(crate) fn delete(&self, route: &'static str, values: &[&str]) -> Call<'_> {
        self.call(Method::DELETE, route, values)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// A request that has not been sent.
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    route: Route,
    /// None can be made with a value that does not fit into the route.
    request: Result<RequestBuilder, Error>,
}

impl Call<'_> {
    pub(crate) fn query(mut self, pairs: &[(&str, String)]) -> Self {
        if !pairs.is_empty() {
            self.request = self.request.map(|request| request.query(pairs));
        }
        self
    }

    pub(crate) fn json(mut self, body: &(impl Serialize + Sync)) -> Self {
        self.request = self.request.map(|request| request.json(body));
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    /// When no request could be made, no answer came, or one with a status other than a success.
    pub(crate) async fn send(self) -> Result<Answer, Error> {
        let answer = self.send_any().await?;
        if answer.status.is_success() { Ok(answer) } else { Err(answer.into_error()) }
    }

    /// Sends the request, and returns the answer whatever its status.
    pub(crate) async fn send_any(self) -> Result<Answer, Error> {
        let response = self.request?.send().await.map_err(Error::transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.client.observed.update(&headers);
        let body = response.bytes().await.map_err(Error::transport)?.to_vec();
        Ok(Answer { method: self.method, route: self.route, status, headers, body })
    }
}

/// An answer, with its whole body.
pub(crate) struct Answer {
    method: Method,
    route: Route,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// The body as a value of this type.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        if !self.is_json() {
            return Err(self.unexpected_content_type());
        }
        serde_json::from_slice(&self.body).map_err(|source| Error::UnexpectedBody {
            method: self.method,
            route: format!("{BASE_PATH}{}", self.route.0),
            source,
        })
    }

    /// The body as a value of this type, if it is one.
    pub(crate) fn try_json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok().filter(|_| self.is_json())
    }

    /// The answer as an error. The body may be empty, because proxies send such answers.
    pub(crate) fn into_error(self) -> Error {
        if !self.is_json() && !self.body.is_empty() {
            return self.unexpected_content_type();
        }
        let body: ErrorBody = serde_json::from_slice(&self.body).unwrap_or_default();
        let required = permissions(&self.headers, REQUIRED_HEADER);
        Error::Api(Box::new(ApiError::new(self.method, self.route, self.status, body, required)))
    }

    fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn is_json(&self) -> bool {
        let media_type = self.content_type().split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("application/json")
    }

    fn unexpected_content_type(&self) -> Error {
        let start = self.body.get(..KEPT_BODY).unwrap_or(&self.body);
        Error::UnexpectedContentType {
            status: self.status,
            content_type: self.content_type().to_owned(),
            body: String::from_utf8_lossy(start).into_owned(),
        }
    }
}
