//! Groups and roles that a provider decides on: people have exactly those, from sign-in to sign-in.
use axum::http::StatusCode;
use keyfob_rbac::{RoleName, is_assignable};
use keyfob_store::{Group, GroupId, StoreError, Tx, User};

use super::{
    AuthorizedStore, ProviderGroups,
    audit::{group_audit, user_audit},
};

impl AuthorizedStore {
    /// Gives a user exactly these roles; those that there are not are left out.
    pub(super) async fn follow_roles(
        &self,
        tx: &mut Tx,
        user: User,
        roles: Option<&[String]>,
    ) -> Result<User, StoreError> {
        let Some(roles) = roles else { return Ok(user) };
        let mut known: Vec<String> =
            roles.iter().filter(|name| is_assignable(&RoleName::site(name))).cloned().collect();
        known.sort_unstable();
        known.dedup();
        if known.len() < roles.len() {
            tracing::warn!(user.id = %user.id, "the provider names roles that there are not, or one twice");
        }
        if known == user.roles {
            return Ok(user);
        }
        tx.update_user_roles(user.id, &known, self.now()).await?;
        let changed = User { roles: known, ..user.clone() };
        self.record(tx, user_audit("write", StatusCode::OK, Some(&user), &changed)).await?;
        Ok(changed)
    }

    /// Puts a user into exactly these groups of the default organization, if they are a member of it.
    pub(super) async fn follow_groups(
        &self,
        tx: &mut Tx,
        user: &User,
        wanted: &ProviderGroups,
    ) -> Result<(), StoreError> {
        let organization = self.default_organization().await?;
        if tx.find_member(organization.id, user.id).await?.is_none() {
            return Ok(());
        }
        let mut now_in = Vec::new();
        for name in &wanted.names {
            if let Some(group) = self.group_named(tx, &organization, name, wanted.creates).await? {
                if tx.insert_group_member(group.id, user.id).await? {
                    self.record_members(tx, &group, &[user], &[]).await?;
                }
                now_in.push(group.id);
            }
        }
        for id in self.store().group_ids_of(user.id).await? {
            self.leave(tx, user, id, &now_in, organization.id).await?;
        }
        Ok(())
    }

    async fn leave(
        &self,
        tx: &mut Tx,
        user: &User,
        id: GroupId,
        stays_in: &[GroupId],
        organization: keyfob_store::OrganizationId,
    ) -> Result<(), StoreError> {
        let Some(group) = tx.find_group(id).await?.filter(|group| group.organization_id == organization) else {
            return Ok(());
        };
        if !stays_in.contains(&id) && tx.delete_group_member(id, user.id).await? {
            self.record_members(tx, &group, &[], &[user]).await?;
        }
        Ok(())
    }

    async fn record_members(
        &self,
        tx: &mut Tx,
        group: &Group,
        added: &[&User],
        removed: &[&User],
    ) -> Result<(), StoreError> {
        let ids = |users: &[&User]| users.iter().map(|user| user.id).collect::<Vec<_>>();
        let changed = (&*ids(added), &*ids(removed));
        self.record(tx, group_audit("write", StatusCode::OK, Some(group), Some(group), changed)).await
    }

    /// The group of that name, made if that is wanted.
    async fn group_named(
        &self,
        tx: &mut Tx,
        organization: &keyfob_store::Organization,
        name: &str,
        creates: bool,
    ) -> Result<Option<Group>, StoreError> {
        let found = self.store().find_group_by_name(organization.id, name).await?;
        if found.is_some() || !creates {
            return Ok(found.filter(|group| !group.is_everyone()));
        }
        let now = self.now();
        let group = Group {
            id: GroupId(self.app.random().uuid()),
            organization_id: organization.id,
            name: name.to_owned(),
            display_name: String::new(),
            avatar_url: String::new(),
            quota_allowance: 0,
            created_at: now,
            updated_at: now,
        };
        tx.insert_group(&group).await?;
        self.record(tx, group_audit("create", StatusCode::CREATED, None, Some(&group), (&[], &[]))).await?;
        Ok(Some(group))
    }
}
