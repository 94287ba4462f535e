//! What error pages say. The API's words are those that its clients know; people get plainer ones where these are about
//! requests, and not about what they did.
use axum::http::StatusCode;
use keyfob_api::error::ErrorBody;
use uuid::Uuid;

use super::{
    failure::{NO_ROLE, SERVER_FAILED, of_session},
    problem::Problem,
};
use crate::http::{csrf, error, path};

/// The problem that an error page shows for the error body of the same request.
pub(super) fn in_plain_words(status: StatusCode, mut body: ErrorBody) -> Problem {
    let plain = match body.message.as_str() {
        error::NO_ROUTE => Some(("There is no page at this address.", String::new())),
        error::NOT_FOUND => Some(("It does not exist, or you have no access to it.", detail(&body))),
        error::FORBIDDEN => Some(("You may not do that.", detail(&body))),
        error::INTERNAL => Some(("Something went wrong in the server.", detail(&body))),
        csrf::FORGED => Some((
            "The form was not accepted.",
            "It lacks a valid proof that it comes from a page of this server. Go back, load the page again, and fill the \
             form in once more. If that does not help, delete the cookies of this server."
                .to_owned(),
        )),
        message if message.starts_with(path::INVALID_ID) => {
            Some(("There is no page at this address.", "The part of it that names an object is no id.".to_owned()))
        }
        _ if status == StatusCode::TOO_MANY_REQUESTS && body.detail.is_empty() => {
            Some(("Too many requests came from here.", "Wait a minute, and then load the page again.".to_owned()))
        }
        _ => None,
    };
    if let Some((message, detail)) = plain {
        message.clone_into(&mut body.message);
        body.detail = detail;
    }
    body.into()
}

/// The detail of an error body, in plain words.
fn detail(body: &ErrorBody) -> String {
    match body.detail.as_str() {
        error::FORBIDDEN_DETAIL => NO_ROLE.to_owned(),
        error::INTERNAL_DETAIL => SERVER_FAILED.to_owned(),
        detail => of_session(detail),
    }
}

/// What an administrator finds the cause of a failure by in the server's log; none where the server did not fail.
pub(super) fn request_to_name(status: StatusCode, id: Uuid) -> Option<Uuid> {
    Some(id).filter(|_| status.is_server_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_says_of_requests_is_said_of_pages() {
        let problem = |status, message: &str, detail: &str| {
            let mut body = ErrorBody::message(message);
            detail.clone_into(&mut body.detail);
            let Problem { message, detail, .. } = in_plain_words(status, body);
            (message, detail)
        };
        let (message, detail) = problem(StatusCode::FORBIDDEN, "Forbidden.", error::FORBIDDEN_DETAIL);
        assert_eq!((message.as_str(), detail.as_str()), ("You may not do that.", NO_ROLE));
        let (_, detail) = problem(StatusCode::FORBIDDEN, "Forbidden.", "the key's scopes lack audit_log:read");
        assert_eq!(detail, "Your session's scopes lack audit_log:read.");
        let (message, _) = problem(StatusCode::BAD_REQUEST, "Invalid UUID \"x\".", "");
        assert_eq!(message, "There is no page at this address.");
        let (message, detail) = problem(StatusCode::CONFLICT, "It is taken.", "Choose another name.");
        assert_eq!((message.as_str(), detail.as_str()), ("It is taken.", "Choose another name."));
    }
}
