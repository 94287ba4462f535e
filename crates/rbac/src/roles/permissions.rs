//! The permissions of the built-in roles, as data.
use super::table::{Row, allow, deny};

/// `owner`, on all objects.
pub(super) const OWNER_SITE: &[Row] = &[
    allow("ai_gateway_key", "create delete read"),
    allow("ai_model_price", "*"),
    allow("ai_provider", "*"),
    allow("aibridge_interception", "*"),
    allow("api_key", "*"),
    allow("assign_org_role", "*"),
    allow("assign_role", "*"),
    allow("audit_log", "*"),
    allow("boundary_log", "read"),
    allow("chat", "*"),
    allow("connection_log", "*"),
    allow("crypto_key", "*"),
    allow("debug_info", "*"),
    allow("deployment_config", "*"),
    allow("deployment_stats", "*"),
    allow("file", "*"),
    allow("group", "*"),
    allow("group_member", "*"),
    allow("idpsync_settings", "*"),
    allow("inbox_notification", "*"),
    allow("license", "*"),
    allow("notification_message", "*"),
    allow("notification_preference", "*"),
    allow("notification_template", "*"),
    allow("oauth2_app", "*"),
    allow("oauth2_app_code_token", "*"),
    allow("oauth2_app_secret", "*"),
    allow("organization", "*"),
    allow("organization_member", "*"),
    allow("prebuilt_workspace", "delete update"),
    allow("provisioner_daemon", "*"),
    allow("provisioner_jobs", "*"),
    allow("replicas", "*"),
    allow("system", "*"),
    allow("tailnet_coordinator", "*"),
    allow("task", "*"),
    allow("template", "*"),
    allow("user", "*"),
    allow("user_skill", "delete read"),
    allow("webpush_subscription", "*"),
    allow(
        "workspace",
        "application_connect create create_agent delete delete_agent read share ssh start stop update update_agent",
    ),
    allow("workspace_agent_devcontainers", "*"),
    allow("workspace_agent_resource_monitor", "*"),
    allow("workspace_build_orchestration", "*"),
    allow("workspace_dormant", "create create_agent delete delete_agent read stop update update_agent"),
    allow("workspace_proxy", "*"),
];

/// `member`, on all objects.
pub(super) const MEMBER_SITE: &[Row] =
    &[allow("assign_role", "read"), allow("oauth2_app", "read"), allow("workspace_proxy", "read")];

/// `member`, on the holder's own objects without organization.
pub(super) const MEMBER_USER: &[Row] = &[
    allow("ai_gateway_key", "*"),
    allow("ai_model_price", "*"),
    allow("ai_provider", "*"),
    allow("aibridge_interception", "create update"),
    allow("api_key", "*"),
    allow("assign_org_role", "*"),
    allow("assign_role", "*"),
    allow("audit_log", "*"),
    allow("boundary_log", "create"),
    allow("connection_log", "*"),
    allow("crypto_key", "*"),
    allow("debug_info", "*"),
    allow("deployment_config", "*"),
    allow("deployment_stats", "*"),
    allow("file", "*"),
    allow("group", "*"),
    allow("group_member", "*"),
    allow("idpsync_settings", "*"),
    allow("inbox_notification", "*"),
    allow("license", "*"),
    allow("notification_message", "*"),
    allow("notification_preference", "*"),
    allow("notification_template", "*"),
    allow("oauth2_app", "*"),
    allow("oauth2_app_code_token", "*"),
    allow("oauth2_app_secret", "*"),
    allow("organization", "*"),
    allow("provisioner_daemon", "*"),
    allow("provisioner_jobs", "*"),
    allow("replicas", "*"),
    allow("system", "*"),
    allow("tailnet_coordinator", "*"),
    allow("task", "*"),
    allow("template", "*"),
    allow("usage_event", "*"),
    allow("user", "read read_personal update_personal"),
    allow("user_secret", "*"),
    allow("user_skill", "*"),
    allow("webpush_subscription", "*"),
    allow("workspace_agent_devcontainers", "*"),
    allow("workspace_agent_resource_monitor", "*"),
    allow("workspace_build_orchestration", "*"),
    allow("workspace_proxy", "*"),
];

/// `auditor`, on all objects.
pub(super) const AUDITOR_SITE: &[Row] = &[
    allow("aibridge_interception", "read"),
    allow("assign_org_role", "read"),
    allow("audit_log", "read"),
    allow("boundary_log", "read"),
    allow("connection_log", "read"),
    allow("deployment_config", "read"),
    allow("deployment_stats", "read"),
    allow("group", "read"),
    allow("group_member", "read"),
    allow("organization", "read"),
    allow("organization_member", "read"),
    allow("template", "read view_insights"),
    allow("user", "read"),
];

/// `template-admin`, on all objects.
pub(super) const TEMPLATE_ADMIN_SITE: &[Row] = &[
    allow("assign_org_role", "read"),
    allow("file", "create read"),
    allow("group", "read"),
    allow("group_member", "read"),
    allow("organization", "read"),
    allow("organization_member", "read"),
    allow("prebuilt_workspace", "delete update"),
    allow("provisioner_daemon", "create delete read update"),
    allow("template", "create delete read update use view_insights"),
    allow("user", "read"),
    allow("workspace", "read"),
    allow("workspace_dormant", "read"),
];

/// `user-admin`, on all objects.
pub(super) const USER_ADMIN_SITE: &[Row] = &[
    allow("assign_org_role", "assign read unassign"),
    allow("assign_role", "assign read unassign"),
    allow("group", "create delete read update"),
    allow("group_member", "read"),
    allow("idpsync_settings", "read update"),
    allow("organization", "read"),
    allow("organization_member", "create delete read update"),
    allow("user", "create delete read read_personal update update_personal"),
];

/// `organization-admin`, on all objects of the deployment.
pub(super) const ORGANIZATION_ADMIN_SITE: &[Row] = &[allow("user", "read")];

/// `organization-admin`, on all objects of the organization.
pub(super) const ORGANIZATION_ADMIN_ORG: &[Row] = &[
    allow("ai_gateway_key", "*"),
    allow("ai_model_price", "*"),
    allow("ai_provider", "*"),
    allow("aibridge_interception", "*"),
    allow("api_key", "*"),
    allow("assign_org_role", "*"),
    allow("audit_log", "*"),
    allow("chat", "*"),
    allow("connection_log", "*"),
    allow("crypto_key", "*"),
    allow("debug_info", "*"),
    allow("deployment_config", "*"),
    allow("deployment_stats", "*"),
    allow("file", "*"),
    allow("group", "*"),
    allow("group_member", "*"),
    allow("idpsync_settings", "*"),
    allow("inbox_notification", "*"),
    allow("license", "*"),
    allow("notification_message", "*"),
    allow("notification_preference", "*"),
    allow("notification_template", "*"),
    allow("oauth2_app", "*"),
    allow("oauth2_app_code_token", "*"),
    allow("oauth2_app_secret", "*"),
    allow("organization", "*"),
    allow("organization_member", "*"),
    allow("prebuilt_workspace", "delete update"),
    allow("provisioner_daemon", "*"),
    allow("provisioner_jobs", "*"),
    allow("replicas", "*"),
    allow("system", "*"),
    allow("tailnet_coordinator", "*"),
    allow("task", "*"),
    allow("template", "*"),
    allow("usage_event", "*"),
    allow("user", "*"),
    allow("user_skill", "*"),
    allow("webpush_subscription", "*"),
    allow("workspace", "create create_agent delete delete_agent read share start stop update update_agent"),
    allow("workspace_agent_devcontainers", "*"),
    allow("workspace_agent_resource_monitor", "*"),
    allow("workspace_dormant", "create create_agent delete delete_agent read stop update update_agent"),
    allow("workspace_proxy", "*"),
];

/// `organization-auditor`, on all objects of the organization.
pub(super) const ORGANIZATION_AUDITOR_ORG: &[Row] = &[
    allow("audit_log", "read"),
    allow("connection_log", "read"),
    allow("group", "read"),
    allow("group_member", "read"),
    allow("organization", "read"),
    allow("organization_member", "read"),
    allow("template", "read view_insights"),
];

/// `organization-user-admin`, on all objects of the deployment.
pub(super) const ORGANIZATION_USER_ADMIN_SITE: &[Row] = &[allow("user", "read")];

/// `organization-user-admin`, on all objects of the organization.
pub(super) const ORGANIZATION_USER_ADMIN_ORG: &[Row] = &[
    allow("assign_org_role", "assign read unassign"),
    allow("group", "create delete read update"),
    allow("group_member", "read"),
    allow("idpsync_settings", "read update"),
    allow("organization", "read"),
    allow("organization_member", "create delete read update"),
];

/// `organization-template-admin`, on all objects of the organization.
pub(super) const ORGANIZATION_TEMPLATE_ADMIN_ORG: &[Row] = &[
    allow("file", "create read"),
    allow("group", "read"),
    allow("group_member", "read"),
    allow("organization", "read"),
    allow("organization_member", "read"),
    allow("prebuilt_workspace", "delete update"),
    allow("provisioner_daemon", "create delete read update"),
    allow("provisioner_jobs", "create read update"),
    allow("template", "create delete read update use view_insights"),
    allow("workspace", "read"),
    allow("workspace_dormant", "read"),
];

/// `organization-workspace-creation-ban`, on all objects of the organization.
pub(super) const ORGANIZATION_WORKSPACE_CREATION_BAN_ORG: &[Row] =
    &[deny("workspace", "create create_agent delete delete_agent")];

/// `organization-workspace-access`, on the holder's own objects in the organization.
pub(super) const ORGANIZATION_WORKSPACE_ACCESS_MEMBER: &[Row] = &[
    allow("file", "create read"),
    allow("provisioner_daemon", "create read"),
    allow("task", "create delete read update"),
    allow(
        "workspace",
        "application_connect create create_agent delete delete_agent read share ssh start stop update update_agent",
    ),
    allow("workspace_dormant", "create create_agent delete delete_agent read stop update update_agent"),
];

/// `agents-access`, on the holder's own objects in the organization.
pub(super) const AGENTS_ACCESS_MEMBER: &[Row] = &[allow("chat", "create read share update")];

/// Every member of an organization, on all objects of it.
pub(super) const IMPLIED_ORG: &[Row] =
    &[allow("assign_org_role", "read"), allow("organization", "read"), allow("provisioner_daemon", "read")];

/// Every member of an organization, on their own objects in it.
pub(super) const IMPLIED_MEMBER: &[Row] = &[
    allow("aibridge_interception", "create update"),
    allow("api_key", "create delete read update"),
    allow("group_member", "read"),
    allow("inbox_notification", "create read update"),
    allow("notification_message", "read update"),
    allow("notification_preference", "read update"),
    allow("organization_member", "read"),
];
