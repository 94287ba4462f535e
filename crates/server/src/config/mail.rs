//! How mails are sent.
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use keyfob_api::secret::SecretText;

use super::secret;

const MAIL: &str = "Mail";

/// The mail server, and who mails come from. Without a server no mails are sent.
#[derive(Clone, clap::Args)]
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct MailArgs {
    /// Who mails come from, such as `Keyfob <keyfob@example.com>`.
    #[arg(long, env = "KEYFOB_EMAIL_FROM", value_name = "ADDRESS", help_heading = MAIL)]
    pub email_from: Option<String>,
    /// The mail server. Without one no mails are sent, and nobody can reset a forgotten password.
    #[arg(long, env = "KEYFOB_EMAIL_SMARTHOST", value_name = "HOST:PORT", help_heading = MAIL)]
    pub email_smarthost: Option<String>,
    /// What the server calls itself when it greets the mail server.
    #[arg(long, env = "KEYFOB_EMAIL_HELLO", value_name = "HOST", default_value = "localhost", help_heading = MAIL)]
    pub email_hello: String,
    /// Speak TLS from the first byte on, as on port 465.
    #[arg(long, env = "KEYFOB_EMAIL_FORCE_TLS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = MAIL)]
    pub email_force_tls: bool,
    /// Send nothing before the connection is encrypted by STARTTLS [default: if the mail server offers it].
    #[arg(long, env = "KEYFOB_EMAIL_TLS_STARTTLS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = MAIL)]
    pub email_tls_starttls: bool,
    /// The name in the mail server's certificate, if it is not its host's.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_SERVER_NAME", value_name = "NAME", help_heading = MAIL)]
    pub email_tls_server_name: Option<String>,
    /// Accept any certificate of the mail server. Everybody on the way can then read the mails: avoid it.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_SKIP_VERIFY", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = MAIL)]
    pub email_tls_skip_verify: bool,
    /// A file with the certificate of who signs the mail server's, besides those that the system knows.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_CA_CERT_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_tls_ca_cert_file: Option<PathBuf>,
    /// A file with the certificate to show to the mail server.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_CERT_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_tls_cert_file: Option<PathBuf>,
    /// A file with the key of that certificate.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_CERT_KEY_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_tls_cert_key_file: Option<PathBuf>,
    /// Whom to act as at the mail server, if that is not the user.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_IDENTITY", value_name = "NAME", help_heading = MAIL)]
    pub email_auth_identity: Option<String>,
    /// The user to be at the mail server.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_USERNAME", value_name = "NAME", help_heading = MAIL)]
    pub email_auth_username: Option<String>,
    /// Their password; better in a file, because others see command lines.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_PASSWORD", value_name = "PASSWORD", value_parser = secret, hide_env_values = true, help_heading = MAIL)]
    pub email_auth_password: Option<SecretText>,
    /// A file with their password.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_PASSWORD_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_auth_password_file: Option<PathBuf>,
}
