//! Custom roles of organizations.
use std::collections::HashSet;

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, Order, Query, SelectStatement, SimpleExpr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    OrganizationId, Reader, StoreError, Tx,
    db::{Json, Remains, Stored, count_rows, fetch_count, json, microseconds, row, timestamp},
    identifiers::fold_identifier,
};

const TABLE: &str = "custom_roles";

/// A custom role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Unique in the organization without regard to case.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// Its permissions in the organization.
    pub permissions: Vec<NamedPermission>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A permission as the names of a type and an action, which may be missing in the present catalogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NamedPermission {
    /// The type.
    pub resource_type: String,
    /// The action.
    pub action: String,
}

#[derive(Clone, Copy, Iden)]
enum CustomRoles {
    Table,
    OrganizationId,
    Name,
    NameKey,
    DisplayName,
    Permissions,
    CreatedAt,
    UpdatedAt,
}

row! {
    struct CustomRoleRow in TABLE => {
        organization_id: Uuid, name: String, display_name: String, permissions: Json<Vec<NamedPermission>>,
        created_at: i64, updated_at: i64,
    }
}

impl TryFrom<CustomRoleRow> for CustomRole {
    type Error = StoreError;

    fn try_from(row: CustomRoleRow) -> Result<Self, StoreError> {
        Ok(Self {
            created_at: timestamp(TABLE, &row.name, row.created_at)?,
            updated_at: timestamp(TABLE, &row.name, row.updated_at)?,
            organization_id: OrganizationId(row.organization_id),
            name: row.name,
            display_name: row.display_name,
            permissions: row.permissions.0,
        })
    }
}

impl Stored for CustomRole {
    type Row<'r> = CustomRoleRow;

    /// A role without permissions.
    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            organization_id: OrganizationId(row.uuid("organization_id")),
            name: row.text("name"),
            display_name: row.text("display_name"),
            permissions: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }
}

fn select(condition: SimpleExpr) -> SelectStatement {
    use CustomRoles as C;
    let mut query = Query::select();
    query
        .columns([C::OrganizationId, C::Name, C::DisplayName, C::Permissions, C::CreatedAt, C::UpdatedAt])
        .from(C::Table)
        .and_where(condition)
        .order_by(C::NameKey, Order::Asc);
    query
}

impl Reader<'_> {
    /// The custom roles of these organizations, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn custom_roles(&mut self, organizations: &[OrganizationId]) -> Result<Vec<CustomRole>, StoreError> {
        let ids = organizations.iter().map(|id| id.0);
        self.fetch_list(&select(self.dialect().is_one_of_ids(Expr::col(CustomRoles::OrganizationId), ids))).await
    }

    /// Those of the roles of these names that exist, each in its organization.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn custom_roles_named(
        &mut self,
        roles: &[(OrganizationId, &str)],
    ) -> Result<Vec<CustomRole>, StoreError> {
        use CustomRoles as C;
        let keys = roles.iter().map(|(organization, name)| (organization.0, fold_identifier(name)));
        let is_one = self.dialect().is_one_of_pairs([Expr::col(C::OrganizationId), Expr::col(C::NameKey)], keys);
        let mut found: Vec<CustomRole> = self.fetch_list(&select(is_one)).await?;
        let asked: HashSet<&(OrganizationId, &str)> = roles.iter().collect();
        found.retain(|role| asked.contains(&(role.organization_id, role.name.as_str())));
        Ok(found)
    }

    /// The number of custom roles of an organization.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_custom_roles(&mut self, organization: OrganizationId) -> Result<u64, StoreError> {
        use CustomRoles as C;
        let mut query = Query::select();
        query.expr_as(count_rows(), "count").from(C::Table).and_where(Expr::col(C::OrganizationId).eq(organization.0));
        fetch_count(self, &query).await
    }
}

impl Tx {
    /// Adds a role.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the organization has a role of that name, [`StoreError::Gone`] when the
    /// organization does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_custom_role(&mut self, new: &CustomRole) -> Result<(), StoreError> {
        self.read().require_organization(new.organization_id).await?;
        use CustomRoles as C;
        let mut query = Query::insert();
        query
            .into_table(C::Table)
            .columns([
                C::OrganizationId,
                C::Name,
                C::NameKey,
                C::DisplayName,
                C::Permissions,
                C::CreatedAt,
                C::UpdatedAt,
            ])
            .values_panic([
                new.organization_id.0.into(),
                new.name.as_str().into(),
                fold_identifier(&new.name).into(),
                new.display_name.as_str().into(),
                json(&new.permissions).into(),
                microseconds(new.created_at).into(),
                microseconds(new.updated_at).into(),
            ]);
        self.execute_one(&query).await
    }

    /// Stores a changed role. Its name cannot change.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_custom_role(&mut self, changed: &CustomRole) -> Result<(), StoreError> {
        use CustomRoles as C;
        let mut query = Query::update();
        query
            .table(C::Table)
            .value(C::DisplayName, changed.display_name.as_str())
            .value(C::Permissions, json(&changed.permissions))
            .value(C::UpdatedAt, microseconds(changed.updated_at))
            .and_where(Expr::col(C::OrganizationId).eq(changed.organization_id.0))
            .and_where(Expr::col(C::NameKey).eq(fold_identifier(&changed.name)));
        self.execute_one(&query).await
    }

    /// Deletes a role, also from the members who have it and from the organization's default roles.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_custom_role(
        &mut self,
        organization: OrganizationId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use CustomRoles as C;
        for mut member in self.read().members_with_role(organization, name).await? {
            member.roles.retain(|role| role != name);
            member.updated_at = now;
            self.update_member_roles(&member).await?;
        }
        self.remove_default_role(organization, name, now).await?;
        let mut query = Query::delete();
        query
            .from_table(C::Table)
            .and_where(Expr::col(C::OrganizationId).eq(organization.0))
            .and_where(Expr::col(C::NameKey).eq(fold_identifier(name)));
        self.execute_one(&query).await
    }

    /// Deletes all custom roles of an organization.
    pub(crate) async fn delete_custom_roles_of(&mut self, organization: OrganizationId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(CustomRoles::Table).and_where(Expr::col(CustomRoles::OrganizationId).eq(organization.0));
        self.execute(&query).await.map(drop)
    }
}
