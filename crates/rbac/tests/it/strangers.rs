//! What a catalogue lacks: denials of it, and the types, actions and access lists of another catalogue.
use std::sync::Arc;

use keyfob_rbac::{
    Acl, Action, AllowEntry, AllowList, AllowReach, Catalogue, Filter, Id, Object, OrganizationPermissions, OwnedId,
    Permission, ResourceType, Role, RoleName, Scope, Subject, authorize, explain, filter, scopes_exceeding,
};
use proptest::{prelude::*, sample::select};
use uuid::Uuid;

const ME: Uuid = Uuid::from_u128(1);
const ORGANIZATION: Uuid = Uuid::from_u128(2);
const OBJECT: Uuid = Uuid::from_u128(3);

/// A catalogue with a type of its own that has an action of its own.
fn catalogue(of: &str, action: &str) -> Arc<Catalogue> {
    let toml = format!("[types.{of}]\nactions = ['read', '{action}']\naccess_list = true");
    Catalogue::with_types(&toml).unwrap()
}

fn almighty() -> Role {
    Role { site: vec![Permission::EVERYTHING], ..Role::empty(RoleName::site("almighty")) }
}

/// A member of the organization without permissions.
fn member() -> Role {
    let mut member = Role::empty(RoleName::in_organization("member", ORGANIZATION));
    member.organizations.push((OwnedId::from(ORGANIZATION), OrganizationPermissions::default()));
    member
}

fn subject(catalogue: &Arc<Catalogue>, roles: &[Role]) -> Subject {
    Subject::compile(catalogue, Id::from(ME), roles, &[], &Scope::everything())
}

fn own(of: ResourceType) -> Object<'static> {
    Object::of(of).with_id(OBJECT).owned_by(ME)
}

/// Asserts that every answer about this type and action is no.
fn assert_nothing(subject: &Subject, action: Action, of: ResourceType, context: &str) {
    for object in [own(of), own(of).in_organization(ORGANIZATION), Object::of(of).in_any_organization()] {
        assert!(!authorize(subject, action, &object).is_allowed(), "{context}");
        let why = explain(subject, action, &object);
        assert!(!why.allowed && !why.reason.is_empty(), "{context}: {why:?}");
    }
    assert_eq!(filter(subject, action, of), Filter::None, "{context}");
    assert!(!subject.scope_permits(action, of) && !subject.roles_could_permit(action, of), "{context}");
}

/// Denials of what the catalogue lacks, however they were made.
fn unknown_denials(catalogue: &Catalogue) -> Vec<Permission> {
    let other = self::catalogue("pipeline", "launch");
    let deny = |resource_type, action| Permission { resource_type, action, negate: true };
    let mut all = vec![
        deny(Some(ResourceType::OTHER), None),
        deny(None, Some(Action::OTHER)),
        deny(other.resource_type("pipeline"), Some(Action::READ)),
        deny(Some(ResourceType::WORKSPACE), other.action("launch")),
    ];
    let names = [("spaceship", "read"), ("workspace", "fly"), ("spaceship", "*"), ("*", "fly"), ("pipeline", "launch")];
    all.extend(names.map(|(of, action)| Permission::named(catalogue, of, action, true).unwrap()));
    all
}

#[test]
fn a_subject_with_a_denial_of_something_unknown_may_do_nothing_at_all() {
    for catalogue in [Catalogue::built_in(), catalogue("build_cache", "purge")] {
        for denial in unknown_denials(&catalogue) {
            let denied = vec![denial];
            let at = |org, member| vec![(OwnedId::from(ORGANIZATION), OrganizationPermissions { org, member })];
            let empty = || Role::empty(RoleName::site("more"));
            let roles = [
                Role { site: denied.clone(), ..empty() },
                Role { user: denied.clone(), ..empty() },
                Role { organizations: at(denied.clone(), Vec::new()), ..empty() },
                Role { organizations: at(Vec::new(), denied.clone()), ..empty() },
            ];
            let of_roles = roles.iter().map(|role| subject(&catalogue, &[almighty(), role.clone()]));
            let scopes = roles.iter().map(|role| Scope {
                site: [vec![Permission::EVERYTHING], role.site.clone()].concat(),
                user: role.user.clone(),
                organizations: role.organizations.clone(),
                ..Scope::everything()
            });
            let of_scopes =
                scopes.map(|scope| Subject::compile(&catalogue, Id::from(ME), &[almighty(), member()], &[], &scope));
            for subject in of_roles.chain(of_scopes) {
                assert_nothing(&subject, Action::READ, ResourceType::WORKSPACE, &format!("{denial:?}"));
                assert_nothing(&subject, Action::OTHER, ResourceType::OTHER, &format!("{denial:?}"));
                assert_eq!(subject.allow_list_reach(ResourceType::WORKSPACE), AllowReach::None);
            }
        }
    }
}

#[test]
fn what_permits_something_unknown_permits_nothing() {
    let catalogue = Catalogue::built_in();
    let other = self::catalogue("pipeline", "launch");
    let allow = |resource_type, action| Permission { resource_type, action, negate: false };
    let permissions = vec![
        allow(Some(ResourceType::OTHER), None),
        allow(None, Some(Action::OTHER)),
        allow(other.resource_type("pipeline"), None),
        allow(Some(ResourceType::WORKSPACE), other.action("launch")),
    ];
    let role = Role { site: permissions, ..Role::empty(RoleName::site("strange")) };
    let subject = subject(&catalogue, &[role]);
    let types = catalogue.resource_types().chain([ResourceType::OTHER, other.resource_type("pipeline").unwrap()]);
    for of in types {
        for action in [Action::READ, Action::OTHER, other.action("launch").unwrap()] {
            assert!(!authorize(&subject, action, &own(of)).is_allowed(), "{of:?} {action:?}");
        }
    }
    assert_eq!(Permission::named(&catalogue, "spaceship", "read", false), None);
    assert_eq!(Permission::named(&catalogue, "workspace", "fly", false), None);
}

#[test]
fn types_and_actions_of_another_catalogue_mean_nothing() {
    let (here, there) = (catalogue("build_cache", "purge"), catalogue("pipeline", "launch"));
    let (pipeline, launch) = (there.resource_type("pipeline").unwrap(), there.action("launch").unwrap());
    // They have the same places in the tables.
    let (build_cache, purge) = (here.resource_type("build_cache").unwrap(), here.action("purge").unwrap());
    for catalogue in [&here, &Catalogue::built_in()] {
        let list = AllowList::parse(catalogue, &[&format!("*:{OBJECT}"), "workspace:*"]).unwrap();
        for scope in [Scope::everything(), Scope::everything().restricted_to(&list)] {
            let subject = Subject::compile(catalogue, Id::from(ME), &[almighty(), member()], &[], &scope);
            assert!(authorize(&subject, Action::READ, &own(ResourceType::WORKSPACE)).is_allowed());
            assert_nothing(&subject, Action::READ, pipeline, "a type of another catalogue");
            assert_nothing(&subject, launch, ResourceType::WORKSPACE, "an action of another catalogue");
            assert_nothing(&subject, launch, pipeline, "both");
            assert_eq!(subject.allow_list_reach(pipeline), AllowReach::None);
            assert!(!subject.allow_list_reaches(pipeline));
        }
        assert_eq!((catalogue.type_name(pipeline), catalogue.action_name(launch)), ("*", "*"));
        assert!(!catalogue.is_custom(pipeline) && !catalogue.has_action(pipeline, Action::READ));
        assert!(!catalogue.has_action(ResourceType::WORKSPACE, launch));
        assert_eq!(catalogue.actions_of(pipeline).count(), 0);
        assert!(AllowEntry::new(catalogue, Some(pipeline), None).is_err());
    }
    let subject = subject(&here, &[almighty()]);
    assert!(authorize(&subject, purge, &own(build_cache)).is_allowed());
    assert_nothing(&subject, launch, build_cache, "another catalogue's action on an own type");
    assert_nothing(&subject, purge, pipeline, "an own action on another catalogue's type");
}

#[test]
fn an_access_list_of_another_catalogue_grants_none_of_its_own_actions() {
    let (here, there) = (catalogue("build_cache", "purge"), catalogue("pipeline", "launch"));
    let (build_cache, purge) = (here.resource_type("build_cache").unwrap(), here.action("purge").unwrap());
    let subject = subject(&here, &[member()]);
    for to_group in [false, true] {
        let mut acl = Acl::new();
        let mut grant = |catalogue: &Catalogue, action: &str| {
            if to_group {
                acl.grant_group(catalogue, ORGANIZATION, action);
            } else {
                acl.grant_user(catalogue, ME, action);
            }
            acl.clone()
        };
        let may = |acl: &Acl, action| {
            let object = Object::of(build_cache).with_id(OBJECT).in_organization(ORGANIZATION).with_acl(acl);
            let allowed = authorize(&subject, action, &object).is_allowed();
            assert_eq!(explain(&subject, action, &object).allowed, allowed);
            assert_eq!(filter(&subject, action, build_cache).matches(&object), allowed);
            allowed
        };
        let foreign = grant(&there, "launch");
        assert!(!may(&foreign, purge));
        let both = grant(&there, "read");
        assert!(!may(&both, purge) && may(&both, Action::READ));
    }
    let mut acl = Acl::new();
    acl.grant_user(&here, ME, "purge");
    let object = Object::of(build_cache).with_id(OBJECT).in_organization(ORGANIZATION).with_acl(&acl);
    assert!(authorize(&subject, purge, &object).is_allowed());
}

#[test]
fn a_scope_that_the_catalogue_lacks_is_within_no_other() {
    let (here, there) = (catalogue("build_cache", "purge"), catalogue("pipeline", "launch"));
    let (all, foreign) = (here.scope("coder:all").unwrap(), there.scope("pipeline:launch").unwrap());
    assert_eq!(scopes_exceeding(&here, std::slice::from_ref(&all), std::slice::from_ref(&foreign)), [foreign]);
}

proptest! {
    /// An entry that read as a wider one would give a key more than was meant.
    #[test]
    fn an_entry_reads_as_what_it_is_or_as_none(
        of in select(vec![None, Some(ResourceType::OTHER), Some(ResourceType::WORKSPACE), Some(ResourceType::USER)]),
        id in select(vec![None, Some(""), Some("*"), Some("text"), Some("a:b"), Some("2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11")]),
    ) {
        let catalogue = Catalogue::built_in();
        if let Ok(entry) = AllowEntry::new(&catalogue, of, id.map(Id::parse)) {
            prop_assert_ne!(of, Some(ResourceType::OTHER));
            if let Ok(read) = AllowEntry::parse(&catalogue, &entry.to_string()) {
                prop_assert_eq!(read, entry);
            }
        }
    }
}

#[test]
fn every_form_of_an_id_is_one_id() {
    let text = OBJECT.to_string();
    assert_eq!(Id::parse(&text), Id::from(OBJECT));
    assert_eq!(Id::parse(&text).to_owned_id(), OwnedId::from(OBJECT));
    let (upper, subject) = (text.to_uppercase().replace('0', "A"), subject(&Catalogue::built_in(), &[almighty()]));
    for id in [text.as_str(), &upper, "text", ""] {
        assert_eq!(Id::parse(id).to_owned_id().as_id(), Id::parse(id));
        assert_eq!(Id::parse(&Id::parse(id).to_owned_id().to_string()), Id::parse(id));
        let object = Object::of(ResourceType::WORKSPACE).with_id(id);
        assert!(authorize(&subject, Action::READ, &object).is_allowed());
    }
}
