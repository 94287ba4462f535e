//! What every operation can reach: the store, the clock, the generator, the keys and the rules of the deployment.
use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use keyfob_rbac::{AllowEntry, Catalogue, RoleSettings};
use keyfob_store::{ChainKeys, Limits, LoginType, PostgresOptions, SecretHash, Store, StoreError, User};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    Clock, Connections, DataDir, DataDirError, DecisionLog, Observer, Random, Seal,
    audit::{EventKind, GatheredRefusals},
    caller::{CacheUsage, KeyCache, Lease, RoleBook},
    data_dir::{DATABASE, private_file},
    devices::PollIntervals,
    key_files,
    passwords::HashError,
    passwords::{Passwords, UnknownAccountAttempts},
    replicas::Replica,
    sign_in::{Renewals, SessionRenewer, Tickets},
};

/// The authority on who may do what, over one database. Cheap to clone.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the generator of secrets")]
pub struct Authority(Arc<Inner>);

struct Inner {
    store: Store,
    keys: KeyCache,
    replica: Replica,
    writing_uses: tokio::sync::Mutex<()>,
    clock: Clock,
    random: Random,
    catalogue: Arc<Catalogue>,
    role_book: RoleBook,
    passwords: Passwords,
    unknown_accounts: UnknownAccountAttempts,
    refusals: GatheredRefusals,
    mail_queue: Notify,
    polls: PollIntervals,
    seal: Seal,
    tickets: Tickets,
    renewals: Renewals,
    renewer: Box<dyn SessionRenewer>,
    rules: Rules,
    audit_keys: ChainKeys,
    dummy_hash: SecretHash,
    deployment_id: Uuid,
    recorded_status: fn(EventKind) -> u16,
    observer: Option<Arc<dyn Observer>>,
    // Held for as long as the authority lives: no other process may use the data directory.
    data_dir: DataDir,
}

/// The rules of a deployment that its operator sets.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long keys live.
    pub lifetimes: Lifetimes,
    /// Which users sign in with a password.
    pub password_sign_in: PasswordSignIn,
    /// What is set up for users of an `OpenID` Connect provider; none where there is no such provider.
    pub oidc: Option<OidcRules>,
    /// Whether a mail server is set up.
    pub sends_mail: bool,
}

/// Which users sign in with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordSignIn {
    /// All who have one.
    Everyone,
    /// Owners, so that they can always come in.
    OwnersOnly,
}

/// What is set up for users of an `OpenID` Connect provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OidcRules {
    /// Whether their roles follow what the provider says.
    pub syncs_roles: bool,
}

impl Rules {
    /// Whether only owners sign in with a password.
    pub fn is_password_auth_disabled(&self) -> bool {
        self.password_sign_in == PasswordSignIn::OwnersOnly
    }

    /// Whether the roles of a user follow their identity provider.
    pub(crate) fn syncs_roles_of(&self, user: &User) -> bool {
        user.login_type == LoginType::Oidc && self.oidc.is_some_and(|oidc| oidc.syncs_roles)
    }
}

/// How long keys live; durations of zero set no bound unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A session, from its last use where sessions slide.
    pub session: Duration,
    /// Whether use extends a session.
    pub sessions_slide: bool,
    /// How long a session lives at most, from signing in.
    pub session_absolute: Duration,
    /// A token whose request names no lifetime.
    pub token_default: Duration,
    /// The longest that a token may live.
    pub token_max: Duration,
    /// The longest that an owner's token may live.
    pub token_max_for_owners: Duration,
    /// How long expired keys are kept; zero keeps them for ever.
    pub retention: Duration,
    /// The same for audit records.
    pub audit_retention: Duration,
}

/// What an [`Authority`] is opened with.
#[expect(missing_debug_implementations, reason = "holds the generator of secrets")]
pub struct AuthorityParts {
    /// Where the keys are, and the database, if it is a file.
    pub data_dir: DataDir,
    /// Which database.
    pub database: Database,
    /// How this process is named among those that share the database.
    pub host: String,
    /// How long a process that shares the database may decide by what it remembers, without news from it.
    pub revocation_lease: Duration,
    /// The only source of time.
    pub clock: Clock,
    /// The only source of randomness.
    pub random: Random,
    /// The resource types and actions.
    pub catalogue: Arc<Catalogue>,
    /// The operator's rules.
    pub rules: Rules,
    /// What renews sessions at identity providers.
    pub renewer: Box<dyn SessionRenewer>,
    /// The status that the front answers an event with, for its record.
    pub recorded_status: fn(EventKind) -> u16,
    /// Counts what the authority does, if anything does.
    pub observer: Option<Arc<dyn Observer>>,
}

/// Which database an authority is over.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "may hold a password")]
pub enum Database {
    /// A file in the data directory, for one process alone.
    File(Limits),
    /// A PostgreSQL database, which several processes may share.
    Postgres(PostgresOptions),
}

/// Why an authority did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be opened.
    #[error("the database in `{path}` cannot be opened: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the store says.
        cause: StoreError,
    },
    /// The PostgreSQL database cannot be used.
    #[error("the PostgreSQL database cannot be opened: {0}")]
    Postgres(StoreError),
    /// The key of the chain of audit records cannot be read.
    #[error("the key of the audit records, `{path}`, cannot be used: {cause}; restore it from a backup")]
    AuditKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The key of the chain of audit records is another one.
    #[error(
        "`{0}` is not the key that the newest audit record was written with, or that record was changed: restore the \
         key from a backup; `keyfob audit verify` tells which it is"
    )]
    OtherAuditKey(PathBuf),
    /// The key with which secrets are sealed cannot be read.
    #[error(
        "the key that secrets in the database are sealed with, `{path}`, cannot be used: {cause}; restore it from a \
         backup, or remove it; then people who signed in by a provider sign in again"
    )]
    SealKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The key with which secrets are sealed is another one.
    #[error(
        "`{0}` is not the key that secrets in the database are sealed with: restore it from a backup, or remove it; \
         then people who signed in by a provider sign in again"
    )]
    OtherSealKey(PathBuf),
    /// Other replicas on the same database have another key.
    #[error(
        "`{0}` is missing, or not the key that the other replicas on this database have: copy `seal.key` and `audit.key` from the data \
         directory of one of them"
    )]
    OtherReplicasKey(PathBuf),
    /// Keys or resources name types that the catalogue does not have.
    #[error(
        "the database holds what the resource types no longer have: {}; bring the types back, or remove what names \
         them with the previous file",
        .0.join(", ")
    )]
    UnknownTypes(Vec<String>),
    /// Passwords cannot be hashed on this machine.
    #[error(transparent)]
    Passwords(#[from] HashError),
}

impl Authority {
    /// Opens the database of a data directory, makes it if there is none, and checks that the catalogue still has all
    /// that it names.
    ///
    /// # Errors
    /// When the directory, the database, its keys or the catalogue cannot be used.
    #[crate::boxed]
    pub async fn open(parts: AuthorityParts) -> Result<Self, OpenError> {
        let AuthorityParts {
            data_dir,
            database: of,
            host,
            revocation_lease,
            clock,
            random,
            catalogue,
            rules,
            renewer,
            recorded_status,
            observer,
        } = parts;
        let path = data_dir.path().join(DATABASE);
        let database = |cause| match &of {
            Database::File(_) => OpenError::File { path: path.clone(), cause },
            Database::Postgres(_) => OpenError::Postgres(cause),
        };
        let store = match &of {
            Database::File(limits) => {
                // SQLite gives the files beside it the same permissions.
                private_file(&path).map_err(|cause| DataDirError::Unusable { path: path.clone(), cause })?;
                Store::open(&path, *limits).await
            }
            Database::Postgres(options) => Store::connect(options.clone()).await,
        };
        let store = store.map_err(database)?;
        check_types(&store, &catalogue).await.map_err(database)??;
        let deployment_id = deployment_id(&store, &random).await.map_err(database)?;
        let is_shared = store.is_shared();
        let (seal, audit_keys) = key_files::load(&store, data_dir.path(), &random).await.map_err(database)??;
        let authority = Self(Arc::new(Inner {
            role_book: RoleBook::new(Arc::clone(&catalogue), RoleSettings::default()),
            passwords: Passwords::new()?,
            unknown_accounts: UnknownAccountAttempts::default(),
            refusals: GatheredRefusals::default(),
            mail_queue: Notify::default(),
            polls: PollIntervals::default(),
            tickets: Tickets::new(&seal.derived("convert-login"), &deployment_id),
            renewals: Renewals::default(),
            dummy_hash: SecretHash(random.bytes()),
            keys: KeyCache::new(if is_shared { Lease::ended() } else { Lease::without_end() }),
            replica: Replica::new(&host, revocation_lease, &random),
            writing_uses: tokio::sync::Mutex::default(),
            store,
            clock,
            random,
            catalogue,
            seal,
            renewer,
            rules,
            audit_keys,
            deployment_id,
            recorded_status,
            observer,
            data_dir,
        }));
        if let Some(observer) = authority.0.observer.clone() {
            authority.store().watch_commits(move |units, waited| observer.committed(units, waited));
        }
        authority.read_changes().await.map_err(OpenError::Postgres)?;
        if is_shared {
            key_files::check_again(&authority).await.map_err(OpenError::Postgres)??;
        }
        Ok(authority)
    }

    pub(crate) fn replica(&self) -> &Replica {
        &self.0.replica
    }

    pub(crate) fn data_dir(&self) -> &DataDir {
        &self.0.data_dir
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The keys that are known without the database.
    pub(crate) fn keys(&self) -> &KeyCache {
        &self.0.keys
    }

    /// Held by what writes the uses of keys.
    pub(crate) fn writing_uses(&self) -> &tokio::sync::Mutex<()> {
        &self.0.writing_uses
    }

    /// How the cache of keys is used.
    pub fn cache_usage(&self) -> CacheUsage {
        self.0.keys.usage()
    }

    /// How the connections to the database are used.
    pub fn connections(&self) -> Connections {
        let (used, idle) = self.store().connections();
        Connections { used, idle }
    }

    /// A log for the decisions of one request, which are counted if anything counts them.
    pub fn decision_log(&self) -> DecisionLog {
        self.0
            .observer
            .as_ref()
            .map_or_else(DecisionLog::default, |observer| DecisionLog::observed(Arc::clone(observer)))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    #[crate::boxed]
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.store.ping().await
    }

    /// Forgets all that is known without the database, for an operator who has changed it by other means.
    pub fn forget_keys(&self) {
        self.0.store.forget();
        self.0.keys.forget_all();
    }

    /// Writes the uses of keys that are gathered in memory.
    ///
    /// # Errors
    /// When the database cannot be written; then they wait for the next time.
    #[crate::boxed]
    pub async fn write_key_uses(&self) -> Result<(), StoreError> {
        crate::work::write_uses(self).await
    }

    /// Writes what is gathered in memory, and closes all connections once what is under way is done.
    #[crate::boxed]
    pub async fn close(&self) {
        if let Err(error) = self.write_key_uses().await {
            tracing::warn!(%error, "the last uses of keys were not written");
        }
        self.leave_replicas().await;
        self.0.store.close().await;
    }

    /// The only source of time.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The only source of randomness.
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// The resource types and actions.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.0.catalogue
    }

    /// The rules of the deployment.
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// Names the deployment, for ever.
    pub fn deployment_id(&self) -> Uuid {
        self.0.deployment_id
    }

    pub(crate) fn role_book(&self) -> &RoleBook {
        &self.0.role_book
    }

    /// Hashes and verifies passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn unknown_accounts(&self) -> &UnknownAccountAttempts {
        &self.0.unknown_accounts
    }

    /// Refusals that are not recorded yet.
    pub fn refusals(&self) -> &GatheredRefusals {
        &self.0.refusals
    }

    /// Wakes what sends mails.
    pub fn mail_queue(&self) -> &Notify {
        &self.0.mail_queue
    }

    pub(crate) fn polls(&self) -> &PollIntervals {
        &self.0.polls
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.0.seal
    }

    /// Signs and reads the tickets of conversions of a login type.
    pub(crate) fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    pub(crate) fn renewals(&self) -> &Renewals {
        &self.0.renewals
    }

    pub(crate) fn renewer(&self) -> &dyn SessionRenewer {
        &*self.0.renewer
    }

    pub(crate) fn audit_keys(&self) -> &ChainKeys {
        &self.0.audit_keys
    }

    /// What the secret of an unknown key is compared with, so that this takes as long.
    pub(crate) fn dummy_hash(&self) -> &SecretHash {
        &self.0.dummy_hash
    }

    pub(crate) fn recorded_status(&self, kind: EventKind) -> u16 {
        (self.0.recorded_status)(kind)
    }
}

/// Keys and resources must not name what the catalogue lacks: it would be dropped, and mean something else.
async fn check_types(store: &Store, catalogue: &Catalogue) -> Result<Result<(), OpenError>, StoreError> {
    let named = store.read().names_in_use().await?;
    let scopes =
        named.scopes.into_iter().filter(|name| catalogue.scope(name).is_err()).map(|name| format!("scope {name}"));
    let entries = named
        .allow_entries
        .into_iter()
        .filter(|entry| AllowEntry::parse(catalogue, entry).is_err())
        .map(|entry| format!("allow-list entry {entry}"));
    let types = named
        .resource_types
        .into_iter()
        .filter(|name| catalogue.resource_type(name).is_none())
        .map(|name| format!("resources of type {name}"));
    let unknown: Vec<String> = scopes.chain(entries).chain(types).collect();
    Ok(if unknown.is_empty() { Ok(()) } else { Err(OpenError::UnknownTypes(unknown)) })
}

async fn deployment_id(store: &Store, random: &Random) -> Result<Uuid, StoreError> {
    const NAME: &str = "deployment_id";
    if let Some(id) = store.read().find_setting(NAME).await?.and_then(|id| Uuid::try_parse(&id).ok()) {
        return Ok(id);
    }
    crate::work::found_deployment(store, NAME, &random.uuid().to_string()).await?;
    // Another replica may have been first.
    let id = store.read().find_setting(NAME).await?.and_then(|id| Uuid::try_parse(&id).ok());
    id.ok_or(StoreError::Gone)
}
