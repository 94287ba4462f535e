//! Random worlds: the engine, its explanations and its filters agree with the slow and literal model.
use std::{collections::BTreeMap, sync::Arc};

use keyfob_rbac::{
    Action, Catalogue, Explanation, Filter, Id, InOrganization, Level, Missing, Object, Permission, ResourceType, Role,
    Scope, Subject, authorize, explain, filter,
};
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;

use crate::model::{self, fast};

/// The number of decisions that a run compares, unless `KEYFOB_DECISIONS` says otherwise.
const DECISIONS: usize = 200_000;
const PER_SUBJECT: usize = 100;

const USERS: [&str; 3] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "root"];
const ORGANIZATIONS: [&str; 4] = [
    "aaaaaaaa-0000-4000-8000-000000000001",
    "aaaaaaaa-0000-4000-8000-000000000002",
    "00000000-0000-0000-0000-000000000000",
    "text-org",
];
const GROUPS: [&str; 3] = ["cccccccc-0000-4000-8000-000000000001", "cccccccc-0000-4000-8000-000000000002", "staff"];
const IDS: [&str; 4] = [
    "dddddddd-0000-4000-8000-000000000001",
    "dddddddd-0000-4000-8000-000000000002",
    "DDDDDDDD-0000-4000-8000-000000000001",
    "short-id",
];
const TYPES: [&str; 4] = ["workspace", "template", "user", "file"];
const ACTIONS: [&str; 5] = ["read", "update", "delete", "share", "use"];

/// The seed of a run, printed so that a failure can be run again: `KEYFOB_SEED=7 cargo test`.
fn seed() -> u64 {
    let given = std::env::var("KEYFOB_SEED").ok().map(|text| text.parse().expect("KEYFOB_SEED is a number"));
    let seed = given.unwrap_or_else(rand::random);
    println!("KEYFOB_SEED={seed}");
    seed
}

/// How many decisions this run compares.
fn decisions_to_compare() -> usize {
    let given = std::env::var("KEYFOB_DECISIONS").ok();
    given.map_or(DECISIONS, |text| text.parse().expect("KEYFOB_DECISIONS is a number"))
}

struct World(ChaCha8Rng);

impl World {
    fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    fn one_of(&mut self, of: &[&str]) -> String {
        (*of.choose(&mut self.0).unwrap()).to_owned()
    }

    /// One of these, or `*`.
    fn one_or_star(&mut self, of: &[&str]) -> String {
        if self.chance(15) { "*".to_owned() } else { self.one_of(of) }
    }

    fn some<T>(&mut self, at_most: usize, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = self.0.random_range(0..=at_most);
        (0..count).map(|_| make(self)).collect()
    }

    fn permission(&mut self) -> model::Permission {
        model::Permission {
            resource_type: self.one_or_star(&TYPES),
            action: self.one_or_star(&ACTIONS),
            negate: self.chance(20),
        }
    }

    fn role(&mut self) -> model::Role {
        let organizations = self.some(3, |world| {
            let at = (world.some(3, Self::permission), world.some(3, Self::permission));
            (world.one_of(&ORGANIZATIONS), at)
        });
        model::Role {
            site: self.some(2, Self::permission),
            user: self.some(3, Self::permission),
            organizations: organizations.into_iter().collect(),
        }
    }

    fn subject(&mut self) -> model::Subject {
        let scope = if self.chance(60) {
            let everything = model::Permission { resource_type: "*".into(), action: "*".into(), negate: false };
            model::Role { site: vec![everything], ..model::Role::default() }
        } else {
            model::Role { site: self.some(4, Self::permission), ..self.role() }
        };
        let allow_list = if self.chance(60) {
            vec![("*".to_owned(), "*".to_owned())]
        } else {
            self.some(4, |world| {
                let id = if world.chance(10) { String::new() } else { world.one_or_star(&IDS) };
                (world.one_or_star(&TYPES), id)
            })
        };
        model::Subject {
            id: if self.chance(5) { String::new() } else { self.one_of(&USERS) },
            roles: self.some(4, Self::role),
            groups: self.some(2, |world| world.one_of(&GROUPS)),
            scope,
            allow_list,
        }
    }

    fn grants(&mut self, to: &[&str]) -> BTreeMap<String, Vec<String>> {
        let grants = self.some(2, |world| (world.one_of(to), world.some(2, |world| world.one_or_star(&ACTIONS))));
        grants.into_iter().collect()
    }

    fn object(&mut self) -> model::Object {
        let empty_or = |world: &mut Self, percent, of: &[&str]| {
            if world.chance(percent) { String::new() } else { world.one_of(of) }
        };
        let any_organization = self.chance(10);
        let to_groups: Vec<&str> = GROUPS.iter().chain(&ORGANIZATIONS).copied().collect();
        model::Object {
            resource_type: if self.chance(5) { self.one_of(&["nope", "*"]) } else { self.one_of(&TYPES) },
            id: empty_or(self, 25, &IDS),
            owner: empty_or(self, 20, &USERS),
            organization: empty_or(self, if any_organization { 80 } else { 25 }, &ORGANIZATIONS),
            any_organization,
            users: self.grants(&USERS),
            groups: self.grants(&to_groups),
        }
    }

    fn action(&mut self) -> String {
        if self.chance(5) { self.one_of(&["fly", "*"]) } else { self.one_of(&ACTIONS) }
    }
}

#[test]
fn the_engine_agrees_with_the_literal_model() {
    let catalogue = Catalogue::built_in();
    let mut world = World(ChaCha8Rng::seed_from_u64(seed()));
    let (goal, mut decisions, mut allowed) = (decisions_to_compare(), 0, 0);
    while decisions < goal {
        let slow = world.subject();
        let subject = fast::subject(&catalogue, &slow);
        let mut filters: BTreeMap<(ResourceType, Action), Filter> = BTreeMap::new();
        for _ in 0..PER_SUBJECT {
            let (object, action_name) = (world.object(), world.action());
            let (acl, action) = (fast::acl(&catalogue, &object), catalogue.requested_action(&action_name));
            let quick = fast::object(&catalogue, &object, &acl);
            let decided = authorize(&subject, action, &quick).is_allowed();
            let context = || format!("{slow:#?}\n{action_name}\n{object:#?}");
            assert_eq!(decided, model::allows(&slow, &action_name, &object), "{}", context());
            assert_eq!(explain(&subject, action, &quick).allowed, decided, "{}", context());
            if !object.any_organization {
                let key = (quick.resource_type, action);
                let filter = filters.entry(key).or_insert_with(|| filter(&subject, action, quick.resource_type));
                assert_eq!(filter.matches(&quick), decided, "{}", context());
            }
            if decided {
                assert!(subject.scope_permits(action, quick.resource_type), "{}", context());
                let by_role = acl.is_empty() && fits_shape(&catalogue, &quick);
                assert!(!by_role || subject.roles_could_permit(action, quick.resource_type), "{}", context());
            }
            decisions += 1;
            allowed += usize::from(decided);
        }
    }
    // Worlds in which everything or nothing is allowed would test little.
    assert!((decisions / 20..decisions / 2).contains(&allowed), "{allowed} of {decisions} allowed");
}

/// Whether objects of the type have the shape of this one.
fn fits_shape(catalogue: &Catalogue, object: &Object<'_>) -> bool {
    let shape = catalogue.shape(object.resource_type);
    let in_one = object.any_organization || !object.organization.is_none();
    let organization_fits = match shape.organization {
        InOrganization::Never => !in_one,
        InOrganization::Sometimes => true,
        InOrganization::Always => in_one,
    };
    organization_fits && (shape.has_owner || object.owner.is_none())
}

#[test]
fn what_an_explanation_says_is_missing_is_exactly_what_is_missing() {
    let catalogue = Catalogue::built_in();
    let mut world = World(ChaCha8Rng::seed_from_u64(seed()));
    let mut mended = 0;
    for _ in 0..20_000 {
        let (slow, mut object, action_name) = (world.subject(), world.object(), world.one_of(&ACTIONS));
        let of = world.one_of(&TYPES);
        // Only scopes that can be requested can be missing.
        if !catalogue.has_action(catalogue.requested_type(&of), catalogue.requested_action(&action_name)) {
            continue;
        }
        object.resource_type = of;
        let why = explained(&catalogue, &slow, &action_name, &object);
        if why.allowed || why.missing.is_empty() {
            assert!(!why.allowed || why.missing.is_empty());
            continue;
        }
        let context = format!("{slow:#?}\n{action_name}\n{object:#?}\n{why:#?}");
        assert!(mend(&catalogue, &slow, &action_name, &object, &why.missing), "not enough: {context}");
        for left_out in 0..why.missing.len() {
            let rest: Vec<Missing> = why
                .missing
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != left_out)
                .map(|(_, it)| it.clone())
                .collect();
            assert!(!mend(&catalogue, &slow, &action_name, &object, &rest), "more than needed: {context}");
        }
        mended += 1;
    }
    assert!(mended > 5_000, "{mended}");
}

fn explained(catalogue: &Arc<Catalogue>, slow: &model::Subject, action: &str, object: &model::Object) -> Explanation {
    let acl = fast::acl(catalogue, object);
    let subject = fast::subject(catalogue, slow);
    explain(&subject, catalogue.requested_action(action), &fast::object(catalogue, object, &acl))
}

/// Adds what the explanation says is missing, and decides again.
fn mend(
    catalogue: &Arc<Catalogue>,
    slow: &model::Subject,
    action: &str,
    object: &model::Object,
    add: &[Missing],
) -> bool {
    let mut acl = fast::acl(catalogue, object);
    let mut roles: Vec<Role> = slow.roles.iter().map(|role| fast::role(catalogue, role)).collect();
    let mut scope: Scope = fast::scope(catalogue, slow);
    let of = catalogue.requested_type(&object.resource_type);
    let permission = Permission::allow(of, catalogue.requested_action(action));
    let id = Id::parse(&slow.id);
    for missing in add {
        match missing {
            Missing::Scope(name) => {
                let name = catalogue.requestable_scope(name).unwrap();
                scope.site.extend(Scope::expand(catalogue, &[name]).unwrap().site);
            }
            Missing::AllowListEntry(text) => {
                let (name, entry_id) = text.split_once(':').unwrap();
                let of = catalogue.resource_type(name);
                let entry_id = (entry_id != "*").then(|| Id::parse(entry_id));
                let entry = keyfob_rbac::AllowEntry::new(catalogue, of, entry_id).unwrap();
                let entries = scope.allow_list.entries().iter().cloned().chain([entry]).collect();
                scope.allow_list = keyfob_rbac::AllowList::from_entries(entries);
            }
            Missing::RolePermission(level, _) => grant(&mut roles, *level, permission, object),
            Missing::AccessListGrant(action) => acl.grant_user(catalogue, id, action),
        }
    }
    let groups: Vec<keyfob_rbac::OwnedId> = slow.groups.iter().map(|id| Id::parse(id).to_owned_id()).collect();
    let subject = Subject::compile(catalogue, id, &roles, &groups, &scope);
    authorize(&subject, permission.action.unwrap(), &fast::object(catalogue, object, &acl)).is_allowed()
}

fn grant(roles: &mut Vec<Role>, level: Level, permission: Permission, object: &model::Object) {
    let mut role = Role::empty(keyfob_rbac::RoleName::site("more"));
    match level {
        Level::Site => role.site.push(permission),
        Level::User => role.user.push(permission),
        Level::Organization | Level::Member => {
            // For questions about any organization: one that the subject is a member of.
            let known = roles.iter().flat_map(|role| &role.organizations).map(|(id, _)| id.clone());
            let targets: Vec<_> = if object.any_organization {
                known.collect()
            } else {
                vec![Id::parse(&object.organization).to_owned_id()]
            };
            for id in targets {
                let mut at = keyfob_rbac::OrganizationPermissions::default();
                if level == Level::Member {
                    at.member.push(permission);
                } else {
                    at.org.push(permission);
                }
                role.organizations.push((id, at));
            }
        }
    }
    roles.push(role);
}
