//! TLS without a proxy in front.
use std::{net::SocketAddr, path::PathBuf};

use clap::builder::BoolishValueParser;

const HEADING: &str = "TLS";

/// Listening for HTTPS, and what browsers are told about it.
#[derive(Clone, Debug, clap::Args)]
pub struct TlsArgs {
    /// Also listen for HTTPS.
    #[arg(long, env = "KEYFOB_TLS_ENABLE", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true,
        help_heading = HEADING)]
    pub tls_enable: bool,
    /// Where to listen for HTTPS.
    #[arg(long, env = "KEYFOB_TLS_ADDRESS", value_name = "ADDRESS", default_value = "127.0.0.1:3443",
        help_heading = HEADING)]
    pub tls_address: SocketAddr,
    /// Files with certificates in PEM, each with those that signed it. Clients get the first that has the name that they
    /// ask for. The files are read again when they change.
    #[arg(long, env = "KEYFOB_TLS_CERT_FILE", value_name = "FILES", value_delimiter = ',', help_heading = HEADING)]
    pub tls_cert_file: Vec<PathBuf>,
    /// Files with their keys in PEM, in the same order.
    #[arg(long, env = "KEYFOB_TLS_KEY_FILE", value_name = "FILES", value_delimiter = ',', help_heading = HEADING)]
    pub tls_key_file: Vec<PathBuf>,
    /// The oldest version of TLS to speak.
    #[arg(long, env = "KEYFOB_TLS_MIN_VERSION", value_name = "VERSION", value_enum, default_value = "tls12",
        help_heading = HEADING)]
    pub tls_min_version: TlsVersion,
    /// Whether clients show certificates.
    #[arg(long, env = "KEYFOB_TLS_CLIENT_AUTH", value_name = "RULE", value_enum, default_value = "none",
        help_heading = HEADING)]
    pub tls_client_auth: ClientCertificates,
    /// A file with the certificates of who signs those of clients, in PEM.
    #[arg(long, env = "KEYFOB_TLS_CLIENT_CA_FILE", value_name = "FILE", help_heading = HEADING)]
    pub tls_client_ca_file: Option<PathBuf>,
    /// For how many seconds browsers come by HTTPS alone once they have; 0 does not tell them.
    #[arg(long, env = "KEYFOB_STRICT_TRANSPORT_SECURITY", value_name = "SECONDS", default_value = "0",
        help_heading = HEADING)]
    pub strict_transport_security: u64,
    /// What to add to that: `includeSubDomains`, `preload`.
    #[arg(long, env = "KEYFOB_STRICT_TRANSPORT_SECURITY_OPTIONS", value_name = "OPTIONS", value_delimiter = ',',
        value_parser = ["includeSubDomains", "preload"], help_heading = HEADING)]
    pub strict_transport_security_options: Vec<String>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// Whether clients show certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ClientCertificates {
    /// They are not asked for any.
    None,
    /// They are asked for one; any will do, and none, too.
    Request,
    /// All must show one; any will do.
    RequireAny,
    /// Those who show one must show a good one.
    VerifyIfGiven,
    /// All must show a good one.
    RequireAndVerify,
}
