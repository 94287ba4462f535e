//! Searches for objects by name.
use sea_query::{Condition, Expr, IntoColumnRef};

use crate::db::Dialect;

/// Which names a search finds, without regard to case: an object has a name, and maybe a display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// Those that are this text.
    Exactly(String),
    /// Those that have this text in them.
    Like(String),
}

impl Named {
    /// Whether one of these columns has such a name.
    pub(crate) fn condition<Column: IntoColumnRef>(
        &self,
        dialect: Dialect,
        columns: impl IntoIterator<Item = Column>,
    ) -> Condition {
        let has = |column: Column| match self {
            Self::Exactly(text) => dialect.equals(Expr::col(column), text),
            Self::Like(text) => dialect.contains(Expr::col(column), text),
        };
        columns.into_iter().map(has).fold(Condition::any(), Condition::add)
    }
}
