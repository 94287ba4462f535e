//! Statements whose text is always the same: it is made once.
use std::sync::OnceLock;

use sea_query::Value;
use sea_query_sqlx::SqlxBinder;

use super::dialect::{Dialect, Statement};

/// A statement with `N` values.
pub(crate) struct Fixed<const N: usize, Q> {
    /// It must use each value once, in this order.
    query: fn([Value; N]) -> Q,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl<const N: usize, Q: SqlxBinder> Fixed<N, Q> {
    pub(crate) const fn of(query: fn([Value; N]) -> Q) -> Self {
        Self { query, sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The statement with these values.
    pub(super) fn statement(&self, dialect: Dialect, values: [Value; N]) -> Statement {
        let text = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
        };
        let text = text.get_or_init(|| {
            let made = dialect.statement(&(self.query)(values.clone()));
            debug_assert_eq!(made.values.0.0, values, "{}", made.sql);
            made.sql
        });
        dialect.filled(text.clone(), values.into())
    }
}
