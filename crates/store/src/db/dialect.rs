//! What the databases say in different words. A condition that only one of them understands is a function here, of the
//! dialect; all other statements are the same text for both.
use std::fmt;

use sea_query::{Expr, Func, PostgresQueryBuilder, SimpleExpr, SqliteQueryBuilder, Value, Values};
use sea_query_sqlx::{SqlxBinder, SqlxValues};

/// The language of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement as the drivers take it.
#[derive(Clone)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: SqlxValues,
}

/// Its values may be secret.
impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statement").field(&self.sql).finish()
    }
}

impl Statement {
    /// A statement without values.
    pub(super) fn command(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: SqlxValues(Values(Vec::new())) }
    }
}

impl Dialect {
    /// The text and values of a query.
    pub(super) fn statement(self, query: &impl SqlxBinder) -> Statement {
        let (sql, values) = match self {
            Self::Sqlite => query.build_sqlx(SqliteQueryBuilder),
            Self::Postgres => query.build_sqlx(PostgresQueryBuilder),
        };
        self.filled(sql, values.0.0)
    }

    /// A text with its values.
    pub(super) fn filled(self, sql: String, mut values: Vec<Value>) -> Statement {
        if self == Self::Postgres {
            values.iter_mut().for_each(without_nul);
        }
        Statement { sql, values: SqlxValues(Values(values)) }
    }

    /// A condition of its own text: in SQLite's, each value has a `?`, in PostgreSQL's its number.
    pub(super) fn condition<const N: usize>(
        self,
        sqlite: &'static str,
        postgres: &'static str,
        values: [SimpleExpr; N],
    ) -> SimpleExpr {
        match self {
            Self::Sqlite => Expr::cust_with_exprs(sqlite, values),
            Self::Postgres => Expr::cust_with_exprs(postgres, values),
        }
    }

    /// A column that is looked at where a row was found already: SQLite would find rows by an index over it.
    pub(crate) fn without_indexes(self, column: Expr) -> Expr {
        match self {
            Self::Sqlite => Expr::cust_with_exprs("+?", [column]),
            Self::Postgres => column,
        }
    }

    /// A text in lower case: ASCII letters only, as [`lower`] does.
    pub(crate) fn lower(self, text: SimpleExpr) -> SimpleExpr {
        match self {
            Self::Sqlite => Expr::expr(Func::lower(text)),
            Self::Postgres => Expr::cust_with_exprs(r#"lower($1 COLLATE "C")"#, [text]),
        }
    }

    /// The database's own time, in microseconds since 1970: where the clocks of several processes must not count.
    pub(crate) fn now(self) -> SimpleExpr {
        Expr::cust(match self {
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Self::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        })
    }

    /// When the database server started, in microseconds since 1970; 0 where there is none.
    pub(crate) fn server_start(self) -> SimpleExpr {
        Expr::cust(match self {
            Self::Sqlite => "0",
            Self::Postgres => "CAST(extract(epoch FROM pg_postmaster_start_time()) * 1000000 AS BIGINT)",
        })
    }

    /// Whether a text is in a JSON list of texts. On SQLite, nothing is in what is no JSON; PostgreSQL stores no such
    /// text.
    pub(crate) fn is_among(self, text: &str, list: Expr) -> SimpleExpr {
        match self {
            Self::Sqlite => Expr::cust_with_exprs(
                "EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(?) THEN ? ELSE '[]' END) WHERE value = ?)",
                [list.clone(), list, Expr::val(text)],
            ),
            Self::Postgres => Expr::cust_with_exprs("jsonb_exists($1::jsonb, $2)", [list, Expr::val(text)]),
        }
    }

    /// Whether a text is in a JSON list of texts, none of which has a character that JSON writes in another way, or a
    /// comma.
    pub(crate) fn is_among_names(self, name: &str, list: Expr) -> SimpleExpr {
        let quoted = Expr::val(format!("\"{name}\""));
        self.condition("instr(?, ?) > 0", "strpos($1, $2) > 0", [list, quoted])
    }

    /// A member of a JSON object, as text. What is no JSON has none.
    pub(crate) fn json_text(self, column: Expr, member: &str) -> SimpleExpr {
        match self {
            Self::Sqlite => {
                let path = format!("$.{}", serde_json::Value::from(member));
                Expr::cust_with_exprs(
                    "CASE WHEN json_valid(?) THEN json_extract(?, ?) END",
                    [column.clone(), column, Expr::val(path)],
                )
            }
            Self::Postgres => Expr::cust_with_exprs("($1::json ->> $2)", [column, Expr::val(member)]),
        }
    }
}

/// A text in lower case as [`Dialect::lower`] makes it.
pub(crate) fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// PostgreSQL stores no NUL, so a text with one is in no row. A character that Unicode assigns to nothing stands for it.
fn without_nul(value: &mut Value) {
    if let Value::String(Some(text)) = value
        && text.contains('\0')
    {
        *text = text.replace('\0', "\u{fffe}");
    }
}
