//! The server's settings: each a flag, an environment variable and a default.
mod check;
mod durations;
mod environment;
mod file;
mod github;
mod guard;
mod mail;
mod oidc;
mod problem;
mod tls;

pub use check::{check, check_values, config_file, with_config_file};
pub use durations::parse_duration;
pub use environment::with_coder_environment;
pub use github::GithubArgs;
pub use guard::GuardArgs;
pub use mail::MailArgs;
pub use oidc::OidcArgs;
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
    /// A TOML file with settings: a key is a flag's name without the dashes in front. Flags and variables win.
    #[arg(long, global = true, env = "KEYFOB_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to listen for HTTP.
    #[arg(long, env = "KEYFOB_HTTP_ADDRESS", value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub http_address: SocketAddr,
    /// Where the database is kept [default: the user's data folder].
    #[arg(long, global = true, env = "KEYFOB_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Where people reach this server, if not at the address it listens on.
    #[arg(long, env = "KEYFOB_ACCESS_URL", value_name = "URL", value_parser = crate::http::access_url::parse)]
    pub access_url: Option<Url>,
    /// Send on to the access URL whoever comes by another address.
    #[arg(long, env = "KEYFOB_REDIRECT_TO_ACCESS_URL", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true)]
    pub redirect_to_access_url: bool,
    /// A TOML file with resource types of your own.
    #[arg(long, env = "KEYFOB_RESOURCE_TYPES", value_name = "FILE")]
    pub resource_types: Option<PathBuf>,
    /// Accept tokens in the query string. They end up in logs of proxies and in browsers' histories: avoid it.
    #[arg(long, env = "KEYFOB_ALLOW_QUERY_TOKENS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true)]
    pub allow_query_tokens: bool,
    /// How large the database may grow, in pages of 4 KiB [default: as large as the disk].
    #[arg(long, env = "KEYFOB_MAX_DATABASE_PAGES", value_name = "PAGES")]
    pub max_database_pages: Option<u32>,
    /// How long a session lives after its last use.
    #[arg(long, env = "KEYFOB_SESSION_DURATION", value_name = "DURATION", default_value = "24h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub session_duration: Duration,
    /// How long a session lives at most, however much it is used; 0 sets no end.
    #[arg(long, env = "KEYFOB_SESSION_ABSOLUTE_TIMEOUT", value_name = "DURATION", default_value = "0",
        allow_hyphen_values = true, value_parser = parse_duration, help_heading = SIGN_IN)]
    pub session_absolute_timeout: Duration,
    /// Let sessions end after their duration even when they are used.
    #[arg(long, env = "KEYFOB_DISABLE_SESSION_EXPIRY_REFRESH", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = SIGN_IN)]
    pub disable_session_expiry_refresh: bool,
    /// Let browsers send cookies over https alone [default: if the access URL is https].
    #[arg(long, env = "KEYFOB_SECURE_AUTH_COOKIE", value_parser = BoolishValueParser::new(), num_args = 0..=1,
        default_missing_value = "true", require_equals = true, help_heading = SIGN_IN)]
    pub secure_auth_cookie: Option<bool>,
    /// Which requests of other sites browsers send cookies with.
    #[arg(long, env = "KEYFOB_SAMESITE_AUTH_COOKIE", value_name = "RULE", value_enum, default_value = "lax",
        help_heading = SIGN_IN)]
    pub samesite_auth_cookie: SameSite,
    /// Name the session's cookie `__Host-coder_session_token`, so that no other host can set it.
    #[arg(long, env = "KEYFOB_HOST_PREFIX_COOKIE", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = SIGN_IN)]
    pub host_prefix_cookie: bool,
    /// Let nobody but owners sign in with a password.
    #[arg(long, env = "KEYFOB_DISABLE_PASSWORD_AUTH", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = SIGN_IN)]
    pub disable_password_auth: bool,
    /// What people must agree to before they sign in.
    #[arg(long, env = "KEYFOB_TERMS_OF_SERVICE_URL", value_name = "URL", help_heading = SIGN_IN)]
    pub terms_of_service_url: Option<Url>,
    /// How long a token lives that was minted without a lifetime.
    #[arg(long, env = "KEYFOB_DEFAULT_TOKEN_LIFETIME", value_name = "DURATION", default_value = "168h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub default_token_lifetime: Duration,
    /// The longest lifetime that a token may be given.
    #[arg(long, env = "KEYFOB_MAX_TOKEN_LIFETIME", value_name = "DURATION", default_value = "876600h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub max_token_lifetime: Duration,
    /// The same for tokens of users with the role `owner`.
    #[arg(long, env = "KEYFOB_MAX_ADMIN_TOKEN_LIFETIME", value_name = "DURATION", default_value = "168h",
        allow_hyphen_values = true,
        value_parser = parse_lifetime, help_heading = SIGN_IN)]
    pub max_admin_token_lifetime: Duration,
    /// How long keys are kept after their end; 0 keeps them for ever.
    #[arg(long, env = "KEYFOB_API_KEYS_RETENTION", value_name = "DURATION", default_value = "7d",
        allow_hyphen_values = true,
        value_parser = parse_duration, help_heading = SIGN_IN)]
    pub api_keys_retention: Duration,
    /// How long audit records are kept; 0 keeps them for ever.
    #[arg(long, env = "KEYFOB_AUDIT_LOGS_RETENTION", value_name = "DURATION", default_value = "0",
        allow_hyphen_values = true, value_parser = parse_duration)]
    pub audit_logs_retention: Duration,
    /// Listening for HTTPS.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// How much anybody may ask.
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

/// A secret as it is given.
#[expect(clippy::unnecessary_wraps, reason = "the parser's signature")]
fn secret(text: &str) -> Result<SecretText, std::convert::Infallible> {
    Ok(SecretText::new(text))
}

/// The secret that is given, or is in the file that is named; the flags of both are for what is said of them.
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

/// The secret in a file, without one newline at its end.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn secret_in(path: &std::path::Path) -> Result<SecretText, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let newline = ["\r\n", "\n"].into_iter().find_map(|newline| text.strip_suffix(newline));
    Ok(SecretText::new(newline.unwrap_or(&text)))
}
