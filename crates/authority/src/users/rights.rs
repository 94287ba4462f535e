//! What a caller may do to a user, for pages that offer no more than that.
use keyfob_rbac::{Action, Object, ResourceType, RoleName, built_in_role_names};
use keyfob_store::{LoginType, OrganizationId, ResourcesOf, User, UserStatus};

use super::user_object;
use crate::{
    AuthorizedStore, Refused,
    organizations::may_add_member,
    passwords::{ChangePasswordError, SetCredentialError},
    roles::{Assigner, may_assign_all_of},
};

/// The role of the deployment that every user has.
const EVERYONE: &str = "member";

/// What the caller may do to a user.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one operation is allowed")]
pub struct UserRights {
    /// Whether [`AuthorizedStore::suspend_user`] is allowed, and would change something.
    pub may_suspend: bool,
    /// Whether [`AuthorizedStore::activate_user`] is allowed, and would change something.
    pub may_activate: bool,
    /// Whether [`AuthorizedStore::delete_user`] is allowed.
    pub may_delete: bool,
    /// Whether [`AuthorizedStore::change_password`] is allowed without the present password.
    pub may_set_password: bool,
    /// Whether [`AuthorizedStore::mint_token`] is allowed for the user.
    pub may_mint: bool,
    /// The roles of the deployment, each with whether the user holds it and the caller may change that.
    pub roles: Vec<RoleRight>,
}

impl UserRights {
    /// Nothing: what is done to a deleted user is done to nobody.
    fn none() -> Self {
        Self {
            may_suspend: false,
            may_activate: false,
            may_delete: false,
            may_set_password: false,
            may_mint: false,
            roles: Vec::new(),
        }
    }
}

/// A role of the deployment, as a user may be given or denied it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRight {
    /// Its name.
    pub name: String,
    /// Whether the user holds it.
    pub is_held: bool,
    /// Whether the caller may give it, or take it where it is held.
    pub may_change: bool,
}

/// What the caller may choose for a new user.
#[derive(Clone, Debug)]
pub struct CreationRights {
    /// Whether the caller may create users who can sign in.
    pub may_create_people: bool,
    /// Whether the caller may create service accounts.
    pub may_create_service_accounts: bool,
    /// The ways in which new users could sign in, as far as the rules go: a front knows which providers it has.
    pub login_types: Vec<LoginType>,
    /// The organizations that the caller may make the user a member of: ids and names.
    pub organizations: Vec<(OrganizationId, String)>,
    /// The roles of the deployment that the caller may give.
    pub roles: Vec<String>,
}

impl AuthorizedStore {
    /// What the caller may do to a user whom they have read. It requires nothing.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn user_rights(&self, user: &User) -> Result<UserRights, Refused> {
        if user.deleted {
            return Ok(UserRights::none());
        }
        let quiet = self.incidental();
        let caller = &quiet.caller;
        let is_other = !caller.is_self(user.id);
        let has_say = may_assign_all_of(caller, &mut self.read(), user, None).await?;
        let permits = |action| has_say && caller.is_permitted(action, &user_object(user.id));
        let is_needed = user.is_owner() && user.status != UserStatus::Suspended;
        let is_last_owner = is_needed && !self.read().has_other_owner(user.id).await?;
        let owns_workspaces = self.read().count_resources(Some("workspace"), ResourcesOf::Owner(user.id)).await? > 0;
        let may_update = permits(Action::UPDATE);
        Ok(UserRights {
            may_suspend: is_other && may_update && !user.is_owner() && user.status != UserStatus::Suspended,
            may_activate: may_update && user.status != UserStatus::Active,
            may_delete: is_other && permits(Action::DELETE) && !owns_workspaces && !is_last_owner,
            may_set_password: is_other && quiet.may_set_password(user).await?,
            may_mint: self.may_mint_for(user),
            roles: self.role_rights(user, is_last_owner).await?,
        })
    }

    async fn may_set_password(&self, user: &User) -> Result<bool, Refused> {
        match self.check_change_password(user).await {
            Ok(()) => Ok(true),
            Err(
                ChangePasswordError::Refused(refused @ (Refused::Store(_) | Refused::Unauthenticated(_)))
                | ChangePasswordError::Denied(SetCredentialError::Refused(
                    refused @ (Refused::Store(_) | Refused::Unauthenticated(_)),
                )),
            ) => Err(refused),
            Err(_) => Ok(false),
        }
    }

    /// What [`AuthorizedStore::update_user_roles`] would allow, role by role.
    async fn role_rights(&self, user: &User, is_last_owner: bool) -> Result<Vec<RoleRight>, Refused> {
        let assigner = Assigner::of(&self.caller, &mut self.read()).await?;
        let permits = |action| self.caller.is_permitted(action, &Object::of(ResourceType::ASSIGN_ROLE));
        let may_assign = !self.caller.is_self(user.id)
            && !self.authority.rules().syncs_roles_of(user)
            && permits(Action::ASSIGN)
            && assigner.may_assign(&RoleName::site(EVERYONE));
        let may_unassign = permits(Action::UNASSIGN);
        let has_full_key = self.caller.has_full_key();
        let right = |name: &str| {
            let is_held = user.roles.iter().any(|held| held == name);
            let is_owner = name == User::OWNER;
            let may_turn =
                if is_held { may_unassign && !(is_owner && is_last_owner) } else { !is_owner || has_full_key };
            let may_change = may_assign && may_turn && assigner.may_assign(&RoleName::site(name));
            RoleRight { name: name.to_owned(), is_held, may_change }
        };
        let built_in: Vec<&str> = site_roles().collect();
        let others = user.roles.iter().map(String::as_str).filter(|held| !built_in.contains(held));
        Ok(built_in.iter().copied().chain(others).map(right).collect())
    }

    fn login_types_of_new_users(&self) -> Vec<LoginType> {
        let rules = self.authority.rules();
        let is_allowed = |login_type: &LoginType| match login_type {
            LoginType::Password => !rules.is_password_auth_disabled(),
            LoginType::Oidc => rules.oidc.is_some(),
            LoginType::Github | LoginType::None => true,
        };
        let all = [LoginType::Password, LoginType::Oidc, LoginType::Github, LoginType::None];
        all.into_iter().filter(is_allowed).collect()
    }

    /// What the caller may choose for a new user. It requires nothing.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn creation_rights(&self) -> Result<CreationRights, Refused> {
        let quiet = self.incidental();
        let caller = &quiet.caller;
        let assigner = Assigner::of(caller, &mut self.read()).await?;
        let organizations = quiet.list_organizations().await?;
        let organizations: Vec<_> = organizations
            .into_iter()
            .filter(|organization| may_add_member(caller, &assigner, organization).is_ok())
            .map(|organization| (organization.id, organization.name))
            .collect();
        let may_create =
            caller.is_permitted(Action::CREATE, &Object::of(ResourceType::USER)) && !organizations.is_empty();
        let may_assign = caller.is_permitted(Action::ASSIGN, &Object::of(ResourceType::ASSIGN_ROLE))
            && assigner.may_assign(&RoleName::site(EVERYONE));
        let may_give = |name: &&str| {
            may_assign && assigner.may_assign(&RoleName::site(name)) && (*name != User::OWNER || caller.has_full_key())
        };
        Ok(CreationRights {
            may_create_people: may_create && caller.may_set_credentials_of_others(),
            may_create_service_accounts: may_create,
            login_types: self.login_types_of_new_users(),
            organizations,
            roles: site_roles().filter(may_give).map(str::to_owned).collect(),
        })
    }
}

/// The built-in roles of the deployment, but for the one that every user has.
fn site_roles() -> impl Iterator<Item = &'static str> {
    built_in_role_names().filter(|(name, of_organization)| !of_organization && *name != EVERYONE).map(|(name, _)| name)
}
