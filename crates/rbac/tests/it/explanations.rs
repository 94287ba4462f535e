//! The texts of explanations.
use std::sync::Arc;

use keyfob_rbac::{
    Acl, Action, AllowList, Catalogue, Explanation, Grant, Id, Level, Missing, Object, OwnedId, ResourceType, RoleName,
    RoleSettings, Scope, Step, Subject, Vote, built_in_role, explain,
};
use uuid::Uuid;

const ME: Uuid = Uuid::from_u128(1);
const SOMEBODY: Uuid = Uuid::from_u128(2);
const ORGANIZATION: Uuid = Uuid::from_u128(3);
const GROUP: Uuid = Uuid::from_u128(4);
const WORKSPACE: Uuid = Uuid::from_u128(5);

fn subject(catalogue: &Arc<Catalogue>, roles: &[&str], scopes: &[&str], listed: &[&str]) -> Subject {
    let settings = RoleSettings::default();
    let roles: Vec<_> = roles
        .iter()
        .map(|name| built_in_role(catalogue, &RoleName::in_organization(name, ORGANIZATION), &settings).unwrap())
        .collect();
    let scopes: Vec<_> = scopes.iter().map(|name| catalogue.scope(name).unwrap()).collect();
    let list = AllowList::parse(catalogue, listed).unwrap();
    let scope = Scope::expand(catalogue, &scopes).unwrap().restricted_to(&list);
    Subject::compile(catalogue, Id::from(ME), &roles, &[OwnedId::from(GROUP)], &scope)
}

fn workspace(owner: Uuid) -> Object<'static> {
    Object::of(ResourceType::WORKSPACE).with_id(WORKSPACE).owned_by(owner).in_organization(ORGANIZATION)
}

fn ask(subject: &Subject, action: Action, object: &Object<'_>) -> Explanation {
    explain(subject, action, object)
}

#[test]
fn every_vote_that_counts_is_a_step() {
    let catalogue = Catalogue::built_in();
    let member = subject(&catalogue, &["organization-workspace-access"], &["workspace:read"], &["*:*"]);
    let why = ask(&member, Action::READ, &workspace(ME));
    assert!(why.allowed);
    assert_eq!(why.reason, "workspace:read is permitted by a role, within the key's scopes and allow list");
    let steps = [
        Step::Role(Level::Site, Vote::Abstain),
        Step::Role(Level::Organization, Vote::Abstain),
        Step::Role(Level::Member, Vote::Allow),
        Step::Scope(Level::Site, Vote::Allow),
        Step::Scope(Level::Organization, Vote::Abstain),
        Step::Scope(Level::Member, Vote::Abstain),
        Step::AllowList(Some("*:*".to_owned())),
    ];
    assert_eq!(why.steps, steps);
    assert_eq!(why.missing, []);
}

#[test]
fn a_narrow_key_is_told_which_scope_and_which_entry_it_lacks() {
    let catalogue = Catalogue::built_in();
    let other = format!("workspace:{}", Uuid::from_u128(99));
    let member = subject(&catalogue, &["organization-workspace-access"], &["workspace:read"], &[&other]);
    let why = ask(&member, Action::SSH, &workspace(ME));
    assert_eq!(
        why.reason,
        "workspace:ssh is refused: no scope of the key permits it; the key's allow list does not name the object",
    );
    let missing =
        [Missing::Scope("workspace:ssh".to_owned()), Missing::AllowListEntry(format!("workspace:{WORKSPACE}"))];
    assert_eq!(why.missing, missing);
    let set = Object::of(ResourceType::WORKSPACE).owned_by(ME).in_organization(ORGANIZATION);
    let why = ask(&member, Action::READ, &set);
    assert_eq!(
        why.reason,
        "workspace:read is refused: the key's allow list names single objects, and this is about no single one",
    );
    assert_eq!(why.missing, [Missing::AllowListEntry("workspace:*".to_owned())]);
}

#[test]
fn a_scope_that_no_token_may_ask_for_is_never_what_is_missing() {
    let catalogue = Catalogue::built_in();
    let member = subject(&catalogue, &["organization-workspace-access"], &["workspace:read"], &["*:*"]);
    let why = ask(&member, Action::SHARE, &workspace(ME));
    assert_eq!(why.missing, [Missing::Scope("workspace:*".to_owned())]);
}

#[test]
fn the_grant_that_decided_is_named() {
    let catalogue = Catalogue::built_in();
    let member = subject(&catalogue, &["agents-access"], &["coder:all"], &["*:*"]);
    let granted = |grant: &dyn Fn(&mut Acl)| {
        let mut acl = Acl::new();
        grant(&mut acl);
        let why = ask(&member, Action::READ, &workspace(SOMEBODY).with_acl(&acl));
        why.steps.into_iter().find(|step| step.source() == "access list").map(|step| (why.allowed, step))
    };
    let to = |grant: Grant| Some((true, Step::AccessList(Some(grant))));
    assert_eq!(granted(&|acl| acl.grant_user(&catalogue, ME, "read")), to(Grant::User));
    assert_eq!(granted(&|acl| acl.grant_group(&catalogue, GROUP, "*")), to(Grant::Group(OwnedId::from(GROUP))));
    assert_eq!(granted(&|acl| acl.grant_group(&catalogue, ORGANIZATION, "read")), to(Grant::Everyone));
    assert_eq!(granted(&|acl| acl.grant_user(&catalogue, ME, "ssh")), Some((false, Step::AccessList(None))));
    assert_eq!(granted(&|_| {}), None);
}

#[test]
fn a_negative_permission_is_named() {
    let catalogue = Catalogue::built_in();
    let roles = ["organization-workspace-access", "organization-workspace-creation-ban"];
    let member = subject(&catalogue, &roles, &["coder:all"], &["*:*"]);
    let why = ask(&member, Action::DELETE, &workspace(ME));
    assert_eq!(why.reason, "workspace:delete is refused: a role forbids it");
    assert!(why.steps.contains(&Step::Role(Level::Organization, Vote::Deny)));
    // A permission of the whole deployment outranks the organization's denial.
    assert_eq!(why.missing, [Missing::RolePermission(Level::Site, "workspace:delete".to_owned())]);
}

#[test]
fn a_question_that_contradicts_itself_says_so() {
    let catalogue = Catalogue::built_in();
    let member = subject(&catalogue, &["organization-admin"], &["coder:all"], &["*:*"]);
    let why = ask(&member, Action::READ, &workspace(ME).in_any_organization());
    assert!(!why.allowed);
    assert_eq!(why.steps, [Step::Contradiction]);
    assert_eq!(why.missing, []);
}
