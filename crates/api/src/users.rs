//! Users, and signing in and out.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{organizations::SlimRole, secret::SecretText, time::Time};

/// Whether a user may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May act.
    Active,
    /// Has not acted for long; the next request or sign-in makes them active.
    Dormant,
    /// Every key is refused until an administrator activates the user.
    Suspended,
}

/// How a user signs in, or how a key came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LoginType {
    /// By e-mail and password.
    Password,
    /// By GitHub.
    Github,
    /// By an `OpenID` Connect provider.
    Oidc,
    /// Not at all.
    None,
    /// Keys only: an API token.
    Token,
    /// Keys only: issued to an application.
    #[serde(rename = "oauth2_provider_app")]
    OAuth2ProviderApp,
}

/// A user as `GET /users/{user}` shows one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct User {
    /// Never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub username: String,
    /// The name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where a picture is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar_url: String,
    /// Empty for service accounts.
    pub email: String,
    /// When the user was made.
    pub created_at: Time,
    /// When anything about the user last changed.
    pub updated_at: Time,
    /// When the user last used a key; unset if never.
    pub last_seen_at: Time,
    /// Whether the user may act.
    pub status: UserStatus,
    /// How the user signs in.
    pub login_type: LoginType,
    /// Whether this is a program's account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_service_account: bool,
    /// The organizations that the user is a member of.
    pub organization_ids: Vec<Uuid>,
    /// The deployment-wide roles; `member`, which everybody has, is not listed.
    pub roles: Vec<SlimRole>,
    /// Always false here; clients insist on the field.
    pub has_ai_seat: bool,
}

/// `GET /users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserList {
    /// A page of those asked for, by username.
    pub users: Vec<User>,
    /// How many there are from `after_id` on; zero on an empty page.
    pub count: u64,
}

/// `POST /users/first`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct CreateFirstUserRequest {
    /// Required, an e-mail address.
    pub email: String,
    /// Required.
    pub username: String,
    /// The name for people.
    pub name: String,
    /// Required, strong enough.
    pub password: SecretText,
    /// Ignored; clients send it.
    pub trial: bool,
    /// Ignored; clients send it.
    pub trial_info: TrialInfo,
}

/// What some clients ask people who set a deployment up. Nobody reads it here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct TrialInfo {
    /// Ignored.
    pub first_name: String,
    /// Ignored.
    pub last_name: String,
    /// Ignored.
    pub phone_number: String,
    /// Ignored.
    pub job_title: String,
    /// Ignored.
    pub company_name: String,
    /// Ignored.
    pub country: String,
    /// Ignored.
    pub developers: String,
}

/// The answer to `POST /users/first`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateFirstUserResponse {
    /// The user made.
    pub user_id: Uuid,
    /// The default organization, of which the user is a member.
    pub organization_id: Uuid,
}

/// `POST /users/login`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct LoginRequest {
    /// Required, an e-mail address.
    pub email: String,
    /// Required.
    pub password: SecretText,
}

/// The answer to `POST /users/login`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct LoginResponse {
    /// The session's key.
    pub session_token: SecretText,
}

/// `POST /users/validate-password`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ValidatePasswordRequest {
    /// Required.
    pub password: SecretText,
}

/// `POST /users/otp/request`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct RequestPasscodeRequest {
    /// Required.
    pub email: String,
}

/// `POST /users/otp/change-password`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct ChangePasswordWithPasscodeRequest {
    /// Required.
    pub email: String,
    /// The new one. Required.
    pub password: SecretText,
    /// As it came by mail. Required.
    pub one_time_passcode: SecretText,
}

/// `POST /users/{user}/convert-login`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ConvertLoginRequest {
    /// `oidc` or `github`. Required.
    pub to_type: String,
    /// The user's present one. Required.
    pub password: SecretText,
}

/// The answer to `POST /users/{user}/convert-login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ConvertLoginResponse {
    /// The state to start the sign-in with, as `oidc_merge_state`.
    pub state_string: String,
    /// Until when that must be done.
    pub expires_at: Time,
    /// By which provider the user signs in then.
    pub to_type: String,
    /// Whose login type it is.
    pub user_id: Uuid,
}

/// The answer to `GET /users/oidc-claims`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OidcClaims {
    /// All that the provider said.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// The answer to `GET /users/oauth2/github/device`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeviceAuthorization {
    /// What to complete the sign-in with, as `code`.
    pub device_code: String,
    /// What to type.
    pub user_code: String,
    /// Where to type it.
    pub verification_uri: String,
    /// How long both work, in seconds.
    pub expires_in: u64,
    /// How long to wait between two questions, in seconds.
    pub interval: u64,
}

/// Where to go after a sign-in that began on another device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeviceRedirect {
    /// A path here.
    pub redirect_url: String,
}

/// What a user is told by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct NoticeChoices {
    /// That their password changed.
    pub password_changed: bool,
    /// That somebody minted a token on their behalf.
    pub token_minted: bool,
    /// That a token that they use ends soon: 14, 7 and 1 days before.
    pub token_ending: bool,
}

/// `PUT /users/{user}/notices`: what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateNoticeChoices {
    /// That their password changed.
    pub password_changed: Option<bool>,
    /// That somebody minted a token on their behalf.
    pub token_minted: Option<bool>,
    /// That a token that they use ends soon.
    pub token_ending: Option<bool>,
}

/// The answer to `POST /users/validate-password`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct PasswordStrength {
    /// Whether it may be somebody's.
    pub valid: bool,
    /// What is wrong with it; empty when nothing is.
    pub details: String,
}

/// `PUT /users/{user}/password`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct UpdatePasswordRequest {
    /// Required for one's own.
    #[serde(skip_serializing_if = "SecretText::is_empty")]
    pub old_password: SecretText,
    /// Required, strong enough.
    pub password: SecretText,
}

/// `POST /users`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct CreateUserRequest {
    /// Required unless `service_account`.
    pub email: String,
    /// Required.
    pub username: String,
    /// The name for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Required for login type `password`, refused for every other.
    pub password: SecretText,
    /// `password` (the default), `none`, `oidc` or `github`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub login_type: String,
    /// `active`, `suspended` or `dormant` (the default).
    pub user_status: Option<String>,
    /// At least one; the nil UUID means the default organization.
    pub organization_ids: Vec<Uuid>,
    /// One more organization, from older clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// A program's account: no e-mail address, no password.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub service_account: bool,
    /// Deployment-wide roles to begin with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// `PUT /users/{user}/profile`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateUserProfileRequest {
    /// Required; changing it takes `update` on the user.
    pub username: String,
    /// The name for people.
    pub name: String,
}

/// `PUT /users/{user}/roles`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateRoles {
    /// All the deployment-wide roles the user is to have.
    pub roles: Vec<String>,
}

/// `GET /users/{user}/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserRoles {
    /// Deployment-wide ones.
    pub roles: Vec<String>,
    /// Those given in organizations, by organization.
    pub organization_roles: BTreeMap<Uuid, Vec<String>>,
}

/// `GET /users/{user}/login-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserLoginType {
    /// How the user signs in.
    pub login_type: LoginType,
}

/// `GET` and `PUT /users/{user}/appearance`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct Appearance {
    /// A theme by name.
    pub theme_preference: String,
    /// `sync`: light and dark as the system is; `single`: always one.
    pub theme_mode: String,
    /// The theme while the system is light.
    pub theme_light: String,
    /// The theme while the system is dark.
    pub theme_dark: String,
    /// The font of terminals.
    pub terminal_font: String,
}

/// `GET /users/{user}/preferences`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Preferences {
    /// The key that sends a message.
    pub agent_chat_send_shortcut: String,
    /// How differences are shown.
    pub code_diff_display_mode: String,
    /// How calls of a shell are shown.
    pub shell_tool_display_mode: String,
    /// Whether a hint was put away.
    pub task_notification_alert_dismissed: bool,
    /// How thinking is shown.
    pub thinking_display_mode: String,
}

/// `PUT /users/{user}/preferences`: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdatePreferences {
    /// `enter` or `modifier_enter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_chat_send_shortcut: Option<String>,
    /// `auto`, `always_expanded` or `always_collapsed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_diff_display_mode: Option<String>,
    /// `auto`, `always_expanded` or `always_collapsed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell_tool_display_mode: Option<String>,
    /// Whether a hint was put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_notification_alert_dismissed: Option<bool>,
    /// `auto`, `preview`, `always_expanded` or `always_collapsed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_display_mode: Option<String>,
}

/// `GET /users/authmethods`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuthMethods {
    /// What people must agree to before they sign in; left out when there is nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub terms_of_service_url: String,
    /// E-mail and password.
    pub password: AuthMethod,
    /// GitHub.
    pub github: GithubAuthMethod,
    /// `OpenID` Connect.
    pub oidc: OidcAuthMethod,
}

/// One way to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuthMethod {
    /// Whether it is on offer.
    pub enabled: bool,
}

/// Signing in by GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct GithubAuthMethod {
    /// Whether it is on offer.
    pub enabled: bool,
    /// Always false: there is no vendor's application here.
    pub default_provider_configured: bool,
}

/// Signing in by `OpenID` Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OidcAuthMethod {
    /// Whether it is on offer.
    pub enabled: bool,
    /// The words on the button.
    #[serde(rename = "signInText")]
    pub sign_in_text: String,
    /// The picture on the button.
    #[serde(rename = "iconUrl")]
    pub icon_url: String,
}
