//! The server's settings: each a flag, an environment variable and a default.
mod check;
mod durations;
mod environment;
mod file;
mod github;
mod given;
mod guard;
mod mail;
mod oidc;
mod postgres;
mod problem;
mod tls;

pub use check::{check, check_values, config_file, description, value_in_file, warnings, without_secrets};
pub use durations::parse_duration;
pub use environment::with_coder_environment;
pub use github::GithubArgs;
pub use given::{Given, is_secret, shown_value};
pub(crate) use given::{Setting, Source, Value};
pub use guard::GuardArgs;
pub use keyfob_authority::nearest_name;
pub use mail::MailArgs;
pub use oidc::OidcArgs;
pub(crate) use postgres::database;
pub use postgres::{PostgresArgs, PostgresAuth};
pub use problem::{BadSetting, BadSettings};
pub use tls::{ClientCertificates, TlsArgs, TlsVersion};

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::builder::BoolishValueParser;
use url::Url;

use self::durations::parse_lifetime;
use crate::http::cookies::SameSite;
use keyfob_api::secret::SecretText;

const SIGN_IN: &str = "Sessions and tokens";

/// The settings of `keyfob server`.
#[derive(Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, none of them a state")]
#[expect(missing_debug_implementations, reason = "holds passwords")]
pub struct ServerArgs {
    /// All settings as they were given. It must be the first field: clap removes from the matches what it has parsed.
    #[command(flatten)]
    pub given: Given,
    /// TOML file with settings; each key is a flag's name without the leading dashes. Flags and variables win.
    #[arg(long, global = true, env = "KEYFOB_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to listen on for HTTP.
    #[arg(long, env = "KEYFOB_HTTP_ADDRESS", value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub http_address: SocketAddr,
    /// Address to serve metrics for Prometheus on, at `/metrics`, to everyone who reaches it [default: none].
    #[arg(long, env = "KEYFOB_PROMETHEUS_ADDRESS", value_name = "ADDRESS")]
    pub prometheus_address: Option<SocketAddr>,
    /// Log a line for each request: method, route, status, user, key, address and duration.
    #[arg(long, env = "KEYFOB_ACCESS_LOG", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true)]
    pub access_log: bool,
    /// Folder of the keys and of the database, if that is not PostgreSQL [default: the user's data folder].
    #[arg(long, global = true, env = "KEYFOB_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// URL at which users reach this server, if it is not the address to listen on.
    #[arg(long, env = "KEYFOB_ACCESS_URL", value_name = "URL", value_parser = crate::http::access_url::parse)]
    pub access_url: Option<Url>,
    /// Redirect requests for any other address to the access URL.
    #[arg(long, env = "KEYFOB_REDIRECT_TO_ACCESS_URL", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true)]
    pub redirect_to_access_url: bool,
    /// TOML file that defines resource types of your own.
    #[arg(long, env = "KEYFOB_RESOURCE_TYPES", value_name = "FILE")]
    pub resource_types: Option<PathBuf>,
    /// Accept tokens in the query string. Avoid it: they end up in the logs of proxies and the histories of browsers.
    #[arg(long, env = "KEYFOB_ALLOW_QUERY_TOKENS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true)]
    pub allow_query_tokens: bool,
    /// Maximum size of the database file, in pages of 4 KiB [default: as large as the disk].
    #[arg(long, env = "KEYFOB_MAX_DATABASE_PAGES", value_name = "PAGES")]
    pub max_database_pages: Option<u32>,
    /// How long a session stays valid after its last use.
    #[arg(long, env = "KEYFOB_SESSION_DURATION", value_name = "DURATION", default_value = "24h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub session_duration: Duration,
    /// How long a session stays valid at most, however often it is used; 0 sets no limit.
    #[arg(long, env = "KEYFOB_SESSION_ABSOLUTE_TIMEOUT", value_name = "DURATION", default_value = "0",
        allow_hyphen_values = true, value_parser = parse_duration, help_heading = SIGN_IN)]
    pub session_absolute_timeout: Duration,
    /// Let sessions expire after their duration even if they are used.
    #[arg(long, env = "KEYFOB_DISABLE_SESSION_EXPIRY_REFRESH", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = SIGN_IN)]
    pub disable_session_expiry_refresh: bool,
    /// Let browsers send cookies only over HTTPS [default: whether the access URL is https].
    #[arg(long, env = "KEYFOB_SECURE_AUTH_COOKIE", value_parser = BoolishValueParser::new(), num_args = 0..=1,
        default_missing_value = "true", require_equals = true, help_heading = SIGN_IN)]
    pub secure_auth_cookie: Option<bool>,
    /// Which cross-site requests carry cookies.
    #[arg(long, env = "KEYFOB_SAMESITE_AUTH_COOKIE", value_name = "RULE", value_enum, default_value = "lax",
        help_heading = SIGN_IN)]
    pub samesite_auth_cookie: SameSite,
    /// Name the session cookie `__Host-coder_session_token`, so that no other host can set it.
    #[arg(long, env = "KEYFOB_HOST_PREFIX_COOKIE", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = SIGN_IN)]
    pub host_prefix_cookie: bool,
    /// Let only owners sign in with a password.
    #[arg(long, env = "KEYFOB_DISABLE_PASSWORD_AUTH", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = SIGN_IN)]
    pub disable_password_auth: bool,
    /// URL of the terms of service that users must accept before they sign in.
    #[arg(long, env = "KEYFOB_TERMS_OF_SERVICE_URL", value_name = "URL", help_heading = SIGN_IN)]
    pub terms_of_service_url: Option<Url>,
    /// Lifetime of a token that is created without one.
    #[arg(long, env = "KEYFOB_DEFAULT_TOKEN_LIFETIME", value_name = "DURATION", default_value = "168h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub default_token_lifetime: Duration,
    /// Longest lifetime that a token may have.
    #[arg(long, env = "KEYFOB_MAX_TOKEN_LIFETIME", value_name = "DURATION", default_value = "876600h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub max_token_lifetime: Duration,
    /// Longest lifetime that a token of a user with the role `owner` may have.
    #[arg(long, env = "KEYFOB_MAX_ADMIN_TOKEN_LIFETIME", value_name = "DURATION", default_value = "168h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub max_admin_token_lifetime: Duration,
    /// How long expired keys are kept; 0 keeps them forever.
    #[arg(long, env = "KEYFOB_API_KEYS_RETENTION", value_name = "DURATION", default_value = "7d",
        allow_hyphen_values = true,
        value_parser = parse_duration, help_heading = SIGN_IN)]
    pub api_keys_retention: Duration,
    /// How long audit records are kept; 0 keeps them forever.
    #[arg(long, env = "KEYFOB_AUDIT_LOGS_RETENTION", value_name = "DURATION", default_value = "0",
        allow_hyphen_values = true, value_parser = parse_duration)]
    pub audit_logs_retention: Duration,
    /// The PostgreSQL database.
    #[command(flatten)]
    pub postgres: PostgresArgs,
    /// Listening for HTTPS.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// Rate limits, and proxies.
    #[command(flatten)]
    pub guard: GuardArgs,
    /// Sign-in by an `OpenID` Connect provider.
    #[command(flatten)]
    pub oidc: OidcArgs,
    /// Sign-in by GitHub.
    #[command(flatten)]
    pub github: GithubArgs,
    /// How mails are sent.
    #[command(flatten)]
    pub mail: MailArgs,
}

impl ServerArgs {
    /// The address that people's browsers come to, unless there is an access URL.
    pub(crate) fn people_address(&self) -> SocketAddr {
        if self.tls.tls_enable { self.tls.tls_address } else { self.http_address }
    }
}

/// Parses the value of a secret, without a newline at its end.
#[expect(clippy::unnecessary_wraps, reason = "the parser's signature")]
fn secret(text: &str) -> Result<SecretText, std::convert::Infallible> {
    Ok(SecretText::from_line(text))
}

/// Returns the secret that is given itself, or the one in the given file. The flags of both are named in errors.
///
/// # Errors
/// When both are given, or the file cannot be read.
pub(crate) fn one_secret(
    (flag, file_flag): (&'static str, &'static str),
    given: Option<&SecretText>,
    file: Option<&std::path::Path>,
) -> Result<Option<SecretText>, BadSetting> {
    match (given, file) {
        (Some(_), Some(_)) => Err(BadSetting::new(flag, format!("leave it out, or --{file_flag}"))),
        (Some(secret), None) => Ok(Some(secret.clone())),
        (None, Some(path)) => secret_in(path).map(Some).map_err(|error| BadSetting::new(file_flag, error)),
        (None, None) => Ok(None),
    }
}

/// Reads the secret in a file, without one newline at its end.
///
/// # Errors
/// When the file cannot be read, or is empty.
pub(crate) fn secret_in(path: &std::path::Path) -> Result<SecretText, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let secret = SecretText::from_line(&text);
    // As a pipe is when it is read again.
    if secret.is_empty() { Err(format!("{}: is empty", path.display())) } else { Ok(secret) }
}
