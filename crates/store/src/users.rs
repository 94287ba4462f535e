//! Users.
mod changes;
mod list;
mod passwords;
mod settings;

pub(crate) use list::ids;
pub use list::{ListUsers, Period};
pub use passwords::AttemptBounds;

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, Query, SelectStatement, SimpleExpr};
use uuid::Uuid;

use crate::{
    Reader, StoreError, UserId,
    db::{Json, MAX_IN_LIST, Remains, Stored, count_rows, fetch_count, row, timestamp},
    identifiers::fold_identifier,
    uses::Uses,
};

const TABLE: &str = "users";

/// Whether a user may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserStatus {
    /// May act.
    Active,
    /// Has not acted for a long time; acting makes the user active.
    Dormant,
    /// May not act.
    Suspended,
}

impl UserStatus {
    /// The status as text, in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Dormant => "dormant",
            Self::Suspended => "suspended",
        }
    }

    /// The status with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Dormant, Self::Suspended].into_iter().find(|status| status.as_str() == text)
    }
}

/// How a user signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginType {
    /// By e-mail and password.
    Password,
    /// By GitHub.
    Github,
    /// By an `OpenID` Connect provider.
    Oidc,
    /// Not at all.
    None,
}

impl LoginType {
    /// The login type as text, in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Github => "github",
            Self::Oidc => "oidc",
            Self::None => "none",
        }
    }

    /// The login type with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Password, Self::Github, Self::Oidc, Self::None].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A password hash in the PHC string format; empty for users without a password.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "not for logs")]
pub struct PasswordHash(pub String);

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id; it never changes.
    pub id: UserId,
    /// Unique among live users without regard to the case of ASCII letters.
    pub username: String,
    /// The e-mail address. Empty for service accounts, else unique among live users in the same way.
    pub email: String,
    /// The display name.
    pub name: String,
    /// The address of a picture.
    pub avatar_url: String,
    /// Whether the user may act.
    pub status: UserStatus,
    /// How the user signs in.
    pub login_type: LoginType,
    /// Names of the user's roles of the deployment, without `member`, which every user has.
    pub roles: Vec<String>,
    /// Whether this is a program's account.
    pub is_service_account: bool,
    /// Whether the user is deleted: the row is kept for the audit records that name the user.
    pub deleted: bool,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When anything about the user last changed.
    pub updated_at: Timestamp,
    /// When the user last acted.
    pub last_seen_at: Option<Timestamp>,
}

impl User {
    /// The role that at least one user must have, because only its holders can assign it.
    pub const OWNER: &'static str = "owner";

    /// Whether the user is an owner of the deployment.
    pub fn is_owner(&self) -> bool {
        self.roles.iter().any(|role| role == Self::OWNER)
    }
}

/// A user to insert.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a password hash")]
pub struct NewUser {
    /// The user; its `deleted` is ignored.
    pub user: User,
    /// Empty unless the login type is `password`.
    pub password_hash: PasswordHash,
}

#[derive(Clone, Copy, Iden)]
pub(crate) enum Users {
    Table,
    Id,
    Username,
    UsernameKey,
    Email,
    EmailKey,
    Name,
    AvatarUrl,
    PasswordHash,
    PasswordFailures,
    PasswordFailedAt,
    Status,
    LoginType,
    Roles,
    IsServiceAccount,
    Deleted,
    CreatedAt,
    UpdatedAt,
    LastSeenAt,
}

const COLUMNS: [Users; 13] = [
    Users::Id,
    Users::Username,
    Users::Email,
    Users::Name,
    Users::AvatarUrl,
    Users::Status,
    Users::LoginType,
    Users::Roles,
    Users::IsServiceAccount,
    Users::Deleted,
    Users::CreatedAt,
    Users::UpdatedAt,
    Users::LastSeenAt,
];

row! { struct UsernameRow in TABLE => { id: Uuid, username: String } }

row! {
    struct UserRow in TABLE => {
        id: Uuid, username: String, email: String, name: String, avatar_url: String, status: String,
        login_type: String, roles: Json<Vec<String>>, is_service_account: bool, deleted: bool, created_at: i64,
        updated_at: i64, last_seen_at: Option<i64>,
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let at = |stored| timestamp(TABLE, &row.id, stored);
        let unknown =
            |column: &str, value: &str| StoreError::corrupt(TABLE, &row.id, &format!("unknown {column} `{value}`"));
        Ok(Self {
            status: UserStatus::parse(&row.status).ok_or_else(|| unknown("status", &row.status))?,
            login_type: LoginType::parse(&row.login_type).ok_or_else(|| unknown("login_type", &row.login_type))?,
            created_at: at(row.created_at)?,
            updated_at: at(row.updated_at)?,
            last_seen_at: row.last_seen_at.map(at).transpose()?,
            id: UserId(row.id),
            username: row.username,
            email: row.email,
            name: row.name,
            avatar_url: row.avatar_url,
            roles: row.roles.0,
            is_service_account: row.is_service_account,
            deleted: row.deleted,
        })
    }
}

impl Stored for User {
    type Row<'r> = UserRow;

    /// Somebody who may do nothing. Whose roles cannot be read counts as an owner.
    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            id: UserId(row.uuid("id")),
            username: row.text("username"),
            email: row.text("email"),
            name: row.text("name"),
            avatar_url: row.text("avatar_url"),
            status: UserStatus::parse(&row.text("status")).unwrap_or(UserStatus::Suspended),
            login_type: LoginType::parse(&row.text("login_type")).unwrap_or(LoginType::None),
            roles: serde_json::from_str(&row.text("roles")).unwrap_or_else(|_| vec![Self::OWNER.to_owned()]),
            is_service_account: row.flag("is_service_account"),
            deleted: row.flag("deleted"),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            last_seen_at: None,
        })
    }

    fn add_uses(&mut self, uses: &Uses) {
        uses.apply_to_user(self);
    }
}

fn select(condition: SimpleExpr) -> SelectStatement {
    let mut query = Query::select();
    query.columns(COLUMNS).from(Users::Table).and_where(condition);
    query
}

async fn find(source: &mut Reader<'_>, condition: SimpleExpr) -> Result<Option<User>, StoreError> {
    source.fetch_value(&select(condition)).await
}

fn is_live() -> SimpleExpr {
    Expr::col(Users::Deleted).eq(false)
}

impl Reader<'_> {
    /// The user with this id, deleted or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        find(self, Expr::col(Users::Id).eq(id.0)).await
    }

    /// Those of the users with these ids that exist, in no order.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_IN_LIST) {
            let query = select(Expr::col(Users::Id).is_in(some.iter().map(|id| id.0)));
            found.extend(self.fetch_list(&query).await?);
        }
        Ok(found)
    }

    /// The usernames of those of these users that exist, in no order.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn usernames(&mut self, ids: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_IN_LIST) {
            let mut query = Query::select();
            query
                .columns([Users::Id, Users::Username])
                .from(Users::Table)
                .and_where(Expr::col(Users::Id).is_in(some.iter().map(|id| id.0)));
            let rows: Vec<UsernameRow> = self.fetch_readable(&query).await?;
            found.extend(rows.into_iter().map(|row| (UserId(row.id), row.username)));
        }
        Ok(found)
    }

    /// The live user with this username.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_user_by_username(&mut self, username: &str) -> Result<Option<User>, StoreError> {
        find(self, Expr::col(Users::UsernameKey).eq(fold_identifier(username)).and(is_live())).await
    }

    /// The number of live users.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_users(&mut self) -> Result<u64, StoreError> {
        let mut query = Query::select();
        query.expr_as(count_rows(), "count").from(Users::Table).and_where(is_live());
        fetch_count(self, &query).await
    }
}
