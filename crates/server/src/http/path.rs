//! Parameters of paths. Each is a type, which says how a segment is read and how the document describes it.
mod parameters;

pub(crate) use parameters::*;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use keyfob_api::error::Validation;

use crate::{app::App, http::error::ApiError};

/// How many characters a parameter may have.
pub(crate) const MOST_SEGMENT_CHARACTERS: usize = 255;

/// A parameter of paths.
pub(crate) trait PathParameter: Sized {
    /// Its name in routes and in the document.
    const NAME: &'static str;

    /// Reads a segment.
    ///
    /// # Errors
    /// The answer to a request whose segment cannot be read.
    fn parse(segment: &str, app: &App) -> Result<Self, ApiError>;
}

/// What a handler reads of its path: a parameter, or several as a tuple, in the order in which they are to be read.
pub(crate) trait PathParameters: Sized {
    /// Reads them.
    ///
    /// # Errors
    /// That of the first segment that cannot be read.
    fn read(segments: &Segments, app: &App) -> Result<Self, ApiError>;
}

impl<T: PathParameter> PathParameters for T {
    fn read(segments: &Segments, app: &App) -> Result<Self, ApiError> {
        match segments.find(T::NAME) {
            Some(segment) if segment.chars().count() > MOST_SEGMENT_CHARACTERS => {
                let bound = format!("The parameter must have at most {MOST_SEGMENT_CHARACTERS} characters.");
                Err(ApiError::invalid(vec![Validation::new(T::NAME, bound)]))
            }
            // Nothing has such a name, and not every database can look for it.
            Some(segment) if segment.contains('\0') => Err(ApiError::not_found()),
            Some(segment) => T::parse(segment, app),
            None => Err(ApiError::internal(&format!("the route has no parameter {{{}}}", T::NAME))),
        }
    }
}

impl<A: PathParameter, B: PathParameter> PathParameters for (A, B) {
    fn read(segments: &Segments, app: &App) -> Result<Self, ApiError> {
        Ok((A::read(segments, app)?, B::read(segments, app)?))
    }
}

/// The parameters of a request's path.
#[derive(Clone, Debug)]
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<T: PathParameters> FromRequestParts<App> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        T::read(&Segments::of(parts).await?, app).map(Self)
    }
}

/// A word at the end of a fixed path, as the value of the parameter in whose place it stands.
#[derive(Clone, Debug)]
pub(crate) struct FixedParameter {
    name: &'static str,
    value: String,
}

impl FixedParameter {
    /// The last segment of this path, as the value of this parameter.
    pub(crate) fn at_end_of(path: &str, name: &'static str) -> Self {
        Self { name, value: path.rsplit('/').next().unwrap_or_default().to_owned() }
    }

    /// A path that ends in the word, with the parameter in its place.
    pub(crate) fn parameter_in(&self, path: &str) -> String {
        format!("{}{{{}}}", path.strip_suffix(self.value.as_str()).unwrap_or(path), self.name)
    }
}

/// The segments of a request's path that are parameters, decoded, by their names.
#[derive(Clone, Debug)]
pub(crate) struct Segments(Vec<(String, String)>);

impl Segments {
    /// Those of a request.
    ///
    /// # Errors
    /// 400 where the path is not valid UTF-8.
    pub(crate) async fn of(parts: &mut Parts) -> Result<Self, ApiError> {
        let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| {
            ApiError::bad_request("The path is not valid UTF-8.").detail("Percent-encode the bytes of UTF-8 text.")
        })?;
        let in_path = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fixed = parts.extensions.get::<FixedParameter>();
        let fixed = fixed.map(|fixed| (fixed.name.to_owned(), fixed.value.clone()));
        Ok(Self(in_path.chain(fixed).collect()))
    }

    /// The parameter of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.iter().find(|(parameter, _)| *parameter == name).map(|(_, value)| value)
    }

    /// All of them: names and values, in the order of the path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use axum::{http::StatusCode, routing};
    use keyfob_api::error::ErrorBody;

    use super::*;
    use crate::http::{
        routes::{Handlers, RouteFacts, Routes},
        test_server::{TestServer, get},
    };

    async fn user(ApiPath(user): ApiPath<UserRef>) -> String {
        format!("{}, {}", user.0, user.is_me())
    }

    async fn resource(ApiPath((of, id)): ApiPath<(RegistrableType, ResourceRef)>) -> String {
        format!("{of:?} {id:?}")
    }

    async fn key(ApiPath(KeyRef(key)): ApiPath<KeyRef>) -> String {
        format!("{}", key.is_some())
    }

    fn routes() -> Routes {
        let api = RouteFacts::API;
        Routes::new()
            .route("/users/{user}", Handlers::new().get(api, user))
            .route("/users/login", Handlers::of_word("user", routing::get(user)))
            .route("/users/{user}/keys/{keyid}", Handlers::new().get(api, key))
            .route("/resources/{type}/{id}", Handlers::new().get(api, resource))
            .route("/nothing", Handlers::new().get(api, user))
    }

    #[tokio::test]
    async fn a_parameter_is_read_as_its_type_says() {
        let server = TestServer::new().await;
        let routes = server.with_routes(routes());
        let id = "aaaaaaaa-0000-4000-8000-000000000001";
        for (path, status, words) in [
            ("/users/me", StatusCode::OK, "me, true"),
            ("/users/a%20b", StatusCode::OK, "a b, false"),
            // Also in the place of a word that has a route of its own, and not by the way that it is spelled.
            ("/users/login", StatusCode::OK, "login, false"),
            ("/users/log%69n", StatusCode::OK, "login, false"),
            ("/users/me/keys/x", StatusCode::OK, "false"),
            ("/users/me/keys/abcdefghij", StatusCode::OK, "true"),
            (&format!("/resources/workspace/{id}"), StatusCode::OK, id),
            ("/resources/workspace/x", StatusCode::BAD_REQUEST, "Invalid UUID \"x\"."),
            // In the order of the tuple.
            ("/resources/nothing/x", StatusCode::NOT_FOUND, "Resource not found"),
            ("/users/%FF", StatusCode::BAD_REQUEST, "The path is not valid UTF-8."),
            // A parameter that a route lacks is a mistake of the server's.
            ("/nothing", StatusCode::INTERNAL_SERVER_ERROR, "An internal server error occurred."),
        ] {
            let answer = get(&routes, path).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
            let body = serde_json::from_str::<ErrorBody>(&answer.body).map_or(answer.body, |body| body.message);
            assert!(body.contains(words), "{path}: {body}");
        }
    }
}
