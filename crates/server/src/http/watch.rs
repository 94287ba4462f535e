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
