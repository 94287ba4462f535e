//! Acts that pages offer to those alone who may do them.
use axum::http::StatusCode;
use keyfob_authority::AuthorizedStore;
use keyfob_rbac::{Action, ResourceType};

use super::session::PageError;
use crate::http::error::ApiError;

/// What is said where the key lacks nothing that could be named.
const ELSE: &str = "Your roles do not allow it, or it cannot be done as things are. Ask an administrator.";

/// What is answered where an act is not offered, to a person who asks for its page all the same. They have read the
/// object, so that there is nothing to hide.
pub(super) fn only_if(
    is_offered: bool,
    store: &AuthorizedStore,
    (action, of): (Action, ResourceType),
    words: &str,
) -> Result<(), PageError> {
    if is_offered {
        return Ok(());
    }
    let denied = store.refuse(action, of);
    let detail = denied.explanation().unwrap_or_else(|| ELSE.to_owned());
    Err(ApiError::new(StatusCode::FORBIDDEN, words).detail(detail).insufficient_scope(&denied).into())
}
