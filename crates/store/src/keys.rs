//! API keys, and their chains of ancestors.
mod changes;
mod expiring;
mod findings;

pub use expiring::EndingTokens;
pub use findings::{FindingNumbers, KeyFinding};

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Iden, Order, Query, SelectStatement, SimpleExpr, Value};
use uuid::Uuid;

use crate::{
    KeyId, Page, Reader, StoreError, UserId,
    db::{Dialect, Fixed, MAX_IN_LIST, Remains, Stored, Texts, count_rows, fetch_count, microseconds, row, timestamp},
    filter::{Columns, condition, passes_all_of},
    uses::Uses,
};

const TABLE: &str = "api_keys";

/// How many of a key's ancestors are kept: the nearest ones. So a long chain costs no more than a short one.
pub const MOST_ANCESTORS: u32 = 16;

/// How a key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyLoginType {
    /// A session begun with a password, or with another key.
    Password,
    /// A session begun by GitHub.
    Github,
    /// A session begun by an `OpenID` Connect provider.
    Oidc,
    /// An API token.
    Token,
}

impl KeyLoginType {
    /// The login type as text, in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Github => "github",
            Self::Oidc => "oidc",
            Self::Token => "token",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Password, Self::Github, Self::Oidc, Self::Token].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The SHA-256 of a key's secret. A fast hash is enough, because the secret is long and random.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "not for logs")]
pub struct SecretHash(pub [u8; 32]);

/// An API key.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a secret's hash")]
pub struct ApiKey {
    /// The part of the key before the hyphen.
    pub id: KeyId,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// The owner.
    pub user_id: UserId,
    /// The key that minted it.
    pub parent_id: Option<KeyId>,
    /// How it was made.
    pub login_type: KeyLoginType,
    /// Its name; empty for sessions.
    pub token_name: String,
    /// The names of its scopes, as requested.
    pub scopes: Arc<[String]>,
    /// The entries of its allow list, normalised.
    pub allow_list: Arc<[String]>,
    /// How many narrow keys there are from the nearest full key above it down to this one; zero for a full key.
    pub narrow_depth: u32,
    /// Its lifetime when it was minted.
    pub lifetime_seconds: i64,
    /// When it was minted.
    pub created_at: Timestamp,
    /// When it last authenticated a request, accurate to an hour; 1970 if never.
    pub last_used: Timestamp,
    /// When it expires: it is refused from this instant on.
    pub expires_at: Timestamp,
    /// The latest value that sliding may set `expires_at` to; none means no such bound.
    pub absolute_end: Option<Timestamp>,
    /// Whether it was expired on request: then a clock that goes back does not revive it.
    pub is_revoked: bool,
    /// The number of its live descendants; zero if the query did not count them.
    pub live_descendants: u64,
    /// Where it was last used; before its first use, where it was minted.
    pub origin: Origin,
}

impl ApiKey {
    /// Whether the key is neither expired nor revoked at that instant.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.is_revoked && self.expires_at > now
    }
}

/// The origin of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub ip_address: IpAddr,
    /// The client's program, as it calls itself.
    pub user_agent: String,
}

/// What a use of a key changes in its row.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// The key.
    pub id: KeyId,
    /// When it was used.
    pub last_used: Timestamp,
    /// The origin of the request.
    pub origin: Origin,
    /// The expiry that was read: if the row has another by now, nothing is written.
    pub seen_expires_at: Timestamp,
    /// The expiry to set.
    pub expires_at: Timestamp,
}

/// Which tokens or sessions to list.
#[derive(Clone, Debug, Default)]
pub struct ListKeys {
    /// Only those of this user; none means those of all users.
    pub user_id: Option<UserId>,
    /// Only those that were minted with this key, or with one of those.
    pub descendants_of: Option<KeyId>,
    /// Only those whose name contains this text, without regard to case.
    pub name_contains: Option<String>,
    /// Only those to which this applies.
    pub finding: Option<KeyFinding>,
    /// Whether to include expired ones.
    pub include_expired: bool,
    /// In which order.
    pub order: KeyOrder,
    /// The current time.
    pub now: Timestamp,
    /// Which part of the list.
    pub page: Page<KeyId>,
}

impl ListKeys {
    /// The user, if the list has all their live keys, the oldest first.
    fn all_live_of(&self) -> Option<UserId> {
        let Self { user_id, descendants_of, name_contains, finding, include_expired, order, now: _, page } = self;
        let is_all = descendants_of.is_none() && name_contains.is_none() && finding.is_none() && !include_expired;
        user_id.filter(|_| is_all && *order == KeyOrder::OldestFirst && *page == Page::default())
    }
}

/// The order of a list of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// By age.
    #[default]
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

impl KeyOrder {
    fn sorts(self) -> Order {
        match self {
            Self::OldestFirst => Order::Asc,
            Self::NewestFirst => Order::Desc,
        }
    }
}

#[derive(Clone, Copy, Iden)]
enum ApiKeys {
    Table,
    Id,
    SecretHash,
    UserId,
    ParentId,
    LoginType,
    TokenName,
    LiveName,
    Scopes,
    AllowList,
    NarrowDepth,
    LifetimeSeconds,
    IpAddress,
    UserAgent,
    CreatedAt,
    UpdatedAt,
    LastUsed,
    ExpiresAt,
    AbsoluteEnd,
    RevokedAt,
}

#[derive(Clone, Copy, Iden)]
enum ApiKeyAncestors {
    Table,
    KeyId,
    AncestorId,
    Distance,
}

/// The key table under another name, for sub-queries.
#[derive(Clone, Copy, Iden)]
enum Descendants {
    Table,
    Id,
    RevokedAt,
    ExpiresAt,
}

row! {
    struct KeyRow<'r> in TABLE => {
        id: &'r str, secret_hash: &'r [u8], user_id: Uuid, parent_id: Option<&'r str>, login_type: &'r str,
        token_name: String, scopes: Texts, allow_list: Texts, narrow_depth: i64, lifetime_seconds: i64,
        created_at: i64, last_used: i64, expires_at: i64, absolute_end: Option<i64>, revoked_at: Option<i64>,
        ip_address: &'r str, user_agent: String, live_descendants: i64,
    }
}

row! { struct OwnerRow in TABLE => { id: String, user_id: Uuid } }

impl TryFrom<KeyRow<'_>> for ApiKey {
    type Error = StoreError;

    fn try_from(row: KeyRow<'_>) -> Result<Self, StoreError> {
        let corrupt = |reason: &str| StoreError::corrupt(TABLE, row.id, reason);
        let at = |stored| timestamp(TABLE, row.id, stored);
        let key_id = |text: &str| KeyId::parse(text).ok_or_else(|| corrupt("malformed id"));
        Ok(Self {
            secret_hash: SecretHash(row.secret_hash.try_into().map_err(|_| corrupt("malformed hash"))?),
            parent_id: row.parent_id.map(key_id).transpose()?,
            login_type: KeyLoginType::parse(row.login_type).ok_or_else(|| corrupt("unknown login_type"))?,
            created_at: at(row.created_at)?,
            last_used: at(row.last_used)?,
            expires_at: at(row.expires_at)?,
            absolute_end: row.absolute_end.map(at).transpose()?,
            is_revoked: row.revoked_at.is_some(),
            live_descendants: u64::try_from(row.live_descendants).unwrap_or(0),
            origin: Origin {
                ip_address: row.ip_address.parse().map_err(|_| corrupt("malformed address"))?,
                user_agent: row.user_agent,
            },
            id: key_id(row.id)?,
            user_id: UserId(row.user_id),
            token_name: row.token_name,
            scopes: row.scopes.0,
            allow_list: row.allow_list.0,
            narrow_depth: u32::try_from(row.narrow_depth).unwrap_or(u32::MAX),
            lifetime_seconds: row.lifetime_seconds,
        })
    }
}

impl Stored for ApiKey {
    type Row<'r> = KeyRow<'r>;

    /// A key that has been revoked and may do nothing.
    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            id: KeyId::parse(&row.text("id"))?,
            secret_hash: SecretHash([0; 32]),
            user_id: UserId(row.uuid("user_id")),
            parent_id: None,
            login_type: KeyLoginType::parse(&row.text("login_type")).unwrap_or(KeyLoginType::Password),
            token_name: row.text("token_name"),
            scopes: Arc::default(),
            allow_list: Arc::default(),
            narrow_depth: u32::MAX,
            lifetime_seconds: 0,
            created_at: Timestamp::UNIX_EPOCH,
            last_used: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            absolute_end: None,
            is_revoked: true,
            live_descendants: 0,
            origin: Origin { ip_address: Ipv4Addr::UNSPECIFIED.into(), user_agent: String::new() },
        })
    }

    fn add_uses(&mut self, uses: &Uses) {
        uses.apply_to_key(self);
    }
}

fn select(descendants: SimpleExpr) -> SelectStatement {
    use ApiKeys as K;
    let mut query = Query::select();
    query
        .columns([
            K::Id,
            K::SecretHash,
            K::UserId,
            K::ParentId,
            K::LoginType,
            K::TokenName,
            K::Scopes,
            K::AllowList,
            K::NarrowDepth,
            K::LifetimeSeconds,
            K::CreatedAt,
            K::LastUsed,
            K::ExpiresAt,
            K::AbsoluteEnd,
            K::RevokedAt,
            K::IpAddress,
            K::UserAgent,
        ])
        .expr_as(descendants, "live_descendants")
        .from(K::Table);
    query
}

/// Selects keys with the number of their live descendants.
fn select_with_descendants(now: Value) -> SelectStatement {
    let mut count = Query::select();
    count
        .expr(count_rows())
        .from_as(ApiKeys::Table, Descendants::Table)
        .inner_join(
            ApiKeyAncestors::Table,
            Expr::col((ApiKeyAncestors::Table, ApiKeyAncestors::KeyId)).equals((Descendants::Table, Descendants::Id)),
        )
        .and_where(
            Expr::col((ApiKeyAncestors::Table, ApiKeyAncestors::AncestorId)).equals((ApiKeys::Table, ApiKeys::Id)),
        )
        .and_where(Expr::col((Descendants::Table, Descendants::RevokedAt)).is_null())
        .and_where(Expr::col((Descendants::Table, Descendants::ExpiresAt)).gt(now));
    select(SimpleExpr::SubQuery(None, Box::new(count.into())))
}

/// The live tokens of a user, the oldest first: the list that is asked for most.
static LIVE_TOKENS: Fixed<4, SelectStatement> = Fixed::of(|[counted_at, token, user, now]| {
    let mut query = select_with_descendants(counted_at);
    query
        .and_where(Expr::col(ApiKeys::LoginType).eq(token))
        .and_where(Expr::col(ApiKeys::UserId).eq(user))
        .and_where(Expr::col(ApiKeys::RevokedAt).is_null())
        .and_where(Expr::col(ApiKeys::ExpiresAt).gt(now));
    sort(&mut query, KeyOrder::OldestFirst);
    query
});

/// Whether a key is live, also by a use that is not written yet.
fn is_live(now: Timestamp, dialect: Dialect, uses: &Uses) -> SimpleExpr {
    let mut lives = Expr::col(ApiKeys::ExpiresAt).gt(microseconds(now));
    let outliving = uses.outliving(now);
    if !outliving.is_empty() {
        lives = lives.or(dialect.is_one_of_texts(Expr::col(ApiKeys::Id), outliving.iter().map(KeyId::as_str)));
    }
    Expr::col(ApiKeys::RevokedAt).is_null().and(lives)
}

fn descends_from(ancestor: &KeyId) -> SimpleExpr {
    let mut ids = Query::select();
    ids.column(ApiKeyAncestors::KeyId)
        .from(ApiKeyAncestors::Table)
        .and_where(Expr::col(ApiKeyAncestors::AncestorId).eq(ancestor.as_str()));
    Expr::col(ApiKeys::Id).in_subquery(ids)
}

async fn find(source: &mut Reader<'_>, query: &SelectStatement) -> Result<Option<ApiKey>, StoreError> {
    source.fetch_value(query).await
}

impl Reader<'_> {
    /// The key with this id, expired or not, because the gate gives different reasons. Its descendants are not counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_key(&mut self, id: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        find(self, select(Expr::val(0_i64)).and_where(Expr::col(ApiKeys::Id).eq(id.as_str()))).await
    }

    /// The key with this id, with its live descendants counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_key_for_view(&mut self, id: &KeyId, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        find(self, select_with_descendants(microseconds(now).into()).and_where(Expr::col(ApiKeys::Id).eq(id.as_str())))
            .await
    }

    /// Those of these keys that exist, expired or not, with their owners.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn owners_of_keys(&mut self, ids: &[KeyId]) -> Result<Vec<(KeyId, UserId)>, StoreError> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_IN_LIST) {
            let mut query = Query::select();
            query
                .columns([ApiKeys::Id, ApiKeys::UserId])
                .from(ApiKeys::Table)
                .and_where(Expr::col(ApiKeys::Id).is_in(some.iter().map(KeyId::as_str)));
            found.extend(self.fetch_readable::<OwnerRow>(&query).await?);
        }
        Ok(found.into_iter().filter_map(|row| Some((KeyId::parse(&row.id)?, UserId(row.user_id)))).collect())
    }

    /// The number of live keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_live_keys(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let mut query = Query::select();
        query.expr_as(count_rows(), "count").from(ApiKeys::Table).and_where(is_live(now, self.dialect(), self.uses()));
        fetch_count(self, &query).await
    }

    /// A user's token with this name: the live one, else the newest of the expired ones.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_key_by_name(
        &mut self,
        user: UserId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        if name.is_empty() {
            return Ok(None);
        }
        let mut query = select_with_descendants(microseconds(now).into());
        query
            .and_where(Expr::col(ApiKeys::UserId).eq(user.0))
            .and_where(Expr::col(ApiKeys::TokenName).eq(name))
            .order_by_expr(is_live(now, self.dialect(), self.uses()), Order::Desc)
            .order_by(ApiKeys::CreatedAt, Order::Desc)
            .order_by(ApiKeys::Id, Order::Desc)
            .limit(1);
        find(self, &query).await
    }

    /// The tokens that the filter lets through.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such key to come after.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn tokens(&mut self, list: &ListKeys, filter: &Filter) -> Result<Vec<ApiKey>, StoreError> {
        let token = KeyLoginType::Token.as_str();
        match list.all_live_of() {
            Some(user) if passes_all_of(filter, user.0) && self.uses().outliving(list.now).is_empty() => {
                let now = Value::from(microseconds(list.now));
                self.fetch_fixed_list(&LIVE_TOKENS, [now.clone(), token.into(), user.0.into(), now]).await
            }
            _ => self.keys(Expr::col(ApiKeys::LoginType).eq(token), list, filter).await,
        }
    }

    /// The tokens and sessions that the filter lets through.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such key to come after.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn tokens_and_sessions(&mut self, list: &ListKeys, filter: &Filter) -> Result<Vec<ApiKey>, StoreError> {
        self.keys(Expr::val(1).eq(1), list, filter).await
    }

    /// The sessions that the filter lets through.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such key to come after.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn sessions(&mut self, list: &ListKeys, filter: &Filter) -> Result<Vec<ApiKey>, StoreError> {
        self.keys(Expr::col(ApiKeys::LoginType).ne(KeyLoginType::Token.as_str()), list, filter).await
    }

    async fn keys(&mut self, kind: SimpleExpr, list: &ListKeys, filter: &Filter) -> Result<Vec<ApiKey>, StoreError> {
        let columns = Columns::new(self.dialect(), ApiKeys::Id).owned_by(ApiKeys::UserId).with_text_ids();
        let mut found = Condition::all().add(kind).add(condition(filter, &columns));
        if let Some(user) = list.user_id {
            found = found.add(Expr::col(ApiKeys::UserId).eq(user.0));
        }
        if let Some(ancestor) = &list.descendants_of {
            found = found.add(descends_from(ancestor));
        }
        if let Some(text) = &list.name_contains {
            found = found.add(self.dialect().contains(Expr::col(ApiKeys::TokenName), text));
        }
        if let Some(finding) = list.finding {
            found = found.add(finding.condition());
        }
        if !list.include_expired {
            found = found.add(is_live(list.now, self.dialect(), self.uses()));
        }
        if let Some(after) = &list.page.after {
            found = found.add(comes_after(self, after, list.order, condition(filter, &columns)).await?);
        }
        let mut query = select_with_descendants(microseconds(list.now).into());
        if list.page.limit.is_some() {
            // Descendants are counted for the rows of the page alone: otherwise they are for all that are sorted.
            let mut page = Query::select();
            page.column(ApiKeys::Id).from(ApiKeys::Table).cond_where(found);
            sort(&mut page, list.order);
            list.page.cut(&mut page);
            query.and_where(Expr::col(ApiKeys::Id).in_subquery(page));
        } else {
            query.cond_where(found);
            list.page.cut(&mut query);
        }
        sort(&mut query, list.order);
        self.fetch_list(&query).await
    }
}

fn sort(query: &mut SelectStatement, order: KeyOrder) {
    query.order_by(ApiKeys::CreatedAt, order.sorts()).order_by(ApiKeys::Id, order.sorts());
}

row! { struct PlaceRow in TABLE => { created_at: i64 } }

/// Rows after the one with this id, in the order of lists.
async fn comes_after(
    source: &mut Reader<'_>,
    after: &KeyId,
    order: KeyOrder,
    visible: Condition,
) -> Result<SimpleExpr, StoreError> {
    let mut query = Query::select();
    query
        .column(ApiKeys::CreatedAt)
        .from(ApiKeys::Table)
        .and_where(Expr::col(ApiKeys::Id).eq(after.as_str()))
        // The place of a row that the caller may not see must not be revealed.
        .cond_where(visible);
    let place: PlaceRow = source.fetch_optional(&query).await?.ok_or(StoreError::Gone)?;
    let rank = Expr::tuple([Expr::col((ApiKeys::Table, ApiKeys::CreatedAt)), Expr::col((ApiKeys::Table, ApiKeys::Id))]);
    let place = Expr::tuple([place.created_at.into(), after.as_str().into()]);
    Ok(match order {
        KeyOrder::OldestFirst => rank.gt(place),
        KeyOrder::NewestFirst => rank.lt(place),
    })
}
