//! What a change of an access list newly gives, and whether the caller has it to give.
use std::collections::{BTreeMap, BTreeSet};

use keyfob_rbac::{Action, Catalogue, ResourceType};
use keyfob_store::{Grant, Grantee, Resource};

use super::{AccessEntry, AccessListChange, access_list::ActionsOf, acl_of, resource_object};
use crate::{Denied, work::Work};

/// Every action.
const EVERYTHING: &str = "*";

/// Something that a change of an access list gives, and that the caller may not do themselves.
#[derive(Clone, Debug)]
pub struct NotHeld {
    /// What is given: a role, or an action.
    pub given: String,
    /// The action on the object that is denied to the caller.
    pub denied: Denied,
}

/// The grants of a change that none of the old ones includes.
pub(super) fn newly_given(old: &[Grant], change: &ActionsOf) -> BTreeSet<Grant> {
    let mut had: BTreeMap<Grantee, BTreeSet<&str>> = BTreeMap::new();
    for grant in old {
        had.entry(grant.grantee).or_default().insert(&grant.action);
    }
    let mut given = BTreeSet::new();
    for (grantee, actions) in change {
        let had = had.remove(grantee).unwrap_or_default();
        if had.contains(EVERYTHING) {
            continue;
        }
        let new = actions.iter().filter(|action| !had.contains(action.as_str()));
        given.extend(new.map(|action| Grant { grantee: *grantee, action: action.clone() }));
    }
    given
}

/// Who is given something.
pub(super) fn grantees(given: &BTreeSet<Grant>) -> BTreeSet<Grantee> {
    given.iter().map(|grant| grant.grantee).collect()
}

/// The actions of a type that an action in an access list stands for.
pub(super) fn meant(catalogue: &Catalogue, of: ResourceType, action: &str) -> Vec<Action> {
    match action {
        EVERYTHING => catalogue.actions_of(of).collect(),
        name => catalogue.action(name).into_iter().collect(),
    }
}

impl Work {
    /// Whoever shares an object gives no more than they may do to it themselves: with less they could have anybody do
    /// what is denied to them.
    pub(super) fn require_held(
        &self,
        of: ResourceType,
        object: &Resource,
        change: &AccessListChange,
        given: &BTreeSet<Grant>,
    ) -> Result<(), NotHeld> {
        let catalogue = self.authority.catalogue();
        let acl = acl_of(catalogue, &object.grants);
        let decided = resource_object(of, object, &acl);
        let mut held = BTreeSet::new();
        for grant in given.iter().filter(|grant| held.insert(grant.action.as_str())) {
            for action in meant(catalogue, of, &grant.action) {
                let refused = |denied| NotHeld { given: name(change, grant), denied };
                self.caller.require(action, &decided).map_err(refused)?;
            }
        }
        Ok(())
    }
}

/// What the change calls this grant: the role that stands for it, or its action.
fn name(change: &AccessListChange, grant: &Grant) -> String {
    match change.0.get(&grant.grantee) {
        Some(AccessEntry::Role(role)) => role.clone(),
        _ => grant.action.clone(),
    }
}
