//! The code that people type at GitHub.
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{frame::Frame, message::refusal, page, see_other},
    ways::is_on_the_way,
};

#[derive(Template)]
#[template(path = "pages/signing_in/github_device.html")]
struct GithubDevice {
    frame: Frame,
    user_code: String,
    verification_uri: String,
    interval: u64,
    next: String,
}

pub(super) async fn show(State(app): State<App>, headers: HeaderMap, query: ApiQuery) -> Result<Response, ApiError> {
    let way = app.providers().github.as_ref().filter(|way| way.args.oauth2_github_device_flow);
    let state = query.text("state").filter(|state| is_on_the_way(&headers, state));
    let (Some(way), Some(state)) = (way, state) else { return see_other("/login") };
    let code = match way.provider.start_device().await {
        Ok(code) => code,
        Err(error) => {
            tracing::warn!(%error, "GitHub gives no code");
            let text = "GitHub does not answer as it should. Try again in some minutes.";
            return Ok(refusal(StatusCode::BAD_GATEWAY, "GitHub cannot be asked", text));
        }
    };
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let next =
        format!("/api/v2/users/oauth2/github/callback?code={}&state={}", encode(&code.device_code), encode(state));
    let github_device = GithubDevice {
        frame: Frame::default(),
        user_code: code.user_code,
        verification_uri: code.verification_uri,
        interval: code.interval,
        next,
    };
    page(StatusCode::OK, &github_device)
}
