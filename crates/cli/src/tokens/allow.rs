//! Entries of an allow list, checked before anything is sent.
use keyfob_api::keys::AllowListTarget;
use uuid::Uuid;

/// Reads `<type>:<id>` or `<type>:*`.
pub(super) fn parse(text: &str) -> Result<AllowListTarget, String> {
    let (resource_type, _) = split(text)?;
    if resource_type != "*" && !is_built_in(resource_type) {
        return Err(format!("unknown resource type {resource_type:?}"));
    }
    checked(text)
}

/// The same for the types that only the server knows.
pub(super) fn parse_custom(text: &str) -> Result<AllowListTarget, String> {
    checked(text)
}

fn checked(text: &str) -> Result<AllowListTarget, String> {
    let (resource_type, id) = split(text)?;
    if id != "*" && Uuid::try_parse(id).is_err() {
        return Err(format!("invalid {resource_type} ID (must be UUID): {id:?}"));
    }
    Ok(AllowListTarget(format!("{resource_type}:{id}")))
}

fn split(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("allow list entry cannot be empty".to_owned());
    }
    let halves = text.split_once(':').filter(|(resource_type, id)| !resource_type.is_empty() && !id.is_empty());
    halves.ok_or_else(|| format!("invalid allow_list entry {text:?}: want <type>:<id>"))
}

fn is_built_in(resource_type: &str) -> bool {
    BUILT_IN.contains(&resource_type)
}

const BUILT_IN: [&str; 50] = [
    "ai_gateway_key",
    "ai_model_price",
    "ai_provider",
    "ai_seat",
    "aibridge_interception",
    "api_key",
    "assign_org_role",
    "assign_role",
    "audit_log",
    "boundary_log",
    "boundary_usage",
    "chat",
    "connection_log",
    "crypto_key",
    "debug_info",
    "deployment_config",
    "deployment_stats",
    "file",
    "group",
    "group_member",
    "idpsync_settings",
    "inbox_notification",
    "license",
    "notification_message",
    "notification_preference",
    "notification_template",
    "oauth2_app",
    "oauth2_app_code_token",
    "oauth2_app_secret",
    "organization",
    "organization_member",
    "prebuilt_workspace",
    "provisioner_daemon",
    "provisioner_jobs",
    "replicas",
    "system",
    "tailnet_coordinator",
    "task",
    "template",
    "usage_event",
    "user",
    "user_secret",
    "user_skill",
    "webpush_subscription",
    "workspace",
    "workspace_agent_devcontainers",
    "workspace_agent_resource_monitor",
    "workspace_build_orchestration",
    "workspace_dormant",
    "workspace_proxy",
];

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn entries_name_a_type_and_an_id_or_a_star() {
        for text in ["*:*", "workspace:*", &format!("workspace:{ID}"), &format!("*:{ID}")] {
            assert_eq!(parse(&format!(" {text} ")), Ok(AllowListTarget(text.to_owned())));
        }
    }

    #[test]
    fn errors_are_those_of_the_server() {
        let cases = [
            ("", "allow list entry cannot be empty"),
            ("workspace", "invalid allow_list entry \"workspace\": want <type>:<id>"),
            ("workspace:", "invalid allow_list entry \"workspace:\": want <type>:<id>"),
            (":*", "invalid allow_list entry \":*\": want <type>:<id>"),
            ("nope:*", "unknown resource type \"nope\""),
            ("workspace:xyz", "invalid workspace ID (must be UUID): \"xyz\""),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn types_of_the_deployment_are_left_to_the_server() {
        assert!(parse_custom("invoice:*").is_ok());
        assert!(parse_custom("invoice:7").is_err());
    }
}
