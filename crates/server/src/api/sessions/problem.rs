//! Why a password did not sign a user in, in the words that clients of Coder know.
use axum::http::StatusCode;
use keyfob_authority::{passwords::PasswordsDisabled, sessions::SignInError};

use crate::http::error::ApiError;

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Invalid(wrong) => wrong.into(),
            SignInError::NotChecked(error) => error.into(),
            // It repeats nothing that was typed: people type passwords into the wrong field.
            SignInError::Incorrect => Self::new(StatusCode::UNAUTHORIZED, "Incorrect email or password."),
            SignInError::PasswordsDisabled => PasswordsDisabled.into(),
            SignInError::OtherLoginType(own) => {
                let message = format!(
                    "Incorrect login type, attempting to use \"password\" but user is of login type \"{}\"",
                    own.as_str()
                );
                Self::new(StatusCode::FORBIDDEN, message)
            }
            SignInError::Suspended => Self::new(
                StatusCode::UNAUTHORIZED,
                "Your account is suspended. Contact an admin to reactivate your account.",
            ),
            SignInError::Hash(error) => Self::internal(&error),
            SignInError::Mint(error) => error.into(),
            SignInError::Refused(refused) => refused.into(),
        }
    }
}
