//! Conditions on lists of values. A long list is one bound value, a JSON text, so that no number of values is too many
//! for a statement.
use sea_query::{Expr, ExprTrait as _, SimpleExpr, Value};
use uuid::Uuid;

/// The longest list whose values are bound one by one. A statement about all types has several lists for each of them,
/// and the database reads short ones faster than JSON.
const SHORT: usize = 8;

/// Whether a column of ids has one of these.
pub(crate) fn is_one_of_ids(column: Expr, ids: impl IntoIterator<Item = Uuid>) -> SimpleExpr {
    let text = |id: &Uuid| id.simple().to_string();
    is_one_of(column, ids.into_iter().collect(), text, "? IN (SELECT unhex(value) FROM json_each(?))")
}

/// Whether a column of texts has one of these.
pub(crate) fn is_one_of_texts<T: Into<String>>(column: Expr, texts: impl IntoIterator<Item = T>) -> SimpleExpr {
    let texts = texts.into_iter().map(Into::into).collect();
    is_one_of(column, texts, String::clone, "? IN (SELECT value FROM json_each(?))")
}

/// Whether two columns, of ids and of texts, have one of these pairs.
pub(crate) fn is_one_of_pairs(columns: [Expr; 2], pairs: impl IntoIterator<Item = (Uuid, String)>) -> SimpleExpr {
    let pair = |(id, text): (Uuid, String)| serde_json::json!([id.simple().to_string(), text]);
    let pairs = pairs.into_iter().map(pair).collect::<serde_json::Value>();
    let [ids, texts] = columns;
    let sql = "(?, ?) IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?))";
    Expr::cust_with_exprs(sql, [ids, texts, Expr::val(pairs.to_string())])
}

fn is_one_of<T: Into<Value>>(column: Expr, of: Vec<T>, text: impl Fn(&T) -> String, sql: &'static str) -> SimpleExpr {
    if of.len() <= SHORT {
        return column.is_in(of);
    }
    let list = of.iter().map(text).collect::<serde_json::Value>();
    Expr::cust_with_exprs(sql, [column, Expr::val(list.to_string())])
}
