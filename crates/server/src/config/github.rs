//! Sign-in with GitHub.
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use keyfob_api::secret::SecretText;
use url::Url;

use super::secret;

const HEADING: &str = "GitHub";

/// GitHub, and who may sign in with it. A client id turns it on.
#[derive(Clone, clap::Args)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct GithubArgs {
    /// Client ID of this server at GitHub. It turns on sign-in with GitHub.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_CLIENT_ID", value_name = "ID", help_heading = HEADING)]
    pub oauth2_github_client_id: Option<String>,
    /// Client secret of this server at GitHub. Better in a file: other users of the host can see command lines.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_CLIENT_SECRET", value_name = "SECRET", value_parser = secret, hide_env_values = true, help_heading = HEADING)]
    pub oauth2_github_client_secret: Option<SecretText>,
    /// File with that secret.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_CLIENT_SECRET_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oauth2_github_client_secret_file: Option<PathBuf>,
    /// Create an account for people who sign in for the first time.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOW_SIGNUPS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oauth2_github_allow_signups: bool,
    /// Let everyone with a GitHub account sign in.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOW_EVERYONE", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oauth2_github_allow_everyone: bool,
    /// Let only members of these organizations sign in.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOWED_ORGS", value_name = "ORGANIZATIONS", value_delimiter = ',', help_heading = HEADING)]
    pub oauth2_github_allowed_orgs: Vec<String>,
    /// Of these organizations, let only members of these teams sign in: `<organization>/<team>`.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ALLOWED_TEAMS", value_name = "TEAMS", value_delimiter = ',', help_heading = HEADING)]
    pub oauth2_github_allowed_teams: Vec<String>,
    /// Let users enter a code at GitHub instead of being redirected there and back.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_DEVICE_FLOW", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oauth2_github_device_flow: bool,
    /// URL of a GitHub Enterprise server.
    #[arg(long, env = "KEYFOB_OAUTH2_GITHUB_ENTERPRISE_BASE_URL", value_name = "URL", help_heading = HEADING)]
    pub oauth2_github_enterprise_base_url: Option<Url>,
}
