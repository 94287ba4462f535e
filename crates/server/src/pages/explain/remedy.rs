//! Where what is missing can be added, on pages that let this person do it.
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ApiKey, GroupId, OrganizationId, Resource, ResourceId, User},
    resources::is_registrable,
    tokens::scopes_permitting,
};
use keyfob_rbac::{Action, Level, Missing, ResourceType};
use uuid::Uuid;

use crate::{
    app::App,
    pages::{organizations, resources, users},
};

/// A page where a change is made, and what the link to it says.
pub(super) struct Link {
    pub(super) address: String,
    pub(super) words: String,
}

/// What an answer is about.
pub(super) struct About<'a> {
    pub(super) of: ResourceType,
    /// The object's id; empty where it is none.
    pub(super) object: &'a str,
    /// The user, where it is another than the person: nobody changes their own roles.
    pub(super) user: Option<&'a User>,
}

impl About<'_> {
    /// The page on which this is added; none where the person may not.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn remedy(
        &self,
        app: &App,
        store: &AuthorizedStore,
        missing: &Missing,
    ) -> Result<Option<Link>, Refused> {
        let store = store.incidental();
        match missing {
            Missing::Scope(_) | Missing::AllowListEntry(_) => Ok(None),
            Missing::RolePermission(Level::Site | Level::User, _) => self.roles(&store).await,
            Missing::RolePermission(Level::Organization | Level::Member, _) => self.member_roles(&store).await,
            Missing::AccessListGrant(action) => self.access_list(app, &store, action).await,
        }
    }

    async fn resource(&self, store: &AuthorizedStore) -> Result<Option<Resource>, Refused> {
        match Uuid::try_parse(self.object) {
            Ok(id) if is_registrable(self.of) => Refused::if_there(store.resource(self.of, ResourceId(id)).await),
            _ => Ok(None),
        }
    }

    async fn roles(&self, store: &AuthorizedStore) -> Result<Option<Link>, Refused> {
        let Some(user) = self.user else { return Ok(None) };
        let may = store.user_rights(user).await?.roles.iter().any(|role| role.may_change);
        Ok(may.then(|| Link { address: users::address(user), words: format!("Roles of {}", user.username) }))
    }

    async fn member_roles(&self, store: &AuthorizedStore) -> Result<Option<Link>, Refused> {
        let Some(user) = self.user else { return Ok(None) };
        // Wherever it may be: a role of the deployment is one of those that count.
        let Some(OrganizationId(organization)) = self.organization(store).await? else {
            return self.roles(store).await;
        };
        let found = Refused::if_there(store.addressed_organization(&organization.to_string()).await)?;
        let Some(organization) = found else { return Ok(None) };
        let member = store.addressed_member(&organization, &user.id.0.to_string()).await;
        let Some(member) = Refused::if_there(member)? else { return Ok(None) };
        let may = store.member_rights(&organization, &member).await?.roles.iter().any(|role| role.may_change);
        Ok(may.then(|| Link {
            address: organizations::member_address(&organization, user.id),
            words: format!("Roles of {} in {}", user.username, organization.name),
        }))
    }

    /// The organization that the object is in.
    async fn organization(&self, store: &AuthorizedStore) -> Result<Option<OrganizationId>, Refused> {
        Ok(match (self.of, Uuid::try_parse(self.object)) {
            (ResourceType::ORGANIZATION, Ok(id)) => Some(OrganizationId(id)),
            (ResourceType::GROUP, Ok(id)) => {
                Refused::if_there(store.group(GroupId(id)).await)?.map(|group| group.organization_id)
            }
            _ => self.resource(store).await?.and_then(|resource| resource.organization_id),
        })
    }

    /// The page on which the object is shared with the user, where that alone lets them read it: a key with these scopes
    /// and this allow list reaches it, and they are a member of its organization.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn sharing(
        &self,
        app: &App,
        store: &AuthorizedStore,
        key: Option<&ApiKey>,
    ) -> Result<Option<Link>, Refused> {
        let store = store.incidental();
        // For oneself there is nothing to look up, whether the object is there or not.
        let Some(user) = self.user else { return Ok(None) };
        let Some(resource) = self.resource(&store).await? else { return Ok(None) };
        let entries = [format!("{}:{}", resource.key.resource_type, self.object), "*:*".to_owned()];
        let of_type = format!("{}:*", resource.key.resource_type);
        let reaches = |key: &ApiKey| {
            !scopes_permitting(app.catalogue(), &key.scopes, Action::READ, self.of).is_empty()
                && key.allow_list.iter().any(|entry| entries.contains(entry) || *entry == of_type)
        };
        let Some(organization) = resource.organization_id.filter(|_| key.is_none_or(reaches)) else { return Ok(None) };
        let found = Refused::if_there(store.addressed_organization(&organization.to_string()).await)?;
        let Some(organization) = found else { return Ok(None) };
        let member = store.addressed_member(&organization, &user.id.0.to_string()).await;
        if Refused::if_there(member)?.is_none() {
            return Ok(None);
        }
        self.access_list(app, &store, "read").await
    }

    async fn access_list(&self, app: &App, store: &AuthorizedStore, action: &str) -> Result<Option<Link>, Refused> {
        let Some(resource) = self.resource(store).await? else { return Ok(None) };
        let may = store.sharing_rights(self.of, &resource).is_some_and(|rights| {
            rights.may_share
                && rights.access.iter().any(|access| access.may_give && (rights.by_role || access.name == action))
        });
        let address = resources::address_of(app.catalogue().type_name(self.of), self.object);
        Ok(may.then(|| Link { address, words: format!("Share {}", resource.name) }))
    }
}
