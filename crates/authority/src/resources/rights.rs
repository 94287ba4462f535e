//! What a caller may do to the access list of a resource, for pages that offer no more than that.
use keyfob_rbac::{Action, ResourceType, acl_role_actions};
use keyfob_store::Resource;

use super::{access_role_names, given::meant, permits};
use crate::AuthorizedStore;

/// What the caller may do to an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharingRights {
    /// Whether [`AuthorizedStore::update_access_list`] is allowed for taking access.
    pub may_share: bool,
    /// Whether entries are roles; otherwise they are actions.
    pub by_role: bool,
    /// The roles or actions that entries are written with.
    pub access: Vec<AccessRight>,
}

/// A role or an action that an access list can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRight {
    /// Its name.
    pub name: String,
    /// Whether the caller may give it.
    pub may_give: bool,
}

impl AuthorizedStore {
    /// What the caller may do to the access list of a resource that they have read; none where objects of the type have
    /// no access list. It requires nothing.
    pub fn sharing_rights(&self, of: ResourceType, resource: &Resource) -> Option<SharingRights> {
        let catalogue = self.catalogue();
        if !catalogue.shape(of).has_acl {
            return None;
        }
        let permitted = |action: Action| permits(self.caller.subject(), catalogue, of, action, resource);
        let may_share = permitted(if catalogue.has_action(of, Action::SHARE) { Action::SHARE } else { Action::UPDATE });
        let type_name = catalogue.type_name(of);
        let holds = |action: &str| meant(catalogue, of, action).into_iter().all(&permitted);
        let roles = access_role_names(type_name);
        let role = |role: &&str| AccessRight {
            name: (*role).to_owned(),
            may_give: may_share
                && acl_role_actions(type_name, role).unwrap_or_default().iter().all(|action| holds(action)),
        };
        let action = |action: Action| {
            let name = catalogue.action_name(action).to_owned();
            AccessRight { may_give: may_share && permitted(action), name }
        };
        let access = if roles.is_empty() {
            catalogue.actions_of(of).map(action).collect()
        } else {
            // The least comes first.
            roles.iter().rev().map(role).collect()
        };
        Some(SharingRights { may_share, by_role: !roles.is_empty(), access })
    }
}
