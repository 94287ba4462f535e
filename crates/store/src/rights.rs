//! The version of rights: a counter that every change of what callers may do moves on, in its own transaction.
use sea_query::{Expr, ExprTrait as _, Iden, Query, SelectStatement};

use crate::{Reach, Reader, StoreError, Tx, db::row};

const TABLE: &str = "rights_version";

#[derive(Clone, Copy, Iden)]
#[iden = "rights_version"]
enum Version {
    Table,
    Number,
}

/// A state of all rights, by a number that every change moves on. Two equal versions are the same state: nothing was changed
/// between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RightsVersion(pub i64);

row! { struct VersionRow in TABLE => { number: i64 } }

/// Asks for the version.
pub(crate) fn current_version() -> SelectStatement {
    let mut query = Query::select();
    query.column(Version::Number).from(Version::Table);
    query
}

impl Reader<'_> {
    /// The present version. Rights that are read *after* it are at least as new.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn rights_version(&mut self) -> Result<RightsVersion, StoreError> {
        if let Some(version) = self.beginning().and_then(|beginning| beginning.version) {
            return Ok(version);
        }
        let row: Option<VersionRow> = self.fetch_optional(&current_version()).await?;
        let missing = || StoreError::corrupt(TABLE, "1", "the row is missing");
        row.map(|row| RightsVersion(row.number)).ok_or_else(missing)
    }
}

impl Tx {
    /// Moves the version on: this unit of work changes what callers may do.
    pub(crate) async fn advance_rights_version(&mut self) -> Result<(), StoreError> {
        let mut query = Query::update();
        query.table(Version::Table).value(Version::Number, Expr::col(Version::Number).add(1));
        self.execute_one_for(Reach::Nobody, &query).await?;
        let beginning = self.beginning();
        beginning.version = beginning.version.map(|RightsVersion(number)| RightsVersion(number + 1));
        Ok(())
    }
}
