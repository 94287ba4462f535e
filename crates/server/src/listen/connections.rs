//! Accepting connections: how many there may be, from one network and in all, and how long a client may leave answers
//! unread.
use std::{
    collections::HashMap,
    future::Future as _,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

use crate::http::limits::network;

/// How many connections there may be at a time: most systems give a process 1,024 files.
const IN_ALL: usize = 900;
/// How many of them one network may have, so that no single one has all.
const FROM_ONE: usize = 300;
/// How long a client may leave answers unread.
const UNREAD: Duration = Duration::from_mins(1);

/// The places that connections take, of all listeners together.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    all: Arc<Semaphore>,
    taken: Mutex<HashMap<IpAddr, usize>>,
    /// Proxies, through which many clients come.
    proxies: Vec<IpNet>,
}

impl Places {
    /// Places that are all free; trusted proxies may take more of them than others.
    pub(crate) fn new(proxies: Vec<IpNet>) -> Self {
        Self(Arc::new(Shared { all: Arc::new(Semaphore::new(IN_ALL)), taken: Mutex::default(), proxies }))
    }

    /// A place for this client; none if its network has enough.
    fn take(&self, client: IpAddr, permit: OwnedSemaphorePermit) -> Option<Place> {
        let network = network(client);
        let address = client.to_canonical();
        let is_bounded = !address.is_loopback() && !self.0.proxies.iter().any(|net| net.contains(&address));
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        if is_bounded && *count >= FROM_ONE {
            return None;
        }
        *count += 1;
        Some(Place { places: self.clone(), network, _permit: permit })
    }
}

/// A place that is taken; dropping it makes it free.
struct Place {
    places: Places,
    network: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

/// Accepts connections as long as there are places for them.
pub(crate) struct Bounded {
    listener: TcpListener,
    places: Places,
}

impl Bounded {
    pub(crate) fn new(listener: TcpListener, places: Places) -> Self {
        Self { listener, places }
    }
}

impl axum::serve::Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let Ok(permit) = Arc::clone(&self.places.0.all).acquire_owned().await else {
                // It is never closed.
                std::future::pending::<()>().await;
                continue;
            };
            // It waits a moment by itself when no more files can be opened.
            let (stream, peer) = axum::serve::Listener::accept(&mut self.listener).await;
            if let Some(place) = self.places.take(peer.ip(), permit) {
                return (Connection { stream, stalled: None, _place: place }, peer);
            }
            tracing::debug!(client.ip = %peer.ip(), "a network has as many connections as it may");
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection, with the place that it takes.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Runs while the client reads nothing of its answers.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl Connection {
    /// The result of writing; an error where nothing could be written for too long.
    fn watched<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + UNREAD)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watched(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watched(cx, ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(places: &Places, client: &str) -> Option<Place> {
        let permit = Arc::clone(&places.0.all).try_acquire_owned().ok()?;
        places.take(client.parse().unwrap(), permit)
    }

    #[test]
    fn no_network_takes_all_places() {
        let places = Places::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut taken: Vec<Place> = (0..FROM_ONE).map_while(|_| take(&places, "2001:db8::1")).collect();
        assert_eq!(taken.len(), FROM_ONE);
        assert!(take(&places, "2001:db8::2").is_none(), "the same /64");
        assert!(take(&places, "2001:db8:0:1::1").is_some());
        taken.pop();
        assert!(take(&places, "2001:db8::2").is_some(), "one place is free again");
        // A trusted proxy is not bounded as one network: many clients come through it.
        let through: Vec<Place> = (0..IN_ALL).map_while(|_| take(&places, "10.0.0.1")).collect();
        assert_eq!(through.len(), IN_ALL - taken.len());
        drop((taken, through));
        assert!(places.0.taken.lock().unwrap().is_empty());
        assert_eq!(places.0.all.available_permits(), IN_ALL);
    }
}
