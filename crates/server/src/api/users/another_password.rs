//! A new password must be another one.
use keyfob_api::secret::SecretText;
use keyfob_authority::data::PasswordHash;

use crate::{app::App, http::error::ApiError};
use keyfob_authority::passwords::Verdict;

/// This must not be the password already. Only who may set another is told, so attempts are not counted.
pub(crate) async fn require_other(app: &App, kept: &PasswordHash, password: &SecretText) -> Result<(), ApiError> {
    match app.authority().passwords().verify(password, Some(kept)).await.map_err(|error| ApiError::internal(&error))? {
        Verdict::Right => Err(ApiError::bad_request("New password cannot match old password.")),
        Verdict::Wrong => Ok(()),
    }
}
