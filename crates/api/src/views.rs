//! Registered workspaces and templates, in the shapes that existing clients read.
//!
//! Fields without a meaning in Keyfob hold the nil UUID, zero, an empty text or an empty list
//! (`docs/compatibility.md#resources`).
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::Time;

/// A registered workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "the shape of the wire")]
pub struct Workspace {
    /// The id of the resource.
    pub id: Uuid,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The id of the owner.
    pub owner_id: Uuid,
    /// The owner's username; empty when the caller may not read the owner.
    pub owner_name: String,
    /// Always empty.
    pub owner_avatar_url: String,
    /// The id of the organization.
    pub organization_id: Uuid,
    /// The organization's name; empty when the caller may not read it.
    pub organization_name: String,
    /// From the attribute `template_id`.
    pub template_id: Uuid,
    /// The template's name; empty when the caller may not read it.
    pub template_name: String,
    /// The same as `template_name`.
    pub template_display_name: String,
    /// Always empty.
    pub template_icon: String,
    /// Always false.
    pub template_allow_user_cancel_workspace_jobs: bool,
    /// Always the nil UUID.
    pub template_active_version_id: Uuid,
    /// Always false.
    pub template_require_active_version: bool,
    /// Always false.
    pub template_use_classic_parameter_flow: bool,
    /// The state, from the attribute `status`.
    pub latest_build: WorkspaceBuild,
    /// Always none.
    pub latest_app_status: Option<()>,
    /// Always false.
    pub outdated: bool,
    /// The resource's name.
    pub name: String,
    /// Always none.
    pub autostart_schedule: Option<String>,
    /// Always none.
    pub ttl_ms: Option<i64>,
    /// Always unset.
    pub last_used_at: Time,
    /// Always none.
    pub deleting_at: Option<Time>,
    /// Always none.
    pub dormant_at: Option<Time>,
    /// Always healthy.
    pub health: WorkspaceHealth,
    /// Always `never`.
    pub automatic_updates: String,
    /// Always false.
    pub allow_renames: bool,
    /// Always false.
    pub favorite: bool,
    /// Always none.
    pub next_start_at: Option<Time>,
    /// Always false.
    pub is_prebuild: bool,
    /// Always none.
    pub task_id: Option<Uuid>,
}

/// The state of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WorkspaceBuild {
    /// Always the nil UUID.
    pub id: Uuid,
    /// When the workspace was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The id of the workspace.
    pub workspace_id: Uuid,
    /// Its name.
    pub workspace_name: String,
    /// Its owner.
    pub workspace_owner_id: Uuid,
    /// The owner's username.
    pub workspace_owner_name: String,
    /// Always the nil UUID.
    pub template_version_id: Uuid,
    /// Always empty.
    pub template_version_name: String,
    /// Always one.
    pub build_number: i32,
    /// `start`, `stop` or `delete`, according to the status.
    pub transition: String,
    /// The id of the owner.
    pub initiator_id: Uuid,
    /// The owner's username.
    pub initiator_name: String,
    /// A job that is done.
    pub job: ProvisionerJob,
    /// Always `initiator`.
    pub reason: String,
    /// Always empty.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub resources: Vec<()>,
    /// Always none.
    pub deadline: Option<Time>,
    /// Always none.
    pub max_deadline: Option<Time>,
    /// The attribute `status`; without it, `running`.
    pub status: String,
    /// Always zero.
    pub daily_cost: i32,
}

/// The job behind a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ProvisionerJob {
    /// Always the nil UUID.
    pub id: Uuid,
    /// When the workspace was registered.
    pub created_at: Time,
    /// Always `succeeded`.
    pub status: String,
    /// Always the nil UUID.
    pub file_id: Uuid,
    /// Always empty.
    pub tags: std::collections::BTreeMap<String, String>,
    /// Always zero.
    pub queue_position: i32,
    /// Always zero.
    pub queue_size: i32,
}

/// The health of a workspace's agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WorkspaceHealth {
    /// Always true.
    pub healthy: bool,
    /// Always empty.
    pub failing_agents: Vec<Uuid>,
}

/// `GET /workspaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WorkspacesResponse {
    /// A page of the workspaces that the caller may read.
    pub workspaces: Vec<Workspace>,
    /// The number of workspaces on all pages.
    pub count: u64,
}

/// A registered template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "the shape of the wire")]
pub struct Template {
    /// The id of the resource.
    pub id: Uuid,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The id of the organization.
    pub organization_id: Uuid,
    /// The organization's name; empty when the caller may not read it.
    pub organization_name: String,
    /// The organization's name for people.
    pub organization_display_name: String,
    /// Where a picture of the organization is.
    pub organization_icon: String,
    /// The resource's name.
    pub name: String,
    /// From the attribute `display_name`, else the name.
    pub display_name: String,
    /// `terraform`.
    pub provisioner: String,
    /// Always the nil UUID.
    pub active_version_id: Uuid,
    /// Always zero.
    pub active_user_count: i32,
    /// Always empty.
    pub build_time_stats: Map<String, Value>,
    /// From the attribute `description`.
    pub description: String,
    /// Always false.
    pub deprecated: bool,
    /// Always empty.
    pub deprecation_message: String,
    /// Always false.
    pub deleted: bool,
    /// From the attribute `icon`.
    pub icon: String,
    /// Always zero.
    pub default_ttl_ms: i64,
    /// Always zero.
    pub activity_bump_ms: i64,
    /// No days.
    pub autostop_requirement: AutostopRequirement,
    /// No days.
    pub autostart_requirement: AutostartRequirement,
    /// Always the nil UUID.
    pub created_by_id: Uuid,
    /// Always empty.
    pub created_by_name: String,
    /// Always false.
    pub allow_user_autostart: bool,
    /// Always false.
    pub allow_user_autostop: bool,
    /// Always false.
    pub allow_user_cancel_workspace_jobs: bool,
    /// Always zero.
    pub failure_ttl_ms: i64,
    /// Always zero.
    pub time_til_dormant_ms: i64,
    /// Always zero.
    pub time_til_dormant_autodelete_ms: i64,
    /// Always zero.
    pub time_til_autostop_notify_ms: i64,
    /// Always false.
    pub require_active_version: bool,
    /// `owner`.
    pub max_port_share_level: String,
    /// `simple`.
    pub cors_behavior: String,
    /// Always false.
    pub use_classic_parameter_flow: bool,
    /// Always false.
    pub disable_module_cache: bool,
}

/// When workspaces of a template must stop: never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AutostopRequirement {
    /// Always empty.
    pub days_of_week: Vec<String>,
    /// Always zero.
    pub weeks: i64,
}

/// When workspaces of a template may start by themselves: never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AutostartRequirement {
    /// Always empty.
    pub days_of_week: Vec<String>,
}
