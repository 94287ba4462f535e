//! Lists of few resources: where all that match are in the list is read first, and sorted here; then the resources of the
//! page alone are read.
use std::collections::BTreeMap;

use sea_query::{Condition, Expr, ExprTrait as _, Query, SelectStatement};
use uuid::Uuid;

use super::{
    Resource, Resources, columns,
    list::{ListResources, are_few, matching},
    list_with_grants, select,
};
use crate::{
    Reader, StoreError,
    db::{Dialect, MAX_IN_LIST, row, rows},
    filter::{Organizations, candidates},
};

/// How many are sorted here at most: some megabytes.
const MOST: usize = 1 << 15;

row! { struct TypedRow in "resources" => { id: Uuid, resource_type: String, created_at: i64 } }

row! { struct IndexedRow in "resources" => { id: Uuid, organization_id: Uuid, created_at: i64 } }

/// Where a resource is in a list; these are in the list's order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Position<'l> {
    created_at: i64,
    id: Uuid,
    resource_type: &'l str,
}

/// What finds all that match in indexes alone, if that is possible. Only those of these organizations match.
fn in_indexes(list: &ListResources, dialect: Dialect) -> Option<(&str, SelectStatement, Organizations)> {
    let (resource_type, filter) = list.only_condition()?;
    let candidates = candidates(filter, &columns(resource_type, dialect))?;
    let (query, organizations) = candidates.in_indexes(Resources::Id)?;
    Some((resource_type, query, organizations))
}

/// The resources in these places.
fn those_at(positions: &[Position<'_>]) -> SelectStatement {
    let mut by_type = BTreeMap::<&str, Vec<Uuid>>::new();
    for position in positions {
        by_type.entry(position.resource_type).or_default().push(position.id);
    }
    let of_type = |(resource_type, ids): (&str, Vec<Uuid>)| {
        Expr::col(Resources::ResourceType).eq(resource_type).and(Expr::col(Resources::Id).is_in(ids))
    };
    let mut query = select();
    query.cond_where(by_type.into_iter().map(of_type).fold(Condition::any(), Condition::add));
    query
}

impl Reader<'_> {
    /// A page of a list of few resources, and the number of all; none if they are not few.
    pub(super) async fn few_resources(
        &mut self,
        list: &ListResources,
    ) -> Result<Option<(Vec<Resource>, u64)>, StoreError> {
        let Some(mut positions) = self.positions(list).await? else { return Ok(None) };
        positions.sort_unstable();
        positions.dedup();
        let page = list.page.part(&positions);
        let mut found = match page.len() {
            0 => Vec::new(),
            1..=MAX_IN_LIST => list_with_grants(self, &those_at(page)).await?,
            // The bound on an answer is that of a statement.
            _ => return Ok(None),
        };
        let place = |of: &Resource| (of.created_at, of.key.id.0);
        found.sort_by(|one, other| {
            place(one).cmp(&place(other)).then_with(|| one.key.resource_type.cmp(&other.key.resource_type))
        });
        Ok(Some((found, positions.len() as u64)))
    }

    /// Where all that match are, some several times; none if they are not few.
    async fn positions<'l>(&mut self, list: &'l ListResources) -> Result<Option<Vec<Position<'l>>>, StoreError> {
        // One more shows that there are more.
        let limit = rows(MOST as u64 + 1);
        if let Some((resource_type, mut query, organizations)) = in_indexes(list, self.dialect()) {
            let found: Vec<IndexedRow> = self.fetch_readable(query.limit(limit)).await?;
            let position = |row: IndexedRow| Position { created_at: row.created_at, id: row.id, resource_type };
            let is_few = found.len() <= MOST;
            // What is shared with one grantee comes together, and is mostly of one organization.
            let mut previous = None;
            let matching = found.into_iter().filter(|row| match previous {
                Some((organization, matches)) if organization == row.organization_id => matches,
                _ => {
                    let matches = organizations.contain(row.organization_id);
                    previous = Some((row.organization_id, matches));
                    matches
                }
            });
            return Ok(is_few.then(|| matching.map(position).collect()));
        }
        if !are_few(list, self.dialect()) {
            return Ok(None);
        }
        let mut query = Query::select();
        query
            .columns([Resources::Id, Resources::ResourceType, Resources::CreatedAt])
            .from(Resources::Table)
            .cond_where(matching(list, self.dialect()))
            .limit(limit);
        let found: Vec<TypedRow> = self.fetch_readable(&query).await?;
        let position = |row: TypedRow| {
            let (resource_type, _) = list.visible.iter().find(|(of, _)| *of == row.resource_type)?;
            Some(Position { created_at: row.created_at, id: row.id, resource_type })
        };
        let is_few = found.len() <= MOST;
        Ok(is_few.then(|| found.into_iter().filter_map(position).collect()))
    }
}
