//! Variables of Coder's server, which this server also reads.

/// Settings of Coder's server: the flag, and its variables there, older ones last.
const CODER_VARIABLES: &[(&str, &[&str])] = &[
    ("http_address", &["CODER_HTTP_ADDRESS"]),
    ("access_url", &["CODER_ACCESS_URL"]),
    ("redirect_to_access_url", &["CODER_REDIRECT_TO_ACCESS_URL"]),
    ("postgres_url", &["CODER_PG_CONNECTION_URL"]),
    ("postgres_auth", &["CODER_PG_AUTH"]),
    ("postgres_conn_max_open", &["CODER_PG_CONN_MAX_OPEN"]),
    ("session_duration", &["CODER_SESSION_DURATION"]),
    ("disable_session_expiry_refresh", &["CODER_DISABLE_SESSION_EXPIRY_REFRESH"]),
    ("secure_auth_cookie", &["CODER_SECURE_AUTH_COOKIE"]),
    ("samesite_auth_cookie", &["CODER_SAMESITE_AUTH_COOKIE"]),
    ("host_prefix_cookie", &["CODER_HOST_PREFIX_COOKIE"]),
    ("disable_password_auth", &["CODER_DISABLE_PASSWORD_AUTH"]),
    ("terms_of_service_url", &["CODER_TERMS_OF_SERVICE_URL"]),
    ("default_token_lifetime", &["CODER_DEFAULT_TOKEN_LIFETIME"]),
    ("max_token_lifetime", &["CODER_MAX_TOKEN_LIFETIME"]),
    ("max_admin_token_lifetime", &["CODER_MAX_ADMIN_TOKEN_LIFETIME"]),
    ("api_keys_retention", &["CODER_API_KEYS_RETENTION"]),
    ("audit_logs_retention", &["CODER_AUDIT_LOGS_RETENTION"]),
    ("api_rate_limit", &["CODER_API_RATE_LIMIT"]),
    ("dangerous_disable_rate_limits", &["CODER_DANGEROUS_DISABLE_RATE_LIMITS"]),
    ("proxy_trusted_headers", &["CODER_PROXY_TRUSTED_HEADERS"]),
    ("proxy_trusted_origins", &["CODER_PROXY_TRUSTED_ORIGINS"]),
    ("email_from", &["CODER_EMAIL_FROM", "CODER_NOTIFICATIONS_EMAIL_FROM"]),
    ("email_smarthost", &["CODER_EMAIL_SMARTHOST", "CODER_NOTIFICATIONS_EMAIL_SMARTHOST"]),
    ("email_hello", &["CODER_EMAIL_HELLO", "CODER_NOTIFICATIONS_EMAIL_HELLO"]),
    ("email_force_tls", &["CODER_EMAIL_FORCE_TLS", "CODER_NOTIFICATIONS_EMAIL_FORCE_TLS"]),
    ("email_auth_identity", &["CODER_EMAIL_AUTH_IDENTITY", "CODER_NOTIFICATIONS_EMAIL_AUTH_IDENTITY"]),
    ("email_auth_username", &["CODER_EMAIL_AUTH_USERNAME", "CODER_NOTIFICATIONS_EMAIL_AUTH_USERNAME"]),
    ("email_auth_password", &["CODER_EMAIL_AUTH_PASSWORD", "CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD"]),
    ("email_auth_password_file", &["CODER_EMAIL_AUTH_PASSWORD_FILE", "CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD_FILE"]),
    ("email_tls_starttls", &["CODER_EMAIL_TLS_STARTTLS", "CODER_NOTIFICATIONS_EMAIL_TLS_STARTTLS"]),
    ("email_tls_server_name", &["CODER_EMAIL_TLS_SERVERNAME", "CODER_NOTIFICATIONS_EMAIL_TLS_SERVERNAME"]),
    ("email_tls_skip_verify", &["CODER_EMAIL_TLS_SKIPVERIFY", "CODER_NOTIFICATIONS_EMAIL_TLS_SKIPVERIFY"]),
    ("email_tls_ca_cert_file", &["CODER_EMAIL_TLS_CACERTFILE", "CODER_NOTIFICATIONS_EMAIL_TLS_CACERTFILE"]),
    ("email_tls_cert_file", &["CODER_EMAIL_TLS_CERTFILE", "CODER_NOTIFICATIONS_EMAIL_TLS_CERTFILE"]),
    ("email_tls_cert_key_file", &["CODER_EMAIL_TLS_CERTKEYFILE", "CODER_NOTIFICATIONS_EMAIL_TLS_CERTKEYFILE"]),
];

/// Lets a command with [`super::ServerArgs`] also read the `CODER_*` variables of the same meaning; a `KEYFOB_*` one
/// wins.
pub fn with_coder_environment(command: clap::Command) -> clap::Command {
    let found: Vec<(clap::Id, &'static str)> = command
        .get_arguments()
        .filter_map(|arg| {
            let own = arg.get_env()?.to_str()?;
            let coders = coders_variable(arg.get_id().as_str(), own, is_given)?;
            // Leaked, because clap takes static names here. There are a few dozen.
            Some((arg.get_id().clone(), &*coders.leak()))
        })
        .collect();
    let command = found.into_iter().fold(command, |command, (id, coders)| command.mut_arg(id, |arg| arg.env(coders)));
    without_empty(command)
}

/// The variable of Coder's server that a setting is read from; none where its own variable is read, or that of the other
/// flag for the same secret wins.
pub(super) fn coders_variable(flag: &str, own: &str, is_given: impl Fn(&str) -> bool) -> Option<String> {
    let wins = |other: &str| is_given(&format!("KEYFOB_{}", other.to_uppercase()));
    if is_given(own) || counterpart(flag).is_some_and(wins) {
        return None;
    }
    names_at_coder(flag, own).into_iter().find(|name| is_given(name))
}

fn names_at_coder(flag: &str, own: &str) -> Vec<String> {
    let name = own.strip_prefix("KEYFOB_").unwrap_or(own);
    if SAME_NAMES.iter().any(|group| name.starts_with(group)) {
        return vec![format!("CODER_{name}")];
    }
    let listed = CODER_VARIABLES.iter().find(|(known, _)| *known == flag);
    listed.map(|(_, coders)| coders.iter().map(|name| (*name).to_owned()).collect()).unwrap_or_default()
}

/// Whether a variable is set to a value. An empty variable counts as not set.
pub(super) fn is_given(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The command without empty variables.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &&clap::Arg| {
        arg.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()))
    };
    let empty: Vec<_> = command.get_arguments().filter(is_empty).map(|arg| arg.get_id().clone()).collect();
    empty.into_iter().fold(command, |command, id| command.mut_arg(id, |arg| arg.env(None::<&'static str>)))
}

/// Flags for secrets, and for files with those secrets. Only one of each pair counts.
pub(super) const SECRET_PAIRS: [(&str, &str); 3] = [
    ("oidc_client_secret", "oidc_client_secret_file"),
    ("oauth2_github_client_secret", "oauth2_github_client_secret_file"),
    ("email_auth_password", "email_auth_password_file"),
];

/// The other flag for the same secret.
pub(super) fn counterpart(flag: &str) -> Option<&'static str> {
    SECRET_PAIRS.iter().find_map(|(secret, file)| match flag {
        flag if flag == *secret => Some(*file),
        flag if flag == *file => Some(*secret),
        _ => None,
    })
}

/// Prefixes of the variables that have the same names in both servers, but for `KEYFOB_` and `CODER_`.
const SAME_NAMES: [&str; 5] = ["TLS_", "STRICT_TRANSPORT_SECURITY", "OIDC_", "OAUTH2_GITHUB_", "DANGEROUS_OIDC_"];
