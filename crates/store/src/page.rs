//! Pages of lists.
use sea_query::SelectStatement;

use crate::db::rows;

/// Which part of a list is wanted; by default, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// The maximum number of rows; none means all.
    pub limit: Option<u64>,
    /// The number of rows to skip.
    pub offset: u64,
    /// Only rows after the one with this id.
    pub after: Option<Id>,
}

impl<Id> Default for Page<Id> {
    fn default() -> Self {
        Self { limit: None, offset: 0, after: None }
    }
}

impl<Id> Page<Id> {
    /// Applies limit and offset to an ordered query. The list itself applies `after`, because it knows its order.
    pub(crate) fn cut(&self, query: &mut SelectStatement) {
        match self.limit {
            Some(limit) => query.limit(rows(limit)),
            // SQLite knows no offset without a limit.
            None if self.offset > 0 => query.limit(rows(u64::MAX)),
            None => query,
        };
        if self.offset > 0 {
            query.offset(rows(self.offset));
        }
    }

    /// The same for a list that is here.
    pub(crate) fn part<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let rest = all.get(number(self.offset)..).unwrap_or_default();
        self.limit.and_then(|limit| rest.get(..number(limit))).unwrap_or(rest)
    }
}
