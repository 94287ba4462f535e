//! Changing the access lists of resources.
use std::collections::{BTreeMap, BTreeSet};

use keyfob_rbac::{Action, Catalogue, ResourceType, acl_role_actions};
use keyfob_store::{Grant, Grantee, Resource, ResourceId, StoreError};

use super::{
    NotHeld,
    given::{grantees, newly_given},
};
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, resource_event},
};

/// The maximum number of users and groups that an access list names.
pub const MAX_GRANTEES: usize = 1_000;

/// What an access list permits a grantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEntry {
    /// A role, for types that have such roles; the empty name stands for no access.
    Role(String),
    /// Actions, for other types; no actions stand for no access.
    Actions(Vec<String>),
}

/// A change of an access list: the grantees that it names have exactly this access afterwards, the others keep theirs.
#[derive(Clone, Debug, Default)]
pub struct AccessListChange(pub BTreeMap<Grantee, AccessEntry>);

/// A change that makes no sense for a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongAccessList {
    /// Objects of this type have no access list.
    NotCarried(String),
    /// These entries are wrong.
    Entries(Vec<(Grantee, WrongEntry)>),
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongEntry {
    /// The type has no role of this name.
    UnknownRole {
        /// The type.
        resource_type: String,
        /// The name.
        role: String,
    },
    /// Entries of this type are roles, and actions are named.
    RoleRequired(String),
    /// The type has no such action.
    UnknownAction {
        /// The type.
        resource_type: String,
        /// The action's name.
        action: String,
    },
}

/// Why an access list was not changed.
#[derive(Debug)]
pub enum AccessListError {
    /// The change makes no sense for the type.
    Wrong(WrongAccessList),
    /// The caller may not do to the object what the change newly gives.
    NotHeld(NotHeld),
    /// These grantees do not exist.
    UnknownGrantees(Vec<Grantee>),
    /// The list would name more than [`MAX_GRANTEES`], and more than before.
    TooLong,
    /// Everything else.
    Refused(Refused),
}

impl From<WrongAccessList> for AccessListError {
    fn from(wrong: WrongAccessList) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<NotHeld> for AccessListError {
    fn from(lacking: NotHeld) -> Self {
        Self::NotHeld(lacking)
    }
}

impl From<Refused> for AccessListError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for AccessListError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// The actions that grantees are to have.
pub(super) type ActionsOf = BTreeMap<Grantee, BTreeSet<String>>;

/// The names of the roles that access lists of a type are written with; none where they are written with actions.
pub fn access_role_names(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "template" | "workspace" => &["admin", "use"],
        "chat" => &["read"],
        _ => &[],
    }
}

/// An access list, by grantee: the role that stands for exactly the actions of an entry, or the actions.
pub fn access_entries(type_name: &str, grants: &[Grant]) -> BTreeMap<Grantee, AccessEntry> {
    let mut actions: BTreeMap<Grantee, BTreeSet<&str>> = BTreeMap::new();
    for grant in grants {
        actions.entry(grant.grantee).or_default().insert(&grant.action);
    }
    actions.into_iter().map(|(grantee, actions)| (grantee, AccessEntry::spelled(type_name, &actions))).collect()
}

impl AccessListChange {
    /// Whether the change makes sense for a type.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, catalogue: &Catalogue, of: ResourceType) -> Result<(), WrongAccessList> {
        self.actions(catalogue, of).map(drop)
    }

    /// The actions that the entries stand for.
    fn actions(&self, catalogue: &Catalogue, of: ResourceType) -> Result<ActionsOf, WrongAccessList> {
        if !catalogue.shape(of).has_acl {
            return Err(WrongAccessList::NotCarried(catalogue.type_name(of).to_owned()));
        }
        let (mut actions, mut wrong) = (ActionsOf::new(), Vec::new());
        for (grantee, entry) in &self.0 {
            match entry.actions(catalogue, of) {
                Ok(of_grantee) => drop(actions.insert(*grantee, of_grantee)),
                Err(problem) => wrong.push((*grantee, problem)),
            }
        }
        if wrong.is_empty() { Ok(actions) } else { Err(WrongAccessList::Entries(wrong)) }
    }
}

impl AccessEntry {
    fn spelled(type_name: &str, actions: &BTreeSet<&str>) -> Self {
        let is_meant = |role: &&&str| {
            acl_role_actions(type_name, role)
                .is_some_and(|held| held.iter().copied().collect::<BTreeSet<_>>() == *actions)
        };
        match access_role_names(type_name).iter().find(is_meant) {
            Some(role) => Self::Role((*role).to_owned()),
            None => Self::Actions(actions.iter().map(|action| (*action).to_owned()).collect()),
        }
    }

    /// The actions that the entry stands for.
    fn actions(&self, catalogue: &Catalogue, of: ResourceType) -> Result<BTreeSet<String>, WrongEntry> {
        let resource_type = catalogue.type_name(of).to_owned();
        match self {
            Self::Role(role) if role.is_empty() => Ok(BTreeSet::new()),
            Self::Role(role) => match acl_role_actions(&resource_type, role) {
                Some(actions) => Ok(actions.iter().map(|action| (*action).to_owned()).collect()),
                None => Err(WrongEntry::UnknownRole { resource_type, role: role.clone() }),
            },
            Self::Actions(_) if !access_role_names(&resource_type).is_empty() => {
                Err(WrongEntry::RoleRequired(resource_type))
            }
            Self::Actions(actions) => {
                let is_known = |action: &String| {
                    action == "*" || catalogue.action(action).is_some_and(|it| catalogue.has_action(of, it))
                };
                match actions.iter().find(|action| !is_known(action)) {
                    None => Ok(actions.iter().cloned().collect()),
                    Some(action) => Err(WrongEntry::UnknownAction { resource_type, action: action.clone() }),
                }
            }
        }
    }
}

/// An access list after a change.
fn grants_after(old: &[Grant], change: ActionsOf) -> Vec<Grant> {
    let kept = old.iter().filter(|grant| !change.contains_key(&grant.grantee)).cloned();
    let mut grants: Vec<Grant> = kept.collect();
    for (grantee, actions) in change {
        grants.extend(actions.into_iter().map(|action| Grant { grantee, action }));
    }
    grants.sort();
    grants
}

fn number_of_grantees(grants: &[Grant]) -> usize {
    grants.iter().map(|grant| grant.grantee).collect::<BTreeSet<_>>().len()
}

impl AuthorizedStore {
    /// Changes the access list of a resource. Requires `share` on it, or `update` where the type has no `share`, and
    /// every action that the change newly gives: what was given before may stay, and may be taken.
    ///
    /// # Errors
    /// As [`AccessListError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_access_list(
        &self,
        of: ResourceType,
        id: ResourceId,
        change: AccessListChange,
    ) -> Result<Resource, AccessListError> {
        let actions = change.actions(self.catalogue(), of)?;
        let required = if self.catalogue().has_action(of, Action::SHARE) { Action::SHARE } else { Action::UPDATE };
        let mut work = self.begin().await?;
        let old = work.permitted_resource(of, id, required).await?;
        let given = newly_given(&old.grants, &actions);
        work.require_held(of, &old, &change, &given)?;
        let unknown = work.unknown_grantees(&old, &grantees(&given)).await?;
        if !unknown.is_empty() {
            return Err(AccessListError::UnknownGrantees(unknown));
        }
        let grants = grants_after(&old.grants, actions);
        let named = number_of_grantees(&grants);
        if named > MAX_GRANTEES && named > number_of_grantees(&old.grants) {
            return Err(AccessListError::TooLong);
        }
        let new = Resource { grants, updated_at: work.now(), ..old.clone() };
        work.tx.replace_grants(&new).await?;
        work.tx.update_resource(&new).await?;
        work.record(resource_event(EventKind::ResourceUpdated, Some(&old), Some(&new)));
        work.commit().await?;
        Ok(new)
    }
}
