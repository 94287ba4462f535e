//! A store in a directory of its own, and records with every field set.
use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use keyfob_rbac::ShareableWorkspaceOwners;
use keyfob_store::{
    ApiKey, KeyId, KeyLoginType, Limits, LoginType, Member, NewUser, Organization, OrganizationId, Origin,
    PasswordHash, PostgresOptions, Resource, ResourceId, ResourceKey, SecretHash, Store, StoreError, Tx, User, UserId,
    UserStatus,
};
use keyfob_testdb::TestDatabase;
use tempfile::TempDir;
use uuid::Uuid;

/// A store that is removed with everything in it when it is dropped.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) database: TestDatabase,
    _folder: TempDir,
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on(database_in(folder.path()).await, folder, Limits::default()).await
    }

    /// A store in a file, also where others are on PostgreSQL: for what only a file can suffer.
    pub(crate) async fn in_a_file(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on(TestDatabase::file_in(folder.path()), folder, limits).await
    }

    async fn on(database: TestDatabase, folder: TempDir, limits: Limits) -> Self {
        Self { store: open(&database, limits).await.unwrap(), database, _folder: folder }
    }

    /// Another handle to the same database with its own connections, like another process.
    pub(crate) async fn again(&self) -> Store {
        self.open_again().await.unwrap()
    }

    pub(crate) async fn open_again(&self) -> Result<Store, StoreError> {
        open(&self.database, Limits::default()).await
    }

    /// Makes a change that a test needs, in one unit of work.
    pub(crate) async fn given(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<(), StoreError>) {
        self.attempt(work).await.unwrap();
    }

    /// Makes a change in one unit of work, and commits if it succeeds.
    pub(crate) async fn attempt<T>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        attempt(&self.store, work).await
    }

    /// Adds a user of this name.
    pub(crate) async fn user(&self, name: &str) -> UserId {
        let new = new_user(name);
        self.given(async |tx| tx.insert_user(&new).await).await;
        new.user.id
    }

    /// Adds an organization of this name.
    pub(crate) async fn organization(&self, name: &str) -> OrganizationId {
        let new = organization(name);
        self.given(async |tx| tx.insert_organization(&new).await).await;
        new.id
    }

    /// Makes a change to the database that this program never makes. Returns the number of rows.
    pub(crate) async fn tamper(&self, sql: impl AsRef<str>) -> u64 {
        self.database.tamper(sql.as_ref()).await
    }
}

/// An empty database.
pub(crate) async fn database_in(folder: &Path) -> TestDatabase {
    TestDatabase::new_in(folder, async |url| Store::connect(at_url(url)).await.unwrap().close().await).await
}

/// Opens a database.
pub(crate) async fn open(database: &TestDatabase, limits: Limits) -> Result<Store, StoreError> {
    match database {
        TestDatabase::Sqlite(file) => Store::open(file.path(), limits).await,
        TestDatabase::Postgres(database) => Store::connect(at_url(database.url())).await,
    }
}

fn at_url(url: &str) -> PostgresOptions {
    PostgresOptions { url: url.to_owned(), password_file: None, max_connections: 4 }
}

pub(crate) async fn attempt<T>(
    store: &Store,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut tx = store.begin().await?;
    let done = work(&mut tx).await?;
    tx.commit().await?;
    Ok(done)
}

pub(crate) fn file_in(directory: &Path) -> PathBuf {
    directory.join("keyfob.db")
}

/// So many microseconds after the start of the tests' time.
pub(crate) fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(1_900_000_000_000_000 + microseconds).unwrap()
}

/// An id that is the same in every run.
pub(crate) fn uuid(number: u128) -> Uuid {
    uuid::Builder::from_random_bytes((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
        .into_uuid()
}

/// An id that depends only on the name.
pub(crate) fn id_for(name: &str) -> Uuid {
    uuid(name.bytes().fold(7, |sum: u128, byte| sum.wrapping_mul(257) + u128::from(byte)))
}

pub(crate) fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn new_user(name: &str) -> NewUser {
    let user = User {
        id: UserId(id_for(name)),
        username: name.to_owned(),
        email: format!("{name}@example.com"),
        name: format!("{name} Example"),
        avatar_url: String::new(),
        status: UserStatus::Active,
        login_type: LoginType::Password,
        roles: Vec::new(),
        is_service_account: false,
        deleted: false,
        created_at: at(0),
        updated_at: at(0),
        last_seen_at: None,
    };
    NewUser { user, password_hash: PasswordHash("$argon2id$".to_owned()) }
}

pub(crate) fn organization(name: &str) -> Organization {
    Organization {
        id: OrganizationId(id_for(name)),
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: String::new(),
        icon: String::new(),
        is_default: false,
        default_org_member_roles: Vec::new(),
        shareable_workspace_owners: ShareableWorkspaceOwners::Everyone,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn member(user_id: UserId, organization_id: OrganizationId) -> Member {
    Member { user_id, organization_id, roles: Vec::new(), created_at: at(0), updated_at: at(0) }
}

/// The key id that begins with this text.
pub(crate) fn key_id(start: &str) -> KeyId {
    KeyId::parse(&format!("{start:0<10}")).unwrap()
}

/// The address of the tests' clients.
pub(crate) fn origin() -> Origin {
    Origin { ip_address: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: "test".to_owned() }
}

/// A token that is valid for a thousand microseconds.
pub(crate) fn token(user_id: UserId, id: &str, name: &str) -> ApiKey {
    ApiKey {
        id: key_id(id),
        secret_hash: SecretHash([7; 32]),
        user_id,
        parent_id: None,
        login_type: KeyLoginType::Token,
        token_name: name.to_owned(),
        scopes: texts(&["coder:all"]).into(),
        allow_list: texts(&["*:*"]).into(),
        lifetime_seconds: 3600,
        created_at: at(0),
        last_used: Timestamp::UNIX_EPOCH,
        expires_at: at(1000),
        absolute_end: None,
        narrow_depth: 0,
        is_revoked: false,
        live_descendants: 0,
        origin: origin(),
    }
}

pub(crate) fn resource(resource_type: &str, name: &str) -> Resource {
    Resource {
        key: ResourceKey {
            resource_type: resource_type.to_owned(),
            id: ResourceId(id_for(&format!("{resource_type}/{name}"))),
        },
        name: name.to_owned(),
        organization_id: None,
        owner_id: None,
        attributes: serde_json::Map::new(),
        grants: Vec::new(),
        created_at: at(0),
        updated_at: at(0),
    }
}
