//! Requests by method, route and status, and how long they take.
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::http::{Method, StatusCode};
use metrics::{Histogram, Label};

use super::{
    OTHER,
    counters::Counters,
    families::{Families, Family},
};

/// The value of a label for a request without a route, or without an answer.
const NONE: &str = "none";

/// All requests.
#[derive(Debug)]
pub(super) struct Requests {
    families: Arc<Families>,
    routes: RwLock<HashMap<String, Arc<Route>>>,
}

/// The requests of one route.
#[derive(Debug)]
struct Route {
    took: Histogram,
    counts: Counters<(&'static str, Option<StatusCode>)>,
}

impl Requests {
    pub(super) fn new(families: Arc<Families>) -> Self {
        Self { families, routes: RwLock::default() }
    }

    /// Counts a request of a route; none where no route matched, and no status where there was no answer.
    pub(super) fn count(&self, method: &Method, route: Option<&str>, status: Option<StatusCode>, took: Duration) {
        let pattern = route.unwrap_or(NONE);
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(pattern).map(Arc::clone);
        let route = known.unwrap_or_else(|| self.add(pattern));
        route.took.record(took);
        let method = method_name(method);
        route.counts.count((method, status), || {
            let status = status.map_or_else(|| NONE.to_owned(), |status| status.as_str().to_owned());
            vec![
                Label::from_static_parts("method", method),
                Label::new("route", pattern.to_owned()),
                Label::new("status", status),
            ]
        });
    }

    fn add(&self, pattern: &str) -> Arc<Route> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let route = routes.entry(pattern.to_owned()).or_insert_with(|| {
            let labels = vec![Label::new("route", pattern.to_owned())];
            Arc::new(Route {
                took: self.families.histogram(Family::RequestDuration, labels),
                counts: Counters::new(Arc::clone(&self.families), Family::Requests),
            })
        });
        Arc::clone(route)
    }
}

/// The name of a method; clients may make up others.
pub(crate) fn method_name(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or(OTHER, |(_, name)| name)
}
