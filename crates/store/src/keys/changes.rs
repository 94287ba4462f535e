//! Minting, using, expiring and deleting keys.
use jiff::Timestamp;
use sea_query::{
    CaseStatement, Expr, ExprTrait as _, InsertStatement, Query, SimpleExpr, UnionType, UpdateStatement, Value,
};

use super::{ApiKey, ApiKeyAncestors, ApiKeys, KeyUse, MOST_ANCESTORS, TABLE, descends_from, is_live};
use crate::{
    KeyId, Reach, StoreError, Tx, UserId,
    db::{Fixed, json, microseconds, row, rows},
};

static NEW_KEY: Fixed<17, InsertStatement> = Fixed::of(|values| {
    Query::insert()
        .into_table(ApiKeys::Table)
        .columns([
            ApiKeys::Id,
            ApiKeys::SecretHash,
            ApiKeys::UserId,
            ApiKeys::ParentId,
            ApiKeys::LoginType,
            ApiKeys::TokenName,
            ApiKeys::LiveName,
            ApiKeys::Scopes,
            ApiKeys::AllowList,
            ApiKeys::NarrowDepth,
            ApiKeys::LifetimeSeconds,
            ApiKeys::IpAddress,
            ApiKeys::UserAgent,
            ApiKeys::CreatedAt,
            ApiKeys::UpdatedAt,
            ApiKeys::ExpiresAt,
            ApiKeys::AbsoluteEnd,
        ])
        .values_panic(values.map(Expr::val))
        .take()
});

/// Clears the name of an expired key, where no use waits by which a key outlives its stored end.
static FREE_NAME: Fixed<4, UpdateStatement> = Fixed::of(|[none, user, name, now]| {
    // As `is_live` says it.
    let lives = Expr::col(ApiKeys::RevokedAt).is_null().and(Expr::col(ApiKeys::ExpiresAt).gt(now));
    free_name(none, user, name, lives)
});

/// The ancestors of a new key: its parent, and those of its parent.
static NEW_ANCESTORS: Fixed<7, InsertStatement> = Fixed::of(|[key, parent, first, same_key, step, above, most]| {
    use ApiKeyAncestors as A;
    let mut chain = Query::select();
    chain.expr(Expr::val(key)).expr(Expr::val(parent)).expr(Expr::val(first));
    let mut farther = Query::select();
    farther
        .expr(Expr::val(same_key))
        .column(A::AncestorId)
        .expr(Expr::col(A::Distance).add(step))
        .from(A::Table)
        .and_where(Expr::col(A::KeyId).eq(above))
        .and_where(Expr::col(A::Distance).lt(most));
    chain.union(UnionType::All, farther);
    let mut query = Query::insert();
    query.into_table(A::Table).columns([A::KeyId, A::AncestorId, A::Distance]);
    // It fails only where the numbers of columns differ.
    query.select_from(chain).map(InsertStatement::take).unwrap_or_default()
});

impl Tx {
    /// Adds a new key, with its chain of ancestors: its parent, and the parent's ancestors, the nearest
    /// [`MOST_ANCESTORS`] of them.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the owner has a live key with that name.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        self.queue_key(key)?;
        self.flush().await
    }

    /// The same with the next statement of this unit of work, or its commit: there the conflict shows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the transaction has ended.
    pub fn queue_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        self.free_expired_name(key)?;
        let live_name = (!key.token_name.is_empty()).then_some(key.token_name.as_str());
        let values = [
            key.id.as_str().into(),
            key.secret_hash.0.to_vec().into(),
            key.user_id.0.into(),
            key.parent_id.as_ref().map(KeyId::as_str).into(),
            key.login_type.as_str().into(),
            key.token_name.as_str().into(),
            live_name.into(),
            json(&key.scopes[..]).into(),
            json(&key.allow_list[..]).into(),
            key.narrow_depth.into(),
            key.lifetime_seconds.into(),
            key.origin.ip_address.to_string().into(),
            key.origin.user_agent.as_str().into(),
            microseconds(key.created_at).into(),
            microseconds(key.created_at).into(),
            microseconds(key.expires_at).into(),
            key.absolute_end.map(microseconds).into(),
        ];
        self.queue_fixed(&NEW_KEY, values)?;
        if let Some(parent) = &key.parent_id {
            self.insert_ancestors(&key.id, parent)?;
        }
        Ok(())
    }

    /// Clears the name of an expired key, so that the new key can have it.
    fn free_expired_name(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let (user, name) = (key.user_id.0.into(), key.token_name.as_str().into());
        if key.token_name.is_empty() {
            return Ok(());
        }
        if self.uses().outliving(key.created_at).is_empty() {
            let values = [Option::<String>::None.into(), user, name, microseconds(key.created_at).into()];
            return self.queue_fixed(&FREE_NAME, values);
        }
        let lives = is_live(key.created_at, self.dialect(), self.uses());
        self.queue(&free_name(Option::<String>::None.into(), user, name, lives))
    }

    fn insert_ancestors(&mut self, key: &KeyId, parent: &KeyId) -> Result<(), StoreError> {
        let (key, parent) = (key.as_str(), parent.as_str());
        let (first, step, most) = (1.into(), 1.into(), MOST_ANCESTORS.into());
        let values = [key.into(), parent.into(), first, key.into(), step, parent.into(), most];
        self.queue_fixed(&NEW_ANCESTORS, values)
    }

    /// Expires a key; its row stays. Says whether it was live. One that has ended by itself is revoked, too: another
    /// process may have noted a use of it that is not written yet, or have a clock that is behind.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn expire_key(&mut self, id: &KeyId, now: Timestamp) -> Result<bool, StoreError> {
        let this = Expr::col(ApiKeys::Id).eq(id.as_str());
        let was_live = self.expire_where(Reach::Key(id.clone()), this.clone(), now).await? > 0;
        if !was_live {
            self.execute_for(Reach::Key(id.clone()), &revoke_where(this, now)).await?;
        }
        Ok(was_live)
    }

    /// Expires all live descendants of a key. Says how many. Those that have ended by themselves are revoked, too, as by
    /// [`Self::expire_key`].
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn expire_descendants(&mut self, id: &KeyId, now: Timestamp) -> Result<u64, StoreError> {
        let mut ids = Query::select();
        ids.column(ApiKeys::Id)
            .from(ApiKeys::Table)
            .and_where(descends_from(id))
            .and_where(Expr::col(ApiKeys::RevokedAt).is_null());
        // One that cannot be read is revoked like the others.
        let rows: Vec<IdRow> = self.read().fetch_readable(&ids).await?;
        // What is no id is the id of no key that is remembered.
        for key in rows.iter().filter_map(|row| KeyId::parse(&row.id)) {
            self.reach(Reach::Key(key));
        }
        let were_live = self.expire_where(Reach::Nobody, descends_from(id), now).await?;
        self.execute_for(Reach::Nobody, &revoke_where(descends_from(id), now)).await?;
        Ok(were_live)
    }

    async fn expire_where(&mut self, reach: Reach, condition: SimpleExpr, now: Timestamp) -> Result<u64, StoreError> {
        let mut query = Query::update();
        query
            .table(ApiKeys::Table)
            .value(ApiKeys::ExpiresAt, microseconds(now))
            .value(ApiKeys::RevokedAt, microseconds(now))
            .value(ApiKeys::LiveName, Option::<String>::None)
            .and_where(condition)
            .and_where(is_live(now, self.dialect(), self.uses()));
        self.execute_for(reach, &query).await
    }

    /// Deletes a key. Its descendants keep their chain of ancestors.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_key(&mut self, id: &KeyId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(ApiKeys::Table).and_where(Expr::col(ApiKeys::Id).eq(id.as_str()));
        self.execute_one_for(Reach::Key(id.clone()), &query).await
    }

    /// Deletes all descendants of a key. Says how many of them were live.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_descendants(&mut self, id: &KeyId, now: Timestamp) -> Result<u64, StoreError> {
        let live = self.expire_descendants(id, now).await?;
        let mut query = Query::delete();
        query.from_table(ApiKeys::Table).and_where(descends_from(id));
        self.execute_for(Reach::Nobody, &query).await?;
        Ok(live)
    }

    /// Deletes all keys of a user.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_keys_of(&mut self, user: UserId) -> Result<u64, StoreError> {
        self.delete_keys_of_but(user, None).await
    }

    /// Deletes all keys of a user, except one.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_keys_of_but(&mut self, user: UserId, spared: Option<&KeyId>) -> Result<u64, StoreError> {
        let mut query = Query::delete();
        query.from_table(ApiKeys::Table).and_where(Expr::col(ApiKeys::UserId).eq(user.0));
        if let Some(spared) = spared {
            query.and_where(Expr::col(ApiKeys::Id).ne(spared.as_str()));
        }
        self.execute_for(Reach::User(user), &query).await
    }

    /// Deletes all keys of a user that have this scope.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_keys_with_scope(&mut self, user: UserId, scope: &str) -> Result<u64, StoreError> {
        let mut query = Query::delete();
        query
            .from_table(ApiKeys::Table)
            .and_where(Expr::col(ApiKeys::UserId).eq(user.0))
            .and_where(self.dialect().is_among(scope, Expr::col(ApiKeys::Scopes)));
        self.execute_for(Reach::User(user), &query).await
    }

    /// Deletes keys that expired before this instant. Says how many.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn purge_keys(&mut self, ended_before: Timestamp, at_most: u64) -> Result<u64, StoreError> {
        let mut ids = Query::select();
        ids.column(ApiKeys::Id)
            .from(ApiKeys::Table)
            .and_where(Expr::col(ApiKeys::ExpiresAt).lt(microseconds(ended_before)))
            .limit(rows(at_most));
        let mut query = Query::delete();
        query.from_table(ApiKeys::Table).and_where(Expr::col(ApiKeys::Id).in_subquery(ids));
        self.execute(&query).await
    }

    /// Notes the use of a key, as [`KeyUse::apply`] does; says whether it did. If the key was expired or changed in the
    /// meantime, it stays as it is, and what is remembered of it ends.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn record_key_use(&mut self, used: &KeyUse) -> Result<bool, StoreError> {
        let last_used = microseconds(used.last_used);
        // Another process may have written a later use already.
        let unless_used_later = |column: ApiKeys, value: SimpleExpr| {
            CaseStatement::new().case(Expr::col(ApiKeys::LastUsed).lte(last_used), value).finally(Expr::col(column))
        };
        let (address, agent) = (used.origin.ip_address.to_string(), used.origin.user_agent.as_str());
        let mut query = Query::update();
        query
            .table(ApiKeys::Table)
            .value(ApiKeys::LastUsed, unless_used_later(ApiKeys::LastUsed, Expr::val(last_used)))
            .value(ApiKeys::IpAddress, unless_used_later(ApiKeys::IpAddress, Expr::val(address)))
            .value(ApiKeys::UserAgent, unless_used_later(ApiKeys::UserAgent, Expr::val(agent)))
            .value(ApiKeys::ExpiresAt, microseconds(used.expires_at))
            .and_where(Expr::col(ApiKeys::Id).eq(used.id.as_str()))
            .and_where(Expr::col(ApiKeys::ExpiresAt).eq(microseconds(used.seen_expires_at)))
            .and_where(Expr::col(ApiKeys::RevokedAt).is_null());
        let is_noted = self.execute_for(Reach::Nobody, &query).await? > 0;
        if !is_noted {
            self.reach(Reach::Key(used.id.clone()));
        }
        Ok(is_noted)
    }

    /// Notes the use of a key by its owner, both at once; says whether the key is as it was seen.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn record_use_by(&mut self, used: &KeyUse, owner: UserId, at: Timestamp) -> Result<bool, StoreError> {
        self.see_user(owner, at).await?;
        self.record_key_use(used).await
    }
}

/// Clears the name of a user's key of this name, unless it lives.
fn free_name(none: Value, user: Value, name: Value, lives: SimpleExpr) -> UpdateStatement {
    Query::update()
        .table(ApiKeys::Table)
        .value(ApiKeys::LiveName, Expr::val(none))
        .and_where(Expr::col(ApiKeys::UserId).eq(user))
        .and_where(Expr::col(ApiKeys::LiveName).eq(name))
        .and_where(lives.not())
        .take()
}

/// Revokes keys, and leaves their end as it is.
fn revoke_where(condition: SimpleExpr, now: Timestamp) -> UpdateStatement {
    let mut query = Query::update();
    query
        .table(ApiKeys::Table)
        .value(ApiKeys::RevokedAt, microseconds(now))
        .and_where(condition)
        .and_where(Expr::col(ApiKeys::RevokedAt).is_null());
    query
}

row! { struct IdRow in TABLE => { id: String } }
