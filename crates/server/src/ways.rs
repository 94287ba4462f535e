//! Signing in by an identity provider (`docs/compatibility.md#providers`).
mod claims;
mod convert;
mod flow;
mod github;
mod oidc;
mod refusal;
mod renewal;
mod session;
mod setup;

pub(crate) use convert::COOKIE as CONVERSION_COOKIE;
pub(crate) use flow::{is_on_the_way, local};
pub(crate) use renewal::Renewer;

use keyfob_identity::{Credential, Fields, Github, Oidc};
use utoipa_axum::routes;

use crate::{
    api::users,
    app::App,
    config::{BadSettings, GithubArgs, OidcArgs},
    http::routes::{Handlers, RouteFacts, Routes},
};

/// All routes of signing in by a provider.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes_with(routes!(oidc::callback), RouteFacts::PROVIDER)
        .routes(routes!(oidc::own_claims))
        .routes_with(routes!(github::callback), RouteFacts::PROVIDER)
        .routes_with(routes!(github::device), RouteFacts::SIGN_IN)
        .routes_with(routes!(convert::begin), RouteFacts::SIGN_IN)
        // For other methods this word is a username.
        .route("/users/oidc-claims", Handlers::of_word("user", users::named_but_get()))
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
    credential: Credential,
    fields: Fields,
}

/// GitHub, and who may sign in by it.
pub(crate) struct GithubWay {
    pub(crate) provider: Github,
    pub(crate) args: GithubArgs,
    credential: Credential,
}

impl Providers {
    /// The providers that are set up.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub(crate) fn new(oidc: &OidcArgs, github: &GithubArgs) -> Result<Self, BadSettings> {
        let mut bad = BadSettings::default();
        let (oidc, github) = (bad.take(OidcWay::new(oidc)), bad.take(GithubWay::new(github)));
        match (oidc, github) {
            (Some(oidc), Some(github)) => Ok(Self { oidc, github }),
            _ => Err(bad),
        }
    }

    /// Reads the files again with which this server authenticates. Those that are no good leave all as it was.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn reload(&self) -> Result<(), BadSettings> {
        let mut bad = BadSettings::default();
        if let Some(way) = &self.oidc {
            bad.take(way.reload());
        }
        if let Some(way) = &self.github {
            bad.take(way.reload());
        }
        if bad.0.is_empty() { Ok(()) } else { Err(bad) }
    }
}

impl OidcWay {
    /// Where the provider sends users back to, for a request to this host.
    fn redirect_uri(&self, app: &App, host: Option<&str>) -> Option<String> {
        const PATH: &str = "/api/v2/users/oidc/callback";
        if !self.args.oidc_redirect_allowed_hosts.is_empty() {
            let allowed =
                self.args.oidc_redirect_allowed_hosts.iter().find(|allowed| Some(allowed.as_str()) == host)?;
            let scheme = app.access_url().split("://").next().unwrap_or("https");
            return Some(format!("{scheme}://{allowed}{PATH}"));
        }
        let set = self.args.oidc_redirect_url.as_ref().map(ToString::to_string);
        Some(set.unwrap_or_else(|| format!("{}{PATH}", app.access_url())))
    }
}
