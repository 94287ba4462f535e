//! What a caller may do to a group, for pages that offer no more than that.
use keyfob_rbac::Action;
use keyfob_store::Group;

use super::group_object;
use crate::AuthorizedStore;

/// What the caller may do to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupRights {
    /// Whether [`AuthorizedStore::update_group`] is allowed for its members.
    pub may_change_members: bool,
    /// Whether [`AuthorizedStore::delete_group`] is allowed.
    pub may_delete: bool,
}

impl AuthorizedStore {
    /// What the caller may do to a group that they have read. It requires nothing.
    pub fn group_rights(&self, group: &Group) -> GroupRights {
        let permits = |action| !group.is_everyone() && self.caller.is_permitted(action, &group_object(group));
        GroupRights { may_change_members: permits(Action::UPDATE), may_delete: permits(Action::DELETE) }
    }
}
