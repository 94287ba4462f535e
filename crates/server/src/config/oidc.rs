//! Sign-in by an `OpenID` Connect provider.
use std::{collections::BTreeMap, path::PathBuf};

use clap::builder::BoolishValueParser;
use keyfob_api::secret::SecretText;
use url::Url;

use super::secret;

const HEADING: &str = "OpenID Connect";

/// The provider, and who may sign in by it. It is on when it has a client id.
#[derive(Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, none of them a state")]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct OidcArgs {
    /// The provider's address, below which it describes itself.
    #[arg(long, env = "KEYFOB_OIDC_ISSUER_URL", value_name = "URL", help_heading = HEADING)]
    pub oidc_issuer_url: Option<String>,
    /// Who the provider knows this server as. With it, sign-in by the provider is on.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_ID", value_name = "ID", help_heading = HEADING)]
    pub oidc_client_id: Option<String>,
    /// How the server proves that; better in a file, because others see command lines.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_SECRET", value_name = "SECRET", value_parser = secret, hide_env_values = true, help_heading = HEADING)]
    pub oidc_client_secret: Option<SecretText>,
    /// A file with that secret.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_SECRET_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// A file with an RSA key in PEM, with which the server proves it in place of a secret.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_KEY_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oidc_client_key_file: Option<PathBuf>,
    /// A file with that key's certificate in PEM.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_CERT_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oidc_client_cert_file: Option<PathBuf>,
    /// What the provider is asked for.
    #[arg(long, env = "KEYFOB_OIDC_SCOPES", value_name = "SCOPES", default_value = "openid,profile,email", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_scopes: Vec<String>,
    /// Let only people in whose addresses are in these domains.
    #[arg(long, env = "KEYFOB_OIDC_EMAIL_DOMAIN", value_name = "DOMAINS", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_email_domain: Vec<String>,
    /// Make a user of everybody who signs in for the first time.
    #[arg(long, env = "KEYFOB_OIDC_ALLOW_SIGNUPS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "true", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_allow_signups: bool,
    /// Let people in whose address the provider did not verify.
    #[arg(long, env = "KEYFOB_OIDC_IGNORE_EMAIL_VERIFIED", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_ignore_email_verified: bool,
    /// The claim that holds the username.
    #[arg(long, env = "KEYFOB_OIDC_USERNAME_FIELD", value_name = "CLAIM", default_value = "preferred_username", help_heading = HEADING)]
    pub oidc_username_field: String,
    /// The claim that holds the e-mail address.
    #[arg(long, env = "KEYFOB_OIDC_EMAIL_FIELD", value_name = "CLAIM", default_value = "email", help_heading = HEADING)]
    pub oidc_email_field: String,
    /// The claim that holds the name.
    #[arg(long, env = "KEYFOB_OIDC_NAME_FIELD", value_name = "CLAIM", default_value = "name", help_heading = HEADING)]
    pub oidc_name_field: String,
    /// More parameters of the address that people are sent to, as a JSON object.
    #[arg(long, env = "KEYFOB_OIDC_AUTH_URL_PARAMS", value_name = "JSON", default_value = r#"{"access_type": "offline"}"#, value_parser = texts, help_heading = HEADING)]
    pub oidc_auth_url_params: Texts,
    /// Do not ask the provider's user-info endpoint.
    #[arg(long, env = "KEYFOB_OIDC_IGNORE_USERINFO", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_ignore_userinfo: bool,
    /// Take claims from the access token, in place of the user-info endpoint.
    #[arg(long, env = "KEYFOB_OIDC_ACCESS_TOKEN_CLAIMS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, hide = true, help_heading = HEADING)]
    pub oidc_access_token_claims: bool,
    /// What the button says.
    #[arg(long, env = "KEYFOB_OIDC_SIGN_IN_TEXT", value_name = "TEXT", default_value = "OpenID Connect", help_heading = HEADING)]
    pub oidc_sign_in_text: String,
    /// The picture on the button.
    #[arg(long, env = "KEYFOB_OIDC_ICON_URL", value_name = "URL", help_heading = HEADING)]
    pub oidc_icon_url: Option<Url>,
    /// What people are told who may not sign up.
    #[arg(long, env = "KEYFOB_OIDC_SIGNUPS_DISABLED_TEXT", value_name = "TEXT", help_heading = HEADING)]
    pub oidc_signups_disabled_text: Option<String>,
    /// The claim that lists groups: people are in exactly these of the default organization, from sign-in to sign-in.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_FIELD", value_name = "CLAIM", help_heading = HEADING)]
    pub oidc_group_field: Option<String>,
    /// What the provider's groups are called here, as a JSON object.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_MAPPING", value_name = "JSON", default_value = "{}", value_parser = texts, help_heading = HEADING)]
    pub oidc_group_mapping: Texts,
    /// Make groups that are not there.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_AUTO_CREATE", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_group_auto_create: bool,
    /// Only groups whose name matches count.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_REGEX_FILTER", value_name = "REGEX", default_value = ".*", help_heading = HEADING)]
    pub oidc_group_regex_filter: Regex,
    /// Let only people in who are in one of these groups of the provider.
    #[arg(long, env = "KEYFOB_OIDC_ALLOWED_GROUPS", value_name = "GROUPS", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_allowed_groups: Vec<String>,
    /// The claim that lists roles: people have exactly these, from sign-in to sign-in.
    #[arg(long, env = "KEYFOB_OIDC_USER_ROLE_FIELD", value_name = "CLAIM", help_heading = HEADING)]
    pub oidc_user_role_field: Option<String>,
    /// Which roles the provider's roles stand for, as a JSON object of lists.
    #[arg(long, env = "KEYFOB_OIDC_USER_ROLE_MAPPING", value_name = "JSON", default_value = "{}", value_parser = lists, help_heading = HEADING)]
    pub oidc_user_role_mapping: Lists,
    /// Roles that everybody has who signs in.
    #[arg(long, env = "KEYFOB_OIDC_USER_ROLE_DEFAULT", value_name = "ROLES", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_user_role_default: Vec<String>,
    /// Where people come back to, if not below the access URL.
    #[arg(long, env = "KEYFOB_OIDC_REDIRECT_URL", value_name = "URL", help_heading = HEADING)]
    pub oidc_redirect_url: Option<Url>,
    /// Hosts that people may come back to, each to the one they came from.
    #[arg(long, env = "KEYFOB_OIDC_REDIRECT_ALLOWED_HOSTS", value_name = "HOSTS", value_delimiter = ',', hide = true, help_heading = HEADING)]
    pub oidc_redirect_allowed_hosts: Vec<String>,
    /// Believe a provider that calls itself otherwise. Anybody may then be it: avoid it.
    #[arg(long, env = "KEYFOB_DANGEROUS_OIDC_SKIP_ISSUER_CHECKS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub dangerous_oidc_skip_issuer_checks: bool,
    /// Take an account for the user's who has its address, even if that user has another account.
    #[arg(long, env = "KEYFOB_DANGEROUS_OIDC_EMAIL_FALLBACK", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, hide = true, help_heading = HEADING)]
    pub dangerous_oidc_email_fallback: bool,
}

impl OidcArgs {
    /// The claim that lists groups, if groups follow the provider.
    pub(crate) fn group_field(&self) -> Option<&str> {
        self.oidc_group_field.as_deref().filter(|field| !field.is_empty())
    }

    /// The claim that lists roles, if roles follow the provider.
    pub(crate) fn role_field(&self) -> Option<&str> {
        self.oidc_user_role_field.as_deref().filter(|field| !field.is_empty())
    }
}

/// Names and what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Texts(pub BTreeMap<String, String>);

/// Names and lists of what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Lists(pub BTreeMap<String, Vec<String>>);

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Regex(pub regex_lite::Regex);

impl std::str::FromStr for Regex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        regex_lite::Regex::new(text).map(Self).map_err(|error| error.to_string())
    }
}

fn texts(text: &str) -> Result<Texts, String> {
    serde_json::from_str(text).map(Texts).map_err(|error| format!("not a JSON object of texts: {error}"))
}

fn lists(text: &str) -> Result<Lists, String> {
    serde_json::from_str(text).map(Lists).map_err(|error| format!("not a JSON object of lists of texts: {error}"))
}
