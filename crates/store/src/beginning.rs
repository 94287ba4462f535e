//! What is read as a transaction begins, because nearly every unit of work asks for it.
use sea_query::{Query, SelectStatement, SimpleExpr};

use crate::{
    RightsVersion,
    audit::{ChainHead, newest_record},
    db::AnyRows,
    rights::current_version,
};

const VERSION: &str = "version";
const SEQUENCE: &str = "sequence";
const HASH: &str = "hash";

/// What a unit of work knows from the beginning. What cannot be read is not known; those who need it say what is wrong
/// with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beginning {
    /// The version of rights.
    pub(crate) version: Option<RightsVersion>,
    /// The head of the chain of records.
    pub(crate) head: Option<ChainHead>,
}

impl Beginning {
    /// Asks for one row, whatever is there.
    pub(crate) fn query() -> SelectStatement {
        let [sequence, hash] = newest_record();
        let column = |query: SelectStatement| SimpleExpr::SubQuery(None, Box::new(query.into()));
        let mut query = Query::select();
        query.expr_as(column(current_version()), VERSION);
        query.expr_as(column(sequence), SEQUENCE).expr_as(column(hash), HASH);
        query
    }

    /// What the row holds.
    pub(crate) fn of(rows: &AnyRows) -> Self {
        let Some(row) = rows.first() else { return Self::default() };
        let hash = row.column::<Vec<u8>>(HASH).and_then(|hash| hash.try_into().ok());
        let sequence = row.column::<i64>(SEQUENCE);
        Self {
            version: row.column(VERSION).map(RightsVersion),
            head: sequence.zip(hash).map(|(sequence, hash)| ChainHead::at(sequence, hash)),
        }
    }
}
