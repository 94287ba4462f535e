//! From settings to a running server.
use std::{
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use keyfob_rbac::{AllowEntry, Catalogue, RoleSettings};
use keyfob_store::{Limits, SecretHash, Store, StoreError};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
};
use uuid::Uuid;

use crate::{
    audit,
    clock::Clock,
    config::{BadSetting, BadSettings, ServerArgs, TlsArgs},
    connections::{Bounded, Places},
    context::RequestContext,
    cookies::CookieRules,
    devices::Polls,
    gate::{CredentialRules, Renewals, RoleBook, System, Vault},
    http::{self, Service},
    jobs::{self, Jobs},
    limits::{RateLimits, Windows},
    mail::Mailer,
    passwords::{Passwords, Strangers},
    providers::{Providers, Tickets},
    proxies::Proxies,
    random::Random,
    seal::Seal,
    serve::serve_connections,
    state::{App, Lifetimes, Parts, Settings},
    tls::Tls,
};

/// The name of the database file in the data directory.
const DATABASE: &str = "keyfob.db";
/// How long requests that are under way may take when the server is told to end.
const GRACE: Duration = Duration::from_secs(20);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no folder for the user's data, and none was named.
    #[error("no data folder is known for this user: name one with --data-dir")]
    NoDataDir,
    /// The data directory cannot be made or written.
    #[error("the data directory `{path}` cannot be used: {cause}; name another with --data-dir")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Another server runs on the data directory.
    #[error("another server uses the data directory `{0}`: end it, or name another directory with --data-dir")]
    Locked(PathBuf),
    /// The database cannot be opened.
    #[error("the database in `{path}` cannot be opened: {cause}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the store says.
        cause: StoreError,
    },
    /// The key of the chain of audit records cannot be read.
    #[error("the key of the audit records, `{path}`, cannot be used: {cause}; restore it from a backup")]
    AuditKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Keys or resources name types that the catalogue no longer has.
    #[error(
        "the database holds what the resource types no longer have: {}; bring the types back, or remove what names \
         them with the previous file",
        .0.join(", ")
    )]
    UnknownTypes(Vec<String>),
    /// The address cannot be listened on.
    #[error("--http-address: cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The address for HTTPS cannot be listened on.
    #[error("--tls-address: cannot listen on {address}: {cause}")]
    ListenTls {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The server cannot work as set.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// Anything that this machine cannot do.
    #[error("{0}")]
    Machine(String),
}

/// What a server says once it answers.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where it is reached.
    pub url: String,
    /// Where its data is.
    pub data_dir: PathBuf,
    /// Nobody has set it up yet.
    pub needs_set_up: bool,
}

/// A server that is put together but does not listen.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the generator of secrets")]
pub struct Server {
    app: App,
    service: Service,
    /// Held for as long as the server lives: nobody else may use the data directory.
    _lock: Arc<std::fs::File>,
}

impl Server {
    /// Puts a server together on a data directory.
    ///
    /// # Errors
    /// When the directory, the database or the resource types cannot be used.
    pub async fn open(
        args: &ServerArgs,
        data_dir: &Path,
        url: &str,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StartError> {
        Self::assemble(args, Equipment::new(args, url)?, data_dir, url, clock, random).await
    }

    async fn assemble(
        args: &ServerArgs,
        equipment: Equipment,
        data_dir: &Path,
        url: &str,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StartError> {
        let Equipment { cookies, catalogue, mailer, providers, tls: _ } = equipment;
        let lock = lock(data_dir)?;
        let path = data_dir.join(DATABASE);
        let database = |cause| StartError::Database { path: path.clone(), cause };
        // SQLite gives the files beside it the same permissions.
        private_file(&path).map_err(|cause| StartError::DataDir { path: path.clone(), cause })?;
        let store = Store::open(&path, Limits { max_pages: args.max_database_pages }).await.map_err(database)?;
        check_types(&store, &catalogue).await.map_err(database)??;
        let deployment_id = deployment_id(&store, &random).await.map_err(database)?;
        let seal = Seal::load(data_dir, &random)?;
        let head = store.chain_head().await.map_err(database)?;
        let audit_key = audit::load_key(data_dir, head.is_start(), &random)?;
        tracing::info!(%head, "the chain of audit records");
        let app = App::new(Parts {
            vault: Vault::new(store),
            roles: RoleBook::new(Arc::clone(&catalogue), RoleSettings::default()),
            passwords: Passwords::new().map_err(|error| StartError::Machine(error.to_string()))?,
            strangers: Strangers::default(),
            mailer,
            mail_waits: Notify::default(),
            windows: Windows::default(),
            polls: Polls::default(),
            providers,
            tickets: Tickets::new(&seal.derived("convert-login"), &deployment_id),
            renewals: Renewals::default(),
            seal,
            refusals: audit::GatheredRefusals::default(),
            settings: settings(args, url, cookies, deployment_id, &random),
            audit_key,
            clock,
            random,
            catalogue,
        });
        let service = http::service(app.clone());
        Ok(Self { app, service, _lock: Arc::new(lock) })
    }

    /// The application, for whoever serves it.
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Does the background work that is due, once. A server that listens does it by itself from time to time.
    pub async fn run_jobs_once(&self) {
        jobs::once(&self.app).await;
    }

    async fn needs_set_up(&self) -> bool {
        let store = System::SetUp.store(&self.app, RequestContext::default());
        matches!(store.is_set_up().await, Ok(false))
    }
}

/// Runs a server until `stop` is done; then lets requests under way finish.
///
/// # Errors
/// When it cannot start.
pub async fn serve(
    args: ServerArgs,
    on_ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let mut equipment = Equipment::new(&args, &likely_url(&args))?;
    let data_dir = data_dir(&args)?;
    let random = Random::from_system().map_err(|error| StartError::Machine(format!("no randomness: {error}")))?;
    let listen = |cause| StartError::Listen { address: args.http_address, cause };
    let listener = TcpListener::bind(args.http_address).await.map_err(listen)?;
    let tls = equipment.tls.take();
    let listen_tls = |cause| StartError::ListenTls { address: args.tls.tls_address, cause };
    let tls_listener = match &tls {
        Some(_) => Some(TcpListener::bind(args.tls.tls_address).await.map_err(listen_tls)?),
        None => None,
    };
    let url = match (&args.access_url, &tls_listener) {
        (Some(url), _) => url.as_str().trim_end_matches('/').to_owned(),
        (None, Some(listener)) => format!("https://{}", listener.local_addr().map_err(listen_tls)?),
        (None, None) => format!("http://{}", listener.local_addr().map_err(listen)?),
    };
    let server = Server::assemble(&args, equipment, &data_dir, &url, Clock::System, random).await?;
    if args.allow_query_tokens {
        tracing::warn!("tokens in the query string are accepted (--allow-query-tokens)");
    }
    let jobs = Jobs::start(&server.app);
    on_ready(&Ready { url, data_dir, needs_set_up: server.needs_set_up().await });
    let told = patiently(stop);
    let places = Places::new(args.guard.proxy_trusted_origins.clone());
    let bounded = |listener| Bounded::new(listener, places.clone());
    let plain = serve_connections(bounded(listener), server.service(), is_told(told.clone()));
    let encrypted = serve_tls(&server, tls.as_ref().zip(tls_listener.map(bounded)), is_told(told.clone()));
    tokio::select! {
        result = async { tokio::try_join!(plain, encrypted) } => drop(result.map_err(listen)?),
        () = out_of_patience(told) => tracing::warn!("gave up on requests that did not end in time"),
    }
    // First what would be lost: ending jobs may take longer than a supervisor waits.
    jobs::record_refusals(server.app.clone()).await;
    jobs.end().await;
    server.app.vault().close().await;
    Ok(())
}

/// Serves encrypted connections, if there are to be any.
async fn serve_tls(
    server: &Server,
    tls: Option<(&Tls, Bounded)>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let Some((tls, listener)) = tls else { return Ok(()) };
    let watching = tls.watch();
    let ended = serve_connections(tls.listen(listener), server.service(), stopped).await;
    watching.abort();
    ended
}

/// Becomes true when the server is told to stop.
fn patiently(stop: impl Future<Output = ()> + Send + 'static) -> watch::Receiver<bool> {
    let (told, hear) = watch::channel(false);
    tokio::spawn(async move {
        stop.await;
        told.send_replace(true);
    });
    hear
}

/// Done when the server is told to stop.
async fn is_told(mut told: watch::Receiver<bool>) {
    drop(told.wait_for(|is_told| *is_told).await);
}

/// Done when requests under way had their time after that.
async fn out_of_patience(told: watch::Receiver<bool>) {
    is_told(told).await;
    tokio::time::sleep(GRACE).await;
}

pub(crate) fn data_dir(args: &ServerArgs) -> Result<PathBuf, StartError> {
    let default = || directories::ProjectDirs::from("", "", "keyfob").map(|dirs| dirs.data_dir().to_owned());
    args.data_dir.clone().or_else(default).ok_or(StartError::NoDataDir)
}

/// Makes the data directory, for its owner alone, and keeps everybody else out of it.
fn lock(data_dir: &Path) -> Result<std::fs::File, StartError> {
    let unusable = |cause| StartError::DataDir { path: data_dir.to_owned(), cause };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data_dir).map_err(unusable)?;
    let file = private_file(&data_dir.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::Locked(data_dir.to_owned())),
        Err(std::fs::TryLockError::Error(cause)) => Err(unusable(cause)),
    }
}

/// Opens a file, and makes it for its owner alone if there is none.
pub(crate) fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn catalogue(args: &ServerArgs) -> Result<Arc<Catalogue>, BadSetting> {
    let Some(path) = &args.resource_types else { return Ok(Catalogue::built_in()) };
    let bad =
        |problem: &dyn std::fmt::Display| BadSetting::new("resource-types", format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(&error))?;
    Catalogue::with_types(&text).map_err(|error| bad(&error))
}

/// Keys and resources must not name what the catalogue lacks: it would be dropped, and mean something else.
async fn check_types(store: &Store, catalogue: &Catalogue) -> Result<Result<(), StartError>, StoreError> {
    let named = store.names_in_use().await?;
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
    Ok(if unknown.is_empty() { Ok(()) } else { Err(StartError::UnknownTypes(unknown)) })
}

async fn deployment_id(store: &Store, random: &Random) -> Result<Uuid, StoreError> {
    const NAME: &str = "deployment_id";
    if let Some(id) = store.find_setting(NAME).await?.and_then(|id| Uuid::try_parse(&id).ok()) {
        return Ok(id);
    }
    let id = random.uuid();
    let mut tx = store.begin().await?;
    tx.insert_setting(NAME, &id.to_string()).await?;
    tx.commit().await?;
    Ok(id)
}

/// What a server is made of its settings and their files, which are read once.
pub(crate) struct Equipment {
    cookies: CookieRules,
    catalogue: Arc<Catalogue>,
    mailer: Option<Mailer>,
    providers: Providers,
    tls: Option<Tls>,
}

impl Equipment {
    /// Makes all of it, for a server that people reach at this address.
    ///
    /// # Errors
    /// All that is wrong with the settings, as far as that can be known before a server starts.
    pub(crate) fn new(args: &ServerArgs, url: &str) -> Result<Self, BadSettings> {
        let mut bad = BadSettings::default();
        let cookies = bad.take(cookie_rules(args, url));
        let catalogue = bad.take(catalogue(args));
        let mailer = bad.take(Mailer::new(&args.mail));
        let tls = bad.take(Tls::new(&args.tls));
        let providers = bad.take(Providers::new(&args.oidc, &args.github));
        proxies_problems(args, &mut bad);
        access_url_problems(args, matches!(mailer, Some(Some(_))), &mut bad);
        match (cookies, catalogue, mailer, providers, tls) {
            (Some(cookies), Some(catalogue), Some(mailer), Some(providers), Some(tls)) if bad.0.is_empty() => {
                Ok(Self { cookies, catalogue, mailer, providers, tls })
            }
            _ => Err(bad),
        }
    }
}

fn proxies_problems(args: &ServerArgs, bad: &mut BadSettings) {
    let list = |is_given: bool| is_given.then_some(());
    bad.both(
        ("proxy-trusted-headers", list(!args.guard.proxy_trusted_headers.is_empty())),
        ("proxy-trusted-origins", list(!args.guard.proxy_trusted_origins.is_empty())),
    );
    if args.guard.proxy_trusted_headers.iter().any(|name| name == "forwarded") {
        bad.note("proxy-trusted-headers", "`Forwarded` is not read; `X-Forwarded-For` and its like are");
    }
}

fn access_url_problems(args: &ServerArgs, sends_mails: bool, bad: &mut BadSettings) {
    if args.access_url.is_some() {
        return;
    }
    if args.redirect_to_access_url {
        bad.note("access-url", "needed, because there is --redirect-to-access-url");
    }
    let has_providers = args.oidc.oidc_client_id.is_some() || args.github.oauth2_github_client_id.is_some();
    let address = if args.tls.tls_enable { args.tls.tls_address } else { args.http_address };
    if (sends_mails || has_providers) && address.ip().is_unspecified() {
        let why = "needed, because mails and providers send people here";
        bad.note("access-url", format!("{why}, and {address} is no address of theirs"));
    }
}

/// Where people reach a server with these settings, as far as that is known before it listens.
pub(crate) fn likely_url(args: &ServerArgs) -> String {
    match &args.access_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None if args.tls.tls_enable => "https://localhost".to_owned(),
        None => "http://localhost".to_owned(),
    }
}

/// Cookies are for https alone where people reach the server by https.
fn cookie_rules(args: &ServerArgs, url: &str) -> Result<CookieRules, BadSettings> {
    let is_secure = args.secure_auth_cookie.unwrap_or_else(|| url.starts_with("https:"));
    CookieRules::new(is_secure, args.samesite_auth_cookie, args.host_prefix_cookie)
}

fn settings(args: &ServerArgs, url: &str, cookies: CookieRules, deployment_id: Uuid, random: &Random) -> Settings {
    Settings {
        access_url: url.to_owned(),
        deployment_id,
        credentials: CredentialRules { allow_query: args.allow_query_tokens, cookie: cookies.session_name() },
        cookies,
        lifetimes: Lifetimes {
            session: args.session_duration,
            session_absolute: args.session_absolute_timeout,
            sessions_slide: !args.disable_session_expiry_refresh,
            token_default: args.default_token_lifetime,
            token_max: args.max_token_lifetime,
            token_max_for_owners: args.max_admin_token_lifetime,
            retention: args.api_keys_retention,
            audit_retention: args.audit_logs_retention,
        },
        limits: RateLimits::new(
            args.guard.api_rate_limit,
            args.guard.authcheck_rate_limit,
            args.guard.dangerous_disable_rate_limits,
        ),
        proxies: Proxies {
            origins: args.guard.proxy_trusted_origins.clone(),
            headers: args.guard.proxy_trusted_headers.clone(),
        },
        redirects_to_access_url: args.redirect_to_access_url,
        is_password_auth_disabled: args.disable_password_auth,
        strict_transport_security: strict_transport_security(&args.tls),
        terms_of_service_url: args.terms_of_service_url.as_ref().map(ToString::to_string),
        dummy_hash: SecretHash(random.bytes()),
    }
}

/// What browsers are told about HTTPS (RFC 6797), if they are told anything.
fn strict_transport_security(args: &TlsArgs) -> Option<String> {
    let options = args.strict_transport_security_options.iter().map(|option| format!("; {option}"));
    let seconds = args.strict_transport_security;
    (seconds > 0).then(|| format!("max-age={seconds}{}", options.collect::<String>()))
}
