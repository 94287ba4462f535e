//! Listening until the server is told to stop.
use std::{future::Future, net::SocketAddr, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use keyfob_authority::{Clock, Random};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{
    Equipment, Server, StartError,
    equipment::likely_url,
    hangup::{Files, Hangup},
    jobs::{self, Jobs},
    server::data_dir,
    supervisor,
};
use crate::{
    Service,
    config::{self, ServerArgs},
    listen::{
        connections::{Bounded, Places},
        serve::serve_connections,
        tls::Tls,
    },
    metrics,
};

/// How long requests that are under way may take when the server is told to end.
const GRACE: Duration = Duration::from_secs(20);

/// What a server says once it answers.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where it is reached.
    pub url: String,
    /// Where its data is.
    pub data_dir: PathBuf,
    /// Its first user is still to be created.
    pub needs_set_up: bool,
}

/// A future whose code is compiled where it is made, and not again in each crate that awaits it.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs a server until `stop` is done; then lets requests under way finish. `on_ready` is called once it answers. A
/// server that still waits for a file of its settings then ends at once.
///
/// # Errors
/// When it cannot start.
pub fn serve(
    args: ServerArgs,
    on_ready: Box<dyn FnOnce(&Ready) + Send>,
    stop: Boxed<()>,
) -> Boxed<Result<(), StartError>> {
    Box::pin(run(args, on_ready, stop))
}

async fn run(args: ServerArgs, on_ready: Box<dyn FnOnce(&Ready) + Send>, stop: Boxed<()>) -> Result<(), StartError> {
    let hangup = Hangup::new();
    let told = patiently(stop);
    let args = Arc::new(args);
    let Some(mut equipment) = equipment(&args, told.clone()).await? else { return Ok(()) };
    let data_dir = data_dir(&args)?;
    let random = Random::from_system().map_err(|error| StartError::Machine(format!("no randomness: {error}")))?;
    let listen = |cause| StartError::Listen { address: args.http_address, cause };
    let listener = TcpListener::bind(args.http_address).await.map_err(listen)?;
    let tls = equipment.tls.take().map(Arc::new);
    let listen_tls = |cause| StartError::ListenTls { address: args.tls.tls_address, cause };
    let tls_listener = match &tls {
        Some(_) => Some(TcpListener::bind(args.tls.tls_address).await.map_err(listen_tls)?),
        None => None,
    };
    let metrics_listener = match args.prometheus_address {
        Some(address) => {
            let listen = |cause| StartError::ListenPrometheus { address, cause };
            let listener = TcpListener::bind(address).await.map_err(listen)?;
            tracing::info!(address = %listener.local_addr().map_err(listen)?, "metrics are served at /metrics");
            Some(listener)
        }
        None => None,
    };
    let url = match (&args.access_url, &tls_listener) {
        (Some(url), _) => url.as_str().trim_end_matches('/').to_owned(),
        (None, Some(listener)) => format!("https://{}", listener.local_addr().map_err(listen_tls)?),
        (None, None) => format!("http://{}", listener.local_addr().map_err(listen)?),
    };
    let keys = equipment.data_dir(&data_dir)?;
    let server = Server::assemble(&args, equipment, keys, &url, Clock::System, random).await?;
    for warning in config::warnings(&args) {
        tracing::warn!("{warning}");
    }
    let rereading = hangup.watch(Files { app: server.app().clone(), tls: tls.clone() });
    let scraped = metrics_listener.and_then(|listener| serve_metrics(&server, listener));
    let jobs = Jobs::start(server.app());
    on_ready(&Ready { url, data_dir, needs_set_up: server.needs_set_up().await });
    supervisor::ready();
    let watchdog = supervisor::watchdog();
    let places = Places::new(args.guard.proxy_trusted_origins.clone());
    let bounded = |listener| Bounded::new(listener, places.clone());
    let plain = serve_connections(bounded(listener), each_peer(&server), is_told(told.clone()));
    let encrypted = serve_tls(&server, tls.zip(tls_listener.map(bounded)), is_told(told.clone()));
    tokio::select! {
        result = async { tokio::try_join!(plain, encrypted) } => drop(result.map_err(listen)?),
        () = out_of_patience(told) => tracing::warn!("gave up on requests that did not end in time"),
    }
    rereading.abort();
    // First what would be lost: ending jobs may take longer than a supervisor waits.
    jobs::record_refusals(server.app().clone()).await;
    jobs.end().await;
    server.close().await;
    // Last, so that the end of a server can be watched.
    [scraped, watchdog].iter().flatten().for_each(JoinHandle::abort);
    Ok(())
}

/// Makes the equipment; none if the server is told to stop first: a file can be a pipe that no program writes.
async fn equipment(args: &Arc<ServerArgs>, told: watch::Receiver<bool>) -> Result<Option<Equipment>, StartError> {
    let args = Arc::clone(args);
    let making = tokio::task::spawn_blocking(move || Equipment::new(&args, &likely_url(&args)));
    tokio::select! {
        made = making => {
            let made = made.map_err(|error| StartError::Machine(format!("the settings were not read: {error}")))?;
            Ok(Some(made?))
        }
        () = is_told(told) => Ok(None),
    }
}

/// The service for each peer.
fn each_peer(server: &Server) -> impl Fn(SocketAddr) -> Service + use<> {
    let service = server.service();
    move |peer| service.for_peer(peer)
}

/// Serves encrypted connections, if there are to be any.
async fn serve_tls(
    server: &Server,
    tls: Option<(Arc<Tls>, Bounded)>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let Some((tls, listener)) = tls else { return Ok(()) };
    let watching = tls.watch();
    let ended = serve_connections(tls.listen(listener), each_peer(server), stopped).await;
    watching.abort();
    ended
}

/// Serves the metrics until the task is ended, if there are any.
fn serve_metrics(server: &Server, listener: TcpListener) -> Option<JoinHandle<()>> {
    let metrics = Arc::clone(server.app().metrics()?);
    let serving = metrics::serve(metrics, server.app().authority().clone(), listener);
    Some(tokio::spawn(serving))
}

/// Becomes true when the server is told to stop.
fn patiently(stop: Boxed<()>) -> watch::Receiver<bool> {
    let (told, hear) = watch::channel(false);
    tokio::spawn(async move {
        stop.await;
        supervisor::stopping();
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
