//! A part of a list.
use sea_query::SelectStatement;

use crate::db::rows;

/// Which part of a list: all of it, unless more is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// At most so many; none means all.
    pub limit: Option<u64>,
    /// Without the first so many.
    pub offset: u64,
    /// Only what comes after this one.
    pub after: Option<Id>,
}

impl<Id> Default for Page<Id> {
    fn default() -> Self {
        Self { limit: None, offset: 0, after: None }
    }
}

impl<Id> Page<Id> {
    /// Cuts the page out of an ordered query. What comes `after` is the list's own business: it knows its order.
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
}
