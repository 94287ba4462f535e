//! Handlers of routes that the document does not describe: pages, and words in the place of a parameter.
use axum::{
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter},
};

use super::RouteFacts;
use crate::app::App;

/// The handlers of one path that the document does not describe.
pub(crate) struct Handlers {
    pub(super) methods: MethodRouter<App>,
    pub(super) facts: Vec<(Method, RouteFacts)>,
    pub(super) parameter: Option<&'static str>,
}

impl Handlers {
    /// No handlers yet.
    pub(crate) fn new() -> Self {
        Self { methods: MethodRouter::new(), facts: Vec::new(), parameter: None }
    }

    /// Handlers of a path that ends in a fixed word where others have this parameter: for them the word is its value.
    ///
    /// So `DELETE /users/login` deletes the user `login`, though `/users/login` has a route of its own.
    pub(crate) fn of_word(parameter: &'static str, methods: MethodRouter<App>) -> Self {
        Self { methods, facts: Vec::new(), parameter: Some(parameter) }
    }

    /// Adds what answers `GET`.
    pub(crate) fn get<H, T>(self, facts: RouteFacts, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.on(Method::GET, MethodFilter::GET, facts, handler)
    }

    /// Adds what answers `POST`.
    pub(crate) fn post<H, T>(self, facts: RouteFacts, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.on(Method::POST, MethodFilter::POST, facts, handler)
    }

    fn on<H, T>(mut self, method: Method, filter: MethodFilter, facts: RouteFacts, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.facts.push((method, facts));
        Self { methods: self.methods.on(filter, handler), ..self }
    }
}
