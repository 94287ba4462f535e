//! Variables that Coder's server reads, too.

/// Settings that Coder's server knows: the flag, its variable here, and its variables there, the older ones last.
const SHARED: &[(&str, &str, &[&str])] = &[
    ("http_address", "KEYFOB_HTTP_ADDRESS", &["CODER_HTTP_ADDRESS"]),
    ("access_url", "KEYFOB_ACCESS_URL", &["CODER_ACCESS_URL"]),
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
    let command = named_alike(command);
    SHARED.iter().fold(command, |command, (flag, own, theirs)| {
        if std::env::var_os(own).is_some() {
            return command;
        }
        match theirs.iter().find(|name| std::env::var_os(name).is_some()) {
            Some(name) => command.mut_arg(flag, |arg| arg.env(name)),
            None => command,
        }
    })
}

/// What the variables of whole groups of settings begin with that have the same names in both.
const ALIKE: [&str; 5] = ["TLS_", "STRICT_TRANSPORT_SECURITY", "OIDC_", "OAUTH2_GITHUB_", "DANGEROUS_OIDC_"];

fn named_alike(command: clap::Command) -> clap::Command {
    let theirs = |arg: &clap::Arg| {
        let own = arg.get_env()?.to_str()?.to_owned();
        let name = own.strip_prefix("KEYFOB_")?;
        let theirs = ALIKE.iter().any(|group| name.starts_with(group)).then(|| format!("CODER_{name}"))?;
        let wins = std::env::var_os(&own).is_none() && std::env::var_os(&theirs).is_some();
        // A name lives as long as the program: there are a few dozen.
        wins.then(|| (arg.get_id().clone(), &*theirs.leak()))
    };
    let shared: Vec<_> = command.get_arguments().filter_map(theirs).collect();
    shared.into_iter().fold(command, |command, (id, theirs)| command.mut_arg(id, |arg| arg.env(theirs)))
}
