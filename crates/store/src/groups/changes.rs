//! Changes to groups and their members.
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};

use super::{Group, GroupMembers, Groups, select};
use crate::{GroupId, OrganizationId, Reach, StoreError, Tx, UserId, db::microseconds};

impl Tx {
    /// Adds a group.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the organization has a group of that name, [`StoreError::Gone`] when the
    /// organization does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_group(&mut self, new: &Group) -> Result<(), StoreError> {
        self.read().require_organization(new.organization_id).await?;
        use Groups as G;
        let mut query = Query::insert();
        query
            .into_table(G::Table)
            .columns([
                G::Id,
                G::OrganizationId,
                G::Name,
                G::DisplayName,
                G::AvatarUrl,
                G::QuotaAllowance,
                G::Source,
                G::CreatedAt,
                G::UpdatedAt,
            ])
            .values_panic([
                new.id.0.into(),
                new.organization_id.0.into(),
                new.name.as_str().into(),
                new.display_name.as_str().into(),
                new.avatar_url.as_str().into(),
                new.quota_allowance.into(),
                new.source.as_str().into(),
                microseconds(new.created_at).into(),
                microseconds(new.updated_at).into(),
            ]);
        self.execute_one(&query).await
    }

    /// Stores a changed group. Its organization and the time of its creation cannot change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another group of the organization has that name, [`StoreError::Gone`] when it does
    /// not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_group(&mut self, changed: &Group) -> Result<(), StoreError> {
        use Groups as G;
        let mut query = Query::update();
        query
            .table(G::Table)
            .value(G::Name, changed.name.as_str())
            .value(G::DisplayName, changed.display_name.as_str())
            .value(G::AvatarUrl, changed.avatar_url.as_str())
            .value(G::QuotaAllowance, changed.quota_allowance)
            .value(G::UpdatedAt, microseconds(changed.updated_at))
            .and_where(Expr::col(G::Id).eq(changed.id.0));
        self.execute_one(&query).await
    }

    /// Deletes a group, with its memberships and its entries in access lists.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_group(&mut self, id: GroupId) -> Result<(), StoreError> {
        self.revoke_grants_to(id.0).await?;
        let mut query = Query::delete();
        query.from_table(Groups::Table).and_where(Expr::col(Groups::Id).eq(id.0));
        self.execute_one(&query).await
    }

    /// Deletes all groups of an organization, also the one of all members.
    pub(crate) async fn delete_groups_of(&mut self, organization: OrganizationId) -> Result<(), StoreError> {
        let mut query = select();
        query.and_where(Expr::col(Groups::OrganizationId).eq(organization.0));
        let groups: Vec<Group> = self.read().salvaging().fetch_whole_list(&query).await?;
        for group in groups {
            self.delete_group(group.id).await?;
        }
        Ok(())
    }

    /// Adds a user to a group; says whether the user was not in it before.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_group_member(&mut self, group: GroupId, user: UserId) -> Result<bool, StoreError> {
        let mut query = Query::insert();
        query
            .into_table(GroupMembers::Table)
            .columns([GroupMembers::GroupId, GroupMembers::UserId])
            .values_panic([group.0.into(), user.0.into()])
            .on_conflict(OnConflict::new().do_nothing().to_owned());
        Ok(self.execute_for(Reach::User(user), &query).await? == 1)
    }

    /// Removes a user from a group; says whether the user was in it.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_group_member(&mut self, group: GroupId, user: UserId) -> Result<bool, StoreError> {
        let mut query = Query::delete();
        query
            .from_table(GroupMembers::Table)
            .and_where(Expr::col(GroupMembers::GroupId).eq(group.0))
            .and_where(Expr::col(GroupMembers::UserId).eq(user.0));
        Ok(self.execute_for(Reach::User(user), &query).await? == 1)
    }

    /// Removes a user from all groups, or from those of one organization.
    pub(crate) async fn leave_groups(&mut self, user: UserId, of: Option<OrganizationId>) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(GroupMembers::Table).and_where(Expr::col(GroupMembers::UserId).eq(user.0));
        if let Some(organization) = of {
            let mut theirs = Query::select();
            theirs
                .column(Groups::Id)
                .from(Groups::Table)
                .and_where(Expr::col(Groups::OrganizationId).eq(organization.0));
            query.and_where(Expr::col(GroupMembers::GroupId).in_subquery(theirs));
        }
        self.execute_for(Reach::User(user), &query).await?;
        Ok(())
    }
}
