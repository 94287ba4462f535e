//! What is told of every request, if anything is: its numbers, and its line in the access log.
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
};
use keyfob_authority::{DecisionLog, RequestContext};
use uuid::Uuid;

use crate::{app::App, metrics::method_name};

/// The target of the access log's lines, for filters of the log.
pub const ACCESS_LOG: &str = "keyfob::access";

/// A request that is watched. When this is dropped, the request is told of, also where its client gave up before the
/// answer.
pub(super) struct Watch {
    app: App,
    method: Method,
    route: Option<MatchedPath>,
    request_id: Uuid,
    client: IpAddr,
    decisions: DecisionLog,
    began: Instant,
    status: Option<StatusCode>,
}

impl Watch {
    /// Watches a request, if there are metrics or an access log.
    pub(super) fn begin(app: &App, request: &Request, context: &RequestContext) -> Option<Self> {
        let is_watched = app.settings().access_log || app.metrics().is_some();
        is_watched.then(|| Self {
            app: app.clone(),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            request_id: context.request_id,
            client: context.client,
            decisions: context.decisions.clone(),
            began: Instant::now(),
            status: None,
        })
    }

    /// The request is answered.
    pub(super) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Writes the line of the access log. It is in no span, so that it has the same fields whichever level spans are
    /// logged from.
    fn log(&self, route: Option<&str>, took: Duration) {
        let (user, key) = self.decisions.presenter().unzip();
        tracing::info!(
            target: ACCESS_LOG,
            parent: None,
            method = method_name(&self.method),
            route = route.unwrap_or("none"),
            status = self.status.map(|status| status.as_u16()),
            user = user.map(|user| tracing::field::display(user.0)),
            key = key.map(tracing::field::display),
            address = %self.client,
            duration_ms = took.as_secs_f64() * 1000.0,
            request_id = %self.request_id,
            "request",
        );
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let route = self.route.as_ref().map(MatchedPath::as_str);
        if let Some(metrics) = self.app.metrics() {
            metrics.answered(&self.method, route, self.status, took);
        }
        if self.app.settings().access_log {
            self.log(route, took);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use axum::body::Body;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::{
        routes::{Handlers, RouteFacts, Routes},
        test_server::{TestServer, get},
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// Keeps what is logged on this thread at `info`.
        fn capture(&self) -> tracing::subscriber::DefaultGuard {
            let lines = self.clone();
            let subscriber = tracing_subscriber::fmt().json().with_writer(move || lines.clone()).finish();
            tracing::subscriber::set_default(subscriber)
        }

        /// The lines of the access log.
        fn access(&self) -> Vec<Value> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            lines.filter(|line| line["target"] == ACCESS_LOG).collect()
        }
    }

    async fn panicking() -> StatusCode {
        panic!("a secret of the server")
    }

    fn routes() -> Routes {
        Routes::new()
            .route("/panic/{secret}", Handlers::new().get(RouteFacts::PAGE, panicking))
            .route("/slow", Handlers::new().get(RouteFacts::PAGE, async || std::future::pending::<StatusCode>().await))
    }

    #[tokio::test]
    async fn a_request_that_panics_or_was_given_up_has_a_line_in_the_access_log() {
        let server = TestServer::with(&["--access-log"]).await;
        let lines = Lines::default();
        let _log = lines.capture();
        let routes = server.with_routes(routes());
        let answer = get(&routes, "/panic/s3cr3t?token=s3cr3t").await;
        // A client that hangs up.
        let request = Request::get("/slow").body(Body::empty()).unwrap();
        let asking = routes.clone().oneshot(request);
        assert!(futures_util::FutureExt::now_or_never(asking).is_none());
        let [panicked, given_up] = &lines.access()[..] else { panic!("{:?}", lines.access()) };
        let fields = &panicked["fields"];
        assert_eq!(fields["status"], 500);
        assert_eq!(fields["route"], "/panic/{secret}");
        assert_eq!(fields["request_id"], answer.header("X-Coder-Request-Id"));
        assert!(!panicked.to_string().contains("s3cr3t"), "{panicked}");
        assert_eq!(given_up["fields"]["route"], "/slow");
        assert_eq!(given_up["fields"].get("status"), None);
    }

    #[tokio::test]
    async fn there_is_no_access_log_unless_it_is_set() {
        let server = TestServer::new().await;
        let lines = Lines::default();
        let _log = lines.capture();
        get(&server.with_routes(routes()), "/panic/x").await;
        assert_eq!(lines.access(), Vec::<Value>::new());
    }
}
