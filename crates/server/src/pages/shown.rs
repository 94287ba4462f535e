//! Refusals for people: where a browser asks for a page, an error is one, with the status and the words that a program
//! would get.
use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::refusal;

/// Where people stand at the end of their way to a provider.
const CALLBACKS: [&str; 2] = ["/api/v2/users/oidc/callback", "/api/v2/users/oauth2/github/callback"];

/// What an error says, beside its JSON.
#[derive(Clone)]
pub(crate) struct Words(pub(crate) String);

/// Whether whoever asks would rather look at a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")))
}

/// Shows errors as pages where people would see them.
pub(crate) async fn for_people(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_for_people = !path.starts_with("/api/") || CALLBACKS.contains(&path);
    let is_wanted = is_for_people && wants_page(request.headers());
    let mut response = next.run(request).await;
    let words = response.extensions_mut().remove::<Words>();
    let Some(Words(words)) = words.filter(|_| is_wanted) else { return response };
    let mut page = refusal(response.status(), title(response.status()), &words);
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    page
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Nothing is here",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "Not allowed",
        status if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    }
}
