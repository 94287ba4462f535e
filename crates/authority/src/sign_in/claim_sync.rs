//! Groups and roles that a provider decides on: with each sign-in, users have exactly those.
use std::{borrow::Cow, collections::BTreeSet};

use keyfob_rbac::{RoleName, is_assignable};
use keyfob_store::{Group, GroupId, GroupSource, Organization, OrganizationId, StoreError, User};
use sha2::{Digest as _, Sha256};

use crate::{
    audit::{EventKind, group_event, user_event},
    fields::{is_group_name, reads_as_id},
    sign_in::{ProviderGroups, ProviderRoles},
    work::Work,
};

impl Work {
    /// Gives a user these roles; those that do not exist are left out. The last owner stays one.
    pub(super) async fn sync_roles(&mut self, user: User, roles: Option<&ProviderRoles>) -> Result<User, StoreError> {
        let (named, kept) = match roles {
            None => return Ok(user),
            Some(ProviderRoles::Exactly(named)) => (named, [].as_slice()),
            Some(ProviderRoles::AtLeast(named)) => (named, user.roles.as_slice()),
        };
        let mut known: Vec<String> =
            named.iter().filter(|name| is_assignable(&RoleName::site(name))).cloned().collect();
        if known.len() < named.len() {
            tracing::warn!(user.id = %user.id, "the provider names roles that do not exist");
        }
        known.extend_from_slice(kept);
        // No other user could give the role back.
        if user.is_owner()
            && !known.iter().any(|role| role == User::OWNER)
            && !self.read().has_other_owner(user.id).await?
        {
            tracing::warn!(user.id = %user.id, "the user stays an owner against the provider: there is no other");
            known.push(User::OWNER.to_owned());
        }
        known.sort_unstable();
        known.dedup();
        let own: BTreeSet<&String> = user.roles.iter().collect();
        if known.iter().collect::<BTreeSet<_>>() == own {
            return Ok(user);
        }
        self.tx.update_user_roles(user.id, &known, self.now()).await?;
        let changed = User { roles: known, ..user.clone() };
        self.record(user_event(EventKind::UserUpdated, Some(&user), &changed));
        Ok(changed)
    }

    /// Puts a user into exactly these groups of the default organization, if they are a member of it.
    pub(super) async fn sync_groups(&mut self, user: &User, groups: &ProviderGroups) -> Result<(), StoreError> {
        let organization = self.default_organization().await?;
        if self.read().find_member(organization.id, user.id).await?.is_none() {
            return Ok(());
        }
        let mut stays_in = Vec::new();
        // Several of the provider's groups may have one name here.
        let names: BTreeSet<&str> = groups.names.iter().map(String::as_str).collect();
        for name in names {
            if let Some(group) = self.group_named(&organization, name, groups.creates).await? {
                if self.tx.insert_group_member(group.id, user.id).await? {
                    self.record_members(&group, &[user], &[]);
                }
                stays_in.push(group.id);
            }
        }
        for id in self.read().group_ids_of(user.id).await? {
            self.leave(user, id, &stays_in, organization.id).await?;
        }
        Ok(())
    }

    async fn leave(
        &mut self,
        user: &User,
        id: GroupId,
        stays_in: &[GroupId],
        organization: OrganizationId,
    ) -> Result<(), StoreError> {
        let Some(group) = self.read().find_group(id).await?.filter(|group| group.organization_id == organization)
        else {
            return Ok(());
        };
        if !stays_in.contains(&id) && self.tx.delete_group_member(id, user.id).await? {
            self.record_members(&group, &[], &[user]);
        }
        Ok(())
    }

    fn record_members(&mut self, group: &Group, added: &[&User], removed: &[&User]) {
        let ids = |users: &[&User]| users.iter().map(|user| user.id).collect::<Vec<_>>();
        let changed = (&*ids(added), &*ids(removed));
        self.record(group_event(EventKind::GroupUpdated, Some(group), Some(group), changed));
    }

    /// The group of that name, created if it may be.
    async fn group_named(
        &mut self,
        organization: &Organization,
        name: &str,
        creates: bool,
    ) -> Result<Option<Group>, StoreError> {
        let mut found = self.read().find_group_by_name(organization.id, name).await?;
        let name = &*not_an_id(name);
        if found.is_none() {
            found = self.read().find_group_by_name(organization.id, name).await?;
        }
        if found.is_some() || !creates {
            return Ok(found.filter(|group| !group.is_everyone()));
        }
        if !is_group_name(name) || Group::is_reserved_name(name) {
            tracing::warn!(group = name, "the provider names a group whose name is not allowed here");
            return Ok(None);
        }
        let now = self.now();
        let group = Group {
            id: GroupId(self.authority.random().uuid()),
            organization_id: organization.id,
            name: name.to_owned(),
            display_name: String::new(),
            avatar_url: String::new(),
            quota_allowance: 0,
            source: GroupSource::Oidc,
            created_at: now,
            updated_at: now,
        };
        self.tx.insert_group(&group).await?;
        self.record(group_event(EventKind::GroupCreated, None, Some(&group), (&[], &[])));
        Ok(Some(group))
    }
}

/// The name of a provider's group here: one that reads as an id gets a suffix, the same at every sign-in.
fn not_an_id(name: &str) -> Cow<'_, str> {
    if !reads_as_id(name) {
        return Cow::Borrowed(name);
    }
    let [first, second, third, ..]: [u8; 32] = Sha256::digest(name).into();
    Cow::Owned(format!("{name}-{first:02x}{second:02x}{third:02x}"))
}
