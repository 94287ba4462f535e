//! The built-in catalogue as data: every type with its actions and the shape of its objects.
use super::{
    Action,
    InOrganization::{Always, Never, Sometimes},
    ResourceType, Shape,
};
use crate::catalogue::InOrganization;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $column:literal $text:literal),* $(,)?) => {
        impl Action {
            $($(#[$doc])* pub const $name: Self = Self::built_in($column);)*
        }
        /// The names of the built-in actions, by column; column 0 is [`Action::OTHER`].
        pub(super) const ACTIONS: &[&str] = &["*", $($text),*];
    };
}

actions! {
    /// `application_connect`.
    APPLICATION_CONNECT = 1 "application_connect",
    /// `assign`.
    ASSIGN = 2 "assign",
    /// `create`.
    CREATE = 3 "create",
    /// `create_agent`.
    CREATE_AGENT = 4 "create_agent",
    /// `delete`.
    DELETE = 5 "delete",
    /// `delete_agent`.
    DELETE_AGENT = 6 "delete_agent",
    /// `read`.
    READ = 7 "read",
    /// `read_personal`.
    READ_PERSONAL = 8 "read_personal",
    /// `share`.
    SHARE = 9 "share",
    /// `ssh`.
    SSH = 10 "ssh",
    /// `start`.
    START = 11 "start",
    /// `stop`.
    STOP = 12 "stop",
    /// `unassign`.
    UNASSIGN = 13 "unassign",
    /// `update`.
    UPDATE = 14 "update",
    /// `update_agent`.
    UPDATE_AGENT = 15 "update_agent",
    /// `update_personal`.
    UPDATE_PERSONAL = 16 "update_personal",
    /// `use`.
    USE = 17 "use",
    /// `view_insights`.
    VIEW_INSIGHTS = 18 "view_insights",
}

/// One row of the table below.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    /// The actions, sorted, separated by blanks.
    pub(super) actions: &'static str,
    pub(super) shape: Shape,
}

const fn shape(has_id: bool, has_owner: bool, organization: InOrganization, has_acl: bool) -> Shape {
    Shape { has_id, has_owner, organization, has_acl }
}

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $row:literal $text:literal: $actions:literal, $id:ident $owner:ident $organization:ident $acl:ident;)*) => {
        impl ResourceType {
            $($(#[$doc])* pub const $name: Self = Self::built_in($row);)*
        }
        /// The built-in types, by row; row 0 is [`ResourceType::OTHER`] and not among them.
        pub(super) const TYPES: &[BuiltIn] = &[
            $(BuiltIn { name: $text, actions: $actions, shape: shape($id, $owner, $organization, $acl) }),*
        ];
    };
}

// Constant, row, name: actions, then whether its objects have an id, have an owner, are in an organization, and may
// have an access list.
types! {
    /// `ai_gateway_key`.
    AI_GATEWAY_KEY = 1 "ai_gateway_key": "create delete read update", false false Never false;
    /// `ai_model_price`.
    AI_MODEL_PRICE = 2 "ai_model_price": "read update", false false Never false;
    /// `ai_provider`.
    AI_PROVIDER = 3 "ai_provider": "create delete read update", false false Never false;
    /// `ai_seat`.
    AI_SEAT = 4 "ai_seat": "create read", false false Never false;
    /// `aibridge_interception`.
    AIBRIDGE_INTERCEPTION = 5 "aibridge_interception": "create read update", false true Never false;
    /// `api_key`.
    API_KEY = 6 "api_key": "create delete read update", true true Never false;
    /// `assign_org_role`.
    ASSIGN_ORG_ROLE = 7 "assign_org_role": "assign create delete read unassign update", false false Always false;
    /// `assign_role`.
    ASSIGN_ROLE = 8 "assign_role": "assign read unassign", false false Never false;
    /// `audit_log`.
    AUDIT_LOG = 9 "audit_log": "create read", true false Sometimes false;
    /// `boundary_log`.
    BOUNDARY_LOG = 10 "boundary_log": "create delete read", false false Never false;
    /// `boundary_usage`.
    BOUNDARY_USAGE = 11 "boundary_usage": "delete read update", false false Never false;
    /// `chat`.
    CHAT = 12 "chat": "create delete read share update", true true Always true;
    /// `connection_log`.
    CONNECTION_LOG = 13 "connection_log": "read update", true false Sometimes false;
    /// `crypto_key`.
    CRYPTO_KEY = 14 "crypto_key": "create delete read update", false false Never false;
    /// `debug_info`.
    DEBUG_INFO = 15 "debug_info": "read", false false Never false;
    /// `deployment_config`.
    DEPLOYMENT_CONFIG = 16 "deployment_config": "read update", false false Never false;
    /// `deployment_stats`.
    DEPLOYMENT_STATS = 17 "deployment_stats": "read", false false Never false;
    /// `file`.
    FILE = 18 "file": "create read", true true Never false;
    /// `group`.
    GROUP = 19 "group": "create delete read update", true false Always true;
    /// `group_member`.
    GROUP_MEMBER = 20 "group_member": "read", true true Always false;
    /// `idpsync_settings`.
    IDPSYNC_SETTINGS = 21 "idpsync_settings": "read update", false false Sometimes false;
    /// `inbox_notification`.
    INBOX_NOTIFICATION = 22 "inbox_notification": "create read update", true true Never false;
    /// `license`.
    LICENSE = 23 "license": "create delete read", true false Never false;
    /// `notification_message`.
    NOTIFICATION_MESSAGE = 24 "notification_message": "create delete read update", false false Never false;
    /// `notification_preference`.
    NOTIFICATION_PREFERENCE = 25 "notification_preference": "read update", false true Never false;
    /// `notification_template`.
    NOTIFICATION_TEMPLATE = 26 "notification_template": "read update", false false Never false;
    /// `oauth2_app`.
    OAUTH2_APP = 27 "oauth2_app": "create delete read update", false false Never false;
    /// `oauth2_app_code_token`.
    OAUTH2_APP_CODE_TOKEN = 28 "oauth2_app_code_token": "create delete read", true true Never false;
    /// `oauth2_app_secret`.
    OAUTH2_APP_SECRET = 29 "oauth2_app_secret": "create delete read update", false false Never false;
    /// `organization`.
    ORGANIZATION = 30 "organization": "create delete read update", true false Always false;
    /// `organization_member`.
    ORGANIZATION_MEMBER = 31 "organization_member": "create delete read update", true true Always false;
    /// `prebuilt_workspace`.
    PREBUILT_WORKSPACE = 32 "prebuilt_workspace": "delete update", true false Always false;
    /// `provisioner_daemon`.
    PROVISIONER_DAEMON = 33 "provisioner_daemon": "create delete read update", true false Always false;
    /// `provisioner_jobs`.
    PROVISIONER_JOBS = 34 "provisioner_jobs": "create read update", false false Always false;
    /// `replicas`.
    REPLICAS = 35 "replicas": "read", false false Never false;
    /// `system`.
    SYSTEM = 36 "system": "create delete read update", false false Never false;
    /// `tailnet_coordinator`.
    TAILNET_COORDINATOR = 37 "tailnet_coordinator": "create delete read update", false false Never false;
    /// `task`.
    TASK = 38 "task": "create delete read update", true true Always true;
    /// `template`.
    TEMPLATE = 39 "template": "create delete read update use view_insights", true false Always true;
    /// `usage_event`.
    USAGE_EVENT = 40 "usage_event": "create read update", false false Never false;
    /// `user`.
    USER = 41 "user": "create delete read read_personal update update_personal", true true Never false;
    /// `user_secret`.
    USER_SECRET = 42 "user_secret": "create delete read update", true true Never false;
    /// `user_skill`.
    USER_SKILL = 43 "user_skill": "create delete read update", true true Never false;
    /// `webpush_subscription`.
    WEBPUSH_SUBSCRIPTION = 44 "webpush_subscription": "create delete read", false true Never false;
    /// `workspace`.
    WORKSPACE = 45 "workspace": "application_connect create create_agent delete delete_agent read share ssh start stop update update_agent", true true Always true;
    /// `workspace_agent_devcontainers`.
    WORKSPACE_AGENT_DEVCONTAINERS = 46 "workspace_agent_devcontainers": "create", false false Never false;
    /// `workspace_agent_resource_monitor`.
    WORKSPACE_AGENT_RESOURCE_MONITOR = 47 "workspace_agent_resource_monitor": "create read update", false false Never false;
    /// `workspace_build_orchestration`.
    WORKSPACE_BUILD_ORCHESTRATION = 48 "workspace_build_orchestration": "create delete read update", false false Sometimes false;
    /// `workspace_dormant`.
    WORKSPACE_DORMANT = 49 "workspace_dormant": "application_connect create create_agent delete delete_agent read share ssh start stop update update_agent", true true Always false;
    /// `workspace_proxy`.
    WORKSPACE_PROXY = 50 "workspace_proxy": "create delete read update", true false Never false;
}
