//! The lower bound of the cost of a decision.
use std::collections::HashMap;

use foldhash::fast::FixedState;
use keyfob_bench::Scene;
use uuid::Uuid;

/// The column of `read`.
pub(crate) const READ: u8 = 7;
/// The row of workspaces.
const WORKSPACE: u16 = 45;

/// One row for each type, one bit for each action.
type Rows = [u64; 64];

/// A member of organizations, with the actions permitted on their own objects and nothing else that an engine needs.
pub(crate) struct Ideal {
    user: Uuid,
    organization: Uuid,
    permitted: Rows,
    by_organization: HashMap<u128, Rows, FixedState>,
}

/// An object with an owner.
pub(crate) struct Object {
    resource_type: u16,
    owner: Uuid,
    organization: Uuid,
}

impl Ideal {
    pub(crate) fn of(scene: &Scene) -> Self {
        let permitted = std::array::from_fn(|row| if row == usize::from(WORKSPACE) { 1 << READ } else { 0 });
        let by_organization = scene.organizations.iter().map(|id| (id.as_u128(), permitted)).collect();
        Self { user: scene.user, organization: scene.organization, permitted, by_organization }
    }

    /// The decision for a member of a single organization: compares the ids, then tests a bit.
    #[inline]
    pub(crate) fn bit_test(&self, action: u8, object: &Object) -> bool {
        object.owner == self.user && object.organization == self.organization && bit(&self.permitted, action, object)
    }

    /// The decision for a member of any number of organizations: looks the organization up, then tests a bit.
    #[inline]
    pub(crate) fn look_up_and_bit_test(&self, action: u8, object: &Object) -> bool {
        let rows = self.by_organization.get(&object.organization.as_u128());
        object.owner == self.user && rows.is_some_and(|rows| bit(rows, action, object))
    }
}

fn bit(rows: &Rows, action: u8, object: &Object) -> bool {
    rows.get(usize::from(object.resource_type)).is_some_and(|row| row >> action & 1 == 1)
}

impl Object {
    pub(crate) fn of(scene: &Scene) -> Self {
        Self { resource_type: WORKSPACE, owner: scene.user, organization: scene.organization }
    }
}
