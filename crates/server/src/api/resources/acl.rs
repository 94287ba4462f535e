//! Access lists between the wire's roles and the store's grants.
use std::collections::{BTreeMap, BTreeSet};

use keyfob_api::{
    error::Validation,
    resources::{AclGrant, ResourceAcl},
};
use keyfob_authority::data::{Grant, Grantee};
use keyfob_rbac::{Catalogue, ResourceType, acl_role_actions};
use uuid::Uuid;

use crate::http::error::ApiError;
use keyfob_authority::resources::GrantChange;

/// The role names that access lists of a type are written with; none where they are written with actions.
pub(super) fn role_names(resource_type: &str) -> &'static [&'static str] {
    match resource_type {
        "template" | "workspace" => &["admin", "use"],
        "chat" => &["read"],
        _ => &[],
    }
}

/// An access list as answers show one.
pub(super) fn wire(resource_type: &str, grants: &[Grant]) -> ResourceAcl {
    let mut users: BTreeMap<Uuid, BTreeSet<&str>> = BTreeMap::new();
    let mut groups: BTreeMap<Uuid, BTreeSet<&str>> = BTreeMap::new();
    for grant in grants {
        let (list, id) = match grant.grantee {
            Grantee::User(id) => (&mut users, id),
            Grantee::Group(id) => (&mut groups, id),
        };
        list.entry(id).or_default().insert(&grant.action);
    }
    let spelled = |list: BTreeMap<Uuid, BTreeSet<&str>>| {
        list.into_iter().map(|(id, actions)| (id.to_string(), spell(resource_type, &actions))).collect()
    };
    ResourceAcl { user_roles: spelled(users), group_roles: spelled(groups) }
}

fn spell(resource_type: &str, actions: &BTreeSet<&str>) -> AclGrant {
    let role = role_names(resource_type).iter().find(|role| {
        acl_role_actions(resource_type, role)
            .is_some_and(|held| held.iter().copied().collect::<BTreeSet<_>>() == *actions)
    });
    match role {
        Some(role) => AclGrant::Role((*role).to_owned()),
        None => AclGrant::Actions(actions.iter().map(|action| (*action).to_owned()).collect()),
    }
}

/// What a request changes about an access list of this type.
pub(super) fn change(catalogue: &Catalogue, of: ResourceType, request: &ResourceAcl) -> Result<GrantChange, ApiError> {
    if !catalogue.shape(of).has_acl {
        return Err(ApiError::bad_request(format!(
            "Objects of type {} carry no access list.",
            catalogue.type_name(of)
        )));
    }
    let mut wrong = Vec::new();
    let mut change = GrantChange::new();
    let mut apply = |field: &'static str, list: &BTreeMap<String, AclGrant>, grantee: fn(Uuid) -> Grantee| {
        for (id, asked) in list {
            match (Uuid::try_parse(id), actions(catalogue, of, asked)) {
                (Err(_), _) => wrong.push(Validation::new(field, format!("{id} is not a valid UUID."))),
                (_, Err(detail)) => wrong.push(Validation::new(field, detail)),
                (Ok(id), Ok(actions)) => {
                    change.insert(grantee(id), actions.into_iter().collect());
                }
            }
        }
    };
    apply("group_roles", &request.group_roles, Grantee::Group);
    apply("user_roles", &request.user_roles, Grantee::User);
    if wrong.is_empty() { Ok(change) } else { Err(ApiError::invalid(wrong)) }
}

/// What is wrong with entries for those who are not there, groups before users.
pub(super) fn unknown(grantees: &[Grantee]) -> Vec<Validation> {
    let groups = grantees.iter().filter_map(|grantee| match grantee {
        Grantee::Group(id) => Some(Validation::new("group_roles", format!("group with ID {id} does not exist"))),
        Grantee::User(_) => None,
    });
    let users = grantees.iter().filter_map(|grantee| match grantee {
        Grantee::User(id) => Some(Validation::new("user_roles", format!("user with ID {id} does not exist"))),
        Grantee::Group(_) => None,
    });
    groups.chain(users).collect()
}

/// The actions that an entry stands for.
fn actions(catalogue: &Catalogue, of: ResourceType, asked: &AclGrant) -> Result<Vec<String>, String> {
    let type_name = catalogue.type_name(of);
    match asked {
        AclGrant::Role(role) if role.is_empty() => Ok(Vec::new()),
        AclGrant::Role(role) => acl_role_actions(type_name, role)
            .map(|actions| actions.iter().map(|action| (*action).to_owned()).collect())
            .ok_or_else(|| format!("role {role:?} is not a valid {type_name} role")),
        AclGrant::Actions(_) if !role_names(type_name).is_empty() => {
            Err(format!("a {type_name} takes one of the roles {}", role_names(type_name).join(", ")))
        }
        AclGrant::Actions(actions) => {
            let known = |action: &String| {
                action == "*" || catalogue.action(action).is_some_and(|it| catalogue.has_action(of, it))
            };
            match actions.iter().find(|action| !known(action)) {
                None => Ok(actions.clone()),
                Some(action) => Err(format!("{action:?} is no action of {type_name}")),
            }
        }
    }
}
