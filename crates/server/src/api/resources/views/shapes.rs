//! Registered resources in the shapes of workspaces and templates.
use keyfob_api::{
    time::Time,
    views::{
        AutostartRequirement, AutostopRequirement, ProvisionerJob, Template, Workspace, WorkspaceBuild, WorkspaceHealth,
    },
};
use keyfob_authority::data::Resource;
use uuid::Uuid;

use super::Names;

/// The status of workspaces whose attributes name none.
pub(super) const DEFAULT_STATUS: &str = "running";

fn attribute<'a>(resource: &'a Resource, name: &str) -> Option<&'a str> {
    resource.attributes.get(name)?.as_str()
}

/// The name of a template for people.
fn display_name(template: &Resource) -> &str {
    attribute(template, "display_name").unwrap_or(&template.name)
}

/// The template of a workspace: the nil UUID where it has none.
pub(super) fn template_id(resource: &Resource) -> Uuid {
    attribute(resource, "template_id").and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_default()
}

pub(super) fn workspace(resource: Resource, names: &Names) -> Workspace {
    let template_id = template_id(&resource);
    let template = names.templates.get(&template_id);
    let owner_name = resource.owner_id.and_then(|id| names.users.get(&id)).cloned().unwrap_or_default();
    let organization = resource.organization_id.and_then(|id| names.organizations.get(&id));
    Workspace {
        id: resource.key.id.0,
        created_at: Time(resource.created_at),
        updated_at: Time(resource.updated_at),
        owner_id: resource.owner_id.map_or(Uuid::nil(), |id| id.0),
        owner_avatar_url: String::new(),
        organization_id: resource.organization_id.map_or(Uuid::nil(), |id| id.0),
        organization_name: organization.map(|organization| organization.name.clone()).unwrap_or_default(),
        template_id,
        template_name: template.map(|template| template.name.clone()).unwrap_or_default(),
        template_display_name: template.map(display_name).unwrap_or_default().to_owned(),
        template_icon: template.and_then(|template| attribute(template, "icon")).unwrap_or_default().to_owned(),
        template_allow_user_cancel_workspace_jobs: false,
        template_active_version_id: Uuid::nil(),
        template_require_active_version: false,
        template_use_classic_parameter_flow: false,
        latest_build: build(&resource, &owner_name),
        owner_name,
        latest_app_status: None,
        outdated: false,
        name: resource.name,
        autostart_schedule: None,
        ttl_ms: None,
        last_used_at: Time::UNSET,
        deleting_at: None,
        dormant_at: None,
        health: WorkspaceHealth { healthy: true, failing_agents: Vec::new() },
        automatic_updates: "never".to_owned(),
        allow_renames: false,
        favorite: false,
        next_start_at: None,
        is_prebuild: false,
        task_id: None,
    }
}

fn build(resource: &Resource, owner_name: &str) -> WorkspaceBuild {
    let status = attribute(resource, "status").unwrap_or(DEFAULT_STATUS);
    let transition = match status {
        "stopping" | "stopped" => "stop",
        "deleting" | "deleted" => "delete",
        _ => "start",
    };
    let owner_id = resource.owner_id.map_or(Uuid::nil(), |id| id.0);
    WorkspaceBuild {
        id: Uuid::nil(),
        created_at: Time(resource.created_at),
        updated_at: Time(resource.updated_at),
        workspace_id: resource.key.id.0,
        workspace_name: resource.name.clone(),
        workspace_owner_id: owner_id,
        workspace_owner_name: owner_name.to_owned(),
        template_version_id: Uuid::nil(),
        template_version_name: String::new(),
        build_number: 1,
        transition: transition.to_owned(),
        initiator_id: owner_id,
        initiator_name: owner_name.to_owned(),
        job: ProvisionerJob {
            id: Uuid::nil(),
            created_at: Time(resource.created_at),
            status: "succeeded".to_owned(),
            file_id: Uuid::nil(),
            tags: std::collections::BTreeMap::new(),
            queue_position: 0,
            queue_size: 0,
        },
        reason: "initiator".to_owned(),
        resources: Vec::new(),
        deadline: None,
        max_deadline: None,
        status: status.to_owned(),
        daily_cost: 0,
    }
}

pub(super) fn template(resource: Resource, names: &Names) -> Template {
    let organization = resource.organization_id.and_then(|id| names.organizations.get(&id));
    let text = |name: &str| attribute(&resource, name).unwrap_or_default().to_owned();
    Template {
        id: resource.key.id.0,
        created_at: Time(resource.created_at),
        updated_at: Time(resource.updated_at),
        organization_id: resource.organization_id.map_or(Uuid::nil(), |id| id.0),
        organization_name: organization.map(|organization| organization.name.clone()).unwrap_or_default(),
        organization_display_name: organization
            .map(|organization| organization.display_name.clone())
            .unwrap_or_default(),
        organization_icon: organization.map(|organization| organization.icon.clone()).unwrap_or_default(),
        display_name: display_name(&resource).to_owned(),
        provisioner: "terraform".to_owned(),
        active_version_id: Uuid::nil(),
        active_user_count: 0,
        build_time_stats: serde_json::Map::new(),
        description: text("description"),
        deprecated: false,
        deprecation_message: String::new(),
        deleted: false,
        icon: text("icon"),
        default_ttl_ms: 0,
        activity_bump_ms: 0,
        autostop_requirement: AutostopRequirement::default(),
        autostart_requirement: AutostartRequirement::default(),
        created_by_id: Uuid::nil(),
        created_by_name: String::new(),
        allow_user_autostart: false,
        allow_user_autostop: false,
        allow_user_cancel_workspace_jobs: false,
        failure_ttl_ms: 0,
        time_til_dormant_ms: 0,
        time_til_dormant_autodelete_ms: 0,
        time_til_autostop_notify_ms: 0,
        require_active_version: false,
        max_port_share_level: "owner".to_owned(),
        cors_behavior: "simple".to_owned(),
        use_classic_parameter_flow: false,
        disable_module_cache: false,
        name: resource.name,
    }
}
