//! Answering Prometheus: `GET /metrics`, and nothing else.
use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing,
};
use keyfob_authority::Authority;
use tokio::net::TcpListener;

use super::Metrics;
use crate::listen::{
    connections::{Bounded, Places},
    serve::serve_connections,
};

/// How often what was measured is gathered if no scrape does so.
const GATHER_EVERY: Duration = Duration::from_secs(5);

/// Serves the numbers for as long as this is polled.
pub(crate) async fn serve(metrics: Arc<Metrics>, authority: Authority, listener: TcpListener) {
    let router = Router::new()
        .route("/metrics", routing::get(scrape))
        .method_not_allowed_fallback(async || StatusCode::NOT_FOUND)
        .with_state((Arc::clone(&metrics), authority));
    // Places of its own: those of clients may all be taken when the numbers matter most.
    let listener = Bounded::new(listener, Places::new(Vec::new()));
    tokio::select! {
        ended = serve_connections(listener, |_| router.clone(), std::future::pending()) => drop(ended),
        () = gather(&metrics) => {}
    }
}

async fn scrape(State((metrics, authority)): State<(Arc<Metrics>, Authority)>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render(&authority))
}

async fn gather(metrics: &Metrics) {
    let mut tick = tokio::time::interval(GATHER_EVERY);
    loop {
        tick.tick().await;
        metrics.gather();
    }
}
