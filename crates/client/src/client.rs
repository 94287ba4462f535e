//! How a request is sent and an answer read.
use std::{fmt, sync::Arc};

use keyfob_api::{BASE_PATH, error::ErrorBody, secret::SecretText};
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    builder::{BuildError, ClientBuilder, session_token_header},
    error::{ApiError, Error},
    observed::Observed,
    route::Route,
};

/// How much of an answer that is not JSON an error keeps.
const KEPT_BODY: usize = 1024;

/// A server, and the key to use with it. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    session_token: Option<(HeaderName, HeaderValue)>,
    observed: Arc<Observed>,
}

impl Client {
    /// Settings for a client of the server at this URL.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    pub(crate) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url, session_token: None, observed: Arc::default() }
    }

    /// The same client with another key.
    ///
    /// # Errors
    /// [`BuildError::SessionToken`] when the text can be no key.
    pub fn with_session_token(&self, token: &SecretText) -> Result<Self, BuildError> {
        Ok(Self { session_token: Some(session_token_header(token)?), ..self.clone() })
    }

    /// The same client without a key.
    #[must_use]
    pub fn without_session_token(&self) -> Self {
        Self { session_token: None, ..self.clone() }
    }

    /// The server, without a slash at the end.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The server's version, as its latest answer reported it; none before the first answer.
    pub fn build_version(&self) -> Option<String> {
        self.observed.build_version()
    }

    /// What the server wants the people who run it to know, each text once, in the order it came.
    pub fn entitlement_warnings(&self) -> Vec<String> {
        self.observed.warnings()
    }

    /// How long the key in use still lives, if an answer said so: it does when the end is near.
    pub fn expires_in(&self) -> Option<std::time::Duration> {
        self.observed.expires_in()
    }

    /// A request below the base path.
    pub(crate) fn call(&self, method: Method, route: &'static str, values: &[&str]) -> Call<'_> {
        let route = Route(route);
        let url = format!("{}{BASE_PATH}{}", self.url(), route.fill(values));
        let mut request = self.http.request(method.clone(), url);
        if let Some((name, value)) = &self.session_token {
            request = request.header(name, value);
        }
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

/// A request on its way.
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    route: Route,
    request: RequestBuilder,
}

impl Call<'_> {
    pub(crate) fn query(mut self, pairs: &[(&str, String)]) -> Self {
        if !pairs.is_empty() {
            self.request = self.request.query(pairs);
        }
        self
    }

    pub(crate) fn json(mut self, body: &(impl Serialize + Sync)) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Anything but a success is one.
    pub(crate) async fn send(self) -> Result<Answer, Error> {
        let answer = self.send_any().await?;
        if answer.status.is_success() { Ok(answer) } else { Err(answer.into_error()) }
    }

    /// Sends it and leaves judging the status to the caller.
    pub(crate) async fn send_any(self) -> Result<Answer, Error> {
        let response = self.request.send().await.map_err(Error::transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.client.observed.look_at(&headers);
        let body = response.bytes().await.map_err(Error::transport)?.to_vec();
        Ok(Answer { method: self.method, route: self.route, status, headers, body })
    }
}

/// An answer that was read to its end.
pub(crate) struct Answer {
    method: Method,
    route: Route,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// What the answer holds.
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

    /// What the answer holds, if it is that.
    pub(crate) fn try_json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok().filter(|_| self.is_json())
    }

    /// A refusal. An empty answer is one without a message, such as a proxy gives.
    pub(crate) fn into_error(self) -> Error {
        if !self.is_json() && !self.body.is_empty() {
            return self.unexpected_content_type();
        }
        let body: ErrorBody = serde_json::from_slice(&self.body).unwrap_or_default();
        Error::Api(Box::new(ApiError::new(self.method, self.route, self.status, body)))
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
