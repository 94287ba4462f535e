//! Facts about the deployment, and whether it works.
use std::collections::BTreeMap;

use axum::extract::State;
use keyfob_api::{
    SERVER_VERSION,
    deployment::{
        BuildInfo, DeploymentConfig, DeploymentOption, DeploymentStats, Entitlements, Feature, ProtectedResource,
        Readiness, UpdateCheck,
    },
    error::ErrorBody,
    time::Time,
};
use keyfob_authority::AuthorizedStore;
use utoipa_axum::routes;

use crate::{
    app::App,
    config::{Setting, Source, Value},
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::ApiJson,
        routes::{RouteFacts, Routes},
    },
};

/// Paid features of Coder that Keyfob has.
const FEATURES: [&str; 6] = [
    "audit_log",
    "custom_roles",
    "multiple_organizations",
    "service_accounts",
    "template_rbac",
    "user_role_management",
];

/// All routes below the API's base path.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes(routes!(greet))
        .routes(routes!(build_info))
        .routes(routes!(update_check))
        .routes(routes!(entitlements))
        .routes(routes!(experiments))
        .routes(routes!(stats))
        .routes(routes!(config))
        .routes_with(routes!(csp_report), RouteFacts::REPORT)
}

/// All routes outside of it.
pub(crate) fn root_routes() -> Routes {
    Routes::new()
        .routes_with(routes!(alive), RouteFacts::PROBE)
        .routes_with(routes!(latency), RouteFacts::PROBE)
        .routes_with(routes!(ready), RouteFacts::PROBE)
        .routes_with(routes!(protected_resource), RouteFacts::METADATA)
}

/// Liveness: whether the server answers at all
#[utoipa::path(
    get, path = "/healthz", tag = "Deployment", operation_id = "get_health",
    responses((status = OK, description = "It answers", body = str, content_type = "text/plain")),
    security(()),
)]
async fn alive() -> &'static str {
    "OK"
}

/// Answer at once, to measure how far away the server is
#[utoipa::path(
    get, path = "/latency-check", tag = "Deployment", operation_id = "check_latency",
    responses((status = OK, description = "Done", body = str, content_type = "text/plain")),
    security(()),
)]
async fn latency() -> &'static str {
    "OK"
}

/// Say hello
#[utoipa::path(
    get, path = "/", tag = "Deployment", operation_id = "greet",
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
    security(()),
)]
async fn greet() -> ApiJson<ErrorBody> {
    ApiJson(ErrorBody::message("👋"))
}

/// Which version this is
#[utoipa::path(
    get, path = "/buildinfo", tag = "Deployment", operation_id = "get_build_info",
    responses((status = OK, description = "Done", body = BuildInfo), Refusals),
    security(()),
)]
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
        deployment_id: app.authority().deployment_id(),
    })
}

/// Whether there is a newer version: Keyfob does not call home
#[utoipa::path(
    get, path = "/updatecheck", tag = "Deployment", operation_id = "check_for_update",
    responses((status = OK, description = "Done", body = UpdateCheck), Refusals),
    security(()),
)]
async fn update_check(State(app): State<App>) -> ApiJson<UpdateCheck> {
    ApiJson(UpdateCheck { current: true, version: SERVER_VERSION.to_owned(), url: app.access_url().to_owned() })
}

/// Which features there are: all are free
#[utoipa::path(
    get, path = "/entitlements", tag = "Deployment", operation_id = "get_entitlements",
    responses((status = OK, description = "Done", body = Entitlements), Refusals),
    security(()),
)]
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
#[utoipa::path(
    get, path = "/experiments", tag = "Deployment", operation_id = "list_experiments",
    responses((status = OK, description = "Done", body = Vec<String>), Refusals),
)]
async fn experiments(_store: AuthorizedStore) -> ApiJson<Vec<String>> {
    ApiJson(Vec::new())
}

/// How much there is of what Keyfob keeps
#[utoipa::path(
    get, path = "/deployment/stats", tag = "Deployment", operation_id = "get_deployment_stats",
    responses((status = OK, description = "Done", body = DeploymentStats), Refusals),
)]
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

/// Get the settings in effect, without secrets
#[utoipa::path(
    get, path = "/deployment/config", tag = "Deployment", operation_id = "get_deployment_config",
    responses((status = OK, description = "Done", body = DeploymentConfig), Refusals),
)]
async fn config(State(app): State<App>, store: AuthorizedStore) -> Result<ApiJson<DeploymentConfig>, ApiError> {
    store.require_deployment_config()?;
    let options: Vec<DeploymentOption> = app.settings().given.iter().map(option).collect();
    let set = options.iter().filter(|option| !option.value.is_empty());
    let config = set.map(|option| (option.name.clone(), option.value.clone())).collect();
    Ok(ApiJson(DeploymentConfig { config, options }))
}

fn option(setting: &Setting) -> DeploymentOption {
    let is_secret = setting.value == Value::Secret;
    DeploymentOption {
        name: setting.name.clone(),
        description: setting.about.clone(),
        flag: setting.name.clone(),
        env: setting.variable.clone(),
        yaml: setting.name.clone(),
        default: setting.default.clone(),
        value: match &setting.value {
            Value::Text(text) => text.clone(),
            Value::Secret | Value::Unset => String::new(),
        },
        value_source: match setting.source {
            Source::Default => "default",
            Source::Flag => "flag",
            Source::Variable => "env",
            Source::File => "yaml",
        }
        .to_owned(),
        annotations: is_secret.then(|| ("secret".to_owned(), "true".to_owned())).into_iter().collect(),
    }
}

/// Take a browser's report of a content-security violation
#[utoipa::path(
    post, path = "/csp/reports", tag = "Deployment", operation_id = "report_csp_violation",
    responses((status = OK, description = "Done", body = str, content_type = "application/json"), Refusals),
    security(()),
)]
async fn csp_report() -> ApiJson<&'static str> {
    ApiJson("ok")
}

/// What challenges point to (RFC 9728): where this is, and which scopes there are
#[utoipa::path(
    get, path = "/.well-known/oauth-protected-resource", tag = "Deployment", operation_id = "describe_protected_resource",
    responses((status = OK, description = "Done", body = ProtectedResource), Refusals),
    security(()),
)]
async fn protected_resource(State(app): State<App>) -> ApiJson<ProtectedResource> {
    ApiJson(ProtectedResource {
        resource: app.access_url().to_owned(),
        bearer_methods_supported: vec!["header".to_owned()],
        scopes_supported: app.catalogue().requestable_scopes(),
    })
}

/// Whether the database answers, and how soon a revocation is in effect on every replica
#[utoipa::path(
    get, path = "/readyz", tag = "Deployment", operation_id = "get_readiness",
    responses((status = OK, description = "The database answers", body = Readiness), Refusals),
    security(()),
)]
async fn ready(State(app): State<App>) -> Result<ApiJson<Readiness>, ApiError> {
    app.authority().ping().await?;
    let lease = app.authority().revocation_lease().unwrap_or_default();
    let revocation_lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
    Ok(ApiJson(Readiness { ready: true, revocation_lease_ms }))
}
