//! Sign-in by GitHub.
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use keyfob_api::secret::SecretText;
use url::Url;

use super::secret;

const HEADING: &str = "GitHub";

/// GitHub, and who may sign in by it. It is on when it has a client id.
#[derive(Clone, clap::Args)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct GithubArgs {
    /// Who GitHub knows this server as. With it, sign-in by GitHub is on.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_CLIENT_ID", value_name = "ID", help_heading = HEADING)]
    pub oauth2_github_client_id: Option<String>,
    /// How the server proves that; better in a file, because others see command lines.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_CLIENT_SECRET", value_name = "SECRET", value_parser = secret, hide_env_values = true, help_heading = HEADING)]
    pub oauth2_github_client_secret: Option<SecretText>,
    /// A file with that secret.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_CLIENT_SECRET_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oauth2_github_client_secret_file: Option<PathBuf>,
    /// Make a user of everybody who signs in for the first time.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOW_SIGNUPS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oauth2_github_allow_signups: bool,
    /// Let everybody in who has an account.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOW_EVERYONE", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oauth2_github_allow_everyone: bool,
    /// Let only members of these organizations in.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOWED_ORGS", value_name = "ORGANIZATIONS", value_delimiter = ',', help_heading = HEADING)]
    pub oauth2_github_allowed_orgs: Vec<String>,
    /// Of them, only members of these teams: `<organization>/<team>`.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOWED_TEAMS", value_name = "TEAMS", value_delimiter = ',', help_heading = HEADING)]
    pub oauth2_github_allowed_teams: Vec<String>,
    /// Let people type a code at GitHub, in place of being sent there and back.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_DEVICE_FLOW", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oauth2_github_device_flow: bool,
    /// The address of an enterprise's own server.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ENTERPRISE_BASE_URL", value_name = "URL", help_heading = HEADING)]
    pub oauth2_github_enterprise_base_url: Option<Url>,
}
