//! Registered workspaces and templates, in the shapes that existing clients read.
//!
//! Fields without a meaning here hold the nil UUID, zero, an empty text or an empty list.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::Time;

/// A registered workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "the contract's shape")]
pub struct Workspace {
    /// The resource.
    pub id: Uuid,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The owner.
    pub owner_id: Uuid,
    /// The owner's username; empty when the caller may not read the owner.
    pub owner_name: String,
    /// Empty.
    pub owner_avatar_url: String,
    /// The organization.
    pub organization_id: Uuid,
    /// The organization's name; empty when the caller may not read it.
    pub organization_name: String,
    /// From the attribute `template_id`.
    pub template_id: Uuid,
    /// The template's name; empty when the caller may not read it.
    pub template_name: String,
    /// The same as `template_name`.
    pub template_display_name: String,
    /// Empty.
    pub template_icon: String,
    /// False.
    pub template_allow_user_cancel_workspace_jobs: bool,
    /// The nil UUID.
    pub template_active_version_id: Uuid,
    /// False.
    pub template_require_active_version: bool,
    /// False.
    pub template_use_classic_parameter_flow: bool,
    /// The state, from the attribute `status`.
    pub latest_build: WorkspaceBuild,
    /// None.
    pub latest_app_status: Option<()>,
    /// False.
    pub outdated: bool,
    /// The resource's name.
    pub name: String,
    /// None.
    pub autostart_schedule: Option<String>,
    /// None.
    pub ttl_ms: Option<i64>,
    /// Unset.
    pub last_used_at: Time,
    /// None.
    pub deleting_at: Option<Time>,
    /// None.
    pub dormant_at: Option<Time>,
    /// Always healthy.
    pub health: WorkspaceHealth,
    /// `never`.
    pub automatic_updates: String,
    /// False.
    pub allow_renames: bool,
    /// False.
    pub favorite: bool,
    /// None.
    pub next_start_at: Option<Time>,
    /// False.
    pub is_prebuild: bool,
    /// None.
    pub task_id: Option<Uuid>,
}

/// The state of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WorkspaceBuild {
    /// The nil UUID.
    pub id: Uuid,
    /// When the workspace was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its name.
    pub workspace_name: String,
    /// Its owner.
    pub workspace_owner_id: Uuid,
    /// The owner's username.
    pub workspace_owner_name: String,
    /// The nil UUID.
    pub template_version_id: Uuid,
    /// Empty.
    pub template_version_name: String,
    /// One.
    pub build_number: i32,
    /// `start`, `stop` or `delete`, as the status has it.
    pub transition: String,
    /// The owner.
    pub initiator_id: Uuid,
    /// The owner's username.
    pub initiator_name: String,
    /// Done.
    pub job: ProvisionerJob,
    /// `initiator`.
    pub reason: String,
    /// Empty.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub resources: Vec<()>,
    /// None.
    pub deadline: Option<Time>,
    /// None.
    pub max_deadline: Option<Time>,
    /// The attribute `status`: `running` unless it says otherwise.
    pub status: String,
    /// Zero.
    pub daily_cost: i32,
}

/// The job behind a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ProvisionerJob {
    /// The nil UUID.
    pub id: Uuid,
    /// When the workspace was registered.
    pub created_at: Time,
    /// `succeeded`.
    pub status: String,
    /// The nil UUID.
    pub file_id: Uuid,
    /// Empty.
    pub tags: std::collections::BTreeMap<String, String>,
    /// Zero.
    pub queue_position: i32,
    /// Zero.
    pub queue_size: i32,
}

/// Whether a workspace's agents are well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WorkspaceHealth {
    /// True.
    pub healthy: bool,
    /// Empty.
    pub failing_agents: Vec<Uuid>,
}

/// `GET /workspaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct WorkspacesResponse {
    /// A page of what the caller may read.
    pub workspaces: Vec<Workspace>,
    /// How many there are on all pages.
    pub count: u64,
}

/// A registered template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "the contract's shape")]
pub struct Template {
    /// The resource.
    pub id: Uuid,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The organization.
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
    /// The nil UUID.
    pub active_version_id: Uuid,
    /// Zero.
    pub active_user_count: i32,
    /// Empty.
    pub build_time_stats: Map<String, Value>,
    /// From the attribute `description`.
    pub description: String,
    /// False.
    pub deprecated: bool,
    /// Empty.
    pub deprecation_message: String,
    /// False.
    pub deleted: bool,
    /// From the attribute `icon`.
    pub icon: String,
    /// Zero.
    pub default_ttl_ms: i64,
    /// Zero.
    pub activity_bump_ms: i64,
    /// No days.
    pub autostop_requirement: AutostopRequirement,
    /// No days.
    pub autostart_requirement: AutostartRequirement,
    /// The nil UUID.
    pub created_by_id: Uuid,
    /// Empty.
    pub created_by_name: String,
    /// False.
    pub allow_user_autostart: bool,
    /// False.
    pub allow_user_autostop: bool,
    /// False.
    pub allow_user_cancel_workspace_jobs: bool,
    /// Zero.
    pub failure_ttl_ms: i64,
    /// Zero.
    pub time_til_dormant_ms: i64,
    /// Zero.
    pub time_til_dormant_autodelete_ms: i64,
    /// Zero.
    pub time_til_autostop_notify_ms: i64,
    /// False.
    pub require_active_version: bool,
    /// `owner`.
    pub max_port_share_level: String,
    /// `simple`.
    pub cors_behavior: String,
    /// False.
    pub use_classic_parameter_flow: bool,
    /// False.
    pub disable_module_cache: bool,
}

/// When workspaces of a template must stop: never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AutostopRequirement {
    /// Empty.
    pub days_of_week: Vec<String>,
    /// Zero.
    pub weeks: i64,
}

/// When workspaces of a template may start by themselves: never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AutostartRequirement {
    /// Empty.
    pub days_of_week: Vec<String>,
}
