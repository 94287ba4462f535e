//! Signing in by an identity provider (contract, sections 5.8 and 5.9).
mod arrival;
mod claims;
mod convert;
mod flow;
mod github;
mod oidc;
mod refusal;
mod renewal;
mod ticket;

pub(crate) use flow::{is_on_the_way, local};
pub(crate) use renewal::{NotRenewed, Renewed, renew};
pub(crate) use ticket::{Tickets, promise_id};

use std::path::Path;

use keyfob_api::secret::SecretText;
use keyfob_identity::{ClaimSource, ClientAuth, Fields, Github, GithubSettings, Http, Oidc, OidcSettings};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    config::{GithubArgs, OidcArgs, secret_in},
    state::App,
    users,
};

/// All routes of signing in by a provider.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(oidc::callback))
        .routes(routes!(oidc::own_claims))
        .routes(routes!(github::callback))
        .routes(routes!(github::device))
        .routes(routes!(convert::begin))
        // For other methods this word is a username (contract, section 1.1).
        .route("/users/oidc-claims", users::named_but_get())
}

/// The providers that are set up.
#[derive(Default)]
pub(crate) struct Providers {
    pub(crate) oidc: Option<OidcWay>,
    pub(crate) github: Option<GithubWay>,
}

/// An `OpenID` Connect provider, and who may sign in by it.
pub(crate) struct OidcWay {
    pub(crate) provider: Oidc,
    pub(crate) args: OidcArgs,
    fields: Fields,
}

/// GitHub, and who may sign in by it.
pub(crate) struct GithubWay {
    pub(crate) provider: Github,
    pub(crate) args: GithubArgs,
}

/// A setting with which nobody can sign in: the flag, and what is wrong.
#[derive(Debug, thiserror::Error)]
#[error("--{flag}: {problem}")]
pub struct BadProvider {
    flag: &'static str,
    problem: String,
}

fn bad(flag: &'static str, problem: impl std::fmt::Display) -> BadProvider {
    BadProvider { flag, problem: problem.to_string() }
}

impl Providers {
    /// The providers that are set up.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn new(oidc: &OidcArgs, github: &GithubArgs) -> Result<Self, BadProvider> {
        Ok(Self { oidc: OidcWay::new(oidc)?, github: GithubWay::new(github)? })
    }
}

impl Providers {
    /// All that is wrong with the settings.
    pub(crate) fn problems(oidc: &OidcArgs, github: &GithubArgs) -> Vec<String> {
        let oidc = OidcWay::new(oidc).err();
        oidc.into_iter().chain(GithubWay::new(github).err()).map(|problem| problem.to_string()).collect()
    }
}

fn http(flag: &'static str) -> Result<Http, BadProvider> {
    Http::new().map_err(|error| bad(flag, error))
}

fn secret(
    flag: &'static str,
    given: Option<&SecretText>,
    file: Option<&Path>,
) -> Result<Option<SecretText>, BadProvider> {
    match file {
        Some(path) => secret_in(path).map(Some).map_err(|error| bad(flag, error)),
        None => Ok(given.cloned()),
    }
}

impl OidcWay {
    fn new(args: &OidcArgs) -> Result<Option<Self>, BadProvider> {
        let Some(client_id) = args.oidc_client_id.clone().filter(|id| !id.is_empty()) else { return Ok(None) };
        let issuer = args.oidc_issuer_url.clone().filter(|url| !url.is_empty());
        let issuer = issuer.ok_or_else(|| bad("oidc-issuer-url", "OIDC issuer URL must be set!"))?;
        if args.oidc_ignore_userinfo && args.oidc_access_token_claims {
            let problem = "leave out --oidc-ignore-userinfo: the user-info endpoint is not asked then anyway";
            return Err(bad("oidc-access-token-claims", problem));
        }
        let settings = OidcSettings {
            issuer,
            client_id,
            auth: client_auth(args)?,
            scopes: args.oidc_scopes.clone(),
            auth_params: args.oidc_auth_url_params.0.clone(),
            skips_issuer_checks: args.dangerous_oidc_skip_issuer_checks,
            claims: match (args.oidc_access_token_claims, args.oidc_ignore_userinfo) {
                (true, _) => ClaimSource::AccessToken,
                (false, true) => ClaimSource::None,
                (false, false) => ClaimSource::UserInfo,
            },
        };
        let fields = Fields {
            username: args.oidc_username_field.clone(),
            email: args.oidc_email_field.clone(),
            name: args.oidc_name_field.clone(),
            ignores_email_verified: args.oidc_ignore_email_verified,
        };
        let provider = Oidc::new(settings, http("oidc-issuer-url")?);
        Ok(Some(Self { provider, args: args.clone(), fields }))
    }

    /// Where people come back to, for a request to this host.
    fn redirect_uri(&self, app: &App, host: Option<&str>) -> Option<String> {
        const PATH: &str = "/api/v2/users/oidc/callback";
        if !self.args.oidc_redirect_allowed_hosts.is_empty() {
            let allowed = self.args.oidc_redirect_allowed_hosts.iter().find(|host_| Some(host_.as_str()) == host)?;
            let scheme = app.access_url().split("://").next().unwrap_or("https");
            return Some(format!("{scheme}://{allowed}{PATH}"));
        }
        let set = self.args.oidc_redirect_url.as_ref().map(ToString::to_string);
        Some(set.unwrap_or_else(|| format!("{}{PATH}", app.access_url())))
    }
}

fn client_auth(args: &OidcArgs) -> Result<ClientAuth, BadProvider> {
    if let (Some(key), Some(certificate)) = (&args.oidc_client_key_file, &args.oidc_client_cert_file) {
        let key = secret_in(key).map_err(|error| bad("oidc-client-key-file", error))?;
        let pem = std::fs::read(certificate).map_err(|error| bad("oidc-client-cert-file", error))?;
        let certificate = certificate_in(&pem).ok_or_else(|| bad("oidc-client-cert-file", "holds no certificate"))?;
        return Ok(ClientAuth::Key { key, certificate });
    }
    let flag = "oidc-client-secret-file";
    let secret = secret(flag, args.oidc_client_secret.as_ref(), args.oidc_client_secret_file.as_deref())?;
    secret.map(ClientAuth::Secret).ok_or_else(|| bad("oidc-client-secret", "needed, or --oidc-client-key-file"))
}

/// The first certificate of a PEM file, in DER.
fn certificate_in(pem: &[u8]) -> Option<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    BASE64.decode(body.split_whitespace().collect::<String>()).ok()
}

impl GithubWay {
    fn new(args: &GithubArgs) -> Result<Option<Self>, BadProvider> {
        let Some(client_id) = args.oauth2_github_client_id.clone().filter(|id| !id.is_empty()) else { return Ok(None) };
        let given = args.oauth2_github_client_secret.as_ref();
        let flag = "oauth2-github-client-secret-file";
        let found = secret(flag, given, args.oauth2_github_client_secret_file.as_deref())?;
        let client_secret = match found {
            Some(secret) => secret,
            // The device flow takes none.
            None if args.oauth2_github_device_flow => SecretText::default(),
            None => return Err(bad("oauth2-github-client-secret", "needed, unless the device flow is on")),
        };
        match (args.oauth2_github_allow_everyone, args.oauth2_github_allowed_orgs.is_empty()) {
            (true, false) => {
                return Err(bad("oauth2-github-allow-everyone", "leave out --oauth2-github-allowed-orgs, or this"));
            }
            (false, true) => {
                return Err(bad("oauth2-github-allowed-orgs", "name some, or set --oauth2-github-allow-everyone"));
            }
            _ => {}
        }
        if let Some(team) = args.oauth2_github_allowed_teams.iter().find(|team| !team.contains('/')) {
            let problem = format!("`{team}` is not of the form <organization>/<team>");
            return Err(bad("oauth2-github-allowed-teams", problem));
        }
        let enterprise = args.oauth2_github_enterprise_base_url.clone();
        let settings = GithubSettings { client_id, client_secret, enterprise };
        let flag = "oauth2-github-enterprise-base-url";
        let provider = Github::new(settings, http(flag)?).map_err(|error| bad(flag, error))?;
        Ok(Some(Self { provider, args: args.clone() }))
    }
}
