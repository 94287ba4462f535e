//! Resource types of a deployment's own.
use std::sync::Arc;

use keyfob_rbac::{
    AllowEntry, Catalogue, Filter, Id, InOrganization, Object, OwnedId, Role, RoleName, RoleSettings, Scope, Shape,
    ShareableWorkspaceOwners, Subject, authorize, built_in_role, filter, organization_member_role,
    organization_service_account_role,
};
use uuid::Uuid;

const ME: Uuid = Uuid::from_u128(1);
const SOMEBODY: Uuid = Uuid::from_u128(2);
const ORGANIZATION: Uuid = Uuid::from_u128(3);

fn catalogue(toml: &str) -> Arc<Catalogue> {
    Catalogue::with_types(toml).unwrap()
}

fn problem(toml: &str) -> String {
    Catalogue::with_types(toml).unwrap_err().to_string()
}

fn role(catalogue: &Catalogue, name: &str) -> Role {
    let settings = RoleSettings::default();
    match name {
        "organization-member" => {
            organization_member_role(catalogue, ORGANIZATION, ShareableWorkspaceOwners::Everyone, &settings)
        }
        "organization-service-account" => {
            organization_service_account_role(catalogue, ORGANIZATION, ShareableWorkspaceOwners::Everyone, &settings)
        }
        name => {
            let site = built_in_role(catalogue, &RoleName::site(name), &settings);
            site.or_else(|_| built_in_role(catalogue, &RoleName::in_organization(name, ORGANIZATION), &settings))
                .unwrap()
        }
    }
}

/// What the holder of a role may do with their own objects, and with another user's.
fn may(catalogue: &Arc<Catalogue>, name: &str, of: &str) -> (Vec<String>, Vec<String>) {
    let roles = [role(catalogue, name)];
    let subject = Subject::compile(catalogue, Id::from(ME), &roles, &[], &Scope::everything());
    let of = catalogue.resource_type(of).unwrap();
    let shape = catalogue.shape(of);
    let actions = |owner: Uuid| {
        let object = Object::of(of).with_id(Uuid::from_u128(9));
        let object = if shape.has_owner { object.owned_by(owner) } else { object };
        let in_one = shape.organization == InOrganization::Always;
        let object = if in_one { object.in_organization(ORGANIZATION) } else { object };
        let allowed = catalogue.actions_of(of).filter(|action| authorize(&subject, *action, &object).is_allowed());
        allowed.map(|action| catalogue.action_name(action).to_owned()).collect()
    };
    (actions(ME), actions(SOMEBODY))
}

const CACHE: &str = r#"
    [types.build_cache]
    actions = ["read", "create", "purge"]
    access_list = true
"#;

#[test]
fn a_type_has_the_actions_and_the_shape_of_the_file() {
    let catalogue = catalogue(CACHE);
    let cache = catalogue.resource_type("build_cache").unwrap();
    let names: Vec<&str> = catalogue.actions_of(cache).map(|action| catalogue.action_name(action)).collect();
    assert_eq!(names, ["create", "purge", "read"]);
    let shape = Shape { has_id: true, has_owner: true, organization: InOrganization::Always, has_acl: true };
    assert_eq!(catalogue.shape(cache), shape);
    assert!(catalogue.is_custom(cache));
    assert!(!catalogue.resource_types().any(|of| catalogue.type_name(of) == "workspace" && catalogue.is_custom(of)));
    assert_eq!(catalogue.resource_types().count(), Catalogue::built_in().resource_types().count() + 1);
    assert_eq!(Catalogue::built_in().resource_type("build_cache"), None);
}

#[test]
fn owners_and_organization_admins_hold_all_and_members_all_on_their_own_unless_the_file_says_otherwise() {
    let catalogue = catalogue(CACHE);
    let all: Vec<String> = ["create", "purge", "read"].map(str::to_owned).into();
    assert_eq!(may(&catalogue, "owner", "build_cache"), (all.clone(), all.clone()));
    assert_eq!(may(&catalogue, "organization-admin", "build_cache"), (all.clone(), all.clone()));
    assert_eq!(may(&catalogue, "organization-member", "build_cache"), (all.clone(), vec![]));
    assert_eq!(may(&catalogue, "organization-service-account", "build_cache"), (all, vec![]));
    for other in ["member", "auditor", "template-admin", "user-admin", "organization-auditor"] {
        assert_eq!(may(&catalogue, other, "build_cache"), (vec![], vec![]), "{other}");
    }
}

#[test]
fn members_of_the_deployment_hold_all_on_their_own_where_a_type_has_no_organization() {
    let catalogue = catalogue(
        r#"
        [types.notebook]
        actions = ["read"]
        organization = false
        "#,
    );
    let read = || vec!["read".to_owned()];
    assert_eq!(may(&catalogue, "owner", "notebook"), (read(), read()));
    assert_eq!(may(&catalogue, "member", "notebook"), (read(), vec![]));
    assert_eq!(may(&catalogue, "organization-admin", "notebook"), (vec![], vec![]));
    assert_eq!(may(&catalogue, "organization-member", "notebook"), (vec![], vec![]));
}

#[test]
fn a_table_of_roles_replaces_the_usual_one() {
    let catalogue = catalogue(
        r#"
        [types.build_cache]
        actions = ["read", "create", "purge"]
        [types.build_cache.roles]
        auditor = ["read"]
        organization-auditor = ["read"]
        member = ["create"]
        agents-access = ["purge"]
        "#,
    );
    let some = |action: &str| vec![action.to_owned()];
    assert_eq!(may(&catalogue, "auditor", "build_cache"), (some("read"), some("read")));
    assert_eq!(may(&catalogue, "organization-auditor", "build_cache"), (some("read"), some("read")));
    assert_eq!(may(&catalogue, "organization-member", "build_cache"), (some("create"), vec![]));
    assert_eq!(may(&catalogue, "agents-access", "build_cache"), (some("purge"), vec![]));
    assert_eq!(may(&catalogue, "owner", "build_cache"), (vec![], vec![]));
    assert_eq!(may(&catalogue, "organization-admin", "build_cache"), (vec![], vec![]));
}

#[test]
fn scopes_and_allow_lists_name_the_types() {
    let catalogue = catalogue(CACHE);
    for name in ["build_cache:read", "build_cache:purge", "build_cache:*"] {
        assert_eq!(catalogue.requestable_scope(name).unwrap().as_str(), name);
    }
    for name in ["build_cache:update", "build_cache:", "workspace:purge"] {
        assert!(catalogue.scope(name).is_err(), "{name}");
    }
    let names = catalogue.requestable_scopes();
    assert_eq!(names.len(), 55 + 4);
    assert!(names.is_sorted());
    let entry = format!("build_cache:{}", Uuid::from_u128(7));
    assert_eq!(AllowEntry::parse(&catalogue, &entry).unwrap().to_string(), entry);
    let unknown = AllowEntry::parse(&Catalogue::built_in(), &entry).unwrap_err();
    assert_eq!(unknown.to_string(), r#"unknown resource type "build_cache""#);
}

#[test]
fn lists_of_the_types_are_filtered() {
    let catalogue = catalogue(CACHE);
    let cache = catalogue.resource_type("build_cache").unwrap();
    let subject = |roles: &[Role]| Subject::compile(&catalogue, Id::from(ME), roles, &[], &Scope::everything());
    let purge = catalogue.action("purge").unwrap();
    assert_eq!(filter(&subject(&[role(&catalogue, "owner")]), purge, cache), Filter::All);
    assert_eq!(filter(&subject(&[role(&catalogue, "auditor")]), purge, cache), Filter::None);
    let own = filter(&subject(&[role(&catalogue, "organization-member")]), purge, cache);
    let object = Object::of(cache).with_id(Uuid::from_u128(7)).in_organization(ORGANIZATION);
    assert!(own.matches(&object.owned_by(ME)));
    assert!(!own.matches(&object.owned_by(SOMEBODY)));
    assert_eq!(OwnedId::from(ME).as_id(), subject(&[]).id());
}

#[test]
fn a_file_that_cannot_be_used_says_what_to_change() {
    let with = |actions: &str, more: &str| problem(&format!("[types.cache]\nactions = {actions}\n{more}"));
    assert_eq!(
        problem("[types.Cache]\nactions = [\"read\"]"),
        "type `Cache`: `Cache` is no name: write 1 to 64 lower-case letters, digits and underscores, a letter first",
    );
    assert_eq!(
        with(r#"["read", "9lives"]"#, ""),
        "type `cache`: `9lives` is no name: write 1 to 64 lower-case letters, digits and underscores, a letter first",
    );
    assert_eq!(problem("[types.workspace]\nactions = [\"read\"]"), "type `workspace` is built in: choose another name",);
    assert_eq!(problem("[types.coder]\nactions = [\"all\"]"), "type `coder` is built in: choose another name");
    assert_eq!(with("[]", ""), "type `cache`: it has no actions: name at least `read`");
    assert_eq!(with(r#"["read", "read"]"#, ""), "type `cache`: the action `read` is named twice: leave one out",);
    assert_eq!(
        with(r#"["read"]"#, "[types.cache.roles]\nowner = [\"purge\"]"),
        "type `cache`, role `owner`: `purge` is not among the type's actions",
    );
    let unknown = with(r#"["read"]"#, "[types.cache.roles]\nking = [\"read\"]");
    assert!(unknown.starts_with("type `cache`, role `king`: there is no such role; there are owner, "), "{unknown}");
}

#[test]
fn a_role_that_can_hold_nothing_on_objects_of_the_type_is_refused() {
    let with = |setting: &str, role: &str| {
        problem(&format!("[types.cache]\nactions = [\"read\"]\n{setting}\n[types.cache.roles]\n{role} = [\"read\"]"))
    };
    assert_eq!(
        with("organization = false", "organization-admin"),
        "type `cache`, role `organization-admin`: objects of the type are in no organization: leave the role out, or \
         set `organization = true`",
    );
    assert_eq!(
        with("owner = false", "member"),
        "type `cache`, role `member`: objects of the type have no owner: leave the role out, or set `owner = true`",
    );
}

#[test]
fn unknown_fields_are_refused_by_name() {
    for toml in ["[types.cache]\nactions = [\"read\"]\nowned = true", "[type.cache]\nactions = [\"read\"]"] {
        let problem = problem(toml);
        assert!(problem.starts_with("the file cannot be read: "), "{problem}");
        assert!(problem.contains("owned") || problem.contains("`type`"), "{problem}");
    }
}

#[test]
fn all_types_together_may_have_63_actions() {
    let actions = |count: usize| (0..count).map(|number| format!("\"a{number}\"")).collect::<Vec<_>>().join(", ");
    // Eighteen are built in.
    assert!(Catalogue::with_types(&format!("[types.cache]\nactions = [{}]", actions(45))).is_ok());
    assert_eq!(
        problem(&format!("[types.cache]\nactions = [{}]", actions(46))),
        "type `cache`: there are more than 63 different actions, the built-in ones included; share some",
    );
}
