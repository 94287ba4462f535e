//! Access lists: from requests, to answers, and to words.
use std::collections::BTreeMap;

use keyfob_api::{
    error::Validation,
    resources::{AclGrant, ResourceAcl},
};
use keyfob_authority::{
    data::{Grant, Grantee},
    resources::{
        AccessEntry, AccessListChange, AccessListError, MAX_GRANTEES, NotHeld, WrongAccessList, WrongEntry,
        access_entries, access_role_names,
    },
};
use keyfob_rbac::{Catalogue, ResourceType};
use uuid::Uuid;

use crate::http::error::ApiError;

/// The fields of a request, in the order in which their problems are answered.
const GROUPS: &str = "group_roles";
const USERS: &str = "user_roles";

/// An access list, as answers spell it.
pub(super) fn wire(resource_type: &str, grants: &[Grant]) -> ResourceAcl {
    let (mut user_roles, mut group_roles) = (BTreeMap::new(), BTreeMap::new());
    for (grantee, entry) in access_entries(resource_type, grants) {
        let (list, id) = match grantee {
            Grantee::User(id) => (&mut user_roles, id),
            Grantee::Group(id) => (&mut group_roles, id),
        };
        let grant = match entry {
            AccessEntry::Role(role) => AclGrant::Role(role),
            AccessEntry::Actions(actions) => AclGrant::Actions(actions),
        };
        list.insert(id.to_string(), grant);
    }
    ResourceAcl { user_roles, group_roles }
}

/// The change that a request asks for. Where ids cannot be read, the other entries are checked all the same, so that
/// the answer names all problems at once.
pub(super) fn change(
    catalogue: &Catalogue,
    of: ResourceType,
    request: ResourceAcl,
) -> Result<AccessListChange, ApiError> {
    let mut change = AccessListChange::default();
    let mut bad_ids = Vec::new();
    let mut read = |field: &'static str, list: BTreeMap<String, AclGrant>, grantee: fn(Uuid) -> Grantee| {
        for (id, grant) in list {
            match Uuid::try_parse(&id) {
                Ok(id) => drop(change.0.insert(grantee(id), entry(grant))),
                Err(_) => bad_ids.push(Validation::new(field, format!("{id} is not a valid UUID."))),
            }
        }
    };
    read(GROUPS, request.group_roles, Grantee::Group);
    read(USERS, request.user_roles, Grantee::User);
    if bad_ids.is_empty() {
        return Ok(change);
    }
    match change.check(catalogue, of) {
        Ok(()) => Err(invalid(bad_ids)),
        Err(WrongAccessList::Entries(entries)) => {
            Err(invalid(entries.into_iter().map(wrong_entry).chain(bad_ids).collect()))
        }
        Err(not_carried @ WrongAccessList::NotCarried(_)) => Err(not_carried.into()),
    }
}

fn entry(grant: AclGrant) -> AccessEntry {
    match grant {
        AclGrant::Role(role) => AccessEntry::Role(role),
        AclGrant::Actions(actions) => AccessEntry::Actions(actions),
    }
}

impl From<AccessListError> for ApiError {
    fn from(error: AccessListError) -> Self {
        match error {
            AccessListError::Wrong(wrong) => wrong.into(),
            AccessListError::NotHeld(lacking) => not_held(&lacking),
            AccessListError::UnknownGrantees(grantees) => invalid(grantees.into_iter().map(unknown).collect()),
            AccessListError::TooLong => Self::bad_request(format!(
                "An access list names {MAX_GRANTEES} users and groups at most. Give access to a group in place of its \
                 members."
            )),
            AccessListError::Refused(refused) => refused.into(),
        }
    }
}

impl From<WrongAccessList> for ApiError {
    fn from(wrong: WrongAccessList) -> Self {
        match wrong {
            WrongAccessList::NotCarried(of) => Self::bad_request(format!("Objects of type {of} carry no access list.")),
            WrongAccessList::Entries(entries) => invalid(entries.into_iter().map(wrong_entry).collect()),
        }
    }
}

/// The problems, those of groups before those of users.
fn invalid(mut wrong: Vec<Validation>) -> ApiError {
    wrong.sort_by_key(|validation| validation.field != GROUPS);
    ApiError::invalid(wrong)
}

fn wrong_entry((grantee, wrong): (Grantee, WrongEntry)) -> Validation {
    let detail = match wrong {
        WrongEntry::UnknownRole { resource_type, role } => {
            format!("role {role:?} is not a valid {resource_type} role")
        }
        WrongEntry::RoleRequired(of) => {
            format!("a {of} takes one of the roles {}", access_role_names(&of).join(", "))
        }
        WrongEntry::UnknownAction { resource_type, action } => format!("{action:?} is no action of {resource_type}"),
    };
    Validation::new(field(grantee), detail)
}

/// What is given must be permitted to the caller, too.
fn not_held(NotHeld { given, denied }: &NotHeld) -> ApiError {
    let why = denied.explanation().unwrap_or_else(|| format!("{} is not permitted to you here", denied.permission()));
    ApiError::forbidden().detail(format!("you may not give {given:?}: {why}")).insufficient_scope(denied)
}

fn unknown(grantee: Grantee) -> Validation {
    let detail = match grantee {
        Grantee::Group(id) => format!("group with ID {id} does not exist"),
        Grantee::User(id) => format!("user with ID {id} does not exist"),
    };
    Validation::new(field(grantee), detail)
}

fn field(grantee: Grantee) -> &'static str {
    match grantee {
        Grantee::Group(_) => GROUPS,
        Grantee::User(_) => USERS,
    }
}
