//! Groups of an organization's members.
mod changes;

use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Expr, ExprTrait as _, Iden, Order, Query, SelectStatement, SimpleExpr};
use uuid::Uuid;

use crate::{
    GroupId, Named, OrganizationId, Page, Reader, StoreError, UserId,
    db::{Dialect, MAX_IN_LIST, Remains, Stored, count_rows, row, timestamp},
    filter::{Columns, condition},
    members::{OrganizationMembers, visible_memberships},
};

const TABLE: &str = "groups";

/// A group. The one with the id of its organization contains all members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id; it never changes.
    pub id: GroupId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Unique in the organization.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The address of a picture.
    pub avatar_url: String,
    /// A number that clients may store; Keyfob does not use it.
    pub quota_allowance: i32,
    /// Its source.
    pub source: GroupSource,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The source of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupSource {
    /// A user created it.
    User,
    /// An `OpenID` Connect provider named it.
    Oidc,
}

impl GroupSource {
    fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Oidc].into_iter().find(|source| source.as_str() == text)
    }

    /// The source as text, in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Oidc => "oidc",
        }
    }
}

impl Group {
    /// The name of the group that contains all members.
    pub const EVERYONE: &str = "Everyone";

    /// Whether no other group may have this name: people would take it for the group of all members.
    pub fn is_reserved_name(name: &str) -> bool {
        name.eq_ignore_ascii_case(Self::EVERYONE)
    }

    /// Whether it contains all members of its organization.
    pub fn is_everyone(&self) -> bool {
        self.id.0 == self.organization_id.0
    }
}

/// Which groups to list.
#[derive(Clone, Debug)]
pub struct ListGroups {
    /// The groups that the caller may see.
    pub visible: Filter,
    /// Only those of this organization.
    pub organization: Option<OrganizationId>,
    /// Only those that this user is a member of.
    pub has_member: Option<GroupsOf>,
    /// Only these, if any are named.
    pub ids: Vec<GroupId>,
    /// Only those with such a name or display name.
    pub named: Option<Named>,
    /// Which part of the list; it is paged by number alone.
    pub page: Page<GroupId>,
}

/// The groups that a user is a member of: a condition on groups.
#[derive(Clone, Debug)]
pub struct GroupsOf {
    /// The user.
    pub user: UserId,
    /// The user's memberships that the caller may see.
    pub visible: Filter,
}

impl GroupsOf {
    /// Members of an organization are in its group of all members, and in the groups that they were added to.
    fn condition(&self, dialect: Dialect) -> SimpleExpr {
        let organizations = visible_memberships(self.user, &self.visible, dialect);
        let is_in = Expr::col(Groups::Id).eq(Expr::col(Groups::OrganizationId));
        let is_in = is_in.or(Expr::col(Groups::Id).in_subquery(groups_of(self.user)));
        Expr::col(Groups::OrganizationId).in_subquery(organizations).and(is_in)
    }
}

impl Default for ListGroups {
    /// No groups: `visible` must be set to see any.
    fn default() -> Self {
        Self {
            visible: Filter::None,
            organization: None,
            has_member: None,
            ids: Vec::new(),
            named: None,
            page: Page::default(),
        }
    }
}

#[derive(Clone, Copy, Iden)]
enum Groups {
    Table,
    Id,
    OrganizationId,
    Name,
    DisplayName,
    AvatarUrl,
    QuotaAllowance,
    Source,
    CreatedAt,
    UpdatedAt,
}

#[derive(Clone, Copy, Iden)]
enum GroupMembers {
    Table,
    GroupId,
    UserId,
}

row! {
    struct GroupRow in TABLE => {
        id: Uuid, organization_id: Uuid, name: String, display_name: String, avatar_url: String, quota_allowance: i32,
        source: String, created_at: i64, updated_at: i64,
    }
}

row! { struct GroupIdRow in "group_members" => { group_id: Uuid } }

row! { struct SizeRow in "group_members" => { group_id: Uuid, count: i64 } }

row! { struct MembershipRow in "group_members" => { group_id: Uuid, user_id: Uuid } }

impl TryFrom<GroupRow> for Group {
    type Error = StoreError;

    fn try_from(row: GroupRow) -> Result<Self, StoreError> {
        Ok(Self {
            created_at: timestamp(TABLE, &row.id, row.created_at)?,
            updated_at: timestamp(TABLE, &row.id, row.updated_at)?,
            id: GroupId(row.id),
            organization_id: OrganizationId(row.organization_id),
            name: row.name,
            display_name: row.display_name,
            avatar_url: row.avatar_url,
            quota_allowance: row.quota_allowance,
            source: GroupSource::parse(&row.source)
                .ok_or_else(|| StoreError::corrupt(TABLE, &row.id, "unknown source"))?,
        })
    }
}

impl Stored for Group {
    type Row<'r> = GroupRow;

    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            id: GroupId(row.uuid("id")),
            organization_id: OrganizationId(row.uuid("organization_id")),
            name: row.text("name"),
            display_name: row.text("display_name"),
            avatar_url: row.text("avatar_url"),
            quota_allowance: 0,
            source: GroupSource::User,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }
}

fn select() -> SelectStatement {
    use Groups as G;
    let mut query = Query::select();
    query
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
        .from(G::Table);
    query
}

async fn find(source: &mut Reader<'_>, query: &SelectStatement) -> Result<Option<Group>, StoreError> {
    source.fetch_value(query).await
}

/// The ids of the groups that the filter lets through.
pub(crate) fn ids(filter: &Filter, dialect: Dialect) -> SelectStatement {
    let columns = Columns::new(dialect, Groups::Id).in_organization(Groups::OrganizationId);
    let mut ids = Query::select();
    ids.column(Groups::Id).from(Groups::Table).cond_where(condition(filter, &columns));
    ids
}

/// The ids of a group's members, for conditions.
pub(crate) fn members_of_group(group: GroupId) -> SelectStatement {
    let mut ids = Query::select();
    ids.column(GroupMembers::UserId).from(GroupMembers::Table).and_where(Expr::col(GroupMembers::GroupId).eq(group.0));
    ids
}

fn groups_of(user: UserId) -> SelectStatement {
    let mut ids = Query::select();
    ids.column(GroupMembers::GroupId).from(GroupMembers::Table).and_where(Expr::col(GroupMembers::UserId).eq(user.0));
    ids
}

fn named(organization: OrganizationId, name: &str) -> SelectStatement {
    let mut query = select();
    query.and_where(Expr::col(Groups::OrganizationId).eq(organization.0)).and_where(Expr::col(Groups::Name).eq(name));
    query
}

impl Reader<'_> {
    /// The group with this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_group(&mut self, id: GroupId) -> Result<Option<Group>, StoreError> {
        find(self, select().and_where(Expr::col(Groups::Id).eq(id.0))).await
    }

    /// The group of this name in an organization.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_group_by_name(
        &mut self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<Option<Group>, StoreError> {
        find(self, &named(organization, name)).await
    }

    /// Groups, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn groups(&mut self, list: &ListGroups) -> Result<Vec<Group>, StoreError> {
        let columns = Columns::new(self.dialect(), Groups::Id).in_organization(Groups::OrganizationId);
        let mut query = select();
        query
            .cond_where(condition(&list.visible, &columns))
            .order_by(Groups::CreatedAt, Order::Asc)
            .order_by(Groups::Id, Order::Asc);
        if let Some(organization) = list.organization {
            query.and_where(Expr::col(Groups::OrganizationId).eq(organization.0));
        }
        if let Some(of) = &list.has_member {
            query.and_where(of.condition(self.dialect()));
        }
        if !list.ids.is_empty() {
            query.and_where(self.dialect().is_one_of_ids(Expr::col(Groups::Id), list.ids.iter().map(|id| id.0)));
        }
        if let Some(named) = &list.named {
            query.cond_where(named.condition(self.dialect(), [Groups::Name, Groups::DisplayName]));
        }
        list.page.cut(&mut query);
        self.fetch_list(&query).await
    }

    /// The groups that a user was added to, without those of all members, and those that do not decode: they permit
    /// something, and forbid nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn group_ids_of(&mut self, user: UserId) -> Result<Vec<GroupId>, StoreError> {
        let rows: Vec<GroupIdRow> = self.fetch_readable(&groups_of(user)).await?;
        Ok(rows.into_iter().map(|row| GroupId(row.group_id)).collect())
    }

    /// How many members each of these groups has; groups without members are left out. It takes two statements,
    /// whatever the number of groups.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn group_sizes(&mut self, groups: &[Group]) -> Result<Vec<(GroupId, u64)>, StoreError> {
        use {GroupMembers as G, OrganizationMembers as M};
        let mut sizes = Vec::new();
        for some in groups.chunks(MAX_IN_LIST) {
            let mut put_in = Query::select();
            put_in
                .column(G::GroupId)
                .expr_as(count_rows(), "count")
                .from(G::Table)
                .and_where(
                    Expr::col(G::GroupId)
                        .is_in(some.iter().filter(|group| !group.is_everyone()).map(|group| group.id.0)),
                )
                .group_by_col(G::GroupId);
            let everyone = some.iter().filter(|group| group.is_everyone()).map(|group| group.id.0);
            let mut members = Query::select();
            members
                .expr_as(Expr::col(M::OrganizationId), "group_id")
                .expr_as(count_rows(), "count")
                .from(M::Table)
                .and_where(Expr::col(M::OrganizationId).is_in(everyone))
                .group_by_col(M::OrganizationId);
            for query in [put_in, members] {
                let rows: Vec<SizeRow> = self.fetch_readable(&query).await?;
                sizes.extend(rows.into_iter().map(|row| (GroupId(row.group_id), row.count.unsigned_abs())));
            }
        }
        Ok(sizes)
    }

    /// The members of these groups, in no order. It takes two statements, whatever the number of groups.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn group_memberships(&mut self, groups: &[Group]) -> Result<Vec<(GroupId, UserId)>, StoreError> {
        use {GroupMembers as G, OrganizationMembers as M};
        let mut found = Vec::new();
        for some in groups.chunks(MAX_IN_LIST) {
            let mut put_in = Query::select();
            put_in
                .columns([G::GroupId, G::UserId])
                .from(G::Table)
                .and_where(Expr::col(G::GroupId).is_in(some.iter().map(|group| group.id.0)));
            let everyone = some.iter().filter(|group| group.is_everyone()).map(|group| group.id.0);
            let mut members = Query::select();
            members
                .expr_as(Expr::col(M::OrganizationId), "group_id")
                .column(M::UserId)
                .from(M::Table)
                .and_where(Expr::col(M::OrganizationId).is_in(everyone));
            for query in [put_in, members] {
                let rows: Vec<MembershipRow> = self.fetch_readable(&query).await?;
                found.extend(rows.into_iter().map(|row| (GroupId(row.group_id), UserId(row.user_id))));
            }
        }
        Ok(found)
    }
}
