//! What an identity provider says of a user.
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_store::LoginType;
use serde_json::Value;

/// An account at an identity provider, verified by it.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ExternalIdentity {
    /// The kind of provider.
    pub login_type: LoginType,
    /// Names the account at the provider, and never changes.
    pub linked_id: String,
    /// What the provider calls the user: a new user's username is made of it.
    pub preferred_username: String,
    /// The user's address.
    pub email: String,
    /// The user's name.
    pub name: String,
    /// The address of a picture of the user.
    pub avatar_url: String,
    /// All that the provider says.
    pub claims: Value,
    /// What renews the session at the provider.
    pub refresh_token: Option<SecretText>,
    /// When the session at the provider expires; none if it does not say.
    pub token_expires_at: Option<Timestamp>,
    /// Whether an unknown user may sign up.
    pub signups: Signups,
    /// Whether a user with this address may have had another account at the provider.
    pub trusts_email: bool,
    /// The user's groups of the default organization, if the provider decides on them.
    pub groups: Option<ProviderGroups>,
    /// The user's roles, if the provider decides on them.
    pub roles: Option<ProviderRoles>,
}

/// Whether an unknown user may sign up.
#[derive(Clone, Debug)]
pub enum Signups {
    /// A user is created.
    Allowed,
    /// The sign-in is refused, with this text of the operator's if there is one.
    Disabled(Option<String>),
}

/// The groups that a provider names.
#[derive(Clone, Debug)]
pub struct ProviderGroups {
    /// Their names.
    pub names: Vec<String>,
    /// Whether groups that do not exist are created.
    pub creates: bool,
}

/// The roles that a provider names.
#[derive(Clone, Debug)]
pub enum ProviderRoles {
    /// The user has these, and no others.
    Exactly(Vec<String>),
    /// The provider does not say which the user has: they keep theirs, and have these.
    AtLeast(Vec<String>),
}
