//! Providers from their settings.
use std::{collections::BTreeMap, path::Path};

use keyfob_api::secret::SecretText;
use keyfob_identity::{ClaimSource, ClientAuth, Credential, Fields, Github, GithubSettings, Http, Oidc, OidcSettings};

use super::{GithubWay, OidcWay};
use crate::config::{BadSetting, BadSettings, GithubArgs, OidcArgs, one_secret, secret_in};

fn http(flag: &'static str) -> Result<Http, BadSetting> {
    Http::new().map_err(|error| BadSetting::new(flag, error))
}

impl OidcWay {
    pub(super) fn new(args: &OidcArgs) -> Result<Option<Self>, BadSettings> {
        let mut bad = BadSettings::default();
        let auth = bad.take(client_auth(args));
        let Some(client_id) = args.oidc_client_id.clone().filter(|id| !id.is_empty()) else {
            return if bad.0.is_empty() { Ok(None) } else { Err(bad) };
        };
        if let Some(None) = auth {
            bad.note("oidc-client-secret", "needed, or --oidc-client-key-file");
        }
        let issuer = bad.take(issuer(args));
        if args.oidc_ignore_userinfo && args.oidc_access_token_claims {
            let problem = "leave out --oidc-ignore-userinfo: the user-info endpoint is not asked then anyway";
            bad.note("oidc-access-token-claims", problem);
        }
        if !args.oidc_scopes.iter().any(|scope| scope == "openid") {
            bad.note("oidc-scopes", "must hold `openid`, or the provider does not say who the user is");
        }
        if !args.oidc_allowed_groups.is_empty() && args.group_field().is_none() {
            bad.note(
                "oidc-group-field",
                "needed, because there is --oidc-allowed-groups: no user could sign in otherwise",
            );
        }
        let http = bad.take(http("oidc-issuer-url"));
        let (Some(issuer), Some(Some(auth)), Some(http), true) = (issuer, auth, http, bad.0.is_empty()) else {
            return Err(bad);
        };
        let credential = Credential::from(auth);
        let settings = OidcSettings {
            issuer,
            client_id,
            auth: credential.clone(),
            scopes: args.oidc_scopes.clone(),
            auth_params: auth_params(args),
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
        Ok(Some(Self { provider: Oidc::new(settings, http), args: args.clone(), credential, fields }))
    }

    pub(super) fn reload(&self) -> Result<(), BadSettings> {
        if let Some(auth) = client_auth(&self.args)? {
            self.credential.replace(auth);
        }
        Ok(())
    }
}

/// The parameters with which users are sent to the provider besides those of the protocol. Unless the operator sets
/// another `access_type`, the provider gives what renews the session.
fn auth_params(args: &OidcArgs) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from([("access_type".to_owned(), "offline".to_owned())]);
    all.extend(args.oidc_auth_url_params.0.clone());
    all
}

fn issuer(args: &OidcArgs) -> Result<String, BadSetting> {
    const FLAG: &str = "oidc-issuer-url";
    let issuer = args.oidc_issuer_url.clone().ok_or_else(|| BadSetting::new(FLAG, "OIDC issuer URL must be set!"))?;
    let is_url = issuer.parse::<url::Url>().is_ok_and(|url| ["https", "http"].contains(&url.scheme()));
    if is_url { Ok(issuer) } else { Err(BadSetting::new(FLAG, format!("`{issuer}` is no URL: write https://..."))) }
}

/// How the server authenticates to the provider; none if nothing is set for that.
fn client_auth(args: &OidcArgs) -> Result<Option<ClientAuth>, BadSettings> {
    let mut bad = BadSettings::default();
    let flags = ("oidc-client-secret", "oidc-client-secret-file");
    let secret = bad.take(one_secret(flags, args.oidc_client_secret.as_ref(), args.oidc_client_secret_file.as_deref()));
    let key = ("oidc-client-key-file", args.oidc_client_key_file.as_deref());
    let certificate = ("oidc-client-cert-file", args.oidc_client_cert_file.as_deref());
    let own = bad.both(key, certificate).and_then(|(key, certificate)| bad.take(client_key(key, certificate)));
    if own.is_some() && matches!(secret, Some(Some(_))) {
        bad.note("oidc-client-secret", "leave it out, or --oidc-client-key-file");
    }
    if bad.0.is_empty() { Ok(own.or_else(|| secret.flatten().map(ClientAuth::Secret))) } else { Err(bad) }
}

fn client_key(key: &Path, certificate: &Path) -> Result<ClientAuth, BadSetting> {
    let (key_flag, certificate_flag) = ("oidc-client-key-file", "oidc-client-cert-file");
    let secret = secret_in(key).map_err(|error| BadSetting::new(key_flag, error))?;
    if !ClientAuth::is_key(&secret) {
        return Err(BadSetting::new(key_flag, format!("{}: holds no RSA key in PEM", key.display())));
    }
    let pem = std::fs::read(certificate);
    let pem = pem.map_err(|error| BadSetting::new(certificate_flag, format!("{}: {error}", certificate.display())))?;
    let none = || BadSetting::new(certificate_flag, format!("{}: holds no certificate in PEM", certificate.display()));
    Ok(ClientAuth::Key { key: secret, certificate: certificate_in(&pem).ok_or_else(none)? })
}

/// The first certificate of a PEM file, in DER.
fn certificate_in(pem: &[u8]) -> Option<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    BASE64.decode(body.split_whitespace().collect::<String>()).ok()
}

/// Whether a text has the form `<organization>/<team>`.
fn is_team(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && !name.contains('/');
    text.split_once('/').is_some_and(|(organization, team)| is_name(organization) && is_name(team))
}

impl GithubWay {
    pub(super) fn new(args: &GithubArgs) -> Result<Option<Self>, BadSettings> {
        let mut bad = BadSettings::default();
        let secret = bad.take(github_secret(args));
        let Some(client_id) = args.oauth2_github_client_id.clone().filter(|id| !id.is_empty()) else {
            return if bad.0.is_empty() { Ok(None) } else { Err(bad) };
        };
        // The device flow takes none.
        if matches!(secret, Some(None)) && !args.oauth2_github_device_flow {
            bad.note("oauth2-github-client-secret", "needed, unless the device flow is on");
        }
        match (args.oauth2_github_allow_everyone, args.oauth2_github_allowed_orgs.is_empty()) {
            (true, false) => {
                bad.note("oauth2-github-allow-everyone", "leave out --oauth2-github-allowed-orgs, or this");
            }
            (false, true) => bad.note("oauth2-github-allowed-orgs", "name some, or set --oauth2-github-allow-everyone"),
            _ => {}
        }
        for team in args.oauth2_github_allowed_teams.iter().filter(|team| !is_team(team)) {
            let problem = format!("`{team}` is not of the form <organization>/<team>");
            bad.note("oauth2-github-allowed-teams", problem);
        }
        let flag = "oauth2-github-enterprise-base-url";
        let http = bad.take(http(flag));
        let (Some(secret), Some(http)) = (secret, http) else { return Err(bad) };
        let credential = Credential::from(ClientAuth::Secret(secret.unwrap_or_default()));
        let settings = GithubSettings {
            client_id,
            auth: credential.clone(),
            enterprise: args.oauth2_github_enterprise_base_url.clone(),
        };
        let provider = bad.take(Github::new(settings, http).map_err(|error| BadSetting::new(flag, error)));
        match provider.filter(|_| bad.0.is_empty()) {
            Some(provider) => Ok(Some(Self { provider, args: args.clone(), credential })),
            None => Err(bad),
        }
    }

    pub(super) fn reload(&self) -> Result<(), BadSettings> {
        if let Some(secret) = github_secret(&self.args)? {
            self.credential.replace(ClientAuth::Secret(secret));
        }
        Ok(())
    }
}

fn github_secret(args: &GithubArgs) -> Result<Option<SecretText>, BadSetting> {
    let flags = ("oauth2-github-client-secret", "oauth2-github-client-secret-file");
    let file = args.oauth2_github_client_secret_file.as_deref();
    one_secret(flags, args.oauth2_github_client_secret.as_ref(), file)
}
