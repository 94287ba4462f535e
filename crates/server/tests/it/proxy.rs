//! A network to a PostgreSQL server that can be cut.
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use url::Url;

/// A listener that passes all on to a server, unless it is cut.
pub(crate) struct Proxy {
    url: Url,
    state: Arc<State>,
}

struct State {
    is_cut: AtomicBool,
    cuts: broadcast::Sender<()>,
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn to(database: &str) -> Self {
        let mut url: Url = database.parse().unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let state = Arc::new(State {
            is_cut: AtomicBool::new(false),
            cuts: broadcast::Sender::new(1),
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        tokio::spawn(serve(listener, server, Arc::clone(&state)));
        Self { url, state }
    }

    /// The address of the database through it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Ends all connections, and takes no other.
    pub(crate) fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        let _nobody_listens = self.state.cuts.send(());
    }

    /// Takes connections again.
    pub(crate) fn mend(&self) {
        self.state.most.store(0, Ordering::SeqCst);
        self.state.is_cut.store(false, Ordering::SeqCst);
    }

    /// The most connections that were open at a time since it was mended.
    pub(crate) fn most_connections(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, server: String, state: Arc<State>) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        if state.is_cut.load(Ordering::SeqCst) {
            continue;
        }
        let (server, state, mut cut) = (server.clone(), Arc::clone(&state), state.cuts.subscribe());
        tokio::spawn(async move {
            let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
            state.most.fetch_max(open, Ordering::SeqCst);
            if let Ok(mut server) = TcpStream::connect(server).await {
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    _ = cut.recv() => {}
                }
            }
            state.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}
