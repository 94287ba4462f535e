//! A server in memory, for tests beside the code.
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::{framed, routes::Routes};
use crate::{Clock, Random, Server, app::App};

#[derive(clap::Parser)]
struct Settings {
    #[command(flatten)]
    args: crate::ServerArgs,
}

/// A server on a data directory of its own.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    _data: TempDir,
}

impl TestServer {
    /// A server without users.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with these flags.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::at(Clock::System, flags).await
    }

    /// The same with this clock.
    pub(crate) async fn at(clock: Clock, flags: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let args = <Settings as clap::Parser>::parse_from(["server"].iter().chain(flags)).args;
        let server = Server::open(&args, data.path(), "http://keyfob.test", clock, Random::seeded(1)).await;
        Self { server: server.unwrap(), _data: data }
    }

    pub(crate) fn app(&self) -> &App {
        self.server.app()
    }

    /// These routes in place of the server's own.
    pub(crate) fn with_routes(&self, routes: Routes) -> Router {
        let (routes, _, table) = routes.split();
        framed(self.app().clone(), routes, table)
    }

    /// Sends a request to the server's own routes.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.server.service().oneshot(request).await.unwrap()).await
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// `GET` this path of these routes.
pub(crate) async fn get(routes: &Router, path: &str) -> Answer {
    let request = Request::get(path).body(Body::empty()).unwrap();
    Answer::of(routes.clone().oneshot(request).await.unwrap()).await
}
