//! People who come from an identity provider: who they are here, and what follows from what the provider says.
use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Id, Object, ResourceType};
use keyfob_store::{
    KeyId, KeyLoginType, LoginType, NewUser, Organization, PasswordHash, StoreError, Tx, User, UserLink, UserStatus,
};
use serde_json::Value;

use super::{AuthorizedStore, KeyOrder, MintError, MintedKey, audit::user_audit, keys::key_object, users::SET_UP};
use crate::{
    gate::Refused,
    providers::promise_id,
    users::{default_organization, person},
};

/// How many other usernames are tried when one is taken.
const ALTERNATIVES: usize = 10;

/// Somebody whom a provider vouches for.
pub(crate) struct Newcomer {
    pub(crate) login_type: LoginType,
    /// Who they are at the provider, for ever.
    pub(crate) linked_id: String,
    /// What to call them, if they are new; a username.
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) avatar_url: String,
    pub(crate) claims: Value,
    pub(crate) refresh_token: Option<SecretText>,
    pub(crate) token_ends_at: Option<Timestamp>,
    pub(crate) signups: Signups,
    /// Whose address it is may have another account of the provider.
    pub(crate) trusts_email: bool,
    /// The groups of the default organization that they are in, if the provider says.
    pub(crate) groups: Option<ProviderGroups>,
    /// The roles that they have, if the provider says.
    pub(crate) roles: Option<Vec<String>>,
}

/// Whether a user is made of somebody unknown.
pub(crate) enum Signups {
    Allowed,
    /// With what to say then.
    Disabled(Option<String>),
}

/// Groups that a provider names.
pub(crate) struct ProviderGroups {
    pub(crate) names: Vec<String>,
    /// Those that are not there are made.
    pub(crate) creates: bool,
}

/// A promise to convert a user's login type, as its ticket says.
pub(crate) struct Conversion {
    /// What only the promise made with the present password has.
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) user_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Why somebody is not let in.
pub(crate) enum ArriveError {
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

impl From<StoreError> for ArriveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for ArriveError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<MintError> for ArriveError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl AuthorizedStore {
    /// Begins a session of somebody whom a provider vouches for; makes a user of them if they are new. Requires
    /// `create` on users and keys, and `update` on users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn arrive(&self, newcomer: Newcomer) -> Result<MintedKey, ArriveError> {
        self.require_arrivals()?;
        let mut tx = self.store().begin().await?;
        let (user, action) = match self.whose(&mut tx, &newcomer).await? {
            Some(user) => {
                require_login_type(&user, newcomer.login_type)?;
                (self.welcome(&mut tx, user, &newcomer).await?, "login")
            }
            None => (self.sign_up(&mut tx, &newcomer).await?, "register"),
        };
        let minted = self.begin_session(&mut tx, user, newcomer, action).await?;
        tx.commit().await?;
        Ok(minted)
    }

    /// Lets somebody sign in by a provider from now on, and no longer with a password, as they asked for; begins a
    /// session of theirs. All their keys end but the one that they came with. Requires what arriving does.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn convert(
        &self,
        newcomer: Newcomer,
        ticket: &Conversion,
        came_with: Option<&KeyId>,
    ) -> Result<MintedKey, ArriveError> {
        self.require_arrivals()?;
        let mut tx = self.store().begin().await?;
        let known = self.whose(&mut tx, &newcomer).await?;
        let user = known.ok_or_else(|| ArriveError::UnknownToConvert(newcomer.email.clone()))?;
        let (from, to) = (user.login_type.as_str(), newcomer.login_type.as_str());
        let password = tx.find_password(user.id).await?.unwrap_or_default();
        // Whoever learned the password and began it is stopped by another password.
        let is_current = ticket.id == promise_id(&ticket.state, &password).to_string();
        if !is_current || ticket.user_id != user.id.to_string() || ticket.from != from || ticket.to != to {
            return Err(ArriveError::NotTheirs { from: ticket.from.clone(), to: ticket.to.clone() });
        }
        tx.update_login_type(user.id, newcomer.login_type, self.now()).await?;
        let converted = User { login_type: newcomer.login_type, ..user.clone() };
        let deed = user_audit("write", StatusCode::TEMPORARY_REDIRECT, Some(&user), &converted);
        self.record(&mut tx, deed.with_secret("hashed_password")).await?;
        tx.delete_keys_of_but(user.id, came_with).await?;
        let user = self.welcome(&mut tx, converted, &newcomer).await?;
        let minted = self.begin_session(&mut tx, user, newcomer, "login").await?;
        tx.commit().await?;
        Ok(minted)
    }

    /// A user's account at a provider. Requires `read_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn link_of(&self, user: &User, login_type: LoginType) -> Result<Option<UserLink>, Refused> {
        self.require_personal(Action::READ_PERSONAL, user)?;
        Ok(self.store().find_link(user.id, login_type).await?)
    }

    fn require_arrivals(&self) -> Result<(), Refused> {
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::USER))?;
        self.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))?;
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY))
    }

    /// Whose account it is; else whose address it is, if they have no other account of the provider.
    async fn whose(&self, tx: &mut Tx, newcomer: &Newcomer) -> Result<Option<User>, ArriveError> {
        if let Some(link) = tx.find_linked(newcomer.login_type, &newcomer.linked_id).await? {
            return Ok(tx.find_user(link.user_id).await?);
        }
        let Some((user, _)) = self.store().find_login(&newcomer.email).await? else { return Ok(None) };
        let has_another = tx.find_link(user.id, newcomer.login_type).await?.is_some();
        if has_another && !newcomer.trusts_email {
            return Err(ArriveError::AlreadyLinked(newcomer.login_type));
        }
        Ok(Some(user))
    }

    async fn sign_up(&self, tx: &mut Tx, newcomer: &Newcomer) -> Result<User, ArriveError> {
        let is_first = tx.find_setting(SET_UP).await?.is_none();
        if let (Signups::Disabled(text), false) = (&newcomer.signups, is_first) {
            return Err(ArriveError::SignupsDisabled(text.clone()));
        }
        let username = self.free_name(&newcomer.username).await?;
        let user = person(&self.app, username, newcomer.email.clone(), newcomer.login_type);
        let user = User { name: newcomer.name.clone(), avatar_url: newcomer.avatar_url.clone(), ..user };
        let roles = if is_first { vec![User::OWNER.to_owned()] } else { Vec::new() };
        let new = NewUser { user: User { roles, ..user }, password_hash: PasswordHash::default() };
        let organization =
            if is_first { self.open_for_business(tx).await? } else { self.default_organization(tx).await? };
        tx.insert_user(&new).await?;
        self.insert_member(tx, &new.user, organization.id).await?;
        self.record(tx, user_audit("create", StatusCode::CREATED, None, &new.user)).await?;
        Ok(new.user)
    }

    pub(super) async fn open_for_business(&self, tx: &mut Tx) -> Result<Organization, StoreError> {
        let organization = default_organization(&self.app);
        tx.insert_setting(SET_UP, &self.now().to_string()).await?;
        tx.insert_organization(&organization).await?;
        Ok(organization)
    }

    pub(super) async fn default_organization(&self, tx: &mut Tx) -> Result<Organization, StoreError> {
        tx.find_default_organization().await?.ok_or(StoreError::Gone)
    }

    /// This username, or one that begins so, if it is taken.
    async fn free_name(&self, wanted: &str) -> Result<String, ArriveError> {
        const SUFFIX: usize = 6;
        let room = wanted.floor_char_boundary(32 - SUFFIX - 1);
        let begin = wanted.get(..room).unwrap_or(wanted).trim_end_matches('-');
        let suffix = || self.app.random().alphanumeric(SUFFIX).to_lowercase();
        let mut name = wanted.to_owned();
        for _ in 0..=ALTERNATIVES {
            if self.store().find_user_by_username(&name).await?.is_none() {
                return Ok(name);
            }
            name = format!("{begin}-{}", suffix());
        }
        Err(ArriveError::NamesTaken(wanted.to_owned()))
    }

    /// A user who signs in: awake, and called what the provider calls them. Their username stays.
    async fn welcome(&self, tx: &mut Tx, user: User, newcomer: &Newcomer) -> Result<User, ArriveError> {
        if user.status == UserStatus::Suspended {
            return Err(ArriveError::Suspended(user.username));
        }
        let now = self.now();
        let taken = self.store().find_login(&newcomer.email).await?.is_some_and(|(other, _)| other.id != user.id);
        let email = if taken { user.email.clone() } else { newcomer.email.clone() };
        let known = User {
            email,
            name: newcomer.name.clone(),
            avatar_url: newcomer.avatar_url.clone(),
            status: UserStatus::Active,
            ..user.clone()
        };
        if known != user {
            tx.update_user_person(&known, now).await?;
            tx.update_user_status(user.id, UserStatus::Active, now).await?;
            self.record(tx, user_audit("write", StatusCode::OK, Some(&user), &known)).await?;
        }
        Ok(known)
    }

    /// Keeps what the provider said, and mints a session.
    async fn begin_session(
        &self,
        tx: &mut Tx,
        user: User,
        newcomer: Newcomer,
        action: &'static str,
    ) -> Result<MintedKey, ArriveError> {
        self.caller.require(Action::CREATE, &key_object(Id::None, user.id)).map_err(MintError::Denied)?;
        let user = self.follow_roles(tx, user, newcomer.roles.as_deref()).await?;
        if let Some(groups) = &newcomer.groups {
            self.follow_groups(tx, &user, groups).await?;
        }
        let seal = |token: &SecretText| self.app.seal().seal(token, &newcomer.linked_id, self.app.random());
        let link = UserLink {
            user_id: user.id,
            login_type: newcomer.login_type,
            sealed_refresh_token: newcomer.refresh_token.as_ref().and_then(seal),
            token_ends_at: newcomer.token_ends_at,
            linked_id: newcomer.linked_id,
            claims: newcomer.claims,
        };
        tx.put_link(&link).await?;
        let login_type = match newcomer.login_type {
            LoginType::Github => KeyLoginType::Github,
            _ => KeyLoginType::Oidc,
        };
        let (key, minted) = self.forge(KeyOrder::session(&self.app, user, login_type))?;
        self.insert_key_as(tx, key, action).await?;
        Ok(minted)
    }
}

fn require_login_type(user: &User, asked: LoginType) -> Result<(), ArriveError> {
    if user.login_type == asked {
        return Ok(());
    }
    Err(ArriveError::OtherLoginType { asked: asked.as_str(), own: user.login_type.as_str() })
}
