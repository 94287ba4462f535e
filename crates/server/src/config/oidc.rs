//! Sign-in with an `OpenID` Connect provider.
use std::{collections::BTreeMap, path::PathBuf};

use clap::builder::BoolishValueParser;
use keyfob_api::secret::SecretText;
use url::Url;

use super::secret;

const HEADING: &str = "OpenID Connect";
/// What asks many providers for a token with which sessions are renewed.
pub(super) const DEFAULT_AUTH_URL_PARAMS: &str = r#"{"access_type": "offline"}"#;

/// The provider, and who may sign in with it. A client id turns it on.
#[derive(Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, none of them a state")]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct OidcArgs {
    /// Issuer URL of the provider. Its discovery document is below it.
    #[arg(long, env = "KEYFOB_OIDC_ISSUER_URL", value_name = "URL", help_heading = HEADING)]
    pub oidc_issuer_url: Option<String>,
    /// Client ID of this server at the provider. It turns on sign-in with the provider.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_ID", value_name = "ID", help_heading = HEADING)]
    pub oidc_client_id: Option<String>,
    /// Client secret of this server at the provider. Better in a file: other users of the host can see command lines.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_SECRET", value_name = "SECRET", value_parser = secret, hide_env_values = true, help_heading = HEADING)]
    pub oidc_client_secret: Option<SecretText>,
    /// File with that secret.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_SECRET_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// File with an RSA key in PEM, with which this server authenticates instead of with a secret.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_KEY_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oidc_client_key_file: Option<PathBuf>,
    /// File with that key's certificate in PEM.
    #[arg(long, env = "KEYFOB_OIDC_CLIENT_CERT_FILE", value_name = "FILE", help_heading = HEADING)]
    pub oidc_client_cert_file: Option<PathBuf>,
    /// Scopes to request from the provider.
    #[arg(long, env = "KEYFOB_OIDC_SCOPES", value_name = "SCOPES", default_value = "openid,profile,email", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_scopes: Vec<String>,
    /// Let only people with an e-mail address in one of these domains sign in.
    #[arg(long, env = "KEYFOB_OIDC_EMAIL_DOMAIN", value_name = "DOMAINS", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_email_domain: Vec<String>,
    /// Create an account for people who sign in for the first time.
    #[arg(long, env = "KEYFOB_OIDC_ALLOW_SIGNUPS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "true", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_allow_signups: bool,
    /// Accept e-mail addresses that the provider did not verify.
    #[arg(long, env = "KEYFOB_OIDC_IGNORE_EMAIL_VERIFIED", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_ignore_email_verified: bool,
    /// Claim with the username.
    #[arg(long, env = "KEYFOB_OIDC_USERNAME_FIELD", value_name = "CLAIM", default_value = "preferred_username", help_heading = HEADING)]
    pub oidc_username_field: String,
    /// Claim with the e-mail address.
    #[arg(long, env = "KEYFOB_OIDC_EMAIL_FIELD", value_name = "CLAIM", default_value = "email", help_heading = HEADING)]
    pub oidc_email_field: String,
    /// Claim with the full name.
    #[arg(long, env = "KEYFOB_OIDC_NAME_FIELD", value_name = "CLAIM", default_value = "name", help_heading = HEADING)]
    pub oidc_name_field: String,
    /// Extra parameters of the authorization URL that users are redirected to, as a JSON object.
    #[arg(long, env = "KEYFOB_OIDC_AUTH_URL_PARAMS", value_name = "JSON", default_value = DEFAULT_AUTH_URL_PARAMS, value_parser = string_map, help_heading = HEADING)]
    pub oidc_auth_url_params: StringMap,
    /// Do not call the provider's user-info endpoint.
    #[arg(long, env = "KEYFOB_OIDC_IGNORE_USERINFO", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_ignore_userinfo: bool,
    /// Take claims from the access token instead of from the user-info endpoint.
    #[arg(long, env = "KEYFOB_OIDC_ACCESS_TOKEN_CLAIMS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, hide = true, help_heading = HEADING)]
    pub oidc_access_token_claims: bool,
    /// Text of the sign-in button.
    #[arg(long, env = "KEYFOB_OIDC_SIGN_IN_TEXT", value_name = "TEXT", default_value = "OpenID Connect", help_heading = HEADING)]
    pub oidc_sign_in_text: String,
    /// URL of the picture on the sign-in button.
    #[arg(long, env = "KEYFOB_OIDC_ICON_URL", value_name = "URL", help_heading = HEADING)]
    pub oidc_icon_url: Option<Url>,
    /// Message for people who may not sign up.
    #[arg(long, env = "KEYFOB_OIDC_SIGNUPS_DISABLED_TEXT", value_name = "TEXT", help_heading = HEADING)]
    pub oidc_signups_disabled_text: Option<String>,
    /// Claim that lists groups. Each sign-in puts the user into exactly these groups of the default organization.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_FIELD", value_name = "CLAIM", help_heading = HEADING)]
    pub oidc_group_field: Option<String>,
    /// JSON object that maps groups of the provider to groups here.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_MAPPING", value_name = "JSON", default_value = "{}", value_parser = string_map, help_heading = HEADING)]
    pub oidc_group_mapping: StringMap,
    /// Create groups that do not exist.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_AUTO_CREATE", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub oidc_group_auto_create: bool,
    /// Ignore groups whose names do not match.
    #[arg(long, env = "KEYFOB_OIDC_GROUP_REGEX_FILTER", value_name = "REGEX", default_value = ".*", help_heading = HEADING)]
    pub oidc_group_regex_filter: Regex,
    /// Let only members of one of these groups of the provider sign in.
    #[arg(long, env = "KEYFOB_OIDC_ALLOWED_GROUPS", value_name = "GROUPS", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_allowed_groups: Vec<String>,
    /// Claim that lists roles. Each sign-in gives the user exactly these roles.
    #[arg(long, env = "KEYFOB_OIDC_USER_ROLE_FIELD", value_name = "CLAIM", help_heading = HEADING)]
    pub oidc_user_role_field: Option<String>,
    /// JSON object that maps each role of the provider to a list of roles here.
    #[arg(long, env = "KEYFOB_OIDC_USER_ROLE_MAPPING", value_name = "JSON", default_value = "{}", value_parser = string_list_map, help_heading = HEADING)]
    pub oidc_user_role_mapping: StringListMap,
    /// Roles that every user gets at sign-in.
    #[arg(long, env = "KEYFOB_OIDC_USER_ROLE_DEFAULT", value_name = "ROLES", value_delimiter = ',', help_heading = HEADING)]
    pub oidc_user_role_default: Vec<String>,
    /// URL to which the provider sends users back, if it is not below the access URL.
    #[arg(long, env = "KEYFOB_OIDC_REDIRECT_URL", value_name = "URL", help_heading = HEADING)]
    pub oidc_redirect_url: Option<Url>,
    /// Hosts that users may return to, each to the one they came from.
    #[arg(long, env = "KEYFOB_OIDC_REDIRECT_ALLOWED_HOSTS", value_name = "HOSTS", value_delimiter = ',', hide = true, help_heading = HEADING)]
    pub oidc_redirect_allowed_hosts: Vec<String>,
    /// Accept a provider that gives another issuer URL. Avoid it: an attacker can then pose as the provider.
    #[arg(long, env = "KEYFOB_DANGEROUS_OIDC_SKIP_ISSUER_CHECKS", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, help_heading = HEADING)]
    pub dangerous_oidc_skip_issuer_checks: bool,
    /// Link an account to the user with the same e-mail address, even if that user has another account.
    #[arg(long, env = "KEYFOB_DANGEROUS_OIDC_EMAIL_FALLBACK", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set,
        num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, hide = true, help_heading = HEADING)]
    pub dangerous_oidc_email_fallback: bool,
}

impl OidcArgs {
    /// The claim that lists groups, if groups are synchronized with the provider.
    pub(crate) fn group_field(&self) -> Option<&str> {
        self.oidc_group_field.as_deref().filter(|field| !field.is_empty())
    }

    /// The claim that lists roles, if roles are synchronized with the provider.
    pub(crate) fn role_field(&self) -> Option<&str> {
        self.oidc_user_role_field.as_deref().filter(|field| !field.is_empty())
    }
}

/// Names, each with the name that it is mapped to.
#[derive(Clone, Debug, Default)]
pub struct StringMap(pub BTreeMap<String, String>);

/// Names, each with the list of names that it is mapped to.
#[derive(Clone, Debug, Default)]
pub struct StringListMap(pub BTreeMap<String, Vec<String>>);

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Regex(pub regex_lite::Regex);

impl std::str::FromStr for Regex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        regex_lite::Regex::new(text).map(Self).map_err(|error| error.to_string())
    }
}

fn string_map(text: &str) -> Result<StringMap, String> {
    let map = serde_json::from_str(text).map(StringMap);
    map.map_err(|error| format!("not a JSON object whose values are strings: {error}"))
}

fn string_list_map(text: &str) -> Result<StringListMap, String> {
    let map = serde_json::from_str(text).map(StringListMap);
    map.map_err(|error| format!("not a JSON object whose values are lists of strings: {error}"))
}
