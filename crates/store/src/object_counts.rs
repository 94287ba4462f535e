//! How many objects filters let through, of many types at once.
use keyfob_rbac::Filter;
use sea_query::{Query, SelectStatement, SimpleExpr};

use crate::{
    Reader, StoreError,
    db::{Dialect, count_rows, fetch_numbers, number_column},
    groups, organizations, resources, users,
};

/// How many counts one statement has: databases bound what one may hold.
const MOST_AT_ONCE: usize = 50;

/// Objects that can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countable {
    /// Live users.
    Users,
    /// Live organizations.
    Organizations,
    /// Groups.
    Groups,
    /// Registered resources of this type.
    Resources(String),
}

impl Countable {
    /// The ids of those that the filter lets through.
    fn ids(&self, filter: &Filter, dialect: Dialect) -> SelectStatement {
        match self {
            Self::Users => users::ids(filter, dialect),
            Self::Organizations => organizations::ids(filter, dialect),
            Self::Groups => groups::ids(filter, dialect),
            Self::Resources(resource_type) => resources::ids(resource_type, filter, dialect),
        }
    }
}

impl Reader<'_> {
    /// How many objects each of these filters lets through; of each, so many are counted at most. It takes a statement
    /// for many of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_objects(&mut self, of: &[(Countable, Filter)], at_most: u64) -> Result<Vec<u64>, StoreError> {
        let dialect = self.dialect();
        let mut counts = Vec::with_capacity(of.len());
        for some in of.chunks(MOST_AT_ONCE) {
            let mut query = Query::select();
            for (place, (objects, filter)) in some.iter().enumerate() {
                let mut ids = objects.ids(filter, dialect);
                ids.limit(at_most);
                let mut count = Query::select();
                count.expr(count_rows()).from_subquery(ids, "some");
                query.expr_as(SimpleExpr::SubQuery(None, Box::new(count.into())), number_column(place));
            }
            counts.extend(fetch_numbers(self, &query, some.len()).await?);
        }
        Ok(counts)
    }
}
