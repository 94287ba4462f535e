//! Where a person approves the sign-in of a machine without a browser (RFC 8628, section 3.3). Opening the page grants
//! nothing.
mod confirm;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    data::UserCode,
    devices::{AnswerDeviceError, DeviceAnswer},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        page, see_other,
        session::{PageError, SignedIn},
    },
};

const UNKNOWN: &str = "No machine waits with this code. Look whether you typed it right; codes live for ten minutes.";

#[derive(Template)]
#[template(path = "pages/signing_in/device.html")]
struct AskForCode<'a> {
    frame: Frame,
    typed: &'a str,
}

/// What comes of an answer.
#[derive(Template)]
#[template(path = "pages/signing_in/device_answered.html")]
struct Answered {
    frame: Frame,
    title: &'static str,
    text: &'static str,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let typed = query.text("code").unwrap_or_default();
    if typed.is_empty() {
        return page(StatusCode::OK, &AskForCode { frame, typed });
    }
    let Some(code) = UserCode::parse(typed) else { return ask_again(frame, typed, unknown()) };
    match store.waiting_device(&code).await {
        Ok(device) => confirm::page(&app, frame, &store, &device).await,
        Err(error) => ask_again(frame, typed, error.into()),
    }
}

pub(super) async fn submit(session: Result<SignedIn, PageError>, form: Form) -> Result<Response, PageError> {
    let typed = form.text("code").trim();
    let SignedIn { store, frame } = session.map_err(|error| error.back_to(with_code(typed)))?;
    let answer = match form.text("answer") {
        "approve" => DeviceAnswer::Approve,
        "deny" => DeviceAnswer::Deny,
        _ => return Ok(see_other(&with_code(typed))?),
    };
    let Some(code) = UserCode::parse(typed) else { return Ok(ask_again(frame, typed, unknown())?) };
    if let Err(error) = store.answer_device(&code, answer).await {
        return Ok(ask_again(frame, typed, error.into())?);
    }
    let (title, text) = match answer {
        DeviceAnswer::Approve => {
            ("Approved", "The machine goes on by itself in a few seconds. You can close this page.")
        }
        DeviceAnswer::Deny => ("Refused", "The machine gets nothing."),
    };
    Ok(page(StatusCode::OK, &Answered { frame, title, text })?)
}

fn with_code(typed: &str) -> String {
    match typed {
        "" => "/device".to_owned(),
        typed => format!("/device?code={}", utf8_percent_encode(typed, NON_ALPHANUMERIC)),
    }
}

fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, UNKNOWN)
}

impl From<AnswerDeviceError> for Failure {
    fn from(error: AnswerDeviceError) -> Self {
        match error {
            AnswerDeviceError::NotWaiting => unknown(),
            AnswerDeviceError::Mint(error) => error.into(),
        }
    }
}

fn ask_again(frame: Frame, typed: &str, failure: Failure) -> Result<Response, ApiError> {
    let (status, frame) = failure.on(frame, &[]);
    page(status, &AskForCode { frame, typed })
}
