//! Serving connections: HTTP/1.1, with a bound on how long a client may send nothing.
use std::{convert::Infallible, future::Future, io, net::SocketAddr, time::Duration};

use axum::{body::Body, extract::Request, response::Response, serve::Listener};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tower::{Service, ServiceExt as _};

/// How long a connection may stay without the whole head of a request: also between two of them.
const HEAD: Duration = Duration::from_mins(1);

/// Serves all connections of a listener, each by a service for its peer, until it is told to stop; then lets requests under
/// way finish.
pub(crate) async fn serve_connections<L, S>(
    mut listener: L,
    service: impl Fn(SocketAddr) -> S,
    stopped: impl Future<Output = ()> + Send,
) -> io::Result<()>
where
    L: Listener<Addr = SocketAddr>,
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    tokio::pin!(stopped);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let service = service(peer);
        let answer =
            service_fn(move |request: hyper::Request<Incoming>| service.clone().oneshot(request.map(Body::new)));
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{Extension, Router, extract::ConnectInfo, routing::get};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        sync::oneshot,
    };

    use super::*;

    /// A server, where it is, and what tells it to stop.
    async fn start() -> (tokio::task::JoinHandle<io::Result<()>>, SocketAddr, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()));
        let service = move |peer| router.clone().layer(Extension(ConnectInfo::<SocketAddr>(peer)));
        let (stop, stopped) = oneshot::channel();
        (tokio::spawn(serve_connections(listener, service, async { drop(stopped.await) })), address, stop)
    }

    async fn read(stream: &mut TcpStream) -> String {
        let mut answer = vec![0; 1024];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8(answer[..length].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_is_used_again_and_ends_with_the_server() {
        let (serving, address, stop) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let answer = read(&mut stream).await;
            assert!(answer.ends_with(&stream.local_addr().unwrap().to_string()), "{answer}");
        }
        stop.send(()).unwrap();
        assert_eq!(read(&mut stream).await, "");
        serving.await.unwrap().unwrap();
    }

    /// A client that begins a request and does not go on, or sends nothing at all, keeps no connection for ever.
    #[tokio::test]
    async fn a_connection_that_says_nothing_is_closed() {
        let (_serving, address, _stop) = start().await;
        for begun in ["GET / HTTP/1.1\r\nHost:", ""] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            // The server has taken it when it has answered another.
            let mut other = TcpStream::connect(address).await.unwrap();
            other.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            read(&mut other).await;
            // From here on time passes as soon as nothing else happens.
            tokio::time::pause();
            let closed = tokio::time::timeout(HEAD * 2, stream.read(&mut [0; 1024])).await;
            assert!(closed.is_ok(), "{begun:?}");
            tokio::time::resume();
        }
    }
}
