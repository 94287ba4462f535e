//! People who come from an identity provider: who they are here, and what follows from what the provider says.
use crate::Caller;
use crate::tokens::issue;
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Id, Object, ResourceType};
use keyfob_store::{
    KeyId, KeyLoginType, LoginType, NewUser, Organization, PasswordHash, StoreError, User, UserLink, UserStatus,
};
use serde_json::Value;

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, user_event},
    sign_in::promise_id,
    tokens::{MintError, MintRequest, MintedKey, key_object},
    users::{SET_UP, person},
    work::Work,
};

/// How many other usernames are tried when one is taken.
const ALTERNATIVES: usize = 10;

/// Somebody whom a provider vouches for.
pub struct ExternalIdentity {
    pub login_type: LoginType,
    /// Who they are at the provider, for ever.
    pub linked_id: String,
    /// What to call them, if they are new; a username.
    pub username: String,
    pub email: String,
    pub name: String,
    pub avatar_url: String,
    pub claims: Value,
    pub refresh_token: Option<SecretText>,
    pub token_ends_at: Option<Timestamp>,
    pub signups: Signups,
    /// Whose address it is may have another account of the provider.
    pub trusts_email: bool,
    /// The groups of the default organization that they are in, if the provider says.
    pub groups: Option<ProviderGroups>,
    /// The roles that they have, if the provider says.
    pub roles: Option<Vec<String>>,
}

/// Whether a user is made of somebody unknown.
pub enum Signups {
    Allowed,
    /// With what to say then.
    Disabled(Option<String>),
}

/// Groups that a provider names.
pub struct ProviderGroups {
    pub names: Vec<String>,
    /// Those that are not there are made.
    pub creates: bool,
}

/// A promise to convert a user's login type, as its ticket says.
pub struct Conversion {
    /// What only the promise made with the present password has.
    pub id: String,
    pub state: String,
    pub user_id: String,
    pub from: String,
    pub to: String,
}

/// Why somebody is not let in.
pub enum ExternalSignInError {
    /// The user with their address has another account of this kind of provider.
    AlreadyLinked(LoginType),
    /// The user signs in otherwise.
    OtherLoginType {
        asked: &'static str,
        own: &'static str,
    },
    /// The user of this name is suspended.
    Suspended(String),
    /// They are unknown, and nobody signs up; what to say then.
    SignupsDisabled(Option<String>),
    /// This username is taken, and so are its alternatives.
    NamesTaken(String),
    /// No user has this address, so there is none to convert.
    UnknownToConvert(String),
    /// The user whom they are is not the one who is to be converted, or not from or to this.
    NotTheirs {
        from: String,
        to: String,
    },
    Mint(MintError),
    Store(StoreError),
    Refused(Refused),
}

impl From<StoreError> for ExternalSignInError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
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
    /// Begins a session of somebody whom a provider vouches for; makes a user of them if they are new. Requires
    /// `create` on users and keys, and `update` on users.
    #[tracing::instrument(skip_all)]
    pub async fn sign_in_externally(&self, identity: ExternalIdentity) -> Result<MintedKey, ExternalSignInError> {
        let mut work = self.begin_if(require_external_sign_in).await?;
        let (user, kind) = match work.linked_user(&identity).await? {
            Some(user) => {
                require_login_type(&user, identity.login_type)?;
                (work.update_from_provider(user, &identity).await?, EventKind::SignedIn)
            }
            None => (work.sign_up(&identity).await?, EventKind::Registered),
        };
        let minted = work.begin_session(user, identity, kind).await?;
        work.commit().await?;
        Ok(minted)
    }

    /// Lets somebody sign in by a provider from now on, and no longer with a password, as they asked for; begins a
    /// session of theirs. All their keys end but the one that they came with. Requires what arriving does.
    #[tracing::instrument(skip_all)]
    pub async fn convert(
        &self,
        identity: ExternalIdentity,
        ticket: &Conversion,
        came_with: Option<&KeyId>,
    ) -> Result<MintedKey, ExternalSignInError> {
        let mut work = self.begin_if(require_external_sign_in).await?;
        let known = work.linked_user(&identity).await?;
        let user = known.ok_or_else(|| ExternalSignInError::UnknownToConvert(identity.email.clone()))?;
        let (from, to) = (user.login_type.as_str(), identity.login_type.as_str());
        let password = work.read().find_password(user.id).await?.unwrap_or_default();
        // Whoever learned the password and began it is stopped by another password.
        let is_current = ticket.id == promise_id(&ticket.state, &password).to_string();
        if !is_current || ticket.user_id != user.id.to_string() || ticket.from != from || ticket.to != to {
            return Err(ExternalSignInError::NotTheirs { from: ticket.from.clone(), to: ticket.to.clone() });
        }
        work.tx.update_login_type(user.id, identity.login_type, self.now()).await?;
        let converted = User { login_type: identity.login_type, ..user.clone() };
        let event = user_event(EventKind::LoginTypeConverted, Some(&user), &converted);
        work.record(event.with_secret("hashed_password"));
        work.tx.delete_keys_of_but(user.id, came_with).await?;
        let user = work.update_from_provider(converted, &identity).await?;
        let minted = work.begin_session(user, identity, EventKind::SignedIn).await?;
        work.commit().await?;
        Ok(minted)
    }

    /// A user's account at a provider. Requires `read_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn link_of(&self, user: &User, login_type: LoginType) -> Result<Option<UserLink>, Refused> {
        self.caller.require_personal(Action::READ_PERSONAL, user.id)?;
        Ok(self.read().find_link(user.id, login_type).await?)
    }
}

fn require_external_sign_in(caller: &Caller) -> Result<(), ExternalSignInError> {
    caller.require_permitted(Action::CREATE, &Object::of(ResourceType::USER))?;
    caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))?;
    Ok(caller.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY))?)
}

fn require_login_type(user: &User, asked: LoginType) -> Result<(), ExternalSignInError> {
    if user.login_type == asked {
        return Ok(());
    }
    Err(ExternalSignInError::OtherLoginType { asked: asked.as_str(), own: user.login_type.as_str() })
}

impl Work {
    /// Whose account it is; else whose address it is, if they have no other account of the provider.
    async fn linked_user(&mut self, identity: &ExternalIdentity) -> Result<Option<User>, ExternalSignInError> {
        if let Some(link) = self.read().find_linked(identity.login_type, &identity.linked_id).await? {
            return Ok(self.read().find_user(link.user_id).await?);
        }
        let Some((user, _)) = self.read().find_login(&identity.email).await? else { return Ok(None) };
        let has_another = self.read().find_link(user.id, identity.login_type).await?.is_some();
        if has_another && !identity.trusts_email {
            return Err(ExternalSignInError::AlreadyLinked(identity.login_type));
        }
        Ok(Some(user))
    }

    async fn sign_up(&mut self, identity: &ExternalIdentity) -> Result<User, ExternalSignInError> {
        let is_first = self.read().find_setting(SET_UP).await?.is_none();
        if let (Signups::Disabled(text), false) = (&identity.signups, is_first) {
            return Err(ExternalSignInError::SignupsDisabled(text.clone()));
        }
        let username = self.free_name(&identity.username).await?;
        let user = person(&self.authority, username, identity.email.clone(), identity.login_type);
        let user = User { name: identity.name.clone(), avatar_url: identity.avatar_url.clone(), ..user };
        let roles = if is_first { vec![User::OWNER.to_owned()] } else { Vec::new() };
        let new = NewUser { user: User { roles, ..user }, password_hash: PasswordHash::default() };
        let organization = if is_first { self.open_deployment().await? } else { self.default_organization().await? };
        self.tx.insert_user(&new).await?;
        self.insert_member(&new.user, organization.id).await?;
        self.record(user_event(EventKind::UserCreated, None, &new.user));
        Ok(new.user)
    }

    pub(crate) async fn open_deployment(&mut self) -> Result<Organization, StoreError> {
        let organization = crate::organizations::first_organization(&self.authority);
        self.tx.insert_setting(SET_UP, &self.now().to_string()).await?;
        self.tx.insert_organization(&organization).await?;
        Ok(organization)
    }

    pub(crate) async fn default_organization(&mut self) -> Result<Organization, StoreError> {
        self.read().find_default_organization().await?.ok_or(StoreError::Gone)
    }

    /// This username, or one that begins so, if it is taken.
    async fn free_name(&mut self, wanted: &str) -> Result<String, ExternalSignInError> {
        const SUFFIX: usize = 6;
        let room = wanted.floor_char_boundary(32 - SUFFIX - 1);
        let begin = wanted.get(..room).unwrap_or(wanted).trim_end_matches('-');
        let random = self.authority.random().clone();
        let mut name = wanted.to_owned();
        for _ in 0..=ALTERNATIVES {
            if self.read().find_user_by_username(&name).await?.is_none() {
                return Ok(name);
            }
            name = format!("{begin}-{}", random.alphanumeric(SUFFIX).to_lowercase());
        }
        Err(ExternalSignInError::NamesTaken(wanted.to_owned()))
    }

    /// A user who signs in: awake, and called what the provider calls them. Their username stays.
    async fn update_from_provider(
        &mut self,
        user: User,
        identity: &ExternalIdentity,
    ) -> Result<User, ExternalSignInError> {
        if user.status == UserStatus::Suspended {
            return Err(ExternalSignInError::Suspended(user.username));
        }
        let now = self.now();
        let taken = self.read().find_login(&identity.email).await?.is_some_and(|(other, _)| other.id != user.id);
        let email = if taken { user.email.clone() } else { identity.email.clone() };
        let known = User {
            email,
            name: identity.name.clone(),
            avatar_url: identity.avatar_url.clone(),
            status: UserStatus::Active,
            ..user.clone()
        };
        if known != user {
            self.tx.update_user_person(&known, now).await?;
            self.tx.update_user_status(user.id, UserStatus::Active, now).await?;
            self.record(user_event(EventKind::UserUpdated, Some(&user), &known));
        }
        Ok(known)
    }

    /// Keeps what the provider said, and mints a session.
    async fn begin_session(
        &mut self,
        user: User,
        identity: ExternalIdentity,
        kind: EventKind,
    ) -> Result<MintedKey, ExternalSignInError> {
        self.caller.require(Action::CREATE, &key_object(Id::None, user.id)).map_err(MintError::from)?;
        let user = self.follow_roles(user, identity.roles.as_deref()).await?;
        if let Some(groups) = &identity.groups {
            self.follow_groups(&user, groups).await?;
        }
        let seal = |token: &SecretText| self.authority.seal().seal(token, &identity.linked_id, self.authority.random());
        let link = UserLink {
            user_id: user.id,
            login_type: identity.login_type,
            sealed_refresh_token: identity.refresh_token.as_ref().and_then(seal),
            token_ends_at: identity.token_ends_at,
            linked_id: identity.linked_id,
            claims: identity.claims,
        };
        self.tx.put_link(&link).await?;
        let login_type = match identity.login_type {
            LoginType::Github => KeyLoginType::Github,
            _ => KeyLoginType::Oidc,
        };
        let request = MintRequest::session(&self.authority, user, login_type);
        let (key, minted) = issue(&self.authority, &self.caller, request)?;
        self.insert_key_as(key, kind).await?;
        Ok(minted)
    }
}
