//! Lists of registered resources.
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Order, Query, SelectStatement, SimpleExpr};

use super::{Resource, Resources, columns, list_with_grants, select};
use crate::{
    OrganizationId, Page, Reader, ResourceId, StoreError, UserId,
    db::{Dialect, count_rows, fetch_count, lower, row},
    filter::{candidates, condition},
};

/// Which resources to list.
#[derive(Clone, Debug, Default)]
pub struct ListResources {
    /// For each wanted type, the resources that the caller may see.
    pub visible: Vec<(String, Filter)>,
    /// Only those in this organization.
    pub organization_id: Option<OrganizationId>,
    /// Only those of this owner.
    pub owner_id: Option<UserId>,
    /// Only those whose name contains this text, without regard to case.
    pub name_contains: Option<String>,
    /// Only those whose name is this text, without regard to case.
    pub name_is: Option<String>,
    /// Only those that this name addresses: it identifies one in its place, without regard to the case of ASCII
    /// letters.
    pub name: Option<String>,
    /// Only those with these attributes.
    pub attributes: Vec<AttributeIs>,
    /// Which part of the list.
    pub page: Page<ResourceId>,
}

/// Which resources to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourcesOf {
    /// Those in this organization.
    Organization(OrganizationId),
    /// Those that this user owns.
    Owner(UserId),
}

/// A condition on an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeIs {
    /// Its name.
    pub name: String,
    /// What its text must be.
    pub value: AttributeValue,
    /// Whether resources without the attribute match, too.
    pub or_missing: bool,
}

/// What the text of an attribute must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// This text, without regard to case.
    Text(String),
    /// One of these ids.
    OneOf(Vec<ResourceId>),
}

impl ListResources {
    /// The wanted type and its filter, if there is one type and no other condition.
    pub(super) fn only_condition(&self) -> Option<(&str, &Filter)> {
        let Self { visible, organization_id, owner_id, name_contains, name_is, name, attributes, page: _ } = self;
        let ids = organization_id.is_some() || owner_id.is_some();
        let texts = [name_contains, name_is, name].into_iter().any(Option::is_some);
        match visible.as_slice() {
            [(resource_type, filter)] if !ids && !texts && attributes.is_empty() => Some((resource_type, filter)),
            _ => None,
        }
    }
}

/// The resources of a type that a filter lets through.
fn of_type(resource_type: &str, filter: &Filter, dialect: Dialect) -> Condition {
    let columns = columns(resource_type, dialect);
    let of_type = Condition::all().add(Expr::col((Resources::Table, Resources::ResourceType)).eq(resource_type));
    match candidates(filter, &columns) {
        Some(candidates) => {
            let id = Expr::col((Resources::Table, Resources::Id));
            of_type.add(id.in_subquery(candidates.ids())).add(candidates.condition())
        }
        None => of_type.add(condition(filter, &columns)),
    }
}

/// The ids of the resources of a type that a filter lets through.
pub(crate) fn ids(resource_type: &str, filter: &Filter, dialect: Dialect) -> SelectStatement {
    let mut ids = Query::select();
    ids.column((Resources::Table, Resources::Id)).from(Resources::Table).cond_where(of_type(
        resource_type,
        filter,
        dialect,
    ));
    ids
}

/// The resources that the caller may see.
fn visible(list: &ListResources, dialect: Dialect) -> Condition {
    let mut visible = Condition::any();
    for (resource_type, filter) in &list.visible {
        visible = visible.add(of_type(resource_type, filter, dialect));
    }
    // An empty `any` would be true.
    if list.visible.is_empty() { Condition::all().add(Expr::val(1).eq(0)) } else { visible }
}

/// Whether the caller may see few resources, which indexes find: then these are fetched and sorted, instead of scanning
/// all in the order of time.
pub(super) fn are_few(list: &ListResources, dialect: Dialect) -> bool {
    list.visible
        .iter()
        .all(|(of, filter)| *filter == Filter::None || candidates(filter, &columns(of, dialect)).is_some())
}

/// The resources of a list, on all its pages.
pub(super) fn matching(list: &ListResources, dialect: Dialect) -> Condition {
    let name = || dialect.lower(Expr::col(Resources::Name));
    let mut all = Condition::all().add(visible(list, dialect));
    if let Some(organization) = list.organization_id {
        all = all.add(Expr::col(Resources::OrganizationId).eq(organization.0));
    }
    if let Some(owner) = list.owner_id {
        all = all.add(Expr::col(Resources::OwnerId).eq(owner.0));
    }
    if let Some(exact) = &list.name {
        all = all.add(name().eq(lower(exact)));
    }
    if let Some(text) = &list.name_is {
        all = all.add(dialect.equals(Expr::col(Resources::Name), text));
    }
    if let Some(part) = &list.name_contains {
        all = all.add(dialect.contains(Expr::col(Resources::Name), part));
    }
    for attribute in &list.attributes {
        let text = || dialect.json_text(Expr::col(Resources::Attributes), &attribute.name);
        let mut condition = Condition::any().add(match &attribute.value {
            AttributeValue::Text(value) => dialect.equals(text(), value),
            AttributeValue::OneOf(ids) => {
                dialect.is_one_of_texts(Expr::expr(dialect.lower(text())), ids.iter().map(|id| id.0.to_string()))
            }
        });
        if attribute.or_missing {
            condition = condition.add(text().is_null());
        }
        all = all.add(condition);
    }
    all
}

impl Reader<'_> {
    /// The number of resources of one type, or of all types, in an organization or of an owner.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_resources(&mut self, resource_type: Option<&str>, of: ResourcesOf) -> Result<u64, StoreError> {
        let whose = match of {
            ResourcesOf::Organization(id) => Expr::col(Resources::OrganizationId).eq(id.0),
            ResourcesOf::Owner(id) => Expr::col(Resources::OwnerId).eq(id.0),
        };
        let mut query = Query::select();
        query.expr_as(count_rows(), "count").from(Resources::Table).and_where(whose);
        if let Some(resource_type) = resource_type {
            query.and_where(Expr::col(Resources::ResourceType).eq(resource_type));
        }
        fetch_count(self, &query).await
    }

    /// A page of resources, oldest first, and their number on all pages.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such resource to come after.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn resources(&mut self, list: &ListResources) -> Result<(Vec<Resource>, u64), StoreError> {
        if list.page.after.is_none()
            && let Some(found) = self.few_resources(list).await?
        {
            return Ok(found);
        }
        let mut count = Query::select();
        count.expr_as(count_rows(), "count").from(Resources::Table).cond_where(matching(list, self.dialect()));
        let mut page = select();
        sort(page.cond_where(matching(list, self.dialect())), are_few(list, self.dialect()));
        if let Some(after) = list.page.after {
            page.and_where(comes_after(self, after, list).await?);
        }
        list.page.cut(&mut page);
        let count = fetch_count(self, &count).await?;
        Ok((list_with_grants(self, &page).await?, count))
    }
}

/// Sorts by time. Ordering by a sum keeps the database from using the index on the time, which would find few among many.
fn sort(query: &mut SelectStatement, are_few: bool) {
    let created_at = Expr::col(Resources::CreatedAt);
    query
        .order_by_expr(if are_few { created_at.add(0_i64) } else { created_at }, Order::Asc)
        .order_by(Resources::Id, Order::Asc)
        .order_by(Resources::ResourceType, Order::Asc);
}

row! { struct PlaceRow in "resources" => { created_at: i64 } }

/// Rows after the one with this id, in the order of lists. Only the list's own types count, because a resource of
/// another type may have the same id.
async fn comes_after(
    source: &mut Reader<'_>,
    after: ResourceId,
    list: &ListResources,
) -> Result<SimpleExpr, StoreError> {
    let types = list.visible.iter().map(|(resource_type, _)| resource_type.as_str());
    let mut query = Query::select();
    query
        .column(Resources::CreatedAt)
        .from(Resources::Table)
        .and_where(Expr::col(Resources::Id).eq(after.0))
        .and_where(Expr::col(Resources::ResourceType).is_in(types))
        // The place of a row that the caller may not see must not be revealed.
        .cond_where(visible(list, source.dialect()))
        .limit(1);
    let place: PlaceRow = source.fetch_optional(&query).await?.ok_or(StoreError::Gone)?;
    let order = Expr::tuple([Expr::col(Resources::CreatedAt), Expr::col(Resources::Id)]);
    Ok(order.gt(Expr::tuple([place.created_at.into(), after.0.into()])))
}
