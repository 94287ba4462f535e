//! What the path of a request addresses: requests are counted by it, so that another spelling gives no further ones.
use axum::{extract::MatchedPath, http::request::Parts};
use keyfob_authority::{Identified, data::UserId};
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

    /// The route of a user, and that user, whichever way a path names them.
    pub(super) fn of_user(route: &str, user: UserId) -> Self {
        Self { route: route.to_owned(), parameters: vec![Named::Id(user.0)] }
    }

    /// The route of a request and what its parameters name, for this caller.
    pub(super) async fn of(app: &App, parts: &Parts, segments: &Segments, caller: Option<&Identified>) -> Self {
        // The id of a key is enough: the user before it makes no other key of it.
        let has_key = segments.find(KeyRef::NAME).is_some();
        let user = segments.find(OrganizationRef::NAME).map_or(Naming::User, Naming::Member);
        let mut parameters = Vec::new();
        for (name, segment) in segments.iter().filter(|(name, _)| !(has_key && *name == UserRef::NAME)) {
            let of = match name {
                UserRef::NAME => Some(user),
                OrganizationRef::NAME | UserOrganizationRef::NAME => Some(Naming::Organization),
                _ => None,
            };
            parameters.push(named(app, (name, of), segment, caller).await);
        }
        Self { parameters, ..Self::of_route(parts) }
    }
}

async fn named(
    app: &App,
    (parameter, of): (&str, Option<Naming<'_>>),
    segment: &str,
    caller: Option<&Identified>,
) -> Named {
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
