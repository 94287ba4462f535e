//! What a person is told by mail.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::users::{ChangeNoticeChoices, NoticeChoices, SetNoticeChoicesError};

use super::own;
use crate::{
    app::App,
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::NOTICES,
        notice::Notice,
        page, see_other,
        session::{PageError, SignedIn},
    },
};

#[derive(Template)]
#[template(path = "pages/account/notices.html")]
struct Notices {
    frame: Frame,
    choices: NoticeChoices,
    sends_mail: bool,
}

pub(super) async fn show(State(app): State<App>, session: SignedIn) -> Result<Response, PageError> {
    let user = own(&session)?;
    let choices = session.store.notice_choices(user.id).await?;
    let sends_mail = app.rules().sends_mail;
    Ok(page(StatusCode::OK, &Notices { frame: session.frame.at(&NOTICES).about("Notices"), choices, sends_mail })?)
}

pub(super) async fn submit(State(app): State<App>, session: SignedIn, form: Form) -> Result<Response, PageError> {
    let user = own(&session)?;
    let choices = NoticeChoices {
        password_changed: form.is_ticked("password_changed"),
        token_minted: form.is_ticked("token_minted"),
        token_ending: form.is_ticked("token_ending"),
    };
    let change = ChangeNoticeChoices {
        password_changed: Some(choices.password_changed),
        token_minted: Some(choices.token_minted),
        token_ending: Some(choices.token_ending),
    };
    match session.store.set_notice_choices(user.id, change).await {
        Ok(_) => Ok(see_other(&Notice::Saved.on(NOTICES.path))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(session.frame, &[]);
            Ok(page(status, &Notices { frame: frame.at(&NOTICES), choices, sends_mail: app.rules().sends_mail })?)
        }
    }
}

impl From<SetNoticeChoicesError> for Failure {
    fn from(error: SetNoticeChoicesError) -> Self {
        let forbidden = |message: &str| Self::new(StatusCode::FORBIDDEN, message);
        match error {
            SetNoticeChoicesError::NotOneself => forbidden("Only users themselves choose which mails they get."),
            SetNoticeChoicesError::NeedsFullKey => {
                forbidden("This takes a session that may do everything that you may. Sign in with your password.")
            }
            SetNoticeChoicesError::Refused(refused) => refused.into(),
        }
    }
}
