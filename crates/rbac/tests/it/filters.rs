//! The conditions that filter lists.
use keyfob_rbac::{
    Action, Atom, Catalogue, Filter, Id, OwnedId, Predicate, ResourceType, Role, RoleName, RoleSettings, Scope,
    ScopeName, Subject, built_in_role, filter,
};
use uuid::Uuid;

const ME: Uuid = Uuid::from_u128(1);
const ORGANIZATION: Uuid = Uuid::from_u128(3);

fn role(name: &str) -> Role {
    let (catalogue, settings) = (Catalogue::built_in(), RoleSettings::default());
    let site = built_in_role(&catalogue, &RoleName::site(name), &settings);
    site.or_else(|_| built_in_role(&catalogue, &RoleName::in_organization(name, ORGANIZATION), &settings)).unwrap()
}

fn subject(roles: &[&str], scope: &str) -> Subject {
    let catalogue = Catalogue::built_in();
    let roles: Vec<Role> = roles.iter().map(|name| role(name)).collect();
    let scopes: Vec<ScopeName> = vec![catalogue.scope(scope).unwrap()];
    Subject::compile(&catalogue, Id::from(ME), &roles, &[], &Scope::expand(&catalogue, &scopes).unwrap())
}

#[test]
fn what_is_always_true_or_always_false_is_no_condition() {
    let of = |roles: &[&str], scope: &str, action| filter(&subject(roles, scope), action, ResourceType::WORKSPACE);
    assert_eq!(of(&["owner"], "coder:all", Action::READ), Filter::All);
    assert_eq!(of(&["owner", "organization-admin"], "workspace:read", Action::READ), Filter::All);
    assert_eq!(of(&["owner"], "workspace:read", Action::DELETE), Filter::None);
    assert_eq!(of(&["auditor"], "coder:all", Action::READ), Filter::None);
}

#[test]
fn a_member_sees_their_own_and_what_is_shared_with_them() {
    let member = subject(&["member", "organization-workspace-access"], "workspace:read");
    let Filter::When(Predicate::All(parts)) = filter(&member, Action::READ, ResourceType::WORKSPACE) else {
        panic!("a condition")
    };
    // Once, though both ways require it.
    assert_eq!(parts[0], Predicate::Is(Atom::OrganizationIn(vec![OwnedId::from(ORGANIZATION)])));
    let Predicate::Any(ways) = &parts[1] else { panic!("a condition") };
    assert_eq!(ways[0], Predicate::Is(Atom::OwnerIs(OwnedId::from(ME))));
    assert!(matches!(ways[1], Predicate::Is(Atom::UserAcl { .. })));
    assert!(matches!(ways[2], Predicate::Is(Atom::EveryoneAcl { .. })));
    assert_eq!((parts.len(), ways.len()), (2, 3));
}

#[test]
fn an_administrator_sees_the_organization() {
    let admin = subject(&["organization-auditor"], "coder:all");
    let organization = Predicate::Is(Atom::OrganizationIn(vec![OwnedId::from(ORGANIZATION)]));
    assert_eq!(filter(&admin, Action::READ, ResourceType::AUDIT_LOG), Filter::When(organization));
}
