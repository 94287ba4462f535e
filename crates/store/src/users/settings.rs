//! Settings of users.
use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Query};

use crate::{Reach, Reader, StoreError, Tx, UserId, db::row};

#[derive(Clone, Copy, Iden)]
enum UserSettings {
    Table,
    UserId,
    Name,
    Value,
}

row! { struct SettingRow in "user_settings" => { name: String, value: String } }

impl Reader<'_> {
    /// A user's settings by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn user_settings(&mut self, user: UserId) -> Result<BTreeMap<String, String>, StoreError> {
        let mut query = Query::select();
        query
            .columns([UserSettings::Name, UserSettings::Value])
            .from(UserSettings::Table)
            .and_where(Expr::col(UserSettings::UserId).eq(user.0));
        let rows: Vec<SettingRow> = self.fetch_all(&query).await?;
        Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
    }
}

impl Tx {
    /// Sets one of a user's settings.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn set_user_setting(&mut self, user: UserId, name: &str, value: &str) -> Result<(), StoreError> {
        let conflict = OnConflict::columns([UserSettings::UserId, UserSettings::Name])
            .update_column(UserSettings::Value)
            .to_owned();
        let mut query = Query::insert();
        query
            .into_table(UserSettings::Table)
            .columns([UserSettings::UserId, UserSettings::Name, UserSettings::Value])
            .values_panic([user.0.into(), name.into(), value.into()])
            .on_conflict(conflict);
        self.execute_one_for(Reach::Nobody, &query).await
    }

    /// Deletes all settings of a user.
    pub(crate) async fn delete_settings_of(&mut self, user: UserId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(UserSettings::Table).and_where(Expr::col(UserSettings::UserId).eq(user.0));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }
}
