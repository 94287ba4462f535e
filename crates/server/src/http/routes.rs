//! Routes, each declared together with its description and its facts. Middleware reads the facts of the matched route
//! and keeps no lists of paths.
mod facts;
mod handlers;

pub(crate) use facts::{Audience, CsrfRule, Deed, Limiter, RouteFacts};
pub(crate) use handlers::Handlers;

use std::collections::HashMap;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::Method,
};
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use keyfob_api::BASE_PATH;

use super::path::FixedParameter;
use crate::app::App;

/// The facts of all routes, by path and method.
#[derive(Debug, Default)]
pub(crate) struct RouteTable {
    facts: HashMap<String, Vec<(Method, RouteFacts)>>,
    /// Paths that end in a fixed word, which is the value of a parameter for the methods that have no facts.
    words: HashMap<String, FixedParameter>,
}

impl RouteTable {
    fn add(&mut self, path: &str, facts: impl IntoIterator<Item = (Method, RouteFacts)>) {
        self.facts.entry(path.to_owned()).or_default().extend(facts);
    }

    /// The facts of a route; none where there is no such route. `HEAD` is answered by what answers `GET`.
    pub(crate) fn find(&self, path: &str, method: &Method) -> Option<RouteFacts> {
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        self.facts.get(path)?.iter().find(|(known, _)| *known == method).map(|(_, facts)| *facts)
    }

    fn facts_of(&self, request: &Request) -> RouteFacts {
        let matched = request.extensions().get::<MatchedPath>();
        let facts = matched.and_then(|path| self.find(path.as_str(), request.method()));
        facts.unwrap_or_else(|| RouteFacts::without_route(request.uri().path()))
    }

    /// The parameter whose value the last word of a request's path is.
    fn word_of(&self, request: &Request) -> Option<&FixedParameter> {
        let matched = request.extensions().get::<MatchedPath>()?.as_str();
        self.words.get(matched).filter(|_| self.find(matched, request.method()).is_none())
    }
}

/// Adds the facts of its route to a request, for all that comes behind.
pub(crate) fn add_facts(table: &RouteTable, request: &mut Request) {
    let facts = table.facts_of(request);
    let word = table.word_of(request).cloned();
    request.extensions_mut().insert(facts);
    if let Some(word) = word {
        request.extensions_mut().insert(word);
    }
}

impl RouteFacts {
    /// The facts of the route that a request matched.
    pub(crate) fn of(request: &Request) -> Self {
        let found = request.extensions().get::<Self>().copied();
        found.unwrap_or_else(|| Self::without_route(request.uri().path()))
    }
}

/// Routes with their descriptions and their facts.
#[derive(Default)]
pub(crate) struct Routes {
    router: OpenApiRouter<App>,
    table: RouteTable,
    /// What all of its paths begin with.
    base: &'static str,
}

impl Routes {
    /// No routes yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// No routes yet, all of whose paths are below the API's. They are no nested router, which would take each path of a
    /// request apart again.
    pub(crate) fn api() -> Self {
        Self { base: BASE_PATH, ..Self::default() }
    }

    /// No routes yet, below a document that describes the whole.
    pub(crate) fn with_document(document: OpenApi) -> Self {
        Self { router: OpenApiRouter::with_openapi(document), ..Self::default() }
    }

    /// Adds described routes of the API, with the usual facts.
    pub(crate) fn routes(self, described: UtoipaMethodRouter<App>) -> Self {
        self.routes_with(described, RouteFacts::API)
    }

    /// Adds described routes with these facts.
    pub(crate) fn routes_with(mut self, described: UtoipaMethodRouter<App>, facts: RouteFacts) -> Self {
        let (schemas, mut paths, methods) = described;
        paths.paths = paths.paths.into_iter().map(|(path, item)| (self.whole(&path), item)).collect();
        for (path, item) in &paths.paths {
            self.table.add(path, methods_of(item).map(|method| (method, facts)));
        }
        Self { router: self.router.routes((schemas, paths, methods)), ..self }
    }

    /// Adds a route that the document does not describe.
    pub(crate) fn route(mut self, path: &str, handlers: Handlers) -> Self {
        let path = &self.whole(path);
        self.table.add(path, handlers.facts);
        let word = handlers.parameter.map(|name| FixedParameter::at_end_of(path, name));
        self.table.words.extend(word.map(|word| (path.to_owned(), word)));
        Self { router: OpenApiRouter::route(self.router, path, handlers.methods), ..self }
    }

    /// Adds all of these.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        for (path, facts) in other.table.facts {
            self.table.add(&path, facts);
        }
        self.table.words.extend(other.table.words);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// A path below the base.
    fn whole(&self, path: &str) -> String {
        match (self.base, path) {
            ("", "") => "/".to_owned(),
            (base, "/") if !base.is_empty() => base.to_owned(),
            (base, path) => format!("{base}{path}"),
        }
    }

    /// The routes, the document that describes them, and their facts.
    pub(crate) fn split(self) -> (Router<App>, OpenApi, RouteTable) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.table)
    }
}

fn methods_of(item: &PathItem) -> impl Iterator<Item = Method> {
    let described = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    described.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All routes whose facts are not those of any call of the API, as `METHOD path: facts`.
    fn special(table: &RouteTable) -> Vec<String> {
        let all =
            table.facts.iter().flat_map(|(path, facts)| facts.iter().map(move |(method, facts)| (path, method, facts)));
        let special = all.filter(|(.., facts)| **facts != RouteFacts::API);
        let mut lines: Vec<String> = special
            .map(|(path, method, RouteFacts { audience, csrf, limiters, deed })| {
                let deed = deed.map(|deed| format!(" {deed:?}")).unwrap_or_default();
                format!("{method} {path}: {audience:?} {csrf:?} {limiters:?}{deed}")
            })
            .collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "the list is long")]
    fn every_route_has_facts_and_special_ones_are_these() {
        let (_, document, table) = crate::http::described().split();
        for (path, item) in &document.paths.paths {
            for method in methods_of(item) {
                assert!(table.find(path, &method).is_some(), "{method} {path}");
            }
        }
        insta::assert_snapshot!(special(&table).join("\n"), @r#"
        GET /.well-known/oauth-protected-resource: Program Sessions []
        GET /: Person Forms []
        GET /api/v2/users/first: Program SetUp [Api]
        GET /api/v2/users/oauth2/github/callback: Person SignIn [Api, SignIn]
        GET /api/v2/users/oauth2/github/device: Program SignIn [Api, SignIn]
        GET /api/v2/users/oidc/callback: Person SignIn [Api, SignIn]
        GET /assets/icon.svg: Asset Forms []
        GET /assets/pages.css: Asset Forms []
        GET /assets/pages.js: Asset Forms []
        GET /audit/records.csv: Person Forms []
        GET /audit/records.jsonl: Person Forms []
        GET /audit: Person Forms []
        GET /cli-auth: Person Forms []
        GET /deployment/settings: Person Forms []
        GET /deployment/tokens: Person Forms []
        GET /deployment/users/create: Person Forms []
        GET /deployment/users/{user}/delete: Person Forms []
        GET /deployment/users/{user}/password: Person Forms []
        GET /deployment/users/{user}/suspend: Person Forms []
        GET /deployment/users/{user}: Person Forms []
        GET /deployment/users: Person Forms []
        GET /device: Person Forms [SignIn]
        GET /docs/guides/{guide}: Asset Forms []
        GET /docs/guides: Asset Forms []
        GET /docs: Person Forms []
        GET /explain: Person Forms []
        GET /favicon.ico: Asset Forms []
        GET /groups/{group}/delete: Person Forms []
        GET /groups/{group}: Person Forms []
        GET /healthz: Probe Forms []
        GET /latency-check: Probe Forms []
        GET /login/device: Person Forms [SignIn]
        GET /login: Person Forms []
        GET /organizations/create: Person Forms []
        GET /organizations/{organization}/delete: Person Forms []
        GET /organizations/{organization}/members/{user}/remove: Person Forms []
        GET /organizations/{organization}/members/{user}: Person Forms []
        GET /organizations/{organization}/members: Person Forms []
        GET /organizations/{organization}/new-role: Person Forms []
        GET /organizations/{organization}/roles/{rolename}/delete: Person Forms []
        GET /organizations/{organization}/roles/{rolename}: Person Forms []
        GET /organizations/{organization}/roles: Person Forms []
        GET /organizations/{organization}: Person Forms []
        GET /organizations: Person Forms []
        GET /readyz: Probe Forms []
        GET /reset-password/change: Person Forms []
        GET /reset-password: Person Forms []
        GET /resources/{type}/{id}: Person Forms []
        GET /resources: Person Forms []
        GET /settings/account: Person Forms []
        GET /settings/notifications: Person Forms []
        GET /settings/security: Person Forms []
        GET /settings/sessions: Person Forms []
        GET /settings/tokens/new: Person Forms [Api]
        GET /settings/tokens/{keyid}/delete: Person Forms []
        GET /settings/tokens/{keyid}/expire: Person Forms []
        GET /settings/tokens/{keyid}: Person Forms []
        GET /settings/tokens: Person Forms []
        GET /setup: Person Forms []
        GET /users: Person Forms []
        POST /api/v2/authcheck: Program Sessions [Authcheck] Reads
        POST /api/v2/csp/reports: Program Exempt [Api]
        POST /api/v2/device/code: Program SignIn [Api, SignIn]
        POST /api/v2/users/first: Program SetUp [Api]
        POST /api/v2/users/login: Program SignIn [Api, SignIn]
        POST /api/v2/users/otp/change-password: Program SignIn [Api, SignIn]
        POST /api/v2/users/otp/request: Program SignIn [Api, SignIn]
        POST /api/v2/users/validate-password: Program SignIn [Api, SignIn]
        POST /api/v2/users/{user}/convert-login: Program SignIn [Api, SignIn]
        POST /cli-auth: Person Forms [SignIn] Creates("api_key")
        POST /deployment/tokens/expire: Person Forms [] Changes("api_key")
        POST /deployment/tokens/find: Person Forms [] Reads
        POST /deployment/users/create: Person Forms [SignIn] Creates("user")
        POST /deployment/users/{user}/activate: Person Forms [] Changes("user")
        POST /deployment/users/{user}/delete: Person Forms [] Deletes("user")
        POST /deployment/users/{user}/password: Person Forms [SignIn] Changes("user")
        POST /deployment/users/{user}/roles: Person Forms [] Changes("user")
        POST /deployment/users/{user}/suspend: Person Forms [] Changes("user")
        POST /device: Person Forms [SignIn]
        POST /groups/{group}/delete: Person Forms [] Deletes("group")
        POST /groups/{group}: Person Forms [] Changes("group")
        POST /login: Person Forms [SignIn]
        POST /logout: Person Forms [] Deletes("api_key")
        POST /organizations/create: Person Forms [] Creates("organization")
        POST /organizations/{organization}/delete: Person Forms [] Deletes("organization")
        POST /organizations/{organization}/groups: Person Forms [] Creates("group")
        POST /organizations/{organization}/members/{user}/remove: Person Forms [] Deletes("organization_member")
        POST /organizations/{organization}/members/{user}: Person Forms [] Changes("organization_member")
        POST /organizations/{organization}/members: Person Forms [] Creates("organization_member")
        POST /organizations/{organization}/new-role: Person Forms [] Creates("custom_role")
        POST /organizations/{organization}/roles/{rolename}/delete: Person Forms [] Deletes("custom_role")
        POST /organizations/{organization}/roles/{rolename}: Person Forms [] Changes("custom_role")
        POST /organizations/{organization}: Person Forms [] Changes("organization")
        POST /reset-password/change: Person Forms [SignIn]
        POST /reset-password: Person Forms [SignIn]
        POST /resources/{type}/{id}: Person Forms []
        POST /settings/account/theme: Person Forms [] Changes("user")
        POST /settings/account: Person Forms [] Changes("user")
        POST /settings/notifications: Person Forms [] Changes("user")
        POST /settings/security/provider: Person Forms [SignIn] Changes("user")
        POST /settings/security: Person Forms [SignIn] Changes("user")
        POST /settings/sessions/{id}: Person Forms [] Deletes("api_key")
        POST /settings/sessions: Person Forms [] Deletes("api_key")
        POST /settings/tokens/new: Person Forms [Api] Creates("api_key")
        POST /settings/tokens/{keyid}/delete: Person Forms [] Deletes("api_key")
        POST /settings/tokens/{keyid}/expire: Person Forms [] Changes("api_key")
        POST /setup: Person SetUpForm [SignIn]
        PUT /api/v2/users/{user}/password: Program Sessions [Api, Password]
        "#);
    }

    #[test]
    fn a_request_without_a_route_has_the_facts_of_its_place() {
        let (_, _, table) = crate::http::described().split();
        assert_eq!(table.find("/api/v2/users/first", &Method::DELETE), None);
        assert_eq!(table.find("/login", &Method::HEAD), Some(RouteFacts::PAGE));
        for (path, facts) in [
            ("/api/v2/users/first", RouteFacts::API),
            ("/api/v2/nothing", RouteFacts::API),
            ("/api/nothing", RouteFacts::API),
            ("/nothing", RouteFacts::PAGE),
        ] {
            let request = Request::builder().method(Method::DELETE).uri(path).body(axum::body::Body::empty()).unwrap();
            assert_eq!(table.facts_of(&request), facts, "{path}");
            assert_eq!(RouteFacts::of(&request), facts, "{path}");
        }
    }
}
