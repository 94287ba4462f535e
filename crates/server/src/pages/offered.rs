//! Pages that ask before an act: they ask only about what would be done.
use axum::http::StatusCode;

use super::{failure::Failure, session::PageError};
use crate::http::error::ApiError;

/// Goes on to the question if the operation would do the act, and says why not otherwise: 403 where the person may not,
/// and 409 where it cannot be done as things are. The person has read the object, so that a denial hides nothing.
pub(super) fn would_be_done<E>(checked: Result<(), E>, act: &str) -> Result<(), PageError>
where
    Failure: From<E>,
{
    checked.map_err(|error| {
        let failure = Failure::from(error);
        let failure = match (failure.denied, failure.status) {
            (Some(denied), _) => Failure::denied(*denied).saying(format!("You may not {act}.")),
            (None, StatusCode::BAD_REQUEST | StatusCode::EXPECTATION_FAILED) => {
                Failure { status: StatusCode::CONFLICT, denied: None, ..failure }
            }
            (None, _) => Failure { denied: None, ..failure },
        };
        ApiError::from(failure).into()
    })
}
