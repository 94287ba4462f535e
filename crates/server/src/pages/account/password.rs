//! Changing one's own password.
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_authority::passwords::{ChangePassword, ChangePasswordError, SetCredentialError};

use super::{own, security};
use crate::{
    app::App,
    pages::{
        failure::Failure,
        form::Form,
        navigation::SECURITY,
        notice::Notice,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn submit(State(app): State<App>, session: SignedIn, form: Form) -> Result<Response, PageError> {
    let user = own(&session)?;
    let changed = match form.new_password() {
        Ok(new) => {
            let change = ChangePassword { old: form.secret("old_password"), new };
            session.store.change_password(user.id, change).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match changed {
        Ok(renewed) => {
            let mut response = see_other(&Notice::PasswordChanged.on(SECURITY.path))?;
            // All sessions end, and this browser's goes on as another one.
            if let Some(renewed) = renewed {
                let cookie = app.settings().cookies.session(&renewed.text)?;
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(failure) => {
            let (status, frame) = failure.on(session.frame, &["old_password", "password", "confirmation"]);
            Ok(security::render(&app, frame, status, &user)?)
        }
    }
}

impl From<ChangePasswordError> for Failure {
    fn from(error: ChangePasswordError) -> Self {
        let wrong =
            || Self::bad_request("The password was not changed.").field("old_password", "This is not your password.");
        match error {
            ChangePasswordError::Denied(error) => error.into(),
            ChangePasswordError::Invalid(fields) => fields.into(),
            ChangePasswordError::OtherLoginType(_) => Self::bad_request("This account signs in without a password."),
            ChangePasswordError::OldPasswordRequired => {
                Self::bad_request("The password was not changed.").field("old_password", "This must be filled in.")
            }
            ChangePasswordError::WeakPassword(weakness) => Self::weak_password(&weakness),
            ChangePasswordError::NotChecked(error) => error.into(),
            ChangePasswordError::WrongOldPassword | ChangePasswordError::Overtaken => wrong(),
            ChangePasswordError::SamePassword => {
                Self::bad_request("The password was not changed.").field("password", "This is the password already.")
            }
            ChangePasswordError::Hash(error) => error.into(),
            ChangePasswordError::Mint(error) => error.into(),
            ChangePasswordError::Refused(refused) => refused.into(),
        }
    }
}

impl From<SetCredentialError> for Failure {
    fn from(error: SetCredentialError) -> Self {
        let forbidden = |message: &str| Self::new(StatusCode::FORBIDDEN, message);
        match error {
            SetCredentialError::OwnersOnly => forbidden("Only owners change how an owner signs in."),
            SetCredentialError::Stronger(_) => {
                forbidden("The user holds a role that you may not assign.").detail("Ask an owner.")
            }
            SetCredentialError::NeedsFullKey => {
                forbidden("This takes a session that may do everything that you may. Sign in with your password.")
            }
            SetCredentialError::Refused(refused) => refused.into(),
        }
    }
}
