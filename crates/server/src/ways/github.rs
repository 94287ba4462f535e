//! Sign-in by GitHub.
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use keyfob_api::users::DeviceAuthorization;
use keyfob_authority::{
    RequestContext,
    data::LoginType,
    sign_in::{ExternalIdentity, Signups},
};
use keyfob_identity::{GithubAccount, HttpError, Tokens};
use serde_json::{Value, json};

use super::{
    GithubWay,
    flow::{self, Inbound, Step},
    refusal::{Refusal, failed, is_pending},
    session::{Callback, not_configured, token_expires_at},
};
use crate::{
    app::App,
    documentation::{OnTheWay, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
        identify::Identity,
    },
    pages::{self, wants_page},
};

const NAME: &str = "github";
const PATH: &str = "/api/v2/users/oauth2/github/callback";
/// The page that shows the code to type at GitHub.
pub(crate) const DEVICE_PAGE: &str = "/login/device";

/// Sign in by GitHub: without a code it sends there, with one it is where people come back to
#[utoipa::path(
    get, path = "/users/oauth2/github/callback", tag = "Signing in", operation_id = "sign_in_by_github", params(OnTheWay),
    responses((status = TEMPORARY_REDIRECT, description = "On to GitHub, or back to where they wanted to go"), Refusals),
    security(()),
)]
pub(super) async fn callback(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(identity): Extension<Identity>,
    uri: Uri,
    headers: HeaderMap,
    query: ApiQuery,
) -> Result<Response, Refusal> {
    let way = app.providers().github.as_ref().ok_or_else(not_configured)?;
    let is_device = way.args.oauth2_github_device_flow;
    let redirect_uri = format!("{}{PATH}", app.access_url());
    match flow::step(&app, NAME, !is_device, &query, &headers)? {
        Step::Out(outbound) if is_device => {
            let page = format!("{DEVICE_PAGE}?state={}", outbound.state);
            Ok(outbound.send(&app, NAME, &page, false)?)
        }
        Step::Out(outbound) => {
            let url = way.provider.start(&redirect_uri, &outbound.state, &outbound.verifier);
            Ok(outbound.send(&app, NAME, url.as_str(), true)?)
        }
        Step::In(inbound) => {
            let wants_page = wants_page(&headers);
            let now = app.clock().now();
            let code = inbound.code.reveal();
            let traded = if is_device {
                way.provider.exchange_device(code, now).await
            } else {
                let verifier = inbound.verifier.as_deref().unwrap_or_default();
                way.provider.exchange(code, &redirect_uri, verifier, now).await
            };
            // Without JavaScript the user asks whether the code has been typed.
            if is_device && wants_page && traded.as_ref().is_err_and(is_pending) {
                return Ok(pages::not_yet(&uri.to_string()));
            }
            // Asking before the code was typed is no failure; everything else that is refused is.
            if !traded.as_ref().is_err_and(is_pending) {
                context.decisions.sign_in_failed("login", None);
            }
            let account = identify(&app, way, &inbound, traded?).await?;
            let answers_json = is_device && !wants_page;
            let callback = Callback {
                app: &app,
                context,
                headers: &headers,
                identity: &identity,
                inbound: &inbound,
                answers_json,
            };
            callback.sign_in(account).await
        }
    }
}

async fn identify(app: &App, way: &GithubWay, inbound: &Inbound, tokens: Tokens) -> Result<ExternalIdentity, Refusal> {
    let account = way.provider.account(&tokens).await?;
    if let Some(problem) = not_admitted(way, &tokens, &account).await? {
        return Err(if way.args.oauth2_github_device_flow {
            ApiError::new(axum::http::StatusCode::UNAUTHORIZED, "Unauthorized").detail(problem).into()
        } else {
            Refusal::SignIn(problem, inbound.redirect.clone())
        });
    }
    let email = account.email.clone();
    let email = email.ok_or_else(|| ApiError::bad_request("Your primary email must be verified on GitHub!"))?;
    Ok(ExternalIdentity {
        login_type: LoginType::Github,
        linked_id: account.id.to_string(),
        preferred_username: account.login.replace('_', "-"),
        email,
        claims: as_claims(&account),
        name: account.name,
        avatar_url: account.avatar_url,
        token_expires_at: token_expires_at(app.clock().now(), &tokens),
        refresh_token: tokens.refresh,
        signups: if way.args.oauth2_github_allow_signups { Signups::Allowed } else { Signups::Disabled(None) },
        trusts_email: false,
        groups: None,
        roles: None,
    })
}

fn as_claims(account: &GithubAccount) -> Value {
    json!({"id": account.id, "login": account.login, "name": account.name, "email": account.email})
}

/// Why a user with this account is not signed in, if they are not.
async fn not_admitted(way: &GithubWay, tokens: &Tokens, account: &GithubAccount) -> Result<Option<String>, HttpError> {
    let args = &way.args;
    if args.oauth2_github_allow_everyone {
        return Ok(None);
    }
    let allowed = |name: &str| args.oauth2_github_allowed_orgs.iter().any(|org| org.eq_ignore_ascii_case(name));
    let organizations = way.provider.organizations(tokens).await?;
    let mut organizations: Vec<String> = organizations.into_iter().filter(|name| allowed(name)).collect();
    organizations.sort_unstable();
    if organizations.is_empty() {
        return Ok(Some("You aren't a member of the authorized Github organizations!".to_owned()));
    }
    let teams = &args.oauth2_github_allowed_teams;
    if teams.is_empty() {
        return Ok(None);
    }
    for (organization, team) in teams.iter().filter_map(|team| team.split_once('/')) {
        let is_in = organizations.iter().any(|name| name.eq_ignore_ascii_case(organization));
        if is_in && way.provider.is_in_team(tokens, organization, team, &account.login).await? {
            return Ok(None);
        }
    }
    let named = organizations.join(", ");
    Ok(Some(format!("You aren't a member of an authorized team in the [{named}] Github organization(s)!")))
}

/// Get a code to type at GitHub
#[utoipa::path(
    get, path = "/users/oauth2/github/device", tag = "Signing in", operation_id = "start_github_device_flow",
    responses((status = OK, description = "Done", body = DeviceAuthorization), Refusals),
    security(()),
)]
pub(super) async fn device(State(app): State<App>) -> Result<ApiJson<DeviceAuthorization>, Refusal> {
    let way = app.providers().github.as_ref();
    let way = way.ok_or_else(|| ApiError::bad_request("Github OAuth2 is not enabled."))?;
    if !way.args.oauth2_github_device_flow {
        return Err(ApiError::bad_request("Device flow is not enabled for Github OAuth2.").into());
    }
    let code =
        way.provider.start_device().await.map_err(|error| failed("GitHub gives no code.", &error, error.summary()))?;
    Ok(ApiJson(DeviceAuthorization {
        device_code: code.device_code,
        user_code: code.user_code,
        verification_uri: code.verification_uri,
        expires_in: code.expires_in,
        interval: code.interval,
    }))
}
