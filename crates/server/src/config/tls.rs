//! TLS without a proxy in front.
use std::{net::SocketAddr, path::PathBuf};

use clap::builder::BoolishValueParser;

use super::durations::LONGEST_SECONDS;

const HEADING: &str = "TLS";

/// HTTPS, and the header that tells browsers to use it.
#[derive(Clone, Debug, clap::Args)]
pub struct TlsArgs {
    /// Also listen for HTTPS.
    #[arg(long, env = "KEYFOB_TLS_ENABLE", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true,
        help_heading = HEADING)]
    pub tls_enable: bool,
    /// Address to listen on for HTTPS.
    #[arg(long, env = "KEYFOB_TLS_ADDRESS", value_name = "ADDRESS", default_value = "127.0.0.1:3443",
        help_heading = HEADING)]
    pub tls_address: SocketAddr,
    /// Files with certificates in PEM, each with its chain. A client gets the first one for the name that it asks for.
    /// The files are read again when they change.
    #[arg(long, env = "KEYFOB_TLS_CERT_FILE", value_name = "FILES", value_delimiter = ',', help_heading = HEADING)]
    pub tls_cert_file: Vec<PathBuf>,
    /// Files with the private keys of the certificates in PEM, in the same order.
    #[arg(long, env = "KEYFOB_TLS_KEY_FILE", value_name = "FILES", value_delimiter = ',', help_heading = HEADING)]
    pub tls_key_file: Vec<PathBuf>,
    /// Oldest version of TLS to accept.
    #[arg(long, env = "KEYFOB_TLS_MIN_VERSION", value_name = "VERSION", value_enum, default_value = "tls12",
        help_heading = HEADING)]
    pub tls_min_version: TlsVersion,
    /// Whether clients present certificates.
    #[arg(long, env = "KEYFOB_TLS_CLIENT_AUTH", value_name = "RULE", value_enum, default_value = "none",
        help_heading = HEADING)]
    pub tls_client_auth: ClientCertificates,
    /// File with the authorities that sign clients' certificates, or with these certificates themselves, in PEM.
    #[arg(long, env = "KEYFOB_TLS_CLIENT_CA_FILE", value_name = "FILE", help_heading = HEADING)]
    pub tls_client_ca_file: Option<PathBuf>,
    /// For how many seconds browsers use only HTTPS (`Strict-Transport-Security`); 0 omits the header.
    #[arg(long, env = "KEYFOB_STRICT_TRANSPORT_SECURITY", value_name = "SECONDS", default_value = "0",
        value_parser = clap::value_parser!(u64).range(..=LONGEST_SECONDS), help_heading = HEADING)]
    pub strict_transport_security: u64,
    /// Options to add to that header: `includeSubDomains`, `preload`.
    #[arg(long, env = "KEYFOB_STRICT_TRANSPORT_SECURITY_OPTIONS", value_name = "OPTIONS", value_delimiter = ',',
        value_parser = ["includeSubDomains", "preload"], help_heading = HEADING)]
    pub strict_transport_security_options: Vec<String>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

/// Whether clients present certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ClientCertificates {
    /// The server asks for none.
    None,
    /// The server asks for one. It may be missing, and is not verified.
    Request,
    /// Every client must present one. It is not verified.
    RequireAny,
    /// A client may present one. It must be valid.
    VerifyIfGiven,
    /// Every client must present a valid one.
    RequireAndVerify,
}
