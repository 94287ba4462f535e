//! Changes to users.
use jiff::Timestamp;
use sea_query::{CaseStatement, Expr, ExprTrait as _, Func, Order, Query, SimpleExpr};

use super::{LoginType, NewUser, User, UserStatus, Users, is_live, select};
use crate::{
    Reach, Reader, StoreError, Tx, UserId,
    db::{json, microseconds},
    identifiers::fold_identifier,
};

impl Reader<'_> {
    /// Whether there is another owner than this user who may act and can sign in. Service accounts, and other users with
    /// the login type `none`, do not count: nobody could act as them once their tokens have expired.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn has_other_owner(&mut self, than: UserId) -> Result<bool, StoreError> {
        let is_other = Expr::col(Users::Id).ne(than.0).and(is_live());
        let mut query = select(is_other.and(self.dialect().is_among(User::OWNER, Expr::col(Users::Roles))));
        query
            .and_where(Expr::col(Users::Status).ne(UserStatus::Suspended.as_str()))
            .and_where(Expr::col(Users::LoginType).ne(LoginType::None.as_str()));
        // One whose row does not decode cannot act.
        let found: Vec<User> = self.exact().fetch_list(&query).await?;
        Ok(!found.is_empty())
    }

    /// Active users, without service accounts, who have not acted since then.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn inactive_users(&mut self, since: Timestamp, at_most: u64) -> Result<Vec<User>, StoreError> {
        let last = Func::coalesce([Expr::col(Users::LastSeenAt), Expr::col(Users::CreatedAt)]);
        let mut query = select(Expr::col(Users::Status).eq(UserStatus::Active.as_str()).and(is_live()));
        query
            .and_where(Expr::expr(last).lt(microseconds(since)))
            .and_where(Expr::col(Users::IsServiceAccount).eq(false))
            .order_by(Users::Id, Order::Asc)
            .limit(at_most);
        self.fetch_list(&query).await
    }
}

impl Tx {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a live user has that username or address.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_user(&mut self, new: &NewUser) -> Result<(), StoreError> {
        let user = &new.user;
        let mut query = Query::insert();
        query
            .into_table(Users::Table)
            .columns([
                Users::Id,
                Users::Username,
                Users::UsernameKey,
                Users::Email,
                Users::EmailKey,
                Users::Name,
                Users::AvatarUrl,
                Users::PasswordHash,
                Users::Status,
                Users::LoginType,
                Users::Roles,
                Users::IsServiceAccount,
                Users::CreatedAt,
                Users::UpdatedAt,
                Users::LastSeenAt,
            ])
            .values_panic([
                user.id.0.into(),
                user.username.as_str().into(),
                fold_identifier(&user.username).into(),
                user.email.as_str().into(),
                fold_identifier(&user.email).into(),
                user.name.as_str().into(),
                user.avatar_url.as_str().into(),
                new.password_hash.0.as_str().into(),
                user.status.as_str().into(),
                user.login_type.as_str().into(),
                json(&user.roles).into(),
                user.is_service_account.into(),
                microseconds(user.created_at).into(),
                microseconds(user.updated_at).into(),
                user.last_seen_at.map(microseconds).into(),
            ]);
        self.execute_one_for(Reach::User(user.id), &query).await
    }

    /// Sets a user's status. Suspension voids all passcodes.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_user_status(
        &mut self,
        id: UserId,
        status: UserStatus,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.update_user(id, now, [(Users::Status, status.as_str().into())]).await?;
        match status {
            UserStatus::Suspended => self.delete_passcodes(id).await,
            UserStatus::Active | UserStatus::Dormant => Ok(()),
        }
    }

    /// Gives a user exactly these roles of the deployment.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_user_roles(&mut self, id: UserId, roles: &[String], now: Timestamp) -> Result<(), StoreError> {
        self.update_user(id, now, [(Users::Roles, json(&roles).into())]).await
    }

    /// Sets a user's username and display name.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another live user has that username, [`StoreError::Gone`] when there is no such
    /// live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_user_profile(
        &mut self,
        id: UserId,
        username: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let values = [
            (Users::Username, username.into()),
            (Users::UsernameKey, fold_identifier(username).into()),
            (Users::Name, name.into()),
        ];
        self.update_user(id, now, values).await
    }

    /// Sets a user's e-mail address, display name and picture.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another live user has that address, [`StoreError::Gone`] when there is no such
    /// live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_user_person(&mut self, changed: &User, now: Timestamp) -> Result<(), StoreError> {
        let values = [
            (Users::Email, changed.email.as_str().into()),
            (Users::EmailKey, fold_identifier(&changed.email).into()),
            (Users::Name, changed.name.as_str().into()),
            (Users::AvatarUrl, changed.avatar_url.as_str().into()),
        ];
        self.update_user(changed.id, now, values).await
    }

    /// Sets a user's login type, and deletes the password and all passcodes.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_login_type(&mut self, id: UserId, to: LoginType, now: Timestamp) -> Result<(), StoreError> {
        let values = [(Users::LoginType, to.as_str().into()), (Users::PasswordHash, "".into())];
        self.update_user(id, now, values).await?;
        self.delete_passcodes(id).await
    }

    /// Notes that a user acts at this time.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn touch_user(&mut self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        self.update_user(id, now, [(Users::LastSeenAt, microseconds(now).into())]).await
    }

    /// Notes that a user acted at this time, if nothing later is noted. A user who was deleted stays as they are.
    pub(crate) async fn see_user(&mut self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        let at = microseconds(at);
        let mut query = Query::update();
        query
            .table(Users::Table)
            .value(Users::LastSeenAt, at)
            .value(
                Users::UpdatedAt,
                CaseStatement::new().case(Expr::col(Users::UpdatedAt).lt(at), at).finally(Expr::col(Users::UpdatedAt)),
            )
            .and_where(Expr::col(Users::Id).eq(id.0))
            .and_where(is_live())
            .and_where(Expr::col(Users::LastSeenAt).is_null().or(Expr::col(Users::LastSeenAt).lt(at)));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    pub(super) async fn update_user<const N: usize>(
        &mut self,
        id: UserId,
        now: Timestamp,
        values: [(Users, SimpleExpr); N],
    ) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(Users::Table)
            .values(values)
            .value(Users::UpdatedAt, microseconds(now))
            .and_where(Expr::col(Users::Id).eq(id.0))
            .and_where(is_live());
        self.execute_one_for(Reach::User(id), &query).await
    }

    /// Deletes a user, with keys, memberships, settings, notices, links to providers and grants. The username and
    /// address are free again; the row stays for the audit records that name the user.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_user(&mut self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        self.update_user(id, now, [(Users::Deleted, true.into()), (Users::PasswordHash, "".into())]).await?;
        self.delete_keys_of(id).await?;
        self.delete_memberships(id).await?;
        self.delete_settings_of(id).await?;
        self.delete_notices_of(id).await?;
        self.delete_passcodes(id).await?;
        self.delete_links_of(id).await?;
        self.revoke_grants_to(id.0).await
    }
}
