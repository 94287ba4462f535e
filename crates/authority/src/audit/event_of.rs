//! Audit events of each kind of object: which fields changed.
use std::collections::BTreeSet;

use jiff::Timestamp;
use keyfob_store::{ApiKey, CustomRole, Grant, Group, LoginType, Member, Organization, Resource, User, UserId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{AuditEvent, CONVERT_LOGIN, CUSTOM_ROLE, EventKind};

/// The field of a registered resource that holds what a platform keeps there.
pub(crate) const ATTRIBUTES: &str = "attributes";
/// The type whose attributes are in no record.
pub(crate) const USER_SECRET: &str = "user_secret";

/// The fields whose values differ.
fn diff(old: &Value, new: &Value) -> Value {
    let [old_of, new_of] = [old, new].map(|of| move |name: &str| of.get(name).unwrap_or(&Value::Null));
    let names = [old, new].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    let changes = names.filter(|name| old_of(name) != new_of(name)).map(|name| {
        let change = [
            ("old".to_owned(), old_of(name).clone()),
            ("new".to_owned(), new_of(name).clone()),
            ("secret".to_owned(), Value::Bool(false)),
        ];
        (name.clone(), Value::Object(change.into_iter().collect()))
    });
    Value::Object(changes.collect())
}

/// Something done to a user.
pub(crate) fn user_event(kind: EventKind, old: Option<&User>, new: &User) -> AuditEvent {
    let fields = |user: &User| {
        json!({
            "email": user.email, "username": user.username, "name": user.name, "status": user.status.as_str(),
            "rbac_roles": user.roles, "login_type": user.login_type.as_str(), "deleted": user.deleted,
            "is_service_account": user.is_service_account,
        })
    };
    AuditEvent {
        kind,
        resource_type: "user".to_owned(),
        resource_id: new.id.0,
        api_key_id: None,
        target: new.username.clone(),
        organization_id: None,
        about: Some(new.id),
        diff: diff(&old.map_or(Value::Null, fields), &fields(new)),
    }
}

/// A conversion to another login type that was begun.
pub(crate) fn conversion_event(user: &User, to: LoginType, now: Timestamp, expires_at: Timestamp) -> AuditEvent {
    let fields = json!({
        "created_at": now, "expires_at": expires_at, "from_login_type": user.login_type.as_str(),
        "to_login_type": to.as_str(), "user_id": user.id,
    });
    AuditEvent {
        kind: EventKind::ConversionBegun,
        resource_type: CONVERT_LOGIN.to_owned(),
        resource_id: user.id.0,
        api_key_id: None,
        target: to.as_str().to_owned(),
        organization_id: None,
        about: Some(user.id),
        diff: diff(&Value::Null, &fields),
    }
}

/// Something done to a key.
pub(crate) fn key_event(kind: EventKind, old: Option<&ApiKey>, new: Option<&ApiKey>) -> AuditEvent {
    let fields = |key: Option<&ApiKey>| {
        key.map_or(Value::Null, |key| {
            json!({
                "user_id": key.user_id, "scopes": key.scopes[..], "allow_list": key.allow_list[..],
                "expires_at": key.expires_at, "created_at": key.created_at,
            })
        })
    };
    let key = new.or(old);
    AuditEvent {
        kind,
        resource_type: "api_key".to_owned(),
        resource_id: key.map(|key| key.user_id.0).unwrap_or_default(),
        api_key_id: key.map(|key| key.id.clone()),
        target: key.map(|key| key.token_name.clone()).unwrap_or_default(),
        organization_id: None,
        about: key.map(|key| key.user_id),
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to a registered resource.
pub(crate) fn resource_event(kind: EventKind, old: Option<&Resource>, new: Option<&Resource>) -> AuditEvent {
    let grants = |of: Option<&Resource>| of.map(|of| of.grants.iter().cloned().collect::<BTreeSet<_>>());
    let (before, after) = (grants(old).unwrap_or_default(), grants(new).unwrap_or_default());
    // What was taken and what was given: a record grows with its change, not with the list.
    let taken = before.difference(&after);
    let given = after.difference(&before);
    let spelled = |grant: &Grant| format!("{:?} {}", grant.grantee, grant.action);
    let (taken, given): (Vec<_>, Vec<_>) = (taken.map(spelled).collect(), given.map(spelled).collect());
    let fields = |resource: Option<&Resource>, acl: Vec<String>| {
        resource.map_or(Value::Null, |resource| {
            json!({
                "name": resource.name, "organization_id": resource.organization_id, "owner_id": resource.owner_id,
                ATTRIBUTES: resource.attributes,
                "acl": acl,
            })
        })
    };
    let resource = new.or(old);
    let event = AuditEvent {
        kind,
        resource_type: resource.map(|resource| resource.key.resource_type.clone()).unwrap_or_default(),
        resource_id: resource.map(|resource| resource.key.id.0).unwrap_or_default(),
        api_key_id: None,
        target: resource.map(|resource| resource.name.clone()).unwrap_or_default(),
        organization_id: resource.and_then(|resource| resource.organization_id),
        about: None,
        diff: diff(&fields(old, taken), &fields(new, given)),
    };
    if event.resource_type == USER_SECRET && event.diff.get(ATTRIBUTES).is_some() {
        return event.with_secret(ATTRIBUTES);
    }
    event
}

/// Something done to a membership.
pub(crate) fn member_event(kind: EventKind, user: &User, old: Option<&Member>, new: Option<&Member>) -> AuditEvent {
    let fields = |member: Option<&Member>| member.map_or(Value::Null, |member| json!({"roles": member.roles}));
    AuditEvent {
        kind,
        resource_type: "organization_member".to_owned(),
        resource_id: user.id.0,
        api_key_id: None,
        target: user.username.clone(),
        organization_id: new.or(old).map(|member| member.organization_id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to an organization.
pub(crate) fn organization_event(
    kind: EventKind,
    old: Option<&Organization>,
    new: Option<&Organization>,
) -> AuditEvent {
    let fields = |organization: Option<&Organization>| {
        organization.map_or(Value::Null, |of| {
            json!({
                "name": of.name, "display_name": of.display_name, "description": of.description, "icon": of.icon,
                "default_org_member_roles": of.default_org_member_roles,
            })
        })
    };
    let organization = new.or(old);
    AuditEvent {
        kind,
        resource_type: "organization".to_owned(),
        resource_id: organization.map(|of| of.id.0).unwrap_or_default(),
        api_key_id: None,
        target: organization.map(|of| of.name.clone()).unwrap_or_default(),
        organization_id: organization.map(|of| of.id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to a group, with who came and who went.
pub(crate) fn group_event(
    kind: EventKind,
    old: Option<&Group>,
    new: Option<&Group>,
    (added, removed): (&[UserId], &[UserId]),
) -> AuditEvent {
    let fields = |group: Option<&Group>, members: &[UserId]| {
        group.map_or(Value::Null, |group| {
            json!({
                "name": group.name, "display_name": group.display_name, "avatar_url": group.avatar_url,
                "quota_allowance": group.quota_allowance, "members": members,
            })
        })
    };
    let group = new.or(old);
    AuditEvent {
        kind,
        resource_type: "group".to_owned(),
        resource_id: group.map(|group| group.id.0).unwrap_or_default(),
        api_key_id: None,
        target: group.map(|group| group.name.clone()).unwrap_or_default(),
        organization_id: group.map(|group| group.organization_id),
        about: None,
        diff: diff(&fields(old, removed), &fields(new, added)),
    }
}

/// Something done to a role of an organization.
pub(crate) fn custom_role_event(kind: EventKind, old: Option<&CustomRole>, new: Option<&CustomRole>) -> AuditEvent {
    let fields = |role: Option<&CustomRole>| {
        role.map_or(Value::Null, |role| {
            json!({
                "name": role.name, "display_name": role.display_name, "org_permissions": role.permissions,
            })
        })
    };
    let role = new.or(old);
    AuditEvent {
        kind,
        resource_type: CUSTOM_ROLE.to_owned(),
        // Roles have names only.
        resource_id: Uuid::nil(),
        api_key_id: None,
        target: role.map(|role| role.name.clone()).unwrap_or_default(),
        organization_id: role.map(|role| role.organization_id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}
