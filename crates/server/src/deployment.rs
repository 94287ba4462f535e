//! What the deployment says of itself, and whether it is well.
use std::collections::BTreeMap;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use keyfob_api::{
    SERVER_VERSION,
    deployment::{BuildInfo, DeploymentStats, Entitlements, Feature, ProtectedResource, UpdateCheck},
    error::ErrorBody,
    time::Time,
};

use crate::{error::ApiError, extract::ApiJson, gate::AuthorizedStore, state::App};

/// Paid features of the original that Keyfob has.
const FEATURES: [&str; 5] =
    ["audit_log", "custom_roles", "multiple_organizations", "template_rbac", "user_role_management"];

/// All routes below the API's base path.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(greet))
        .route("/buildinfo", get(build_info))
        .route("/updatecheck", get(update_check))
        .route("/entitlements", get(entitlements))
        .route("/experiments", get(experiments))
        .route("/deployment/stats", get(stats))
        .route("/csp/reports", post(csp_report))
}

/// All routes outside of it.
pub(crate) fn root_routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "OK"))
        .route("/latency-check", get(async || "OK"))
        .route("/readyz", get(ready))
        .route("/.well-known/oauth-protected-resource", get(protected_resource))
}

/// Say hello
async fn greet() -> ApiJson<ErrorBody> {
    ApiJson(ErrorBody::message("👋"))
}

/// Which version this is
async fn build_info(State(app): State<App>) -> ApiJson<BuildInfo> {
    ApiJson(BuildInfo {
        external_url: app.access_url().to_owned(),
        version: SERVER_VERSION.to_owned(),
        dashboard_url: app.access_url().to_owned(),
        telemetry: false,
        workspace_proxy: false,
        agent_api_version: "1.0".to_owned(),
        provisioner_api_version: "1.18".to_owned(),
        upgrade_message: format!(
            "This server is Keyfob {} and speaks the API of {}. Use a client of that version, or `keyfob` of the same \
             version as the server.",
            env!("CARGO_PKG_VERSION"),
            keyfob_api::COMPATIBLE_VERSION,
        ),
        deployment_id: app.settings().deployment_id,
    })
}

/// Whether there is a newer version: Keyfob does not call home
async fn update_check(State(app): State<App>) -> ApiJson<UpdateCheck> {
    ApiJson(UpdateCheck { current: true, version: SERVER_VERSION.to_owned(), url: app.access_url().to_owned() })
}

/// Which features there are: all are free
async fn entitlements() -> ApiJson<Entitlements> {
    let feature = || Feature { entitlement: "entitled".to_owned(), enabled: true };
    ApiJson(Entitlements {
        features: FEATURES.iter().map(|name| ((*name).to_owned(), feature())).collect::<BTreeMap<_, _>>(),
        warnings: Vec::new(),
        errors: Vec::new(),
        has_license: true,
        trial: false,
        require_telemetry: false,
    })
}

/// Which experiments are on: none
async fn experiments(_store: AuthorizedStore) -> ApiJson<Vec<String>> {
    ApiJson(Vec::new())
}

/// How much there is of what Keyfob keeps
async fn stats(State(app): State<App>, store: AuthorizedStore) -> Result<ApiJson<DeploymentStats>, ApiError> {
    let counts = store.deployment_counts().await?;
    let now = Time(app.clock().now());
    Ok(ApiJson(DeploymentStats {
        collected_at: now,
        next_update_at: now,
        users: counts.users,
        api_keys: counts.live_keys,
    }))
}

/// Take a browser's report of a content-security violation
async fn csp_report() -> ApiJson<&'static str> {
    ApiJson("ok")
}

/// What challenges point to (RFC 9728): where this is, and which scopes there are
async fn protected_resource(State(app): State<App>) -> ApiJson<ProtectedResource> {
    ApiJson(ProtectedResource {
        resource: app.access_url().to_owned(),
        bearer_methods_supported: vec!["header".to_owned()],
        scopes_supported: app.catalogue().requestable_scopes(),
    })
}

/// Whether the database answers
async fn ready(State(app): State<App>) -> Result<&'static str, ApiError> {
    match app.vault().ping().await {
        Ok(()) => Ok("OK"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The database is not available."))
        }
    }
}
