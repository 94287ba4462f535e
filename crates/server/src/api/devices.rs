//! Signing in on a machine without a browser (RFC 8628): the machine shows a code, a person approves it elsewhere.
mod body;
mod problem;

use std::collections::BTreeSet;

use crate::http::routes::{RouteFacts, Routes};
use axum::{Extension, extract::State};
use keyfob_api::{
    devices::{
        DEVICE_GRANT_TYPE, DeviceCode, DeviceCodeRequest, DeviceToken, DeviceTokenRequest, OAuthError, OAuthErrorCode,
    },
    secret::SecretText,
};
use keyfob_authority::devices::{CODE_LIFE, INTERVAL};
use keyfob_rbac::{AllowEntry, AllowList, Catalogue, ScopeName};
use utoipa_axum::routes;

use self::{body::FormOrJson, problem::Problem};
use crate::{app::App, documentation::Refusals, http::extract::ApiJson};
use keyfob_authority::{
    RequestContext, System,
    devices::{DeviceRequest, Redeemed},
};

/// Both routes. The page where a person approves it is one of `pages`.
pub(crate) fn routes() -> Routes {
    Routes::new().routes_with(routes!(start), RouteFacts::SIGN_IN).routes(routes!(token))
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
    let wish = wish(app.catalogue(), &request)?;
    let begun = System::Devices.store(app.authority(), context).begin_device(wish).await?;
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
    let code = code_in(request)?;
    let Redeemed { minted, scopes, lifetime } =
        System::Devices.store(app.authority(), context).redeem_device(&code).await?;
    Ok(ApiJson(DeviceToken {
        access_token: minted.text,
        token_type: "Bearer".to_owned(),
        expires_in: lifetime.as_secs().unsigned_abs(),
        scope: scopes.join(" "),
    }))
}

fn code_in(request: DeviceTokenRequest) -> Result<SecretText, Problem> {
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

/// What the machine asks for; what it does not name is left to whoever approves it.
fn wish(catalogue: &Catalogue, request: &DeviceCodeRequest) -> Result<DeviceRequest, Problem> {
    let scope = |name: &str| {
        let scope = catalogue.requestable_scope(name);
        scope.map_err(|error| Problem::oauth(OAuthErrorCode::InvalidScope, error.to_string()))
    };
    let entry = |text: &str| {
        AllowEntry::parse(catalogue, text)
            .map_err(|error| Problem::oauth(OAuthErrorCode::InvalidRequest, error.to_string()))
    };
    let entries: Vec<AllowEntry> = request.allow_list.split_whitespace().map(entry).collect::<Result<_, _>>()?;
    let too_long =
        |error: keyfob_rbac::AllowListError| Problem::oauth(OAuthErrorCode::InvalidRequest, error.to_string());
    let allow_list = if entries.is_empty() { None } else { Some(AllowList::from_request(entries).map_err(too_long)?) };
    // Each once: there are no more of them than the catalogue has, whatever a stranger sends.
    let scopes: BTreeSet<ScopeName> = request.scope.split_whitespace().map(scope).collect::<Result<_, _>>()?;
    Ok(DeviceRequest { scopes: scopes.into_iter().collect(), allow_list })
}
