//! Signing in by an identity provider.
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Id, Object, ResourceType};
use keyfob_store::{KeyLoginType, LoginType, StoreError, User, UserLink};

use super::ExternalIdentity;
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::EventKind,
    tokens::{MintError, MintRequest, MintedKey, issue, key_object},
    work::Work,
};

/// Why a user of a provider is not signed in.
#[derive(Debug)]
pub enum ExternalSignInError {
    /// The user with that address has another account at this kind of provider.
    AlreadyLinked(LoginType),
    /// The user has another login type.
    OtherLoginType {
        /// The one that was tried.
        tried: LoginType,
        /// The user's own.
        own: LoginType,
    },
    /// The user of this name is suspended.
    Suspended(String),
    /// The user is unknown, and users do not sign up; with the operator's text, if there is one.
    SignupsDisabled(Option<String>),
    /// This username is taken, and so are its alternatives.
    UsernameTaken(String),
    /// The session could not be minted.
    Mint(MintError),
    /// The server's own work may not, or the store failed.
    Refused(Refused),
}

impl From<StoreError> for ExternalSignInError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refused> for ExternalSignInError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<MintError> for ExternalSignInError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl AuthorizedStore {
    /// Begins a session of a user whom a provider has verified, and creates the user if they are new. Requires `create`
    /// on users and keys, and `update` on users.
    ///
    /// # Errors
    /// Why the user is not signed in.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn sign_in_externally(&self, identity: ExternalIdentity) -> Result<MintedKey, ExternalSignInError> {
        let mut work = self.begin_if(require_external_sign_in).await?;
        let (user, kind) = match work.linked_user(&identity).await? {
            Some(user) => {
                require_login_type(&user, identity.login_type)?;
                (work.update_from_provider(user, &identity).await?, EventKind::SignedIn)
            }
            None => (work.sign_up(&identity).await?, EventKind::Registered),
        };
        let minted = work.begin_external_session(user, identity, kind).await?;
        work.commit().await?;
        Ok(minted)
    }
}

pub(super) fn require_external_sign_in(caller: &Caller) -> Result<(), Refused> {
    caller.require_permitted(Action::CREATE, &Object::of(ResourceType::USER))?;
    caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))?;
    caller.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY))
}

fn require_login_type(user: &User, tried: LoginType) -> Result<(), ExternalSignInError> {
    if user.login_type == tried {
        return Ok(());
    }
    Err(ExternalSignInError::OtherLoginType { tried, own: user.login_type })
}

impl Work {
    /// Keeps what the provider said, and mints a session.
    pub(super) async fn begin_external_session(
        &mut self,
        user: User,
        identity: ExternalIdentity,
        kind: EventKind,
    ) -> Result<MintedKey, ExternalSignInError> {
        self.caller.require(Action::CREATE, &key_object(Id::None, user.id)).map_err(MintError::from)?;
        let user = self.sync_roles(user, identity.roles.as_ref()).await?;
        if let Some(groups) = &identity.groups {
            self.sync_groups(&user, groups).await?;
        }
        let seal = |token: &SecretText| self.authority.seal().seal(token, &identity.linked_id, self.authority.random());
        let link = UserLink {
            user_id: user.id,
            login_type: identity.login_type,
            sealed_refresh_token: identity.refresh_token.as_ref().and_then(seal),
            token_ends_at: identity.token_expires_at,
            linked_id: identity.linked_id,
            claims: identity.claims,
        };
        self.tx.put_link(&link).await?;
        let login_type = match identity.login_type {
            LoginType::Github => KeyLoginType::Github,
            LoginType::Oidc | LoginType::Password | LoginType::None => KeyLoginType::Oidc,
        };
        let request = MintRequest::session(&self.authority, user, login_type);
        let (key, minted) = issue(&self.authority, &self.caller, request)?;
        self.insert_key_as(key, kind).await?;
        Ok(minted)
    }
}
