//! Registered resources and who may use them.
use std::collections::HashMap;

use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Iden, IntoIden as _, Order, Query, SelectStatement, SimpleExpr};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    OrganizationId, Page, ResourceId, Store, StoreError, Tx, UserId,
    db::{MAX_IN_LIST, Source, contains, fetch_count, json_text, lower, microseconds, row, timestamp},
    filter::{Columns, GrantColumns, condition},
};

const TABLE: &str = "resources";

/// Which resource: ids are unique among the resources of one type.
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
    /// Which one.
    pub key: ResourceKey,
    /// Unique per type, organization and owner.
    pub name: String,
    /// None for types without organization.
    pub organization_id: Option<OrganizationId>,
    /// None for types without owner.
    pub owner_id: Option<UserId>,
    /// Whatever the platform wants to keep with it.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Who else may do what.
    pub grants: Vec<Grant>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One entry of an access list: this one may do that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Who.
    pub grantee: Grantee,
    /// What; `*` is everything.
    pub action: String,
}

/// Whom an access list speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// One user.
    User(Uuid),
    /// Everyone in a group; the organization's own id stands for all its members.
    Group(Uuid),
}

/// Which resources to list.
#[derive(Clone, Debug, Default)]
pub struct ListResources {
    /// Per type what may be seen; types that are not among them are left out.
    pub visible: Vec<(String, Filter)>,
    /// Only those in this organization.
    pub organization_id: Option<OrganizationId>,
    /// Only those of this owner.
    pub owner_id: Option<UserId>,
    /// Only those whose name holds this text, without regard to the case of ASCII letters.
    pub name_contains: Option<String>,
    /// Only the ones of this name, without regard to the case of ASCII letters.
    pub name: Option<String>,
    /// Only those with these attributes.
    pub attributes: Vec<AttributeIs>,
    /// Which part of the list.
    pub page: Page<ResourceId>,
}

/// Whose resources to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourcesOf {
    /// Those in this organization.
    Organization(OrganizationId),
    /// Those that this user owns.
    Owner(UserId),
}

/// An attribute that is one of certain texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeIs {
    /// Its name.
    pub name: String,
    /// Its text is one of these, without regard to case.
    pub one_of: Vec<String>,
    /// Whether resources without it count, too.
    pub or_missing: bool,
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
    GranteeKind,
    GranteeId,
    Action,
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

row! { struct GrantRow in "resource_grants" => { resource_id: Uuid, resource_type: String, grantee_kind: String, grantee_id: Uuid, action: String } }

row! { struct IdRow in "retired_resources" => { id: Uuid } }

impl ResourceRow {
    fn into_resource(self, grants: Vec<Grant>) -> Result<Resource, StoreError> {
        Ok(Resource {
            created_at: timestamp(TABLE, &self.id, self.created_at)?,
            updated_at: timestamp(TABLE, &self.id, self.updated_at)?,
            key: ResourceKey { resource_type: self.resource_type, id: ResourceId(self.id) },
            name: self.name,
            organization_id: some(self.organization_id).map(OrganizationId),
            owner_id: some(self.owner_id).map(UserId),
            attributes: self.attributes.0,
            grants,
        })
    }
}

/// The nil UUID stands for none in this table.
fn some(id: Uuid) -> Option<Uuid> {
    Some(id).filter(|id| !id.is_nil())
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
    use Resources as R;
    let mut query = Query::select();
    query
        .columns([
            R::Id,
            R::ResourceType,
            R::Name,
            R::OrganizationId,
            R::OwnerId,
            R::Attributes,
            R::CreatedAt,
            R::UpdatedAt,
        ])
        .from(R::Table);
    query
}

/// Where a resource's grants are found, for the filter.
fn columns() -> Columns {
    Columns::new(Resources::Id)
        .in_organization(Resources::OrganizationId)
        .owned_by(Resources::OwnerId)
        .with_nil_for_none()
        .granted_in(GrantColumns {
            resource_type: (Resources::Table.into_iden(), Resources::ResourceType.into_iden()),
            table: ResourceGrants::Table.into_iden(),
            grant_type: ResourceGrants::ResourceType.into_iden(),
            grant_resource: ResourceGrants::ResourceId.into_iden(),
            kind: ResourceGrants::GranteeKind.into_iden(),
            grantee: ResourceGrants::GranteeId.into_iden(),
            action: ResourceGrants::Action.into_iden(),
        })
}

/// Rows with their grants, in the order of the rows: a statement for the rows, and one for the grants of many of them.
async fn with_grants(source: &mut impl Source, query: &SelectStatement) -> Result<Vec<Resource>, StoreError> {
    use ResourceGrants as G;
    let rows: Vec<ResourceRow> = source.fetch_all(query).await?;
    let mut by_resource: HashMap<(String, Uuid), Vec<Grant>> = HashMap::new();
    for some in rows.chunks(MAX_IN_LIST) {
        let mut grants = Query::select();
        grants
            .columns([G::ResourceId, G::ResourceType, G::GranteeKind, G::GranteeId, G::Action])
            .from(G::Table)
            .and_where(Expr::col(G::ResourceId).is_in(some.iter().map(|row| row.id)))
            .order_by(G::GranteeKind, Order::Asc)
            .order_by(G::GranteeId, Order::Asc)
            .order_by(G::Action, Order::Asc);
        for row in source.fetch_all::<GrantRow>(&grants).await? {
            let grantee = match row.grantee_kind.as_str() {
                "user" => Grantee::User(row.grantee_id),
                _ => Grantee::Group(row.grantee_id),
            };
            let grant = Grant { grantee, action: row.action };
            by_resource.entry((row.resource_type, row.resource_id)).or_default().push(grant);
        }
    }
    rows.into_iter()
        .map(|row| {
            let grants = by_resource.remove(&(row.resource_type.clone(), row.id)).unwrap_or_default();
            row.into_resource(grants)
        })
        .collect()
}

fn matching(list: &ListResources) -> Condition {
    let mut visible = Condition::any();
    for (resource_type, filter) in &list.visible {
        visible = visible.add(
            Condition::all()
                .add(Expr::col((Resources::Table, Resources::ResourceType)).eq(resource_type.as_str()))
                .add(condition(filter, &columns())),
        );
    }
    // An empty `any` would be true.
    let visible = if list.visible.is_empty() { Condition::all().add(Expr::val(1).eq(0)) } else { visible };
    let name = || Expr::expr(sea_query::Func::lower(Expr::col(Resources::Name)));
    let mut all = Condition::all().add(visible);
    if let Some(organization) = list.organization_id {
        all = all.add(Expr::col(Resources::OrganizationId).eq(organization.0));
    }
    if let Some(owner) = list.owner_id {
        all = all.add(Expr::col(Resources::OwnerId).eq(owner.0));
    }
    if let Some(exact) = &list.name {
        all = all.add(name().eq(lower(exact)));
    }
    if let Some(part) = &list.name_contains {
        all = all.add(contains(Expr::col(Resources::Name), part));
    }
    for attribute in &list.attributes {
        let text = || json_text(Expr::col(Resources::Attributes), &attribute.name);
        let folded = Expr::expr(sea_query::Func::lower(text()));
        let mut condition = Condition::any().add(folded.is_in(attribute.one_of.iter().map(|text| lower(text))));
        if attribute.or_missing {
            condition = condition.add(text().is_null());
        }
        all = all.add(condition);
    }
    all
}

impl Store {
    /// How many resources of one type, or of any, an organization has or a user owns.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(skip_all)]
    pub async fn count_resources(&self, resource_type: Option<&str>, of: ResourcesOf) -> Result<u64, StoreError> {
        let whose = match of {
            ResourcesOf::Organization(id) => Expr::col(Resources::OrganizationId).eq(id.0),
            ResourcesOf::Owner(id) => Expr::col(Resources::OwnerId).eq(id.0),
        };
        let mut query = Query::select();
        query.expr_as(Expr::col(Resources::Id).count(), "count").from(Resources::Table).and_where(whose);
        if let Some(resource_type) = resource_type {
            query.and_where(Expr::col(Resources::ResourceType).eq(resource_type));
        }
        fetch_count(&mut &*self, &query).await
    }

    /// This resource.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(skip_all)]
    pub async fn find_resource(&self, key: &ResourceKey) -> Result<Option<Resource>, StoreError> {
        Ok(with_grants(&mut &*self, select().and_where(is(key))).await?.pop())
    }

    /// Those of the resources of one type with these ids that exist, in no order.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(skip_all)]
    pub async fn resources_by_id(&self, resource_type: &str, ids: &[Uuid]) -> Result<Vec<Resource>, StoreError> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_IN_LIST) {
            let mut query = select();
            query
                .and_where(Expr::col(Resources::ResourceType).eq(resource_type))
                .and_where(Expr::col(Resources::Id).is_in(some.iter().copied()));
            found.extend(with_grants(&mut &*self, &query).await?);
        }
        Ok(found)
    }

    /// A page of resources, oldest first, and how many there are on all pages.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(skip_all)]
    pub async fn resources(&self, list: &ListResources) -> Result<(Vec<Resource>, u64), StoreError> {
        let mut count = Query::select();
        count
            .expr_as(Expr::col((Resources::Table, Resources::Id)).count(), "count")
            .from(Resources::Table)
            .cond_where(matching(list));
        let mut page = select();
        page.cond_where(matching(list))
            .order_by(Resources::CreatedAt, Order::Asc)
            .order_by(Resources::Id, Order::Asc)
            .order_by(Resources::ResourceType, Order::Asc);
        if let Some(after) = list.page.after {
            page.and_where(comes_after(after, list));
        }
        list.page.cut(&mut page);
        let count = fetch_count(&mut &*self, &count).await?;
        Ok((with_grants(&mut &*self, &page).await?, count))
    }
}

/// Rows after the one with this id, in the order of lists. Only the list's own types count: others may have that id, too.
fn comes_after(after: ResourceId, list: &ListResources) -> SimpleExpr {
    let types = list.visible.iter().map(|(resource_type, _)| resource_type.as_str());
    let mut made_at = Query::select();
    made_at
        .column(Resources::CreatedAt)
        .from(Resources::Table)
        .and_where(Expr::col(Resources::Id).eq(after.0))
        .and_where(Expr::col(Resources::ResourceType).is_in(types))
        .limit(1);
    let position = Expr::tuple([SimpleExpr::SubQuery(None, Box::new(made_at.into())), after.0.into()]);
    Expr::tuple([Expr::col(Resources::CreatedAt), Expr::col(Resources::Id)]).gt(position)
}

impl Tx {
    /// This resource as this unit of work sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_resource(&mut self, key: &ResourceKey) -> Result<Option<Resource>, StoreError> {
        Ok(with_grants(&mut &mut *self, select().and_where(is(key))).await?.pop())
    }

    /// Whether a resource of this id, of whatever type, was once there and is deleted: allow lists may name the id
    /// with any type.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_retired(&mut self, id: ResourceId) -> Result<bool, StoreError> {
        let mut query = Query::select();
        query
            .column(RetiredResources::Id)
            .from(RetiredResources::Table)
            .and_where(Expr::col(RetiredResources::Id).eq(id.0))
            .limit(1);
        let row: Option<IdRow> = (&mut &mut *self).fetch_optional(&query).await?;
        Ok(row.is_some_and(|row| row.id == id.0))
    }

    /// Registers a resource. Its grants are not looked at.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is one with that id, or one of that name beside it.
    #[tracing::instrument(skip_all)]
    pub async fn insert_resource(&mut self, new: &Resource) -> Result<(), StoreError> {
        use Resources as R;
        let mut query = Query::insert();
        query
            .into_table(R::Table)
            .columns([
                R::ResourceType,
                R::Id,
                R::Name,
                R::OrganizationId,
                R::OwnerId,
                R::Attributes,
                R::CreatedAt,
                R::UpdatedAt,
            ])
            .values_panic([
                new.key.resource_type.as_str().into(),
                new.key.id.0.into(),
                new.name.as_str().into(),
                new.organization_id.map_or(Uuid::nil(), |id| id.0).into(),
                new.owner_id.map_or(Uuid::nil(), |id| id.0).into(),
                serde_json::Value::Object(new.attributes.clone()).into(),
                microseconds(new.created_at).into(),
                microseconds(new.updated_at).into(),
            ]);
        self.execute_one(&query).await
    }

    /// Gives a resource the name, place, owner and attributes of this one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is one of that name beside it, [`StoreError::Gone`] when it is gone.
    #[tracing::instrument(skip_all)]
    pub async fn update_resource(&mut self, changed: &Resource) -> Result<(), StoreError> {
        use Resources as R;
        let mut query = Query::update();
        query
            .table(R::Table)
            .value(R::Name, changed.name.as_str())
            .value(R::OrganizationId, changed.organization_id.map_or(Uuid::nil(), |id| id.0))
            .value(R::OwnerId, changed.owner_id.map_or(Uuid::nil(), |id| id.0))
            .value(R::Attributes, serde_json::Value::Object(changed.attributes.clone()))
            .value(R::UpdatedAt, microseconds(changed.updated_at))
            .and_where(is(&changed.key));
        self.execute_one(&query).await
    }

    /// Removes a resource and retires its id.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is none.
    #[tracing::instrument(skip_all)]
    pub async fn delete_resource(&mut self, key: &ResourceKey) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Resources::Table).and_where(is(key));
        self.execute_one(&query).await?;
        let mut retire = Query::insert();
        retire
            .into_table(RetiredResources::Table)
            .columns([RetiredResources::ResourceType, RetiredResources::Id])
            .values_panic([key.resource_type.as_str().into(), key.id.0.into()]);
        self.execute_one(&retire).await
    }

    /// Takes a user or a group, which is going, out of every access list.
    pub(crate) async fn revoke_grants_to(&mut self, grantee: Uuid) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(ResourceGrants::Table).and_where(Expr::col(ResourceGrants::GranteeId).eq(grantee));
        self.execute(&query).await.map(drop)
    }

    /// Gives a resource exactly this access list.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(skip_all)]
    pub async fn replace_grants(&mut self, key: &ResourceKey, grants: &[Grant]) -> Result<(), StoreError> {
        use ResourceGrants as G;
        let mut clear = Query::delete();
        clear
            .from_table(G::Table)
            .and_where(Expr::col(G::ResourceType).eq(key.resource_type.as_str()))
            .and_where(Expr::col(G::ResourceId).eq(key.id.0));
        self.execute(&clear).await?;
        if grants.is_empty() {
            return Ok(());
        }
        let mut query = Query::insert();
        query.into_table(G::Table).columns([G::ResourceType, G::ResourceId, G::GranteeKind, G::GranteeId, G::Action]);
        for grant in grants {
            query.values_panic([
                key.resource_type.as_str().into(),
                key.id.0.into(),
                grant.grantee.kind().into(),
                grant.grantee.id().into(),
                grant.action.as_str().into(),
            ]);
        }
        self.execute(&query).await.map(drop)
    }
}
