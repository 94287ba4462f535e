//! What a server is made of its settings, before it has data.
use std::{path::Path, sync::Arc};

use keyfob_authority::{DataDir, DataDirError, Database};
use keyfob_rbac::Catalogue;

use crate::{
    config::{BadSetting, BadSettings, ServerArgs, database},
    http::cookies::CookieRules,
    listen::tls::Tls,
    mail::Mailer,
    ways::Providers,
};

/// What a server is made of its settings and their files, which are read once.
pub(crate) struct Equipment {
    pub(super) cookies: CookieRules,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) mailer: Option<Mailer>,
    pub(super) providers: Providers,
    pub(super) tls: Option<Tls>,
    pub(super) database: Database,
}

impl Equipment {
    /// Makes all of it, for a server that people reach at this address.
    ///
    /// # Errors
    /// All that is wrong with the settings, as far as that can be known before a server starts.
    pub(crate) fn new(args: &ServerArgs, url: &str) -> Result<Self, BadSettings> {
        let mut bad = BadSettings::default();
        let cookies = bad.take(cookie_rules(args, url));
        let catalogue = bad.take(catalogue(args));
        let mailer = bad.take(Mailer::new(&args.mail));
        let tls = bad.take(Tls::new(&args.tls));
        let database = bad.take(database(args));
        let providers = bad.take(Providers::new(&args.oidc, &args.github));
        proxies_problems(args, &mut bad);
        access_url_problems(args, matches!(mailer, Some(Some(_))), &mut bad);
        match (cookies, catalogue, mailer, providers, tls, database) {
            (Some(cookies), Some(catalogue), Some(mailer), Some(providers), Some(tls), Some(database))
                if bad.0.is_empty() =>
            {
                Ok(Self { cookies, catalogue, mailer, providers, tls, database })
            }
            _ => Err(bad),
        }
    }
}

impl Equipment {
    /// Opens the data directory, for this process alone if the database is in it.
    pub(super) fn data_dir(&self, path: &Path) -> Result<DataDir, DataDirError> {
        match self.database {
            Database::File(_) => DataDir::open(path),
            Database::Postgres(_) => DataDir::open_shared(path),
        }
    }
}

fn proxies_problems(args: &ServerArgs, bad: &mut BadSettings) {
    let list = |is_given: bool| is_given.then_some(());
    bad.both(
        ("proxy-trusted-headers", list(!args.guard.proxy_trusted_headers.is_empty())),
        ("proxy-trusted-origins", list(!args.guard.proxy_trusted_origins.is_empty())),
    );
    if args.guard.proxy_trusted_headers.iter().any(|name| name == "forwarded") {
        bad.note("proxy-trusted-headers", "`Forwarded` is not read; `X-Forwarded-For` and its like are");
    }
}

fn access_url_problems(args: &ServerArgs, sends_mails: bool, bad: &mut BadSettings) {
    if args.access_url.is_some() {
        return;
    }
    if args.redirect_to_access_url {
        bad.note("access-url", "needed, because there is --redirect-to-access-url");
    }
    let has_providers = args.oidc.oidc_client_id.is_some() || args.github.oauth2_github_client_id.is_some();
    let address = args.people_address();
    if (sends_mails || has_providers) && address.ip().is_unspecified() {
        let why = "needed, because mails and providers send people here";
        bad.note("access-url", format!("{why}, and {address} is no address of theirs"));
    }
}

/// Where people reach a server with these settings, as far as that is known before it listens.
pub(crate) fn likely_url(args: &ServerArgs) -> String {
    match &args.access_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None if args.tls.tls_enable => "https://localhost".to_owned(),
        None => "http://localhost".to_owned(),
    }
}

/// Cookies are for https alone where people reach the server by https.
fn cookie_rules(args: &ServerArgs, url: &str) -> Result<CookieRules, BadSettings> {
    let is_secure = args.secure_auth_cookie.unwrap_or_else(|| url.starts_with("https:"));
    CookieRules::new(is_secure, args.samesite_auth_cookie, args.host_prefix_cookie)
}

fn catalogue(args: &ServerArgs) -> Result<Arc<Catalogue>, BadSetting> {
    let Some(path) = &args.resource_types else { return Ok(Catalogue::built_in()) };
    let bad =
        |problem: &dyn std::fmt::Display| BadSetting::new("resource-types", format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(&error))?;
    Catalogue::with_types(&text).map_err(|error| bad(&error))
}
