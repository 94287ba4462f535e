//! Registered resources and their access lists.
mod changes;
mod few;
mod list;

pub(crate) use list::ids;
pub use list::{AttributeIs, AttributeValue, ListResources, ResourcesOf};

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, IntoIden as _, Query, SelectStatement, SimpleExpr};
use uuid::Uuid;

use crate::{
    OrganizationId, Reader, ResourceId, StoreError, UserId,
    db::{Dialect, Json, MAX_IN_LIST, Remains, Stored, Texts, row, timestamp},
    filter::{Columns, GrantColumns},
};

const TABLE: &str = "resources";

/// The key of a resource: ids are unique among the resources of one type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceKey {
    /// The type's name.
    pub resource_type: String,
    /// The id.
    pub id: ResourceId,
}

/// A registered resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its type and id.
    pub key: ResourceKey,
    /// Unique per type, organization and owner.
    pub name: String,
    /// Its organization; none for types without organization.
    pub organization_id: Option<OrganizationId>,
    /// Its owner; none for types without owner.
    pub owner_id: Option<UserId>,
    /// Data that the platform stores with it.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Its access list.
    pub grants: Vec<Grant>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One entry of an access list: a grantee may do an action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The grantee.
    pub grantee: Grantee,
    /// The action; `*` is every action.
    pub action: String,
}

/// A user or a group in an access list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// One user.
    User(Uuid),
    /// The members of a group; the organization's id stands for all its members.
    Group(Uuid),
}

#[derive(Clone, Copy, Iden)]
enum Resources {
    Table,
    ResourceType,
    Id,
    Name,
    OrganizationId,
    OwnerId,
    Attributes,
    CreatedAt,
    UpdatedAt,
}

#[derive(Clone, Copy, Iden)]
enum ResourceGrants {
    Table,
    ResourceType,
    ResourceId,
    OrganizationId,
    CreatedAt,
    GranteeKind,
    GranteeId,
    Actions,
}

#[derive(Clone, Copy, Iden)]
enum RetiredResources {
    Table,
    ResourceType,
    Id,
}

row! {
    struct ResourceRow in TABLE => {
        id: Uuid, resource_type: String, name: String, organization_id: Uuid, owner_id: Uuid,
        attributes: Json<serde_json::Map<String, serde_json::Value>>, created_at: i64, updated_at: i64,
    }
}

row! {
    struct GrantRow in "resource_grants" => {
        resource_id: Uuid, resource_type: String, grantee_kind: String, grantee_id: Uuid, actions: Texts,
    }
}

row! { struct IdRow in "retired_resources" => { id: Uuid } }

impl TryFrom<ResourceRow> for Resource {
    type Error = StoreError;

    /// Its grants are read apart.
    fn try_from(row: ResourceRow) -> Result<Self, StoreError> {
        Ok(Self {
            created_at: timestamp(TABLE, &row.id, row.created_at)?,
            updated_at: timestamp(TABLE, &row.id, row.updated_at)?,
            key: ResourceKey { resource_type: row.resource_type, id: ResourceId(row.id) },
            name: row.name,
            organization_id: non_nil(row.organization_id).map(OrganizationId),
            owner_id: non_nil(row.owner_id).map(UserId),
            attributes: row.attributes.0,
            grants: Vec::new(),
        })
    }
}

impl Stored for Resource {
    type Row<'r> = ResourceRow;

    /// What has no owner or organization any more is for those alone who may delete everything of its type.
    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            key: ResourceKey { resource_type: row.text("resource_type"), id: ResourceId(row.uuid("id")) },
            name: row.text("name"),
            organization_id: non_nil(row.uuid("organization_id")).map(OrganizationId),
            owner_id: non_nil(row.uuid("owner_id")).map(UserId),
            attributes: serde_json::Map::new(),
            grants: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }
}

/// In this table, the nil UUID stands for none.
fn non_nil(id: Uuid) -> Option<Uuid> {
    Some(id).filter(|id| !id.is_nil())
}

impl Grant {
    /// Where it is in an access list.
    fn place(&self) -> (&str, Uuid, &str) {
        (self.grantee.kind(), self.grantee.id(), &self.action)
    }
}

impl Grantee {
    fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::User(id) | Self::Group(id) => id,
        }
    }
}

fn is(key: &ResourceKey) -> SimpleExpr {
    Expr::col(Resources::ResourceType).eq(key.resource_type.as_str()).and(Expr::col(Resources::Id).eq(key.id.0))
}

fn select() -> SelectStatement {
    let mut query = select_without_attributes();
    query.column(Resources::Attributes);
    query
}

fn select_without_attributes() -> SelectStatement {
    use Resources as R;
    let mut query = Query::select();
    query
        .columns([R::Id, R::ResourceType, R::Name, R::OrganizationId, R::OwnerId, R::CreatedAt, R::UpdatedAt])
        .from(R::Table);
    query
}

/// The columns that filters use, for resources of this type.
fn columns(resource_type: &str, dialect: Dialect) -> Columns {
    Columns::new(dialect, Resources::Id)
        .in_organization(Resources::OrganizationId)
        .owned_by(Resources::OwnerId)
        .with_nil_for_none()
        .granted_in(GrantColumns {
            filtered: Resources::Table.into_iden(),
            type_column: Resources::ResourceType.into_iden(),
            resource_type: resource_type.to_owned(),
            table: ResourceGrants::Table.into_iden(),
            grant_type: ResourceGrants::ResourceType.into_iden(),
            grant_resource: ResourceGrants::ResourceId.into_iden(),
            kind: ResourceGrants::GranteeKind.into_iden(),
            grantee: ResourceGrants::GranteeId.into_iden(),
            actions: ResourceGrants::Actions.into_iden(),
            created: Resources::CreatedAt.into_iden(),
        })
}

/// The resources of a query with their grants, in the query's order. It takes one statement for the rows, and one for
/// the grants of many rows.
async fn list_with_grants(source: &mut Reader<'_>, query: &SelectStatement) -> Result<Vec<Resource>, StoreError> {
    let found = source.fetch_list(query).await?;
    with_grants(source, found).await
}

/// Resources with their grants. One that does not decode is left out: it grants nothing.
async fn with_grants(source: &mut Reader<'_>, mut found: Vec<Resource>) -> Result<Vec<Resource>, StoreError> {
    use ResourceGrants as G;
    let mut by_resource: HashMap<(String, Uuid), Vec<Grant>> = HashMap::new();
    for chunk in found.chunks(MAX_IN_LIST) {
        let types: BTreeSet<&str> = chunk.iter().map(|resource| resource.key.resource_type.as_str()).collect();
        let mut grants = Query::select();
        grants
            .columns([G::ResourceId, G::ResourceType, G::GranteeKind, G::GranteeId, G::Actions])
            .from(G::Table)
            .and_where(Expr::col(G::ResourceType).is_in(types))
            .and_where(Expr::col(G::ResourceId).is_in(chunk.iter().map(|resource| resource.key.id.0)));
        for row in source.fetch_readable::<GrantRow>(&grants).await? {
            let grantee = match row.grantee_kind.as_str() {
                "user" => Grantee::User(row.grantee_id),
                _ => Grantee::Group(row.grantee_id),
            };
            let grants = row.actions.0.iter().map(|action| Grant { grantee, action: action.clone() });
            by_resource.entry((row.resource_type, row.resource_id)).or_default().extend(grants);
        }
    }
    for resource in &mut found {
        let key = (resource.key.resource_type.clone(), resource.key.id.0);
        resource.grants = by_resource.remove(&key).unwrap_or_default();
        resource.grants.sort_unstable_by(|one, other| one.place().cmp(&other.place()));
    }
    Ok(found)
}

impl Reader<'_> {
    /// The resource with this key.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_resource(&mut self, key: &ResourceKey) -> Result<Option<Resource>, StoreError> {
        let found = self.fetch_value(select().and_where(is(key))).await?;
        Ok(with_grants(self, found.into_iter().collect()).await?.pop())
    }

    /// Those of the resources of one type with these ids that exist, in no order.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn resources_by_id(&mut self, resource_type: &str, ids: &[Uuid]) -> Result<Vec<Resource>, StoreError> {
        self.those_of(&select(), resource_type, ids).await
    }

    /// The same with no attributes: names, and all that decisions depend on. Attributes may be large.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn bare_resources_by_id(
        &mut self,
        resource_type: &str,
        ids: &[Uuid],
    ) -> Result<Vec<Resource>, StoreError> {
        let mut query = select_without_attributes();
        query.expr_as(Expr::val("{}"), Resources::Attributes);
        self.those_of(&query, resource_type, ids).await
    }

    async fn those_of(
        &mut self,
        query: &SelectStatement,
        resource_type: &str,
        ids: &[Uuid],
    ) -> Result<Vec<Resource>, StoreError> {
        let mut found = Vec::new();
        for chunk in ids.chunks(MAX_IN_LIST) {
            let mut query = query.clone();
            query
                .and_where(Expr::col(Resources::ResourceType).eq(resource_type))
                .and_where(Expr::col(Resources::Id).is_in(chunk.iter().copied()));
            found.extend(list_with_grants(self, &query).await?);
        }
        Ok(found)
    }
}
