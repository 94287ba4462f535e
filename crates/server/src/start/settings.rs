//! From what an operator sets to what requests look at.
use keyfob_authority::{Lifetimes, OidcRules, PasswordSignIn, Rules};

use super::Equipment;
use crate::{
    app::Settings,
    config::{ServerArgs, TlsArgs},
    http::{cookies::CookieRules, credential::CredentialRules, limits::RateLimits},
    listen::proxies::Proxies,
};

/// The rules of the deployment.
pub(super) fn rules(args: &ServerArgs, equipment: &Equipment) -> Rules {
    let oidc = equipment.providers.oidc.as_ref();
    Rules {
        lifetimes: Lifetimes {
            session: args.session_duration,
            session_absolute: args.session_absolute_timeout,
            sessions_slide: !args.disable_session_expiry_refresh,
            token_default: args.default_token_lifetime,
            token_max: args.max_token_lifetime,
            token_max_for_owners: args.max_admin_token_lifetime,
            retention: args.api_keys_retention,
            audit_retention: args.audit_logs_retention,
        },
        password_sign_in: if args.disable_password_auth {
            PasswordSignIn::OwnersOnly
        } else {
            PasswordSignIn::Everyone
        },
        oidc: oidc.map(|way| OidcRules { syncs_roles: way.args.role_field().is_some() }),
        sends_mail: equipment.mailer.is_some(),
    }
}

/// What requests look at.
pub(super) fn settings(args: &ServerArgs, url: &str, cookies: CookieRules) -> Settings {
    Settings {
        access_url: url.to_owned(),
        credentials: CredentialRules { allow_query: args.allow_query_tokens, cookie: cookies.session_name() },
        cookies,
        limits: RateLimits::new(
            args.guard.api_rate_limit,
            args.guard.authcheck_rate_limit,
            args.guard.dangerous_disable_rate_limits,
        ),
        proxies: Proxies {
            origins: args.guard.proxy_trusted_origins.clone(),
            headers: args.guard.proxy_trusted_headers.clone(),
        },
        access_log: args.access_log,
        redirects_to_access_url: args.redirect_to_access_url,
        strict_transport_security: strict_transport_security(&args.tls),
        given: args.given.clone(),
        terms_of_service_url: args.terms_of_service_url.as_ref().map(ToString::to_string),
    }
}

/// What browsers are told about HTTPS (RFC 6797), if they are told anything.
fn strict_transport_security(args: &TlsArgs) -> Option<String> {
    let options = args.strict_transport_security_options.iter().map(|option| format!("; {option}"));
    let seconds = args.strict_transport_security;
    (seconds > 0).then(|| format!("max-age={seconds}{}", options.collect::<String>()))
}
