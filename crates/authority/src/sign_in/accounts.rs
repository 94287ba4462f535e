//! Accounts at identity providers, and the users that they belong to.
use keyfob_store::{NewUser, Organization, PasswordHash, StoreError, User, UserStatus};

use super::{ExternalIdentity, ExternalSignInError, Signups, admission::username_of};
use crate::{
    audit::{EventKind, user_event},
    fields::{reads_as_id, without_control_characters},
    organizations::first_organization,
    users::{SET_UP, person},
    work::Work,
};

/// How many other usernames are tried when one is taken.
const ALTERNATIVES: usize = 10;

impl Work {
    /// The user of the account; else the user with its address, unless they have another account at the provider.
    pub(super) async fn linked_user(
        &mut self,
        identity: &ExternalIdentity,
    ) -> Result<Option<User>, ExternalSignInError> {
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

    /// Creates the user of an account. The first user of all becomes an owner.
    pub(super) async fn sign_up(&mut self, identity: &ExternalIdentity) -> Result<User, ExternalSignInError> {
        let is_first = self.read().find_setting(SET_UP).await?.is_none();
        if let (Signups::Disabled(text), false) = (&identity.signups, is_first) {
            return Err(ExternalSignInError::SignupsDisabled(text.clone()));
        }
        let preferred = username_of(&identity.preferred_username, &identity.email, self.authority.random());
        let username = self.free_username(preferred).await?;
        let user = person(&self.authority, username, identity.email.clone(), identity.login_type);
        let user =
            User { name: without_control_characters(&identity.name), avatar_url: identity.avatar_url.clone(), ..user };
        let roles = if is_first { vec![User::OWNER.to_owned()] } else { Vec::new() };
        let new = NewUser { user: User { roles, ..user }, password_hash: PasswordHash::default() };
        let organization = if is_first { self.open_deployment().await? } else { self.default_organization().await? };
        self.tx.insert_user(&new).await?;
        self.insert_member(&new.user, organization.id).await?;
        self.record(user_event(EventKind::UserCreated, None, &new.user));
        Ok(new.user)
    }

    /// Marks the deployment as set up, and creates the organization that new users become members of.
    pub(crate) async fn open_deployment(&mut self) -> Result<Organization, StoreError> {
        let organization = first_organization(&self.authority);
        let now = self.now();
        self.tx.insert_setting(SET_UP, &now.to_string()).await?;
        self.tx.insert_organization(&organization).await?;
        Ok(organization)
    }

    /// The organization that new users become members of.
    pub(crate) async fn default_organization(&mut self) -> Result<Organization, StoreError> {
        self.read().find_default_organization().await?.ok_or(StoreError::Gone)
    }

    /// This username, or a similar one if it is taken, or reads as an id.
    async fn free_username(&mut self, preferred: String) -> Result<String, ExternalSignInError> {
        const SUFFIX: usize = 6;
        let room = preferred.floor_char_boundary(32 - SUFFIX - 1);
        let begin = preferred.get(..room).unwrap_or(&preferred).trim_end_matches('-').to_owned();
        let mut name = preferred.clone();
        for _ in 0..=ALTERNATIVES {
            if !reads_as_id(&name) && self.read().find_user_by_username(&name).await?.is_none() {
                return Ok(name);
            }
            name = format!("{begin}-{}", self.authority.random().alphanumeric(SUFFIX).to_lowercase());
        }
        Err(ExternalSignInError::UsernameTaken(preferred))
    }

    /// The user, active, with the address, name and picture that the provider says. The username stays.
    pub(super) async fn update_from_provider(
        &mut self,
        user: User,
        identity: &ExternalIdentity,
    ) -> Result<User, ExternalSignInError> {
        if user.status == UserStatus::Suspended {
            return Err(ExternalSignInError::Suspended(user.username));
        }
        let now = self.now();
        let is_taken = self.read().find_login(&identity.email).await?.is_some_and(|(other, _)| other.id != user.id);
        let changed = User {
            email: if is_taken { user.email.clone() } else { identity.email.clone() },
            name: without_control_characters(&identity.name),
            avatar_url: identity.avatar_url.clone(),
            status: UserStatus::Active,
            ..user.clone()
        };
        if changed != user {
            self.tx.update_user_person(&changed, now).await?;
            self.tx.update_user_status(user.id, UserStatus::Active, now).await?;
            self.record(user_event(EventKind::UserUpdated, Some(&user), &changed));
        }
        Ok(changed)
    }
}
