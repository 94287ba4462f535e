//! Variables of Coder's server, which this server also reads.

/// Settings of Coder's server: the flag, its variable here, and its variables there, older ones last.
const CODER_VARIABLES: &[(&str, &str, &[&str])] = &[
    ("http_address", "KEYFOB_HTTP_ADDRESS", &["CODER_HTTP_ADDRESS"]),
    ("access_url", "KEYFOB_ACCESS_URL", &["CODER_ACCESS_URL"]),
    ("redirect_to_access_url", "KEYFOB_REDIRECT_TO_ACCESS_URL", &["CODER_REDIRECT_TO_ACCESS_URL"]),
    ("postgres_url", "KEYFOB_POSTGRES_URL", &["CODER_PG_CONNECTION_URL"]),
    ("postgres_auth", "KEYFOB_POSTGRES_AUTH", &["CODER_PG_AUTH"]),
    ("postgres_conn_max_open", "KEYFOB_POSTGRES_CONN_MAX_OPEN", &["CODER_PG_CONN_MAX_OPEN"]),
    ("session_duration", "KEYFOB_SESSION_DURATION", &["CODER_SESSION_DURATION"]),
    (
        "disable_session_expiry_refresh",
        "KEYFOB_DISABLE_SESSION_EXPIRY_REFRESH",
        &["CODER_DISABLE_SESSION_EXPIRY_REFRESH"],
    ),
    ("secure_auth_cookie", "KEYFOB_SECURE_AUTH_COOKIE", &["CODER_SECURE_AUTH_COOKIE"]),
    ("samesite_auth_cookie", "KEYFOB_SAMESITE_AUTH_COOKIE", &["CODER_SAMESITE_AUTH_COOKIE"]),
    ("host_prefix_cookie", "KEYFOB_HOST_PREFIX_COOKIE", &["CODER_HOST_PREFIX_COOKIE"]),
    ("disable_password_auth", "KEYFOB_DISABLE_PASSWORD_AUTH", &["CODER_DISABLE_PASSWORD_AUTH"]),
    ("terms_of_service_url", "KEYFOB_TERMS_OF_SERVICE_URL", &["CODER_TERMS_OF_SERVICE_URL"]),
    ("default_token_lifetime", "KEYFOB_DEFAULT_TOKEN_LIFETIME", &["CODER_DEFAULT_TOKEN_LIFETIME"]),
    ("max_token_lifetime", "KEYFOB_MAX_TOKEN_LIFETIME", &["CODER_MAX_TOKEN_LIFETIME"]),
    ("max_admin_token_lifetime", "KEYFOB_MAX_ADMIN_TOKEN_LIFETIME", &["CODER_MAX_ADMIN_TOKEN_LIFETIME"]),
    ("api_keys_retention", "KEYFOB_API_KEYS_RETENTION", &["CODER_API_KEYS_RETENTION"]),
    ("audit_logs_retention", "KEYFOB_AUDIT_LOGS_RETENTION", &["CODER_AUDIT_LOGS_RETENTION"]),
    ("api_rate_limit", "KEYFOB_API_RATE_LIMIT", &["CODER_API_RATE_LIMIT"]),
    ("dangerous_disable_rate_limits", "KEYFOB_DANGEROUS_DISABLE_RATE_LIMITS", &["CODER_DANGEROUS_DISABLE_RATE_LIMITS"]),
    ("proxy_trusted_headers", "KEYFOB_PROXY_TRUSTED_HEADERS", &["CODER_PROXY_TRUSTED_HEADERS"]),
    ("proxy_trusted_origins", "KEYFOB_PROXY_TRUSTED_ORIGINS", &["CODER_PROXY_TRUSTED_ORIGINS"]),
    ("email_from", "KEYFOB_EMAIL_FROM", &["CODER_EMAIL_FROM", "CODER_NOTIFICATIONS_EMAIL_FROM"]),
    ("email_smarthost", "KEYFOB_EMAIL_SMARTHOST", &["CODER_EMAIL_SMARTHOST", "CODER_NOTIFICATIONS_EMAIL_SMARTHOST"]),
    ("email_hello", "KEYFOB_EMAIL_HELLO", &["CODER_EMAIL_HELLO", "CODER_NOTIFICATIONS_EMAIL_HELLO"]),
    ("email_force_tls", "KEYFOB_EMAIL_FORCE_TLS", &["CODER_EMAIL_FORCE_TLS", "CODER_NOTIFICATIONS_EMAIL_FORCE_TLS"]),
    (
        "email_auth_identity",
        "KEYFOB_EMAIL_AUTH_IDENTITY",
        &["CODER_EMAIL_AUTH_IDENTITY", "CODER_NOTIFICATIONS_EMAIL_AUTH_IDENTITY"],
    ),
    (
        "email_auth_username",
        "KEYFOB_EMAIL_AUTH_USERNAME",
        &["CODER_EMAIL_AUTH_USERNAME", "CODER_NOTIFICATIONS_EMAIL_AUTH_USERNAME"],
    ),
    (
        "email_auth_password",
        "KEYFOB_EMAIL_AUTH_PASSWORD",
        &["CODER_EMAIL_AUTH_PASSWORD", "CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD"],
    ),
    (
        "email_auth_password_file",
        "KEYFOB_EMAIL_AUTH_PASSWORD_FILE",
        &["CODER_EMAIL_AUTH_PASSWORD_FILE", "CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD_FILE"],
    ),
    (
        "email_tls_starttls",
        "KEYFOB_EMAIL_TLS_STARTTLS",
        &["CODER_EMAIL_TLS_STARTTLS", "CODER_NOTIFICATIONS_EMAIL_TLS_STARTTLS"],
    ),
    (
        "email_tls_server_name",
        "KEYFOB_EMAIL_TLS_SERVER_NAME",
        &["CODER_EMAIL_TLS_SERVERNAME", "CODER_NOTIFICATIONS_EMAIL_TLS_SERVERNAME"],
    ),
    (
        "email_tls_skip_verify",
        "KEYFOB_EMAIL_TLS_SKIP_VERIFY",
        &["CODER_EMAIL_TLS_SKIPVERIFY", "CODER_NOTIFICATIONS_EMAIL_TLS_SKIPVERIFY"],
    ),
    (
        "email_tls_ca_cert_file",
        "KEYFOB_EMAIL_TLS_CA_CERT_FILE",
        &["CODER_EMAIL_TLS_CACERTFILE", "CODER_NOTIFICATIONS_EMAIL_TLS_CACERTFILE"],
    ),
    (
        "email_tls_cert_file",
        "KEYFOB_EMAIL_TLS_CERT_FILE",
        &["CODER_EMAIL_TLS_CERTFILE", "CODER_NOTIFICATIONS_EMAIL_TLS_CERTFILE"],
    ),
    (
        "email_tls_cert_key_file",
        "KEYFOB_EMAIL_TLS_CERT_KEY_FILE",
        &["CODER_EMAIL_TLS_CERTKEYFILE", "CODER_NOTIFICATIONS_EMAIL_TLS_CERTKEYFILE"],
    ),
];

/// Lets a command with [`super::ServerArgs`] also read the `CODER_*` variables of the same meaning; a `KEYFOB_*` one
/// wins.
pub fn with_coder_environment(command: clap::Command) -> clap::Command {
    let command = with_same_names(command);
    let command = CODER_VARIABLES.iter().fold(command, |command, (flag, own, coders)| {
        if is_given(own) || has_own_counterpart(flag) {
            return command;
        }
        match coders.iter().find(|name| is_given(name)) {
            Some(name) => command.mut_arg(flag, |arg| arg.env(name)),
            None => command,
        }
    });
    without_empty(command)
}

/// Whether a variable is set to a value. An empty variable counts as not set.
fn is_given(name: impl AsRef<std::ffi::OsStr>) -> bool {
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

/// Whether the other flag for the same secret is given by a `KEYFOB_*` variable, which wins over `CODER_*` ones.
fn has_own_counterpart(flag: &str) -> bool {
    counterpart(flag).is_some_and(|other| is_given(format!("KEYFOB_{}", other.to_uppercase())))
}

/// Prefixes of the variables that have the same names in both servers, but for `KEYFOB_` and `CODER_`.
const SAME_NAMES: [&str; 5] = ["TLS_", "STRICT_TRANSPORT_SECURITY", "OIDC_", "OAUTH2_GITHUB_", "DANGEROUS_OIDC_"];

fn with_same_names(command: clap::Command) -> clap::Command {
    let coders_variable = |arg: &clap::Arg| {
        let own = arg.get_env()?.to_str()?.to_owned();
        let name = own.strip_prefix("KEYFOB_")?;
        let coders = SAME_NAMES.iter().any(|group| name.starts_with(group)).then(|| format!("CODER_{name}"))?;
        let wins = !is_given(&own) && is_given(&coders) && !has_own_counterpart(arg.get_id().as_str());
        // Leaked, because clap takes static names here. There are a few dozen.
        wins.then(|| (arg.get_id().clone(), &*coders.leak()))
    };
    let shared: Vec<_> = command.get_arguments().filter_map(coders_variable).collect();
    shared.into_iter().fold(command, |command, (id, coders)| command.mut_arg(id, |arg| arg.env(coders)))
}
