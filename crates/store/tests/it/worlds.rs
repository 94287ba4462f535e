//! Random subjects and random rows, made of few ids, so that they often match.
use std::sync::Arc;

use keyfob_rbac::{
    Acl, AllowEntry, AllowList, Atom, Catalogue, Id, Object, OrganizationPermissions, OwnedId, Permission, Predicate,
    Role, RoleName, Scope, Subject,
};
use keyfob_store::{Grant, Grantee, OrganizationId, Resource, ResourceKey, UserId};
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::support::{at, resource, uuid};

pub(crate) const TYPES: [&str; 4] = ["workspace", "template", "file", "task"];
pub(crate) const ACTIONS: [&str; 4] = ["read", "update", "use", "ssh"];
/// The ids that roles, scopes and allow lists name.
const SPOKEN_OF: [&str; 6] = ["workspace", "template", "file", "task", "api_key", "organization"];

pub(crate) struct World {
    random: ChaCha8Rng,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) users: Vec<Uuid>,
    /// The nil UUID is one of them, because it stands for none in some columns.
    pub(crate) organizations: Vec<Uuid>,
    groups: Vec<Uuid>,
    /// The ids of all stored rows, as texts.
    pub(crate) ids: Vec<String>,
    /// The last resource, if no other shares its id.
    last: Option<ResourceKey>,
}

impl World {
    /// The world of a seed, printed so that a failure can be run again: `KEYFOB_SEED=7 cargo test`.
    pub(crate) fn new() -> Self {
        let given = std::env::var("KEYFOB_SEED").ok().map(|text| text.parse().expect("KEYFOB_SEED is a number"));
        let seed = given.unwrap_or_else(rand::random);
        println!("KEYFOB_SEED={seed}");
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            catalogue: Catalogue::built_in(),
            users: vec![uuid(1), uuid(2), uuid(3)],
            organizations: vec![uuid(11), uuid(12), Uuid::nil()],
            groups: vec![uuid(21), uuid(22)],
            ids: Vec::new(),
            last: None,
        }
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    pub(crate) fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of.choose(&mut self.random).unwrap().clone()
    }

    fn some<T>(&mut self, at_most: usize, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = self.random.random_range(0..=at_most);
        (0..count).map(|_| make(self)).collect()
    }

    fn one_or_star(&mut self, of: &[&'static str]) -> &'static str {
        if self.chance(15) { "*" } else { self.one_of(of) }
    }

    fn permission(&mut self) -> Permission {
        let (of, action) = (self.one_or_star(&SPOKEN_OF), if self.chance(60) { "read" } else { self.one_of(&ACTIONS) });
        let negate = self.chance(15);
        Permission::named(&self.catalogue, of, action, negate).unwrap()
    }

    /// An organization id, which may be missing, or not a UUID.
    fn place(&mut self) -> OwnedId {
        let organizations = self.organizations.clone();
        match self.random.random_range(0..20) {
            0 => OwnedId::None,
            1 => Id::parse("text").to_owned_id(),
            _ => self.one_of(&organizations).into(),
        }
    }

    fn role(&mut self) -> Role {
        let organizations = self.some(2, |world| {
            let at = OrganizationPermissions {
                org: world.some(2, Self::permission),
                member: world.some(2, Self::permission),
            };
            (world.place(), at)
        });
        let mut role = Role::empty(RoleName::site("random"));
        role.site = if self.chance(25) { self.some(2, Self::permission) } else { Vec::new() };
        role.user = self.some(3, Self::permission);
        role.organizations = organizations;
        role
    }

    fn scope(&mut self) -> Scope {
        let mut scope = Scope::everything();
        if self.chance(40) {
            scope.site = self.some(4, Self::permission);
            scope.user = self.some(2, Self::permission);
            scope.organizations = self.role().organizations;
        }
        if self.chance(50) {
            let entries = self.some(12, |world| {
                let of = world.one_or_star(&SPOKEN_OF);
                let (ids, any) = (world.ids.clone(), world.chance(15));
                let id = world.one_of(&ids);
                let of = world.catalogue.resource_type(of);
                AllowEntry::new(&world.catalogue, of, (!any).then(|| Id::parse(&id))).unwrap()
            });
            scope.allow_list = AllowList::from_entries(entries);
        }
        scope
    }

    pub(crate) fn subject(&mut self) -> Subject {
        let users = self.users.clone();
        let id = match self.random.random_range(0..20) {
            0 => OwnedId::None,
            1 => Id::parse("root").to_owned_id(),
            2 => Uuid::nil().into(),
            _ => self.one_of(&users).into(),
        };
        let roles = self.some(3, Self::role);
        let groups = self.some(2, |world| {
            let groups = world.groups.clone();
            if world.chance(10) { Id::parse("staff").to_owned_id() } else { world.one_of(&groups).into() }
        });
        let scope = self.scope();
        Subject::compile(&self.catalogue, id.as_id(), &roles, &groups, &scope)
    }

    /// A condition on objects, not necessarily one that the engine makes.
    pub(crate) fn predicate(&mut self, depth: u32) -> Predicate {
        if depth > 0 && self.chance(70) {
            let parts = self.some(3, |world| world.predicate(depth - 1));
            return if self.chance(50) { Predicate::All(parts) } else { Predicate::Any(parts) };
        }
        let users = self.users.clone();
        Predicate::Is(match self.random.random_range(0..5) {
            0 => Atom::IdIn(self.some(20, |world| {
                let ids = world.ids.clone();
                Id::parse(&world.one_of(&ids)).to_owned_id()
            })),
            1 => Atom::OrganizationIn(self.some(2, Self::place)),
            2 => Atom::OrganizationEmpty,
            3 => Atom::OwnerIs(if self.chance(20) { OwnedId::None } else { self.one_of(&users).into() }),
            _ => Atom::OwnerNotEmpty,
        })
    }

    /// A resource whose organization and owner may or may not fit its type.
    pub(crate) fn resource(&mut self, number: i64) -> Resource {
        let (users, organizations) = (self.users.clone(), self.organizations.clone());
        let mut new = resource(self.one_of(&TYPES), &format!("r{number}"));
        new.organization_id = (!self.chance(25)).then(|| OrganizationId(self.one_of(&organizations)));
        new.owner_id = (!self.chance(20)).then(|| UserId(self.one_of(&users)));
        new.created_at = at(number * 7919 % 1000);
        // Ids are unique per type: resources of two types may have the same, and access lists of their own.
        match self.last.replace(new.key.clone()) {
            Some(last) if last.resource_type != new.key.resource_type => {
                new.key.id = last.id;
                self.last = None;
            }
            _ => {}
        }
        new.grants = self.some(2, Self::grant);
        new.grants.sort();
        new.grants.dedup();
        new
    }

    fn grant(&mut self) -> Grant {
        let groups: Vec<Uuid> = self.groups.iter().chain(&self.organizations).copied().collect();
        let users: Vec<Uuid> = self.users.iter().copied().chain([Uuid::nil()]).collect();
        let to_user = self.chance(40);
        let grantee = if to_user { Grantee::User(self.one_of(&users)) } else { Grantee::Group(self.one_of(&groups)) };
        // Access lists may name actions that the catalogue lacks.
        let action = if self.chance(50) { "read" } else { self.one_of(&["*", "update", "use", "fly", "READ"]) };
        Grant { grantee, action: action.to_owned() }
    }
}

pub(crate) fn acl(catalogue: &Catalogue, grants: &[Grant]) -> Acl {
    let mut acl = Acl::new();
    for grant in grants {
        match grant.grantee {
            Grantee::User(id) => acl.grant_user(catalogue, id, &grant.action),
            Grantee::Group(id) => acl.grant_group(catalogue, id, &grant.action),
        }
    }
    acl
}

/// The resource as the engine's object.
pub(crate) fn object<'a>(catalogue: &Catalogue, of: &Resource, acl: &'a Acl) -> Object<'a> {
    let resource_type = catalogue.requested_type(&of.key.resource_type);
    Object::of(resource_type)
        .with_id(of.key.id.0)
        .owned_by(of.owner_id.map_or(Id::None, |id| Id::Uuid(id.0)))
        .in_organization(of.organization_id.map_or(Id::None, |id| Id::Uuid(id.0)))
        .with_acl(acl)
}
