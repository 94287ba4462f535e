//! Sign-in by an `OpenID` Connect provider.
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use keyfob_api::users::OidcClaims;
use keyfob_authority::{
    AuthorizedStore, RequestContext,
    data::LoginType,
    sign_in::{AdmissionRules, ExternalIdentity, NotAdmitted, OwnClaimsError, Signups},
};
use keyfob_identity::{Arrival, OidcIdentity, Start, profile};
use serde_json::Value;

use super::{
    OidcWay,
    claims::Memberships,
    flow::{self, Inbound, Outbound, Step},
    refusal::Refusal,
    session::{Callback, not_configured, token_expires_at},
};
use crate::{
    app::App,
    config::OidcArgs,
    documentation::{OnTheWay, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
        identify::Identity,
    },
};

const NAME: &str = "oidc";

/// Sign in by the OpenID Connect provider: without a code it sends there, with one it is where people come back to
#[utoipa::path(
    get, path = "/users/oidc/callback", tag = "Signing in", operation_id = "sign_in_by_oidc", params(OnTheWay),
    responses((status = TEMPORARY_REDIRECT, description = "On to the provider, or back to where they wanted to go"), Refusals),
    security(()),
)]
pub(super) async fn callback(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    query: ApiQuery,
) -> Result<Response, Refusal> {
    let way = app.providers().oidc.as_ref().ok_or_else(not_configured)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let redirect_uri = way.redirect_uri(&app, host);
    let redirect_uri =
        redirect_uri.ok_or_else(|| ApiError::bad_request("OIDC login is not permitted from this host."))?;
    // A request that goes no further asks the provider nothing.
    let needs_verifier = query.text("code").is_some() && way.provider.takes_pkce().await?;
    match flow::step(&app, NAME, needs_verifier, &query, &headers)? {
        Step::Out(outbound) => send(&app, way, &outbound, &redirect_uri).await,
        Step::In(inbound) => {
            // If this is refused, it is recorded as a failed sign-in.
            context.decisions.sign_in_failed("login", None);
            if let Some(issuer) = query.text("iss")
                && !way.provider.is_issuer(issuer).await?
            {
                return Err(ApiError::new(StatusCode::UNAUTHORIZED, "State mismatched.").into());
            }
            let account = identify(&app, way, &inbound, &redirect_uri).await?;
            let (headers, identity, inbound) = (&headers, &identity, &inbound);
            let callback = Callback { app: &app, context, headers, identity, inbound, answers_json: false };
            callback.sign_in(account).await
        }
    }
}

async fn send(app: &App, way: &OidcWay, outbound: &Outbound, redirect_uri: &str) -> Result<Response, Refusal> {
    let start = Start { redirect_uri, state: &outbound.state, nonce: &outbound.nonce, verifier: &outbound.verifier };
    let url = way.provider.start(start).await?;
    Ok(outbound.send(app, NAME, url.as_str(), way.provider.takes_pkce().await?)?)
}

async fn identify(
    app: &App,
    way: &OidcWay,
    inbound: &Inbound,
    redirect_uri: &str,
) -> Result<ExternalIdentity, Refusal> {
    let arrival = Arrival {
        code: inbound.code.reveal(),
        redirect_uri,
        verifier: inbound.verifier.as_deref(),
        nonce: &inbound.nonce,
        now: app.clock().now(),
    };
    let OidcIdentity { issuer, subject, claims, tokens } = way.provider.finish(arrival).await?;
    let profile = profile(&claims, &way.fields, way.provider.issuer())?;
    let args = &way.args;
    let rules = AdmissionRules { email_domains: &args.oidc_email_domain, allowed_groups: &args.oidc_allowed_groups };
    let memberships = Memberships::read(&claims, args);
    rules
        .check(&profile.email, &memberships.provider_groups)
        .map_err(|reason| not_admitted(reason, &profile.email, args))?;
    let signups = if args.oidc_allow_signups {
        Signups::Allowed
    } else {
        Signups::Disabled(args.oidc_signups_disabled_text.clone())
    };
    Ok(ExternalIdentity {
        login_type: LoginType::Oidc,
        linked_id: format!("{issuer}||{subject}"),
        preferred_username: profile.username,
        email: profile.email,
        name: profile.name,
        avatar_url: profile.picture,
        token_expires_at: token_expires_at(app.clock().now(), &tokens),
        refresh_token: tokens.refresh,
        signups,
        trusts_email: args.dangerous_oidc_email_fallback,
        groups: memberships.groups,
        roles: memberships.roles,
        claims: Value::Object(claims),
    })
}

fn not_admitted(reason: NotAdmitted, email: &str, args: &OidcArgs) -> Refusal {
    const TITLE: &str = "Unauthorized email";
    match reason {
        NotAdmitted::InvalidEmail if args.oidc_email_domain.is_empty() => {
            tracing::warn!(
                claim = args.oidc_email_field.as_str(),
                "an e-mail address of the provider is none: name another claim with --oidc-email-field"
            );
            let text = format!("Your email \"{email}\" is no e-mail address. Please contact your administrator.");
            Refusal::Page(TITLE, text)
        }
        // Which domains are allowed is nobody's business who may not come in.
        NotAdmitted::InvalidEmail | NotAdmitted::OtherDomain => {
            let text =
                format!("Your email \"{email}\" is not from an authorized domain! Please contact your administrator.");
            Refusal::Page(TITLE, text)
        }
        NotAdmitted::NoAllowedGroup => {
            let text = "You are in none of the groups whose members may sign in. Ask your administrator.";
            Refusal::Page("Not a member of an allowed group", text.to_owned())
        }
    }
}

/// What the OpenID Connect provider said about the caller when they last signed in
#[utoipa::path(
    get, path = "/users/oidc-claims", tag = "Signing in", operation_id = "get_own_claims",
    responses((status = OK, description = "Done", body = OidcClaims), Refusals),
)]
pub(super) async fn own_claims(store: AuthorizedStore) -> Result<ApiJson<OidcClaims>, ApiError> {
    Ok(ApiJson(OidcClaims { claims: store.own_claims().await? }))
}

impl From<OwnClaimsError> for ApiError {
    fn from(error: OwnClaimsError) -> Self {
        match error {
            OwnClaimsError::OtherLoginType => Self::bad_request("User is not an OIDC user."),
            OwnClaimsError::Refused(refused) => refused.into(),
        }
    }
}
