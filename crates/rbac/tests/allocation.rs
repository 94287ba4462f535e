//! A decision allocates nothing, whatever its outcome. Counting needs an own allocator, and therefore an own program.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::alloc::System;

use keyfob_rbac::{
    Acl, Action, AllowList, Catalogue, Id, Object, OwnedId, ResourceType, RoleName, RoleSettings, Scope, Subject,
    authorize, built_in_role,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ME: Uuid = Uuid::from_u128(1);
const ORGANIZATION: Uuid = Uuid::from_u128(2);
const GROUP: Uuid = Uuid::from_u128(3);

fn subject(catalogue: &std::sync::Arc<Catalogue>, listed: &[&str]) -> Subject {
    let name = RoleName::in_organization("organization-workspace-access", ORGANIZATION);
    let role = built_in_role(catalogue, &name, &RoleSettings::default()).unwrap();
    let list = AllowList::parse(catalogue, listed).unwrap();
    let scope = Scope::everything().restricted_to(&list);
    Subject::compile(catalogue, Id::from(ME), &[role], &[OwnedId::from(GROUP)], &scope)
}

#[test]
fn no_decision_allocates() {
    let catalogue = Catalogue::built_in();
    let listed = "workspace:00000000-0000-0000-0000-000000000009";
    let subjects = [subject(&catalogue, &["*:*"]), subject(&catalogue, &[listed, "template:*"])];
    let mut acl = Acl::new();
    acl.grant_group(&catalogue, GROUP, "read");
    acl.grant_user(&catalogue, "somebody", "*");
    let ids = [Id::None, Id::from(Uuid::from_u128(9)), Id::from("text")];
    let owners = [Id::None, Id::from(ME), Id::from("somebody")];
    let organizations = [Id::None, Id::from(ORGANIZATION), Id::from("elsewhere")];
    let types = [ResourceType::WORKSPACE, ResourceType::TEMPLATE, ResourceType::OTHER];

    let region = Region::new(ALLOCATOR);
    let (mut decisions, mut allowed) = (0, 0);
    for subject in &subjects {
        for (id, owner) in ids.iter().flat_map(|id| owners.iter().map(move |owner| (*id, *owner))) {
            for (organization, of) in organizations.iter().flat_map(|place| types.iter().map(move |of| (*place, *of))) {
                let object = Object::of(of).with_id(id).owned_by(owner).in_organization(organization);
                for object in [object, object.with_acl(&acl), object.in_any_organization()] {
                    for action in [Action::READ, Action::CREATE, Action::OTHER] {
                        decisions += 1;
                        allowed += u32::from(authorize(subject, action, &object).is_allowed());
                    }
                }
            }
        }
    }
    let counted = region.change();
    assert_eq!((counted.allocations, counted.reallocations, counted.bytes_allocated), (0, 0, 0));
    assert_eq!(decisions, 2 * 9 * 9 * 3 * 3);
    assert!(allowed > 50, "{allowed}");
}
