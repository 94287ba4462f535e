//! The session that a page needs, and the way to sign in where there is none.
use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{Extensions, Uri, request::Parts},
    response::{IntoResponse, Response},
};
use keyfob_authority::{AuthorizedStore, Refused, RequestContext, tokens::MintError, users::Appearance};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    failure::Failure,
    frame::{Frame, Person, Theme},
    navigation::sections,
    notice::Notice,
    see_other,
};
use crate::{
    app::App,
    http::{
        csrf::{self, CsrfToken},
        error::ApiError,
        extract::ApiQuery,
        identify::{self, Identity},
    },
};

/// What a parameter of a query cannot hold as it is (RFC 3986, section 2.3).
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A person who is signed in. As an argument of a handler it sends a client without a valid session to the sign-in
/// page.
pub(super) struct SignedIn {
    /// The store as this person may use it.
    pub(super) store: AuthorizedStore,
    /// The frame of the page, with their name.
    pub(super) frame: Frame,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let store = identify::caller(parts, app).await.map_err(|reason| {
            if reason.needs_sign_in() { PageError::sign_in_first(&parts.uri) } else { PageError::Failed(reason.into()) }
        })?;
        let Ok(frame) = Frame::from_request_parts(parts, app).await;
        let query = ApiQuery::from_request_parts(parts, app).await.unwrap_or_default();
        let notice = query.text("message").and_then(Notice::named);
        let person = Some(person(&store).await);
        Ok(Self { store, frame: Frame { person, notice, ..frame } })
    }
}

/// A person who looks at a page that is for everybody, or at an error: where they are signed in, the console is around
/// it.
pub(crate) struct Visitor {
    identity: Option<Identity>,
    context: RequestContext,
    csrf: Option<CsrfToken>,
}

impl Visitor {
    /// Who sent a request with these extensions.
    pub(super) fn of(extensions: &Extensions) -> Self {
        Self {
            identity: extensions.get().cloned(),
            context: extensions.get().cloned().unwrap_or_default(),
            csrf: csrf::token_of_session(extensions),
        }
    }

    /// The theme that they chose.
    pub(crate) async fn theme(self, app: &App) -> Theme {
        self.frame(app).await.person.map(|person| person.theme).unwrap_or_default()
    }

    /// The frame of the page; one without a person where nobody is signed in.
    pub(super) async fn frame(self, app: &App) -> Frame {
        let Some(known) = self.identity.as_ref().and_then(Identity::known) else { return Frame::default() };
        // The session may have ended while the request was under way.
        let Ok(identified) = app.authority().identify_again(known).await else { return Frame::default() };
        // What is for everybody wakes no dormant user.
        if !identified.is_active() {
            return Frame::default();
        }
        // What the navigation looks up is nothing that the request required.
        let context = RequestContext { decisions: app.authority().decision_log(), ..self.context };
        let Ok(store) = app.authority().store_for(&identified, context).await else { return Frame::default() };
        let csrf = self.csrf.map(|token| token.masked(app)).unwrap_or_default();
        Frame { person: Some(person(&store).await), csrf, ..Frame::default() }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

async fn person(store: &AuthorizedStore) -> Person {
    let caller = store.caller();
    // How pages look is no reason to show none.
    let appearance = match caller.user() {
        Some(user) => store.incidental().appearance(user.id).await.unwrap_or_default(),
        None => Appearance::default(),
    };
    Person { username: caller.username().to_owned(), theme: Theme::of(&appearance), sections: sections(store) }
}

/// Why a page is not shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// It needs a session. After signing in people come back to this path here.
    SignInFirst(String),
    /// Something failed or was refused. The session, if there is one, is as good as before.
    Failed(ApiError),
}

impl PageError {
    fn sign_in_first(page: &Uri) -> Self {
        let query = page.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{}={}", escaped(&name), escaped(&value))).collect();
        let separator = if pairs.is_empty() { "" } else { "?" };
        Self::SignInFirst(format!("{}{separator}{}", page.path(), pairs.join("&")))
    }

    /// The same, but after signing in people come back to another path.
    pub(super) fn back_to(self, path: String) -> Self {
        match self {
            Self::SignInFirst(_) => Self::SignInFirst(path),
            failed @ Self::Failed(_) => failed,
        }
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refused> for PageError {
    fn from(refused: Refused) -> Self {
        Self::Failed(refused.into())
    }
}

impl From<MintError> for PageError {
    fn from(error: MintError) -> Self {
        match error {
            // It has the challenge of a 401 or 403.
            MintError::Refused(refused) => refused.into(),
            MintError::Exceeds { .. } | MintError::ChainTooLong | MintError::NameTaken(_) | MintError::Overtaken => {
                Self::Failed(Failure::from(error).into())
            }
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            // The home page needs no `redirect`: signing in leads there.
            Self::SignInFirst(page) if page == "/" => see_other("/login").unwrap_or_else(ApiError::into_response),
            Self::SignInFirst(page) => {
                let login = format!("/login?redirect={}", utf8_percent_encode(&page, IN_QUERY));
                see_other(&login).unwrap_or_else(ApiError::into_response)
            }
            Self::Failed(error) => error.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Method, Request, StatusCode},
    };
    use serde_json::{Value, json};

    use crate::http::test_server::{Answer, TestServer};

    const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    const PAGES: [&str; 5] = ["/", "/cli-auth", "/device", "/device?code=BCDF-GHJK", "/device?a=%26&b"];

    async fn post(server: &TestServer, path: &str, body: Value) -> Value {
        let request = Request::post(path).body(Body::from(body.to_string())).unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// A session of the first user.
    async fn sign_in(server: &TestServer) -> String {
        let (email, password) = ("owner@example.com", "Sup3rSecret!pw");
        let first = json!({"email": email, "username": "owner", "password": password});
        post(server, "/api/v2/users/first", first).await;
        let login = json!({"email": email, "password": password});
        post(server, "/api/v2/users/login", login).await["session_token"].as_str().unwrap().to_owned()
    }

    async fn ask(server: &TestServer, method: Method, path: &str, session: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("Accept", "text/html");
        let request = request.header("Cookie", format!("coder_session_token={session}; csrf_token={CSRF}"));
        server.send(request.header("X-CSRF-TOKEN", CSRF).body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn a_client_without_a_valid_session_is_sent_to_sign_in_and_back() {
        let server = TestServer::new().await;
        let session = sign_in(&server).await;
        for path in PAGES {
            assert_eq!(ask(&server, Method::GET, path, &session).await.header("location"), "", "{path}");
        }
        let expected = [
            "/login",
            "/login?redirect=%2Fcli-auth",
            "/login?redirect=%2Fdevice",
            "/login?redirect=%2Fdevice%3Fcode%3DBCDF%252DGHJK",
            "/login?redirect=%2Fdevice%3Fa%3D%2526%26b%3D",
        ];
        let (id, _) = session.split_once('-').unwrap();
        for invalid in ["", "no key", &format!("{id}-{}", "x".repeat(22))] {
            for (path, location) in PAGES.into_iter().zip(expected) {
                let answer = ask(&server, Method::GET, path, invalid).await;
                assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, location), "{invalid}");
            }
        }
    }

    /// The session may be as good as before: no client is signed out, or sent to sign in.
    #[tokio::test]
    async fn a_database_that_is_away_is_an_error_page_and_no_sign_out() {
        let server = TestServer::new().await;
        let session = sign_in(&server).await;
        server.app().authority().close().await;
        let gets = PAGES.into_iter().chain(["/login", "/setup"]).map(|path| (Method::GET, path));
        let posts = ["/cli-auth", "/device", "/logout"].map(|path| (Method::POST, path));
        for (method, path) in gets.chain(posts) {
            let answer = ask(&server, method.clone(), path, &session).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{method} {path}: {}", answer.body);
            assert!(answer.header("content-type").starts_with("text/html"), "{method} {path}");
            assert!(answer.body.contains("<p>The database is not available.</p>"), "{}", answer.body);
            assert!(answer.body.contains("<p class=\"soft\">Nothing was changed."), "{}", answer.body);
            // The page asks the database neither who looks at it, nor what their navigation shows.
            assert!(answer.body.contains("<body class=\"alone\">"), "{method} {path}: {}", answer.body);
            assert_eq!((answer.header("location"), answer.header("set-cookie")), ("", ""), "{method} {path}");
        }
    }
}
