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
    /// Has not acted for a long time; the next request or sign-in makes the user active.
    Dormant,
    /// May not act: every key is refused until an administrator activates the user.
    Suspended,
}

/// How a user signs in, or how a key was made.
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
    /// Keys only: made for an application.
    #[serde(rename = "oauth2_provider_app")]
    OAuth2ProviderApp,
}

/// A user as `GET /users/{user}` shows one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct User {
    /// The user's id; it never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub username: String,
    /// The display name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar_url: String,
    /// Empty for service accounts.
    pub email: String,
    /// When the user was created.
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
    /// The roles of the deployment, without `member`, which every user has.
    pub roles: Vec<SlimRole>,
    /// Always false here; clients insist on the field.
    pub has_ai_seat: bool,
}

/// `GET /users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserList {
    /// A page of the users, by username.
    pub users: Vec<User>,
    /// The number of matching users on all pages; with `after_id`, of those after it.
    pub count: u64,
}

/// `POST /users/first`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct CreateFirstUserRequest {
    /// An e-mail address; required.
    pub email: String,
    /// Required.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The password; required.
    pub password: SecretText,
    /// Ignored; clients send it.
    pub trial: bool,
    /// Ignored; clients send it.
    pub trial_info: TrialInfo,
}

/// What some clients ask when a deployment is set up. Keyfob ignores it.
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
    /// The id of the new user.
    pub user_id: Uuid,
    /// The id of the default organization, which has the user as a member.
    pub organization_id: Uuid,
}

/// `POST /users/login`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct LoginRequest {
    /// An e-mail address; required.
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
    /// The new password; required.
    pub password: SecretText,
    /// The passcode from the mail; required.
    pub one_time_passcode: SecretText,
}

/// `POST /users/{user}/convert-login`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ConvertLoginRequest {
    /// The new login type, `oidc` or `github`; required.
    pub to_type: String,
    /// The user's present password; required.
    pub password: SecretText,
}

/// The answer to `POST /users/{user}/convert-login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ConvertLoginResponse {
    /// The state for the sign-in, to be sent as `oidc_merge_state`.
    pub state_string: String,
    /// Until when the sign-in must be complete.
    pub expires_at: Time,
    /// The new login type.
    pub to_type: String,
    /// The id of the user.
    pub user_id: Uuid,
}

/// The answer to `GET /users/oidc-claims`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OidcClaims {
    /// All claims of the provider.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// The answer to `GET /users/oauth2/github/device`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeviceAuthorization {
    /// The code that completes the sign-in, to be sent as `code`.
    pub device_code: String,
    /// The code that the person types.
    pub user_code: String,
    /// The address of the page for it.
    pub verification_uri: String,
    /// How long both codes are valid, in seconds.
    pub expires_in: u64,
    /// How long to wait between two requests, in seconds.
    pub interval: u64,
}

/// The answer to a sign-in by GitHub's device flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeviceRedirect {
    /// The path of the page to go to.
    pub redirect_url: String,
}

/// The notices that a user gets by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct NoticeChoices {
    /// Their password was changed.
    pub password_changed: bool,
    /// Another user minted a token on their behalf.
    pub token_minted: bool,
    /// A token that they use expires in 14, 7 or 1 days.
    pub token_ending: bool,
}

/// `PUT /users/{user}/notices`: fields that are left out do not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateNoticeChoices {
    /// Their password was changed.
    pub password_changed: Option<bool>,
    /// Another user minted a token on their behalf.
    pub token_minted: Option<bool>,
    /// A token that they use expires soon.
    pub token_ending: Option<bool>,
}

/// The answer to `POST /users/validate-password`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct PasswordStrength {
    /// Whether the password is strong enough.
    pub valid: bool,
    /// What is wrong with it; empty if nothing is.
    pub details: String,
}

/// `PUT /users/{user}/password`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct UpdatePasswordRequest {
    /// The old password; required if a user changes their own.
    #[serde(skip_serializing_if = "SecretText::is_empty")]
    pub old_password: SecretText,
    /// The password; required.
    pub password: SecretText,
}

/// `POST /users`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct CreateUserRequest {
    /// The e-mail address; required unless `service_account`.
    pub email: String,
    /// Required.
    pub username: String,
    /// The display name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The password; required for the login type `password`, refused for others.
    pub password: SecretText,
    /// The login type: `password` (the default), `none`, `oidc` or `github`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub login_type: String,
    /// The status: `active`, `suspended` or `dormant` (the default).
    pub user_status: Option<String>,
    /// The user's organizations, at least one; the nil UUID means the default organization.
    pub organization_ids: Vec<Uuid>,
    /// One more organization, from older clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// Whether it is a program's account, without e-mail address and password.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub service_account: bool,
    /// The user's first roles of the deployment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// `PUT /users/{user}/profile`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateUserProfileRequest {
    /// The username; required. Changing it needs `update` on the user.
    pub username: String,
    /// The display name.
    pub name: String,
}

/// `PUT /users/{user}/roles`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateRoles {
    /// All roles of the deployment that the user will have.
    pub roles: Vec<String>,
}

/// `GET /users/{user}/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserRoles {
    /// The roles of the deployment.
    pub roles: Vec<String>,
    /// The roles in organizations, by the id of the organization.
    pub organization_roles: BTreeMap<Uuid, Vec<String>>,
}

/// `GET /users/{user}/login-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UserLoginType {
    /// How the user signs in.
    pub login_type: LoginType,
}

/// `PUT /users/{user}/appearance`: a mode or slot that is left out or empty does not change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateAppearance {
    /// The name of a theme; required.
    pub theme_preference: String,
    /// `sync`, with both slots: light and dark as the system is; `single`: always one.
    pub theme_mode: String,
    /// The slot of the theme while the system is light.
    pub theme_light: String,
    /// The slot of the theme while the system is dark.
    pub theme_dark: String,
    /// The font of terminals; required.
    pub terminal_font: String,
}

/// `GET /users/{user}/appearance`: how clients should look; Keyfob stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct Appearance {
    /// The name of a theme.
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

/// `GET /users/{user}/preferences`: settings of clients; Keyfob stores them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Preferences {
    /// The key that sends a message.
    pub agent_chat_send_shortcut: String,
    /// How diffs are shown; empty for what the client usually does.
    pub code_diff_display_mode: String,
    /// How shell calls are shown.
    pub shell_tool_display_mode: String,
    /// Whether a hint was dismissed.
    pub task_notification_alert_dismissed: bool,
    /// How thinking is shown.
    pub thinking_display_mode: String,
}

/// `PUT /users/{user}/preferences`: fields that are left out do not change.
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
    /// Whether a hint was dismissed.
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
    /// The terms that people must agree to before they sign in; left out if there are none.
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
    /// Whether it is available.
    pub enabled: bool,
}

/// Signing in by GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct GithubAuthMethod {
    /// Whether it is available.
    pub enabled: bool,
    /// Always false: Keyfob has no vendor's application.
    pub default_provider_configured: bool,
}

/// Signing in by `OpenID` Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OidcAuthMethod {
    /// Whether it is available.
    pub enabled: bool,
    /// The words on the button.
    #[serde(rename = "signInText")]
    pub sign_in_text: String,
    /// The picture on the button.
    #[serde(rename = "iconUrl")]
    pub icon_url: String,
}
