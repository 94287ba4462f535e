//! Signing in on a machine without a browser (RFC 8628): the machine shows a code, and a user approves it elsewhere.
mod body;
mod problem;

use axum::{Extension, extract::State};
use keyfob_api::{
    devices::{
        DEVICE_GRANT_TYPE, DeviceCode, DeviceCodeRequest, DeviceToken, DeviceTokenRequest, OAuthError, OAuthErrorCode,
    },
    secret::SecretText,
};
use keyfob_authority::{
    RequestContext, System,
    devices::{BeginDevice, CODE_LIFE, INTERVAL, RedeemedDevice},
};
use utoipa_axum::routes;

use self::{body::FormOrJson, problem::Problem};
use crate::{
    app::App,
    documentation::Refusals,
    http::{
        extract::ApiJson,
        routes::{RouteFacts, Routes},
    },
};

/// Both routes. The page where a user approves it is one of `pages`.
pub(crate) fn routes() -> Routes {
    Routes::api().routes_with(routes!(start), RouteFacts::SIGN_IN).routes(routes!(token))
}

/// Ask for a sign-in on a machine without a browser
#[utoipa::path(
    post, path = "/device/code", tag = "Signing in", operation_id = "start_device_sign_in",
    request_body(content(
        (DeviceCodeRequest = "application/x-www-form-urlencoded"), (DeviceCodeRequest = "application/json"),
    )),
    responses(
        (status = OK, description = "Show the code to the person", body = DeviceCode),
        (status = BAD_REQUEST, description = "Not to be had", body = OAuthError), Refusals,
    ),
    security(()),
)]
async fn start(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    FormOrJson(request): FormOrJson<DeviceCodeRequest>,
) -> Result<ApiJson<DeviceCode>, Problem> {
    let requested = BeginDevice { scope: request.scope, allow_list: request.allow_list };
    let begun = System::Devices.store(app.authority(), context).begin_device(requested).await?;
    let page = format!("{}/device", app.access_url());
    Ok(ApiJson(DeviceCode {
        device_code: begun.device_code,
        verification_uri_complete: format!("{page}?code={}", begun.user_code),
        user_code: begun.user_code.to_string(),
        verification_uri: page,
        expires_in: CODE_LIFE.as_secs().unsigned_abs(),
        interval: INTERVAL.as_secs().unsigned_abs(),
    }))
}

/// Ask whether a person has approved it
#[utoipa::path(
    post, path = "/device/token", tag = "Signing in", operation_id = "redeem_device_code",
    request_body(content(
        (DeviceTokenRequest = "application/x-www-form-urlencoded"), (DeviceTokenRequest = "application/json"),
    )),
    responses(
        (status = OK, description = "They have", body = DeviceToken),
        (status = BAD_REQUEST, description = "Not yet, or not at all", body = OAuthError), Refusals,
    ),
    security(()),
)]
async fn token(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    FormOrJson(request): FormOrJson<DeviceTokenRequest>,
) -> Result<ApiJson<DeviceToken>, Problem> {
    let code = device_code(request)?;
    let RedeemedDevice { minted, scopes, lifetime } =
        System::Devices.store(app.authority(), context).redeem_device(&code).await?;
    Ok(ApiJson(DeviceToken {
        access_token: minted.text,
        token_type: "Bearer".to_owned(),
        expires_in: lifetime.as_secs().unsigned_abs(),
        scope: scopes.join(" "),
    }))
}

fn device_code(request: DeviceTokenRequest) -> Result<SecretText, Problem> {
    match request.grant_type.as_str() {
        DEVICE_GRANT_TYPE => {}
        "" => return Err(Problem::oauth(OAuthErrorCode::InvalidRequest, "grant_type is missing.")),
        _ => {
            let words = format!("grant_type must be {DEVICE_GRANT_TYPE}.");
            return Err(Problem::oauth(OAuthErrorCode::UnsupportedGrantType, words));
        }
    }
    if request.device_code.is_empty() {
        return Err(Problem::oauth(OAuthErrorCode::InvalidRequest, "device_code is missing."));
    }
    Ok(request.device_code)
}
