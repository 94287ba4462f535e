//! How mails are sent.
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use keyfob_api::secret::SecretText;

use super::secret;

const MAIL: &str = "Mail";

/// The mail server, and the sender of mails. Without a server, no mails are sent.
#[derive(Clone, clap::Args)]
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct MailArgs {
    /// Sender of mails, such as `Keyfob <keyfob@example.com>`.
    #[arg(long, env = "KEYFOB_EMAIL_FROM", value_name = "ADDRESS", help_heading = MAIL)]
    pub email_from: Option<String>,
    /// Mail server. Without one, no mails are sent, and users cannot reset forgotten passwords.
    #[arg(long, env = "KEYFOB_EMAIL_SMARTHOST", value_name = "HOST:PORT", help_heading = MAIL)]
    pub email_smarthost: Option<String>,
    /// Host name that this server gives when it greets the mail server.
    #[arg(long, env = "KEYFOB_EMAIL_HELLO", value_name = "HOST", default_value = "localhost", help_heading = MAIL)]
    pub email_hello: String,
    /// Use TLS from the first byte, as on port 465.
    #[arg(long, env = "KEYFOB_EMAIL_FORCE_TLS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = MAIL)]
    pub email_force_tls: bool,
    /// Send mails only over connections encrypted by STARTTLS. Otherwise, it is used if the mail server offers it.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_STARTTLS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = MAIL)]
    pub email_tls_starttls: bool,
    /// Name in the mail server's certificate, if it is not its host name.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_SERVER_NAME", value_name = "NAME", help_heading = MAIL)]
    pub email_tls_server_name: Option<String>,
    /// Accept any certificate of the mail server. Avoid it: an attacker on the way can then read the mails.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_SKIP_VERIFY", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = MAIL)]
    pub email_tls_skip_verify: bool,
    /// File with certificates to trust for the mail server, besides those of the system: authorities, or its own.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_CA_CERT_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_tls_ca_cert_file: Option<PathBuf>,
    /// File with the certificate to present to the mail server.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_CERT_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_tls_cert_file: Option<PathBuf>,
    /// File with the private key of that certificate.
    #[arg(long, env = "KEYFOB_EMAIL_TLS_CERT_KEY_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_tls_cert_key_file: Option<PathBuf>,
    /// Identity to act as at the mail server, if it is not the username.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_IDENTITY", value_name = "NAME", help_heading = MAIL)]
    pub email_auth_identity: Option<String>,
    /// Username at the mail server.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_USERNAME", value_name = "NAME", help_heading = MAIL)]
    pub email_auth_username: Option<String>,
    /// Password at the mail server. Better in a file: other users of the host can see command lines.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_PASSWORD", value_name = "PASSWORD", value_parser = secret, hide_env_values = true, help_heading = MAIL)]
    pub email_auth_password: Option<SecretText>,
    /// File with that password.
    #[arg(long, env = "KEYFOB_EMAIL_AUTH_PASSWORD_FILE", value_name = "FILE", help_heading = MAIL)]
    pub email_auth_password_file: Option<PathBuf>,
}
