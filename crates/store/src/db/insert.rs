//! Inserts of one row, whose text is always the same: it is made once.
use std::sync::OnceLock;

use sea_query::{Expr, InsertStatement, Value};

use super::dialect::{Dialect, Statement};

/// An insert of one row with a value for each of `N` columns.
pub(crate) struct Insert<const N: usize> {
    /// The table and its columns.
    columns: fn() -> InsertStatement,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl<const N: usize> Insert<N> {
    pub(crate) const fn of(columns: fn() -> InsertStatement) -> Self {
        Self { columns, sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The statement with these values, in the order of the columns.
    pub(super) fn statement(&self, dialect: Dialect, values: [Value; N]) -> Statement {
        let text = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
        };
        let text = text.get_or_init(|| {
            let mut query = (self.columns)();
            query.values_panic(values.iter().cloned().map(Expr::val));
            dialect.statement(&query).sql
        });
        dialect.filled(text.clone(), values.into())
    }
}
