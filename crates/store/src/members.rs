//! Members of organizations.
use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Expr, ExprTrait as _, Iden, Order, Query, SelectStatement, SimpleExpr};
use uuid::Uuid;

use crate::{
    GroupId, OrganizationId, Reach, Reader, StoreError, Tx, UserId,
    db::{Dialect, Json, MAX_IN_LIST, Remains, Stored, count_rows, fetch_count, json, microseconds, row, timestamp},
    filter::{Columns, condition},
    groups::members_of_group,
};

const TABLE: &str = "organization_members";

/// A user's membership of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// Names of the roles that are assigned to this member, without the implied ones.
    pub roles: Vec<String>,
    /// When the membership began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Iden)]
pub(crate) enum OrganizationMembers {
    Table,
    OrganizationId,
    UserId,
    Roles,
    CreatedAt,
    UpdatedAt,
}

row! {
    struct MemberRow in TABLE => { user_id: Uuid, organization_id: Uuid, roles: Json<Vec<String>>, created_at: i64, updated_at: i64 }
}

impl TryFrom<MemberRow> for Member {
    type Error = StoreError;

    fn try_from(row: MemberRow) -> Result<Self, StoreError> {
        let at = |stored| timestamp(TABLE, &row.user_id, stored);
        Ok(Self {
            created_at: at(row.created_at)?,
            updated_at: at(row.updated_at)?,
            user_id: UserId(row.user_id),
            organization_id: OrganizationId(row.organization_id),
            roles: row.roles.0,
        })
    }
}

impl Stored for Member {
    type Row<'r> = MemberRow;

    /// Somebody who can have had every role of the organization.
    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            user_id: UserId(row.uuid("user_id")),
            organization_id: OrganizationId(row.uuid("organization_id")),
            roles: vec!["organization-admin".to_owned()],
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }
}

fn select_members() -> SelectStatement {
    use OrganizationMembers as M;
    let mut query = Query::select();
    query.columns([M::UserId, M::OrganizationId, M::Roles, M::CreatedAt, M::UpdatedAt]).from(M::Table);
    query
}

fn memberships_of(user: UserId) -> SelectStatement {
    use OrganizationMembers as M;
    let mut query = select_members();
    query
        .and_where(Expr::col(M::UserId).eq(user.0))
        .order_by(M::CreatedAt, Order::Asc)
        .order_by(M::OrganizationId, Order::Asc);
    query
}

fn is(organization: OrganizationId, user: UserId) -> SimpleExpr {
    use OrganizationMembers as M;
    Expr::col(M::OrganizationId).eq(organization.0).and(Expr::col(M::UserId).eq(user.0))
}

async fn find(
    source: &mut Reader<'_>,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Member>, StoreError> {
    let mut query = select_members();
    query.and_where(is(organization, user));
    source.fetch_value(&query).await
}

/// Members of an organization: a condition on users.
#[derive(Clone, Debug)]
pub struct Among {
    /// The organization.
    pub organization: OrganizationId,
    /// Only those in this group of the organization.
    pub group: Option<GroupId>,
    /// The memberships that the caller may see.
    pub visible: Filter,
}

/// The memberships that the filter lets through. A membership is an object with the user's id, which the user owns.
fn visible(filter: &Filter, dialect: Dialect) -> SelectStatement {
    use OrganizationMembers as M;
    let columns = Columns::new(dialect, M::UserId).in_organization(M::OrganizationId).owned_by(M::UserId);
    let mut query = Query::select();
    query.from(M::Table).cond_where(condition(filter, &columns));
    query
}

/// The ids of the organizations of a user's memberships that the filter lets through.
pub(crate) fn visible_memberships(user: UserId, filter: &Filter, dialect: Dialect) -> SelectStatement {
    use OrganizationMembers as M;
    let mut ids = visible(filter, dialect);
    ids.column(M::OrganizationId).and_where(Expr::col(M::UserId).eq(user.0));
    ids
}

impl Among {
    /// The ids of these users.
    pub(crate) fn user_ids(&self, dialect: Dialect) -> SelectStatement {
        use OrganizationMembers as M;
        let mut ids = visible(&self.visible, dialect);
        ids.column(M::UserId).and_where(Expr::col(M::OrganizationId).eq(self.organization.0));
        if let Some(group) = self.group.filter(|group| group.0 != self.organization.0) {
            ids.and_where(Expr::col(M::UserId).in_subquery(members_of_group(group)));
        }
        ids
    }
}

impl Reader<'_> {
    /// A user's membership of an organization.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_member(
        &mut self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<Option<Member>, StoreError> {
        find(self, organization, user).await
    }

    /// The number of members of an organization.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_members(&mut self, organization: OrganizationId) -> Result<u64, StoreError> {
        use OrganizationMembers as M;
        let mut query = Query::select();
        query.expr_as(count_rows(), "count").from(M::Table).and_where(Expr::col(M::OrganizationId).eq(organization.0));
        fetch_count(self, &query).await
    }

    /// The memberships of several users, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn memberships_of_all(&mut self, users: &[UserId]) -> Result<Vec<Member>, StoreError> {
        let mut found = Vec::new();
        for some in users.chunks(MAX_IN_LIST) {
            let mut query = select_members();
            query
                .and_where(Expr::col(OrganizationMembers::UserId).is_in(some.iter().map(|user| user.0)))
                .order_by(OrganizationMembers::CreatedAt, Order::Asc)
                .order_by(OrganizationMembers::OrganizationId, Order::Asc);
            found.extend(self.fetch_list(&query).await?);
        }
        Ok(found)
    }

    /// A user's memberships, oldest first: all of them, because their roles may forbid something.
    ///
    /// # Errors
    /// When the database cannot be read, or one of them does not decode.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn memberships(&mut self, user: UserId) -> Result<Vec<Member>, StoreError> {
        self.fetch_whole_list(&memberships_of(user)).await
    }
}

impl Reader<'_> {
    /// The members of an organization who have a role.
    pub(crate) async fn members_with_role(
        &mut self,
        organization: OrganizationId,
        role: &str,
    ) -> Result<Vec<Member>, StoreError> {
        use OrganizationMembers as M;
        let mut query = select_members();
        query
            .and_where(Expr::col(M::OrganizationId).eq(organization.0))
            .and_where(self.dialect().is_among(role, Expr::col((M::Table, M::Roles))));
        self.fetch_list(&query).await
    }
}

impl Tx {
    /// Gives a member exactly these roles, in addition to the implied ones.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the user is not a member.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_member_roles(&mut self, changed: &Member) -> Result<(), StoreError> {
        use OrganizationMembers as M;
        let mut query = Query::update();
        query
            .table(M::Table)
            .value(M::Roles, json(&changed.roles))
            .value(M::UpdatedAt, microseconds(changed.updated_at))
            .and_where(is(changed.organization_id, changed.user_id));
        self.execute_one_for(Reach::User(changed.user_id), &query).await
    }

    /// Deletes a membership, with the user's memberships in the organization's groups and entries in the access lists
    /// of its resources.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the user is not a member.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_member(&mut self, organization: OrganizationId, user: UserId) -> Result<(), StoreError> {
        self.leave_groups(user, Some(organization)).await?;
        self.revoke_grants_in(organization, user.0).await?;
        let mut query = Query::delete();
        query.from_table(OrganizationMembers::Table).and_where(is(organization, user));
        self.execute_one_for(Reach::User(user), &query).await
    }

    /// Deletes all memberships of an organization.
    pub(crate) async fn delete_members_of(&mut self, organization: OrganizationId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query
            .from_table(OrganizationMembers::Table)
            .and_where(Expr::col(OrganizationMembers::OrganizationId).eq(organization.0));
        self.execute(&query).await.map(drop)
    }

    /// Deletes all memberships of a user.
    pub(crate) async fn delete_memberships(&mut self, user: UserId) -> Result<(), StoreError> {
        self.leave_groups(user, None).await?;
        let mut query = Query::delete();
        query.from_table(OrganizationMembers::Table).and_where(Expr::col(OrganizationMembers::UserId).eq(user.0));
        self.execute_for(Reach::User(user), &query).await?;
        Ok(())
    }

    /// Makes a user a member of an organization.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the user is a member already, [`StoreError::Gone`] when the organization or the
    /// user does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_member(&mut self, new: &Member) -> Result<(), StoreError> {
        self.read().require_organization(new.organization_id).await?;
        self.read().find_user(new.user_id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        use OrganizationMembers as M;
        let mut query = Query::insert();
        query
            .into_table(M::Table)
            .columns([M::OrganizationId, M::UserId, M::Roles, M::CreatedAt, M::UpdatedAt])
            .values_panic([
                new.organization_id.0.into(),
                new.user_id.0.into(),
                json(&new.roles).into(),
                microseconds(new.created_at).into(),
                microseconds(new.updated_at).into(),
            ]);
        self.execute_one_for(Reach::User(new.user_id), &query).await
    }
}
