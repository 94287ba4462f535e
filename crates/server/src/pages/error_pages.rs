//! Errors for people: where a client that accepts HTML meets an error, it is a page, with the status that a program gets,
//! and with the words of its error body, made plainer where they are about requests.
use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::error::ErrorBody;
use keyfob_authority::RequestContext;

use uuid::Uuid;

use super::{error_words, frame::Frame, guides, navigation::EXPLAIN, page, problem::Problem, session::Visitor};
use crate::{
    app::App,
    http::{
        error::ApiError,
        routes::{Audience, RouteFacts},
    },
};

/// The page where nobody is signed in.
#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    error: Shown<'a>,
}

/// The same among the pages of the console, for a person who is.
#[derive(Template)]
#[template(path = "pages/error_in_console.html")]
struct ErrorInConsole<'a> {
    frame: Frame,
    error: Shown<'a>,
}

/// What both say.
struct Shown<'a> {
    title: &'a str,
    problem: Problem,
    /// The request that the server's log has the cause of, where the server failed.
    request: Option<Uuid>,
    /// The scope that the request's key lacks, where that alone was the cause.
    scope: Option<&'a str>,
    /// The page that says why, where it was refused.
    why: Option<String>,
    /// The page that lists what there is, and what a link to it says.
    back: (&'static str, &'static str),
}

/// Whether a client would rather have a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")))
}

/// Shows errors as pages where people would see them. The error body is an extension of the response.
pub(crate) async fn show_errors(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let back =
        if request.uri().path().starts_with(guides::PATH) { (guides::PATH, "All guides") } else { ("/", "Home page") };
    let is_for_people = RouteFacts::of(&request).audience != Audience::Program;
    let is_wanted = is_for_people && wants_page(request.headers());
    let context = request.extensions().get::<RequestContext>().filter(|_| is_wanted).cloned();
    let visitor = is_wanted.then(|| Visitor::of(request.extensions()));
    let mut response = next(request).await;
    match (response.extensions_mut().remove::<ErrorBody>(), visitor) {
        (Some(body), Some(visitor)) => {
            let why = context.as_ref().and_then(|context| why(app, context, response.status()));
            let frame = match response.status() {
                // The page about a database that does not answer asks it nothing.
                StatusCode::SERVICE_UNAVAILABLE => Frame::default(),
                _ => Box::pin(visitor.frame(app)).await,
            };
            let id = context.and_then(|context| error_words::request_to_name(response.status(), context.request_id));
            error_page(&response, body, Around { request: id, why, back }, frame)
        }
        _ => response,
    }
}

/// What the page of an error says beside its words, as in [`Shown`].
struct Around {
    request: Option<Uuid>,
    why: Option<String>,
    back: (&'static str, &'static str),
}

/// The page of an error, with all headers of the response that it replaces but those of its body.
fn error_page(replaced: &Response, body: ErrorBody, around: Around, frame: Frame) -> Response {
    let status = replaced.status();
    let scope = replaced.headers().get(header::WWW_AUTHENTICATE).and_then(missing_scope);
    let Around { request, why, back } = around;
    let problem = error_words::in_plain_words(status, body);
    let error = Shown { title: title(status), problem, request, scope, why, back };
    let page = match frame.person {
        Some(_) => page(status, &ErrorInConsole { frame, error }),
        None => page(status, &ErrorPage { frame, error }),
    };
    let mut page = page.unwrap_or_else(ApiError::into_response);
    for (name, value) in replaced.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    page
}

/// The scope that a challenge names (RFC 6750, section 3.1).
fn missing_scope(challenge: &HeaderValue) -> Option<&str> {
    let (_, scope) = challenge.to_str().ok()?.split_once(" scope=\"")?;
    scope.split('"').next()
}

/// The question about what a refusal was decided by; none about what is hidden, which looks as if it were not there, and
/// none whose answer would be another.
fn why(app: &App, context: &RequestContext, status: StatusCode) -> Option<String> {
    let asked = context.decisions.question_of_denial().filter(|_| status == StatusCode::FORBIDDEN)?;
    let of = app.catalogue().type_name(asked.resource_type);
    let permission = format!("{of}:{}", app.catalogue().action_name(asked.action));
    let object = asked.object.map(|id| ("object", format!("{of}:{id}")));
    let pairs = std::iter::once(("permission", permission)).chain(object);
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Some(format!("{}?{query}", EXPLAIN.path))
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "Not allowed",
        status if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    }
}
