//! What the path of a request addresses: requests are counted by it, so that another spelling gives no further ones.
use axum::{extract::MatchedPath, http::request::Parts};
use keyfob_authority::Identified;
use uuid::Uuid;

use super::names::Naming;
use crate::{
    app::App,
    http::path::{
        FixedParameter, KeyRef, OrganizationRef, PathParameter as _, Segments, SessionRef, UserOrganizationRef, UserRef,
    },
};

/// A route, and what the parameters of its path name. Paths without a route are one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Address {
    route: String,
    parameters: Vec<Named>,
}

/// What a parameter names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Named {
    /// What has this id.
    Id(Uuid),
    /// What has this name, or an id that is no UUID.
    Text(String),
}

impl Address {
    /// The route of a request, whatever its parameters are.
    pub(super) fn of_route(parts: &Parts) -> Self {
        let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        // A word in the place of a parameter is its value.
        let route = match parts.extensions.get::<FixedParameter>() {
            Some(word) => word.parameter_in(route),
            None => route.to_owned(),
        };
        Self { route, parameters: Vec::new() }
    }

    /// The route of a request and what its parameters name, for this caller.
    pub(super) async fn of(app: &App, parts: &mut Parts, caller: Option<&Identified>) -> Self {
        let address = Self::of_route(parts);
        // A path that is not valid UTF-8 names nothing.
        let Ok(segments) = Segments::of(parts).await else { return address };
        // The id of a key is enough: the user before it makes no other key of it.
        let has_key = segments.find(KeyRef::NAME).is_some();
        let mut parameters = Vec::new();
        for (name, segment) in segments.iter().filter(|(name, _)| !(has_key && *name == UserRef::NAME)) {
            parameters.push(named(app, name, segment, caller).await);
        }
        Self { parameters, ..address }
    }
}

async fn named(app: &App, parameter: &str, segment: &str, caller: Option<&Identified>) -> Named {
    let of = match parameter {
        UserRef::NAME => Some(Naming::User),
        OrganizationRef::NAME | UserOrganizationRef::NAME => Some(Naming::Organization),
        _ => None,
    };
    if let Some((of, caller)) = of.zip(caller)
        && let Some(id) = app.windows().names().find(app, of, segment, caller).await
    {
        return Named::Id(id);
    }
    match Uuid::try_parse(segment) {
        Ok(id) => Named::Id(id),
        // Capitals count in the ids of keys.
        Err(_) if [KeyRef::NAME, SessionRef::NAME].contains(&parameter) => Named::Text(segment.to_owned()),
        Err(_) => Named::Text(segment.to_ascii_lowercase()),
    }
}
