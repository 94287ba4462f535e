//! The server's settings: each a flag, an environment variable and a default.
use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::builder::BoolishValueParser;
use url::Url;

use crate::cookies::SameSite;

const SIGN_IN: &str = "Sessions and tokens";

/// The settings of `keyfob server`.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, none of them a state")]
pub struct ServerArgs {
    /// Where to listen for HTTP.
    #[arg(long, env = "KEYFOB_HTTP_ADDRESS", value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub http_address: SocketAddr,
    /// Where the database is kept [default: the user's data folder].
    #[arg(long, global = true, env = "KEYFOB_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Where people reach this server, if not at the address it listens on.
    #[arg(long, env = "KEYFOB_ACCESS_URL", value_name = "URL")]
    pub access_url: Option<Url>,
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
}

/// Settings that Coder's server knows, too: the flag, its variable here, and its variable there.
const SHARED: [(&str, &str, &str); 14] = [
    ("http_address", "KEYFOB_HTTP_ADDRESS", "CODER_HTTP_ADDRESS"),
    ("access_url", "KEYFOB_ACCESS_URL", "CODER_ACCESS_URL"),
    ("session_duration", "KEYFOB_SESSION_DURATION", "CODER_SESSION_DURATION"),
    ("disable_session_expiry_refresh", "KEYFOB_DISABLE_SESSION_EXPIRY_REFRESH", "CODER_DISABLE_SESSION_EXPIRY_REFRESH"),
    ("secure_auth_cookie", "KEYFOB_SECURE_AUTH_COOKIE", "CODER_SECURE_AUTH_COOKIE"),
    ("samesite_auth_cookie", "KEYFOB_SAMESITE_AUTH_COOKIE", "CODER_SAMESITE_AUTH_COOKIE"),
    ("host_prefix_cookie", "KEYFOB_HOST_PREFIX_COOKIE", "CODER_HOST_PREFIX_COOKIE"),
    ("disable_password_auth", "KEYFOB_DISABLE_PASSWORD_AUTH", "CODER_DISABLE_PASSWORD_AUTH"),
    ("terms_of_service_url", "KEYFOB_TERMS_OF_SERVICE_URL", "CODER_TERMS_OF_SERVICE_URL"),
    ("default_token_lifetime", "KEYFOB_DEFAULT_TOKEN_LIFETIME", "CODER_DEFAULT_TOKEN_LIFETIME"),
    ("max_token_lifetime", "KEYFOB_MAX_TOKEN_LIFETIME", "CODER_MAX_TOKEN_LIFETIME"),
    ("max_admin_token_lifetime", "KEYFOB_MAX_ADMIN_TOKEN_LIFETIME", "CODER_MAX_ADMIN_TOKEN_LIFETIME"),
    ("api_keys_retention", "KEYFOB_API_KEYS_RETENTION", "CODER_API_KEYS_RETENTION"),
    ("audit_logs_retention", "KEYFOB_AUDIT_LOGS_RETENTION", "CODER_AUDIT_LOGS_RETENTION"),
];

/// Lets a command with [`ServerArgs`] also read the `CODER_*` variables of the same meaning; a `KEYFOB_*` one wins.
pub fn with_coder_environment(command: clap::Command) -> clap::Command {
    SHARED.iter().fold(command, |command, (flag, own, theirs)| {
        if std::env::var_os(own).is_some() || std::env::var_os(theirs).is_none() {
            return command;
        }
        command.mut_arg(flag, |arg| arg.env(theirs))
    })
}

/// Reads `36h`, `1h30m`, `1.5h`, `7d`, `2w`.
///
/// # Errors
/// What is wrong with the text, and what would be right.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let bad = || format!("`{text}` is not a duration; write for example 90m, 36h, 1h30m or 7d");
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let (number, tail) = rest.split_at(number_ends);
        let unit_ends = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        let piece = piece(number, unit).ok_or_else(bad)?;
        total = total.checked_add(piece).ok_or_else(bad)?;
        rest = tail;
    }
    if text.is_empty() { Err(bad()) } else { Ok(total) }
}

/// The same, but not 0: nothing lives for no time at all.
fn parse_lifetime(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("must be longer than 0".to_owned()),
        lifetime => Ok(lifetime),
    }
}

fn piece(number: &str, unit: &str) -> Option<Duration> {
    let unit = Duration::from_nanos(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        "w" => 604_800_000_000_000,
        _ => return None,
    });
    match number.parse::<u32>() {
        Ok(whole) => unit.checked_mul(whole),
        Err(_) => Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit.as_secs_f64()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_days_and_weeks() {
        let cases = [
            ("0", 0),
            ("90s", 90),
            ("1h30m", 5400),
            ("1.5h", 5400),
            ("7d", 604_800),
            ("2w", 1_209_600),
            ("876600h", 3_155_760_000),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn nothing_may_live_for_no_time() {
        assert_eq!(parse_lifetime("1s"), Ok(Duration::from_secs(1)));
        for text in ["0", "0h", "-1h"] {
            assert!(parse_lifetime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_without_a_unit_is_refused_with_an_example() {
        for text in ["", "30", "h", "1x", "-5m", "1h 30m", "99999999999999999999d"] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains("write for example"), "{text}: {error}");
        }
    }
}
