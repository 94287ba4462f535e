//! Rate limits, and the proxies that are trusted.
use axum::http::HeaderName;
use clap::builder::BoolishValueParser;
use ipnet::IpNet;

const GUARD: &str = "Limits and proxies";

/// Rate limits, and the proxies that are trusted.
#[derive(Clone, Debug, clap::Args)]
pub struct GuardArgs {
    /// How many requests a user or an address may send to one path in a minute; 0 sets no limit.
    #[arg(long, env = "KEYFOB_API_RATE_LIMIT", value_name = "REQUESTS", default_value = "512",
        allow_hyphen_values = true, help_heading = GUARD)]
    pub api_rate_limit: i64,
    /// The same for permission checks, which services request for all their users.
    #[arg(long, env = "KEYFOB_AUTHCHECK_RATE_LIMIT", value_name = "REQUESTS", default_value = "0",
        allow_hyphen_values = true, help_heading = GUARD)]
    pub authcheck_rate_limit: i64,
    /// Set no limits, not even for signing in. 100 wrong passwords in a row still pause an account for an hour.
    #[arg(long, env = "KEYFOB_DANGEROUS_DISABLE_RATE_LIMITS", value_parser = BoolishValueParser::new(),
        action = clap::ArgAction::Set, num_args = 0..=1, default_value = "false", default_missing_value = "true",
        require_equals = true, help_heading = GUARD)]
    pub dangerous_disable_rate_limits: bool,
    /// Headers in which trusted proxies give the client's address, such as `X-Forwarded-For`.
    #[arg(long, env = "KEYFOB_PROXY_TRUSTED_HEADERS", value_name = "HEADERS", value_delimiter = ',',
        help_heading = GUARD)]
    pub proxy_trusted_headers: Vec<HeaderName>,
    /// Addresses and networks of trusted proxies, such as `10.0.0.0/8`.
    #[arg(long, env = "KEYFOB_PROXY_TRUSTED_ORIGINS", value_name = "NETWORKS", value_delimiter = ',',
        value_parser = network, help_heading = GUARD)]
    pub proxy_trusted_origins: Vec<IpNet>,
}

/// Parses a network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    // Clients' IPv4 addresses are compared in their IPv4 form, even on an IPv6 socket.
    let address = || text.parse().map(|address: std::net::IpAddr| IpNet::from(address.to_canonical()));
    text.parse().or_else(|_| address()).map_err(|_| format!("`{text}` is neither an address nor a network"))
}
