//! Scopes, and asking whether something is allowed (contract, section 4).
use std::collections::BTreeMap;

use crate::http::routes::{RouteFacts, Routes};
use axum::extract::State;
use keyfob_api::authz::{
    AuthorizationRequest, AuthorizationResponse, Explanation as WireExplanation, ExplanationStep, MissingPiece,
    ScopeCatalogue,
};
use keyfob_rbac::{Catalogue, Explanation, ResourceType};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::{
    app::App,
    documentation::{Explained, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery},
    },
};
use keyfob_authority::resources::is_registrable;
use keyfob_authority::{
    AuthorizedStore,
    authcheck::Verdict,
    authcheck::{Question, Questions},
};

/// The most ids of one call. Checks without an id are bounded by the size of the body alone.
const MAX_IDS: usize = 1000;

/// All routes of questions.
pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(scopes)).routes_with(routes!(check), RouteFacts::AUTHCHECK)
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
enum Checked {
    Decided(bool),
    Explained(WireExplanation),
}

/// Ask whether the presented key may do things
#[utoipa::path(
    post, path = "/authcheck", tag = "Authorization", operation_id = "check_authorization", params(Explained),
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
    let questions = questions(app.catalogue(), &store, request)?;
    if !explained {
        let answers: AuthorizationResponse = store.decide(&questions).await?;
        return Ok(ApiJson(answers.into_iter().map(|(name, is)| (name, Checked::Decided(is))).collect()));
    }
    let answers = store.explain(&questions).await?;
    let explained = |(name, verdict): (String, Verdict)| (name, Checked::Explained(wire(app.catalogue(), verdict)));
    Ok(ApiJson(answers.into_iter().map(explained).collect()))
}

fn questions(
    catalogue: &Catalogue,
    store: &AuthorizedStore,
    request: AuthorizationRequest,
) -> Result<Questions, ApiError> {
    let ids = request.checks.values().filter(|check| !check.object.resource_id.is_empty()).count();
    if ids > MAX_IDS {
        return Err(ApiError::bad_request(format!(
            "Endpoint only supports using \"resource_id\" field {MAX_IDS} times, found {ids} usages. Remove {} objects \
             with this field set.",
            ids - MAX_IDS
        )));
    }
    let own_id = store.caller().user().map(|user| user.id.to_string()).unwrap_or_default();
    let mut questions = Questions::new();
    for (name, check) in request.checks {
        let object = check.object;
        if object.resource_type.is_empty() {
            return Err(ApiError::bad_request(format!(
                "Object's \"resource_type\" field must be defined for key {name:?}."
            )));
        }
        let question = Question {
            action: catalogue.requested_action(&check.action),
            resource_type: catalogue.requested_type(&object.resource_type),
            resource_id: resource_id(catalogue, &object.resource_type, &object.resource_id)?,
            owner: if object.owner_id == "me" { own_id.clone() } else { object.owner_id },
            organization: object.organization_id,
            any_organization: object.any_org,
        };
        questions.insert(name, question);
    }
    Ok(questions)
}

/// The id that a question names, if its type can be looked up by id.
fn resource_id(catalogue: &Catalogue, resource_type: &str, id: &str) -> Result<Option<Uuid>, ApiError> {
    if id.is_empty() {
        return Ok(None);
    }
    let parsed = Uuid::try_parse(id).map_err(|error| {
        ApiError::bad_request(format!("Object {id:?} id is not a valid uuid."))
            .validation("resource_id", uuid_problem(id, &error))
    })?;
    if catalogue.resource_type(resource_type).is_some_and(has_lookup) {
        return Ok(Some(parsed));
    }
    let problem = format!("Object type {resource_type:?} does not support \"resource_id\" field.");
    Err(ApiError::bad_request(problem.clone()).validation("resource_type", problem))
}

/// What is wrong with an id, in the contract's words where those are about its length.
fn uuid_problem(id: &str, error: &uuid::Error) -> String {
    if [32, 36, 38, 45].contains(&id.len()) { error.to_string() } else { format!("invalid UUID length: {}", id.len()) }
}

/// Whether objects of this type are found by their id: users, organizations, groups, and all that can be registered.
fn has_lookup(of: ResourceType) -> bool {
    matches!(of, ResourceType::USER | ResourceType::ORGANIZATION | ResourceType::GROUP) || is_registrable(of)
}

fn wire(catalogue: &Catalogue, verdict: Verdict) -> WireExplanation {
    match verdict {
        Verdict::Decided(explanation) => decided(*explanation),
        Verdict::Unreadable(of) => unreadable(catalogue, of),
    }
}

/// The same for every object of a type that the caller may not read, there or not.
fn unreadable(catalogue: &Catalogue, of: ResourceType) -> WireExplanation {
    let name = catalogue.type_name(of);
    WireExplanation {
        allowed: false,
        reason: format!("there is no {name} with this id, or this key may not read it"),
        steps: vec![ExplanationStep {
            source: "object".to_owned(),
            level: String::new(),
            vote: "deny".to_owned(),
            detail: format!("{name}:read on this object comes first, whatever the action"),
        }],
        missing: Vec::new(),
    }
}

fn decided(explanation: Explanation) -> WireExplanation {
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
    }
}
