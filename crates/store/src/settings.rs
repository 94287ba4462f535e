//! Values that the deployment stores about itself.
use std::collections::BTreeSet;

use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Query};

use crate::{
    Reach, Reader, StoreError, Tx,
    db::{Json, row},
};

#[derive(Clone, Copy, Iden)]
enum Settings {
    Table,
    Name,
    Value,
}

row! { struct SettingRow in "settings" => { value: String } }

async fn find(source: &mut Reader<'_>, name: &str) -> Result<Option<String>, StoreError> {
    let mut query = Query::select();
    query.column(Settings::Value).from(Settings::Table).and_where(Expr::col(Settings::Name).eq(name));
    Ok(source.fetch_optional::<SettingRow>(&query).await?.map(|row| row.value))
}

impl Reader<'_> {
    /// The value of a setting, if it has one.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_setting(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        find(self, name).await
    }
}

/// Names of the catalogue that are used in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesInUse {
    /// Scopes of keys.
    pub scopes: BTreeSet<String>,
    /// Entries of keys' allow lists.
    pub allow_entries: BTreeSet<String>,
    /// Types of registered resources.
    pub resource_types: BTreeSet<String>,
}

row! { struct ListRow in "api_keys" => { names: Json<Vec<String>> } }
row! { struct NameRow in "resources" => { name: String } }

/// The distinct values of a column.
fn distinct(table: &'static str, column: &'static str, name: &'static str) -> sea_query::SelectStatement {
    let mut query = Query::select();
    query.distinct().expr_as(Expr::col(column), name).from(table);
    query
}

impl Reader<'_> {
    /// The names of scopes and types that are used in the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn names_in_use(&mut self) -> Result<NamesInUse, StoreError> {
        let types: Vec<NameRow> = self.fetch_all(&distinct("resources", "resource_type", "name")).await?;
        Ok(NamesInUse {
            scopes: self.names_of_keys("scopes").await?,
            allow_entries: self.names_of_keys("allow_list").await?,
            resource_types: types.into_iter().map(|row| row.name).collect(),
        })
    }

    /// All texts in a column of lists of API keys.
    async fn names_of_keys(&mut self, column: &'static str) -> Result<BTreeSet<String>, StoreError> {
        // A key that does not decode may do nothing.
        let rows: Vec<ListRow> = self.fetch_readable(&distinct("api_keys", column, "names")).await?;
        Ok(rows.into_iter().flat_map(|row| row.names.0).collect())
    }
}

impl Tx {
    /// Sets a setting.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.write_setting(name, value, OnConflict::column(Settings::Name).update_column(Settings::Value).to_owned())
            .await
    }

    /// Sets a setting, unless it has a value.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn insert_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.write_setting(name, value, OnConflict::column(Settings::Name).do_nothing().to_owned()).await
    }

    async fn write_setting(&mut self, name: &str, value: &str, on_conflict: OnConflict) -> Result<(), StoreError> {
        let mut query = Query::insert();
        query
            .into_table(Settings::Table)
            .columns([Settings::Name, Settings::Value])
            .values_panic([name.into(), value.into()])
            .on_conflict(on_conflict);
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }
}
