//! Scopes, and checks of what a key may do (`docs/compatibility.md#authcheck`).
mod plain;

pub(crate) use plain::type_checks;

use std::collections::BTreeMap;

use axum::extract::State;
use keyfob_api::authz::{
    AuthorizationCheck, AuthorizationRequest, AuthorizationSubject, Explanation as WireExplanation, ExplanationStep,
    MissingPiece, ScopeCatalogue, UnknownName as WireUnknownName,
};
use keyfob_api::error::Validation;
use keyfob_authority::{
    AuthorizedStore,
    authcheck::{Answer, Check, CheckError, Checks, Explained, MAX_EXPLAINED, MAX_IDS, NameKind, UnknownName, Whose},
};
use keyfob_rbac::{Catalogue, Explanation, ResourceType};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    documentation::{self, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
        routes::{RouteFacts, Routes},
    },
};

/// All routes of scopes and checks.
pub(crate) fn routes() -> Routes {
    Routes::api().routes(routes!(scopes)).routes_with(routes!(check), RouteFacts::AUTHCHECK)
}

/// List the scopes that a token may ask for
#[utoipa::path(
    get, path = "/auth/scopes", tag = "Authorization", operation_id = "list_scopes",
    responses((status = OK, description = "Done", body = ScopeCatalogue), Refusals),
    security(()),
)]
async fn scopes(State(app): State<App>) -> ApiJson<ScopeCatalogue> {
    ApiJson(ScopeCatalogue { external: app.catalogue().requestable_scopes() })
}

/// Whether a check is allowed; with `explain`, also why.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Checked {
    Decided(bool),
    Explained(WireExplanation),
}

/// Ask whether the presented key, or another subject, may do things
#[utoipa::path(
    post, path = "/authcheck", tag = "Authorization", operation_id = "check_authorization",
    params(documentation::Explained),
    request_body = AuthorizationRequest,
    responses((status = OK, description = "Done", body = BTreeMap<String, Checked>), Refusals),
)]
async fn check(
    State(app): State<App>,
    store: AuthorizedStore,
    query: ApiQuery,
    ApiJson(request): ApiJson<AuthorizationRequest>,
) -> Result<ApiJson<BTreeMap<String, Checked>>, ApiError> {
    let explained = query.choice("explain")?.unwrap_or(false);
    let (whose, checks) = requested(request);
    if !explained {
        return Ok(decided(store.check(&whose, checks).await?));
    }
    let answers = store.explain_checks(&whose, checks).await?;
    let answer = |(name, answer): (String, Answer)| (name, Checked::Explained(explanation(app.catalogue(), answer)));
    Ok(ApiJson(answers.into_iter().map(answer).collect()))
}

/// The answer without reasons.
pub(crate) fn decided(answers: impl IntoIterator<Item = (String, bool)>) -> ApiJson<BTreeMap<String, Checked>> {
    ApiJson(answers.into_iter().map(|(name, is_allowed)| (name, Checked::Decided(is_allowed))).collect())
}

fn requested(request: AuthorizationRequest) -> (Whose, Checks) {
    let check = |check: AuthorizationCheck| Check {
        action: check.action,
        resource_type: check.object.resource_type,
        resource_id: check.object.resource_id,
        owner: check.object.owner_id,
        organization: check.object.organization_id,
        any_organization: check.object.any_org,
    };
    let whose = match request.subject {
        None => Whose::Own,
        Some(AuthorizationSubject::User(user)) => Whose::User(user),
        Some(AuthorizationSubject::Key(id)) => Whose::Key(id),
    };
    (whose, request.checks.into_iter().map(|(name, requested)| (name, check(requested))).collect())
}

impl From<CheckError> for ApiError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::TooManyIds { found } => Self::bad_request(format!(
                "Endpoint only supports using \"resource_id\" field {MAX_IDS} times, found {found} usages. Remove {} \
                 objects with this field set.",
                found - MAX_IDS
            )),
            CheckError::TooManyToExplain => Self::invalid(vec![Validation::new(
                "checks",
                format!("The field must have at most {MAX_EXPLAINED} members where they are to be explained."),
            )]),
            CheckError::NoResourceType { check } => {
                Self::bad_request(format!("Object's \"resource_type\" field must be defined for key {check:?}."))
            }
            CheckError::InvalidId { id, cause } => Self::bad_request(format!("Object {id:?} id is not a valid uuid."))
                .validation("resource_id", uuid_problem(&id, &cause)),
            CheckError::NoLookup { resource_type } => {
                let problem = format!("Object type {resource_type:?} does not support \"resource_id\" field.");
                Self::bad_request(problem.clone()).validation("resource_type", problem)
            }
            CheckError::Refused(refused) => refused.into(),
        }
    }
}

/// What is wrong with an id, in the words of Coder where its length is wrong.
fn uuid_problem(id: &str, error: &uuid::Error) -> String {
    if [32, 36, 38, 45].contains(&id.len()) { error.to_string() } else { format!("invalid UUID length: {}", id.len()) }
}

fn explanation(catalogue: &Catalogue, answer: Answer) -> WireExplanation {
    let explained = match answer.why {
        Explained::Decided(explanation) => reasons(*explanation),
        Explained::NotReadable(of) => not_readable(catalogue, of),
        Explained::CannotAct(reason) => refused("subject", reason, String::new()),
    };
    WireExplanation { unknown: answer.unknown.into_iter().map(unknown).collect(), ..explained }
}

fn unknown(name: UnknownName) -> WireUnknownName {
    let kind = match name.kind {
        NameKind::ResourceType => "resource_type",
        NameKind::Action => "action",
    };
    WireUnknownName { kind: kind.to_owned(), name: name.name, nearest: name.nearest }
}

/// A no that one thing alone decides.
fn refused(source: &str, reason: String, detail: String) -> WireExplanation {
    let step = ExplanationStep { source: source.to_owned(), level: String::new(), vote: "deny".to_owned(), detail };
    WireExplanation { allowed: false, reason, steps: vec![step], missing: Vec::new(), unknown: Vec::new() }
}

/// The same for every object of a type that the caller may not read, whether it exists or not.
fn not_readable(catalogue: &Catalogue, of: ResourceType) -> WireExplanation {
    let name = catalogue.type_name(of);
    let reason = format!("there is no {name} with this id, or this key may not read it");
    refused("object", reason, format!("{name}:read on this object comes first, whatever the action"))
}

fn reasons(explanation: Explanation) -> WireExplanation {
    WireExplanation {
        allowed: explanation.allowed,
        reason: explanation.reason,
        steps: explanation
            .steps
            .into_iter()
            .map(|step| ExplanationStep {
                source: step.source().to_owned(),
                level: step.level().to_owned(),
                vote: step.vote().to_owned(),
                detail: step.detail(),
            })
            .collect(),
        missing: explanation
            .missing
            .into_iter()
            .map(|missing| MissingPiece {
                kind: missing.kind().to_owned(),
                add: missing.add(),
                detail: missing.detail(),
            })
            .collect(),
        unknown: Vec::new(),
    }
}
