//! Organizations.
use jiff::Timestamp;
use keyfob_rbac::{Filter, ShareableWorkspaceOwners};
use sea_query::{Condition, Expr, ExprTrait as _, Iden, Order, Query, SelectStatement};
use uuid::Uuid;

use crate::{
    Group, GroupId, GroupSource, Named, OrganizationId, Reader, StoreError, Tx, UserId,
    db::{Dialect, Json, MAX_IN_LIST, Remains, Stored, json, microseconds, row, timestamp},
    filter::{Columns, condition},
    identifiers::fold_identifier,
    members::OrganizationMembers,
};

const TABLE: &str = "organizations";

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id; it never changes.
    pub id: OrganizationId,
    /// Unique among live organizations without regard to case.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// A description for people.
    pub description: String,
    /// The address of a picture.
    pub icon: String,
    /// Whether it is the default organization, which gets new users; exactly one is.
    pub is_default: bool,
    /// Roles that every member has in addition to their own.
    pub default_org_member_roles: Vec<String>,
    /// The owners whose workspaces may be shared.
    pub shareable_workspace_owners: ShareableWorkspaceOwners,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Iden)]
enum Organizations {
    Table,
    Id,
    Name,
    NameKey,
    DisplayName,
    Description,
    Icon,
    IsDefault,
    DefaultOrgMemberRoles,
    ShareableWorkspaceOwners,
    Deleted,
    CreatedAt,
    UpdatedAt,
}

row! {
    struct OrganizationRow in TABLE => {
        id: Uuid, name: String, display_name: String, description: String, icon: String, is_default: bool,
        default_org_member_roles: Json<Vec<String>>, shareable_workspace_owners: String, created_at: i64,
        updated_at: i64,
    }
}

fn owners_text(owners: ShareableWorkspaceOwners) -> &'static str {
    match owners {
        ShareableWorkspaceOwners::Everyone => "everyone",
        ShareableWorkspaceOwners::ServiceAccounts => "service_accounts",
        ShareableWorkspaceOwners::None => "none",
    }
}

fn parse_owners(text: &str) -> Option<ShareableWorkspaceOwners> {
    use ShareableWorkspaceOwners::{Everyone, None, ServiceAccounts};
    [Everyone, ServiceAccounts, None].into_iter().find(|owners| owners_text(*owners) == text)
}

impl TryFrom<OrganizationRow> for Organization {
    type Error = StoreError;

    fn try_from(row: OrganizationRow) -> Result<Self, StoreError> {
        let owners = parse_owners(&row.shareable_workspace_owners)
            .ok_or_else(|| StoreError::corrupt(TABLE, &row.id, "unknown shareable_workspace_owners"))?;
        Ok(Self {
            created_at: timestamp(TABLE, &row.id, row.created_at)?,
            updated_at: timestamp(TABLE, &row.id, row.updated_at)?,
            id: OrganizationId(row.id),
            name: row.name,
            display_name: row.display_name,
            description: row.description,
            icon: row.icon,
            is_default: row.is_default,
            default_org_member_roles: row.default_org_member_roles.0,
            shareable_workspace_owners: owners,
        })
    }
}

impl Stored for Organization {
    type Row<'r> = OrganizationRow;

    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            id: OrganizationId(row.uuid("id")),
            name: row.text("name"),
            display_name: row.text("display_name"),
            description: row.text("description"),
            icon: row.text("icon"),
            is_default: row.flag("is_default"),
            default_org_member_roles: Vec::new(),
            shareable_workspace_owners: ShareableWorkspaceOwners::None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }
}

/// The ids of the live organizations that the filter lets through.
pub(crate) fn ids(filter: &Filter, dialect: Dialect) -> SelectStatement {
    // An organization is an object in itself and has no owner.
    let columns = Columns::new(dialect, Organizations::Id).in_organization(Organizations::Id);
    let mut ids = Query::select();
    ids.column(Organizations::Id)
        .from(Organizations::Table)
        .and_where(Expr::col(Organizations::Deleted).eq(false))
        .cond_where(condition(filter, &columns));
    ids
}

fn by_id(ids: &[OrganizationId]) -> SelectStatement {
    let mut query = select();
    query.and_where(Expr::col(Organizations::Id).is_in(ids.iter().map(|id| id.0)));
    query
}

fn select() -> SelectStatement {
    use Organizations as O;
    let mut query = Query::select();
    query
        .columns([
            O::Id,
            O::Name,
            O::DisplayName,
            O::Description,
            O::Icon,
            O::IsDefault,
            O::DefaultOrgMemberRoles,
            O::ShareableWorkspaceOwners,
            O::CreatedAt,
            O::UpdatedAt,
        ])
        .from(O::Table)
        .and_where(Expr::col(O::Deleted).eq(false));
    query
}

async fn find(source: &mut Reader<'_>, query: &SelectStatement) -> Result<Option<Organization>, StoreError> {
    source.fetch_value(query).await
}

/// The live organizations that the filter lets through, oldest first.
fn select_visible(dialect: Dialect, filter: &Filter) -> SelectStatement {
    // An organization is an object in itself and has no owner.
    let columns = Columns::new(dialect, Organizations::Id).in_organization(Organizations::Id);
    let mut query = select();
    query
        .cond_where(condition(filter, &columns))
        .order_by(Organizations::CreatedAt, Order::Asc)
        .order_by(Organizations::Id, Order::Asc);
    query
}

/// The live organizations that a user is a member of, oldest first.
fn select_those_of(user: UserId) -> SelectStatement {
    use OrganizationMembers as M;
    let mut theirs = Query::select();
    theirs.column(M::OrganizationId).from(M::Table).and_where(Expr::col(M::UserId).eq(user.0));
    let mut query = select();
    query
        .cond_where(Condition::all().add(Expr::col(Organizations::Id).in_subquery(theirs)))
        .order_by(Organizations::CreatedAt, Order::Asc)
        .order_by(Organizations::Id, Order::Asc);
    query
}

impl Reader<'_> {
    /// The live organization with this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_organization(&mut self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        find(self, select().and_where(Expr::col(Organizations::Id).eq(id.0))).await
    }

    /// Those of the organizations with these ids that are live, in no order.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn organizations_by_id(&mut self, ids: &[OrganizationId]) -> Result<Vec<Organization>, StoreError> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_IN_LIST) {
            found.extend(self.fetch_whole_list::<Organization>(&by_id(some)).await?);
        }
        Ok(found)
    }

    /// The same without those that do not decode, for what is shown beside something else.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn readable_organizations_by_id(
        &mut self,
        ids: &[OrganizationId],
    ) -> Result<Vec<Organization>, StoreError> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_IN_LIST) {
            found.extend(self.fetch_list::<Organization>(&by_id(some)).await?);
        }
        Ok(found)
    }

    /// The live organization of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_organization_by_name(&mut self, name: &str) -> Result<Option<Organization>, StoreError> {
        find(self, select().and_where(Expr::col(Organizations::NameKey).eq(fold_identifier(name)))).await
    }

    /// The default organization; there is none before the first user.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_default_organization(&mut self) -> Result<Option<Organization>, StoreError> {
        find(self, select().and_where(Expr::col(Organizations::IsDefault).eq(true))).await
    }

    /// The live organizations that the filter lets through, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn organizations(&mut self, filter: &Filter) -> Result<Vec<Organization>, StoreError> {
        self.fetch_list(&select_visible(self.dialect(), filter)).await
    }

    /// Live organizations with such a name or display name that the filter lets through, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn organizations_named(
        &mut self,
        filter: &Filter,
        named: &Named,
        at_most: u64,
    ) -> Result<Vec<Organization>, StoreError> {
        let mut query = select_visible(self.dialect(), filter);
        query.cond_where(named.condition(self.dialect(), [Organizations::Name, Organizations::DisplayName]));
        self.fetch_list(query.limit(at_most)).await
    }

    /// The live organizations that a user is a member of.
    ///
    /// # Errors
    /// When the database cannot be read, or one of them does not decode.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn organizations_of(&mut self, user: UserId) -> Result<Vec<Organization>, StoreError> {
        self.fetch_whole_list(&select_those_of(user)).await
    }

    /// The same without those that do not decode, which must not lock their members out: nothing can be done there.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn readable_organizations_of(&mut self, user: UserId) -> Result<Vec<Organization>, StoreError> {
        self.exact().fetch_list(&select_those_of(user)).await
    }
}

/// The group of all members.
fn everyone(of: &Organization) -> Group {
    Group {
        id: GroupId(of.id.0),
        organization_id: of.id,
        name: Group::EVERYONE.to_owned(),
        display_name: String::new(),
        avatar_url: String::new(),
        quota_allowance: 0,
        source: GroupSource::User,
        created_at: of.created_at,
        updated_at: of.created_at,
    }
}

impl Reader<'_> {
    /// Checks that an organization exists, before something is added to it.
    pub(crate) async fn require_organization(&mut self, id: OrganizationId) -> Result<(), StoreError> {
        self.find_organization(id).await?.map(drop).ok_or(StoreError::Gone)
    }
}

impl Tx {
    /// Adds an organization, with its group of all members.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a live organization has that name.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_organization(&mut self, new: &Organization) -> Result<(), StoreError> {
        use Organizations as O;
        let mut query = Query::insert();
        query
            .into_table(O::Table)
            .columns([
                O::Id,
                O::Name,
                O::NameKey,
                O::DisplayName,
                O::Description,
                O::Icon,
                O::IsDefault,
                O::DefaultOrgMemberRoles,
                O::ShareableWorkspaceOwners,
                O::CreatedAt,
                O::UpdatedAt,
            ])
            .values_panic([
                new.id.0.into(),
                new.name.as_str().into(),
                fold_identifier(&new.name).into(),
                new.display_name.as_str().into(),
                new.description.as_str().into(),
                new.icon.as_str().into(),
                new.is_default.into(),
                json(&new.default_org_member_roles).into(),
                owners_text(new.shareable_workspace_owners).into(),
                microseconds(new.created_at).into(),
                microseconds(new.updated_at).into(),
            ]);
        self.execute_one(&query).await?;
        self.insert_group(&everyone(new)).await
    }

    /// Stores a changed organization. Whether it is the default one cannot change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another live organization has that name, [`StoreError::Gone`] when it does not
    /// exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_organization(&mut self, changed: &Organization) -> Result<(), StoreError> {
        use Organizations as O;
        let mut query = Query::update();
        query
            .table(O::Table)
            .value(O::Name, changed.name.as_str())
            .value(O::NameKey, fold_identifier(&changed.name))
            .value(O::DisplayName, changed.display_name.as_str())
            .value(O::Description, changed.description.as_str())
            .value(O::Icon, changed.icon.as_str())
            .value(O::DefaultOrgMemberRoles, json(&changed.default_org_member_roles))
            .value(O::ShareableWorkspaceOwners, owners_text(changed.shareable_workspace_owners))
            .value(O::UpdatedAt, microseconds(changed.updated_at))
            .and_where(Expr::col(O::Id).eq(changed.id.0))
            .and_where(Expr::col(O::Deleted).eq(false));
        self.execute_one(&query).await
    }

    /// Removes a role from the default roles.
    pub(crate) async fn remove_default_role(
        &mut self,
        id: OrganizationId,
        role: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(mut organization) = self.read().find_organization(id).await? else { return Ok(()) };
        if !organization.default_org_member_roles.iter().any(|name| name == role) {
            return Ok(());
        }
        organization.default_org_member_roles.retain(|name| name != role);
        organization.updated_at = now;
        self.update_organization(&organization).await
    }

    /// Deletes an organization, with its groups, roles and memberships. Its row stays for the audit records that name
    /// it; its name is free again.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_organization(&mut self, id: OrganizationId, now: Timestamp) -> Result<(), StoreError> {
        use Organizations as O;
        let mut query = Query::update();
        query
            .table(O::Table)
            .value(O::Deleted, true)
            .value(O::UpdatedAt, microseconds(now))
            .and_where(Expr::col(O::Id).eq(id.0))
            .and_where(Expr::col(O::Deleted).eq(false));
        self.execute_one(&query).await?;
        self.delete_groups_of(id).await?;
        self.delete_custom_roles_of(id).await?;
        self.delete_members_of(id).await
    }
}
