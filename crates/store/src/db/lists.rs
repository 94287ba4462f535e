//! Conditions on lists of values. A long list is one bound value, a JSON text, so that no number of values is too many
//! for a statement.
use sea_query::{Expr, ExprTrait as _, SimpleExpr, Value};
use uuid::{Uuid, fmt::Simple};

use super::{Dialect, json};

/// The longest list whose values are bound one by one. A statement about all types has several lists for each of them,
/// and the database reads short ones faster than JSON.
const SHORT: usize = 8;

impl Dialect {
    /// Whether a column of ids has one of these.
    pub(crate) fn is_one_of_ids(self, column: Expr, ids: impl IntoIterator<Item = Uuid>) -> SimpleExpr {
        self.is_one_of(
            column,
            ids.into_iter().collect(),
            list_of_ids,
            "? IN (SELECT unhex(value) FROM json_each(?))",
            "$1 IN (SELECT value::uuid FROM json_array_elements_text($2::json))",
        )
    }

    /// Whether a column of texts has one of these.
    pub(crate) fn is_one_of_texts<T: Into<String>>(
        self,
        column: Expr,
        texts: impl IntoIterator<Item = T>,
    ) -> SimpleExpr {
        self.is_one_of(
            column,
            // No text in a row has a NUL, and one database does not take it in JSON.
            texts.into_iter().map(Into::into).filter(|text| !text.contains('\0')).collect(),
            json,
            "? IN (SELECT value FROM json_each(?))",
            "$1 IN (SELECT value FROM json_array_elements_text($2::json))",
        )
    }

    /// Whether two columns, of ids and of texts, have one of these pairs.
    pub(crate) fn is_one_of_pairs(
        self,
        columns: [Expr; 2],
        pairs: impl IntoIterator<Item = (Uuid, String)>,
    ) -> SimpleExpr {
        let pair = |(id, text): (Uuid, String)| serde_json::json!([id.simple().to_string(), text]);
        let pairs = pairs.into_iter().filter(|(_, text)| !text.contains('\0')).map(pair).collect::<serde_json::Value>();
        let [ids, texts] = columns;
        self.condition(
            "(?, ?) IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?))",
            "($1, $2) IN (SELECT (value ->> 0)::uuid, value ->> 1 FROM json_array_elements($3::json))",
            [ids, texts, Expr::val(pairs.to_string())],
        )
    }

    fn is_one_of<T: Into<Value>>(
        self,
        column: Expr,
        of: Vec<T>,
        list: impl FnOnce(&[T]) -> String,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> SimpleExpr {
        if of.len() <= SHORT {
            return column.is_in(of);
        }
        self.condition(sqlite, postgres, [column, Expr::val(list(&of))])
    }
}

/// Ids as JSON.
fn list_of_ids(ids: &[Uuid]) -> String {
    const QUOTED: usize = Simple::LENGTH + 3;
    let mut list = String::with_capacity(2 + ids.len() * QUOTED);
    list.push('[');
    for (place, id) in ids.iter().enumerate() {
        list.push_str(if place == 0 { "\"" } else { ",\"" });
        list.push_str(id.as_simple().encode_lower(&mut Uuid::encode_buffer()));
        list.push('"');
    }
    list.push(']');
    list
}
