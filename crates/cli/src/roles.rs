//! Roles of the deployment and of organizations, as people read them.
use keyfob_api::roles::{AssignableRole, Permission, Role};

use crate::terminal::{printing::Named, text::printable};

impl Named for AssignableRole {
    fn name(&self) -> String {
        self.role.name.clone()
    }
}

/// What a role permits and what it forbids, in lines: where it holds, and per type the actions.
pub(crate) fn lines(role: &Role) -> Vec<String> {
    let places = [
        ("in the whole deployment", &role.site_permissions),
        ("in the organization", &role.organization_permissions),
        ("on the member's own objects in the organization", &role.organization_member_permissions),
        ("on the user's own objects", &role.user_permissions),
    ];
    let title = if role.display_name.is_empty() { String::new() } else { format!(" ({})", role.display_name) };
    let mut lines = vec![printable(&format!("{}{title}", role.name))];
    for (place, permissions) in places.into_iter().filter(|(_, permissions)| !permissions.is_empty()) {
        lines.push(format!("  {place}:"));
        lines.extend(by_type(permissions).map(|line| format!("    {}", printable(&line))));
    }
    if lines.len() == 1 {
        lines.push("  permits nothing by itself".to_owned());
    }
    lines
}

/// Per type the actions that are permitted, and on a line of their own those that are forbidden.
fn by_type(permissions: &[Permission]) -> impl Iterator<Item = String> {
    let mut types: Vec<(&str, bool, Vec<&str>)> = Vec::new();
    for Permission { negate, resource_type, action } in permissions {
        match types.iter_mut().find(|(of, is_forbidden, _)| of == resource_type && is_forbidden == negate) {
            Some((.., actions)) => actions.push(action),
            None => types.push((resource_type, *negate, vec![action])),
        }
    }
    types.sort_by_key(|(of, is_forbidden, _)| (*of, *is_forbidden));
    types.into_iter().map(|(of, is_forbidden, mut actions)| {
        actions.sort_unstable();
        let mark = if is_forbidden { "never " } else { "" };
        format!("{mark}{of}: {}", actions.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prohibitions_are_marked() {
        let permission = |resource_type: &str, action: &str, negate| Permission {
            negate,
            resource_type: resource_type.to_owned(),
            action: action.to_owned(),
        };
        let role = Role {
            name: "member".to_owned(),
            organization_id: None,
            display_name: "Member".to_owned(),
            site_permissions: vec![permission("*", "*", true)],
            user_permissions: vec![
                permission("workspace", "update", false),
                permission("workspace", "read", false),
                permission("workspace", "share", true),
            ],
            organization_permissions: Vec::new(),
            organization_member_permissions: Vec::new(),
        };
        insta::assert_snapshot!(lines(&role).join("\n"), @r"
        member (Member)
          in the whole deployment:
            never *: *
          on the user's own objects:
            workspace: read, update
            never workspace: share
        ");
    }
}
