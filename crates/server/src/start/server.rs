//! A server put together, which does not listen yet.
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use keyfob_authority::{Authority, AuthorityParts, Clock, DataDir, Observer, Random, RequestContext, System};

use super::{
    Equipment, StartError, jobs,
    settings::{rules, settings},
};
use crate::{
    api::audit::recorded_status,
    app::{App, Parts},
    config::ServerArgs,
    http::{self, Service, limits::RateWindows},
    metrics::Metrics,
    ways::Renewer,
};

/// A server that is put together but does not listen.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the generator of secrets")]
pub struct Server {
    app: App,
    service: Service,
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
        let equipment = Equipment::new(args, url)?;
        let data_dir = equipment.data_dir(data_dir)?;
        Self::assemble(args, equipment, data_dir, url, clock, random).await
    }

    pub(super) async fn assemble(
        args: &ServerArgs,
        equipment: Equipment,
        data_dir: DataDir,
        url: &str,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StartError> {
        let rules = rules(args, &equipment);
        let Equipment { cookies, catalogue, mailer, providers, database, tls: _ } = equipment;
        let providers = Arc::new(providers);
        let metrics = args.prometheus_address.map(|_| Metrics::new(Arc::clone(&catalogue), clock.now()));
        let metrics = metrics.transpose().map_err(|error| StartError::Machine(format!("no metrics: {error}")))?;
        let metrics = metrics.map(Arc::new);
        // Apart, because opening takes much more room than what it makes.
        let opening = Authority::open(AuthorityParts {
            data_dir,
            database,
            host: host_name(),
            revocation_lease: args.postgres.revocation_lease,
            clock,
            random,
            catalogue,
            rules,
            renewer: Box::new(Renewer(Arc::clone(&providers))),
            recorded_status,
            observer: metrics.clone().map(|metrics| -> Arc<dyn Observer> { metrics }),
        });
        let authority = Box::pin(opening).await?;
        let app = App::new(Parts {
            authority,
            mailer,
            windows: RateWindows::default(),
            providers,
            settings: settings(args, url, cookies),
            metrics,
        });
        let service = http::service(app.clone());
        Ok(Self { app, service })
    }

    /// The application, ready to be served.
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

    /// Learns what other replicas change, for as long as this is polled. A server that listens does it by itself.
    pub async fn follow_changes(&self) {
        self.app.authority().follow_changes().await;
    }

    /// The metrics of this server, as they are served at `/metrics`; none if its settings have no address for them.
    pub fn metrics(&self) -> Option<String> {
        self.app.metrics().map(|metrics| metrics.render(self.app.authority()))
    }

    /// Whether this replica decides by what it remembers.
    pub fn holds_lease(&self) -> bool {
        self.app.authority().holds_lease()
    }

    /// Forgets all keys that are known without the database, for those who have changed it by other means.
    pub fn forget_keys(&self) {
        self.app.authority().forget_keys();
    }

    /// Writes what is gathered in memory, and closes the database.
    pub async fn close(&self) {
        self.app.authority().close().await;
    }

    pub(super) async fn needs_set_up(&self) -> bool {
        let store = System::SetUp.store(self.app.authority(), RequestContext::default());
        matches!(store.is_set_up().await, Ok(false))
    }
}

/// The name of this machine, for people who look which replicas there are.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME"));
    let name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() { "keyfob".to_owned() } else { name }
}

/// Where the data is, as set or by the custom of the machine.
pub(super) fn data_dir(args: &ServerArgs) -> Result<PathBuf, StartError> {
    data_dir_of(args.data_dir.as_deref())
}

/// The data directory with this name, or the one by the custom of the machine.
///
/// # Errors
/// [`StartError::NoDataDir`] when there is neither.
pub fn data_dir_of(named: Option<&Path>) -> Result<PathBuf, StartError> {
    let default = || directories::ProjectDirs::from("", "", "keyfob").map(|dirs| dirs.data_dir().to_owned());
    named.map(Path::to_owned).or_else(default).ok_or(StartError::NoDataDir)
}
