//! A second implementation, slow and literal: strings, lists, and the rules in the order of the specification.
use std::collections::BTreeMap;

use serde_json::Value;

/// A permission of a role or a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) resource_type: String,
    pub(crate) action: String,
    pub(crate) negate: bool,
}

/// A role, or a scope without its allow list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Role {
    pub(crate) site: Vec<Permission>,
    pub(crate) user: Vec<Permission>,
    /// Per organization: permissions on all objects there, and on the subject's own objects there.
    pub(crate) organizations: BTreeMap<String, (Vec<Permission>, Vec<Permission>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) groups: Vec<String>,
    pub(crate) scope: Role,
    pub(crate) allow_list: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    pub(crate) resource_type: String,
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) organization: String,
    pub(crate) any_organization: bool,
    pub(crate) users: BTreeMap<String, Vec<String>>,
    pub(crate) groups: BTreeMap<String, Vec<String>>,
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Minus one, zero or one.
fn vote<'a>(permissions: impl Iterator<Item = &'a Permission>, action: &str, resource_type: &str) -> i8 {
    let matching: Vec<&Permission> = permissions
        .filter(|it| {
            (it.action == action || it.action == "*") && (it.resource_type == resource_type || it.resource_type == "*")
        })
        .collect();
    match matching.as_slice() {
        [] => 0,
        all if all.iter().any(|it| it.negate) => -1,
        _ => 1,
    }
}

fn memberships(subject: &Subject) -> Vec<&String> {
    let mut all: Vec<&String> = subject.roles.iter().flat_map(|role| role.organizations.keys()).collect();
    all.sort();
    all.dedup();
    all
}

fn cascade(roles: &[&Role], subject: &Subject, action: &str, object: &Object) -> bool {
    let of = object.resource_type.as_str();
    let owns = object.owner == subject.id;
    let site = vote(roles.iter().flat_map(|role| &role.site), action, of);
    let user = if owns && object.organization.is_empty() && !object.any_organization {
        vote(roles.iter().flat_map(|role| &role.user), action, of)
    } else {
        0
    };
    let in_organization = |organization: &String| {
        let in_organization = || roles.iter().filter_map(|role| role.organizations.get(organization));
        let org = vote(in_organization().flat_map(|(org, _)| org), action, of);
        let member = if !object.owner.is_empty() && owns {
            vote(in_organization().flat_map(|(_, member)| member), action, of)
        } else {
            0
        };
        (org, member)
    };
    let (org, member) = if object.any_organization {
        let votes: Vec<(i8, i8)> = memberships(subject).into_iter().map(in_organization).collect();
        (votes.iter().map(|it| it.0).max().unwrap_or(0), votes.iter().map(|it| it.1).max().unwrap_or(0))
    } else if memberships(subject).contains(&&object.organization) {
        in_organization(&object.organization)
    } else {
        (0, 0)
    };
    site == 1 || site != -1 && user == 1 || site != -1 && org == 1 || site != -1 && org != -1 && member == 1
}

fn acl_allows(subject: &Subject, action: &str, object: &Object) -> bool {
    let all = memberships(subject);
    let is_member = if object.any_organization {
        !all.is_empty()
    } else {
        !object.organization.is_empty() && all.contains(&&object.organization)
    };
    let grants = |list: &BTreeMap<String, Vec<String>>, id: &String| {
        list.get(id).is_some_and(|actions| actions.iter().any(|it| it == action || it == "*"))
    };
    is_member
        && (grants(&object.users, &subject.id)
            || subject.groups.iter().any(|group| grants(&object.groups, group))
            || grants(&object.groups, &object.organization))
}

/// Whether the subject may do that to the object.
pub(crate) fn allows(subject: &Subject, action: &str, object: &Object) -> bool {
    if object.any_organization && !object.organization.is_empty() && object.organization != NIL {
        return false;
    }
    let listed = subject
        .allow_list
        .iter()
        .any(|(of, id)| (of == "*" || *of == object.resource_type) && (id == "*" || *id == object.id));
    let roles: Vec<&Role> = subject.roles.iter().collect();
    let by_role = cascade(&roles, subject, action, object);
    let by_scope = listed && cascade(&[&subject.scope], subject, action, object);
    (by_role || acl_allows(subject, action, object)) && by_scope
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn permissions(value: &Value) -> Vec<Permission> {
    let permission = |it: &Value| Permission {
        resource_type: it["resource_type"].as_str().unwrap().to_owned(),
        action: it["action"].as_str().unwrap().to_owned(),
        negate: it["negate"].as_bool().unwrap(),
    };
    value.as_array().unwrap().iter().map(permission).collect()
}

fn role(value: &Value) -> Role {
    let organizations = value["by_org_id"].as_object().unwrap().iter();
    Role {
        site: permissions(&value["site"]),
        user: permissions(&value["user"]),
        organizations: organizations
            .map(|(id, at)| (id.clone(), (permissions(&at["org"]), permissions(&at["member"]))))
            .collect(),
    }
}

/// The subject of a case.
pub(crate) fn subject_of(value: &Value) -> Subject {
    let entry = |it: &Value| (it["type"].as_str().unwrap().to_owned(), it["id"].as_str().unwrap().to_owned());
    Subject {
        id: value["id"].as_str().unwrap().to_owned(),
        roles: value["roles"].as_array().unwrap().iter().map(role).collect(),
        groups: texts(&value["groups"]),
        scope: role(&value["scope"]),
        allow_list: value["scope"]["allow_list"].as_array().unwrap().iter().map(entry).collect(),
    }
}

/// The object of a case.
pub(crate) fn object_of(value: &Value) -> Object {
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    let list = |name: &str| {
        value[name].as_object().unwrap().iter().map(|(id, actions)| (id.clone(), texts(actions))).collect()
    };
    Object {
        resource_type: text("type"),
        id: text("id"),
        owner: text("owner"),
        organization: text("org_owner"),
        any_organization: value["any_org"].as_bool().unwrap(),
        users: list("acl_user_list"),
        groups: list("acl_group_list"),
    }
}

/// The same values in the engine's own types.
pub(crate) mod fast {
    use std::sync::Arc;

    use keyfob_rbac as rbac;
    use keyfob_rbac::{AllowEntry, AllowList, Catalogue, Id};

    fn permissions(catalogue: &Catalogue, of: &[super::Permission]) -> Vec<rbac::Permission> {
        of.iter()
            .filter_map(|it| rbac::Permission::named(catalogue, &it.resource_type, &it.action, it.negate))
            .collect()
    }

    pub(crate) fn role(catalogue: &Catalogue, of: &super::Role) -> rbac::Role {
        let mut role = rbac::Role::empty(rbac::RoleName::site("r"));
        role.site = permissions(catalogue, &of.site);
        role.user = permissions(catalogue, &of.user);
        for (id, (org, member)) in &of.organizations {
            let at = rbac::OrganizationPermissions {
                org: permissions(catalogue, org),
                member: permissions(catalogue, member),
            };
            role.organizations.push((Id::parse(id).to_owned_id(), at));
        }
        role
    }

    pub(crate) fn scope(catalogue: &Catalogue, of: &super::Subject) -> rbac::Scope {
        let role = role(catalogue, &of.scope);
        let entries = of.allow_list.iter().filter_map(|(name, id)| {
            let resource_type = if name == "*" { None } else { Some(catalogue.resource_type(name)?) };
            Some(AllowEntry::new(catalogue, resource_type, (id != "*").then(|| Id::parse(id))).unwrap())
        });
        rbac::Scope {
            site: role.site,
            user: role.user,
            organizations: role.organizations,
            allow_list: AllowList::from_entries(entries.collect()),
        }
    }

    pub(crate) fn subject(catalogue: &Arc<Catalogue>, of: &super::Subject) -> rbac::Subject {
        let roles: Vec<rbac::Role> = of.roles.iter().map(|it| role(catalogue, it)).collect();
        let groups: Vec<rbac::OwnedId> = of.groups.iter().map(|id| Id::parse(id).to_owned_id()).collect();
        rbac::Subject::compile(catalogue, Id::parse(&of.id), &roles, &groups, &scope(catalogue, of))
    }

    pub(crate) fn acl(catalogue: &Catalogue, of: &super::Object) -> rbac::Acl {
        let mut acl = rbac::Acl::new();
        for (id, action) in of.users.iter().flat_map(|(id, actions)| actions.iter().map(move |it| (id, it))) {
            acl.grant_user(catalogue, id.as_str(), action);
        }
        for (id, action) in of.groups.iter().flat_map(|(id, actions)| actions.iter().map(move |it| (id, it))) {
            acl.grant_group(catalogue, id.as_str(), action);
        }
        acl
    }

    pub(crate) fn object<'a>(catalogue: &Catalogue, of: &'a super::Object, acl: &'a rbac::Acl) -> rbac::Object<'a> {
        let object = rbac::Object::of(catalogue.requested_type(&of.resource_type))
            .with_id(of.id.as_str())
            .owned_by(of.owner.as_str())
            .in_organization(of.organization.as_str())
            .with_acl(acl);
        if of.any_organization { object.in_any_organization() } else { object }
    }
}
