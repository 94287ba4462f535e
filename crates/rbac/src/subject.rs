//! A subject, compiled: all that a decision looks at, as bit tables and hash look-ups.
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use foldhash::fast::FixedState;
use uuid::Uuid;

use crate::{
    Action, AllowEntry, AllowList, Catalogue, Id, InOrganization, OrganizationPermissions, OwnedId, Permission,
    ResourceType, Role, Scope,
    permission::{Table, Vote},
};

/// Who acts, with all that their roles and the scopes of their key permit.
///
/// Compile one per key, use it for many decisions: compiling costs microseconds, a decision nanoseconds.
#[derive(Clone, Debug)]
pub struct Subject {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) id: OwnedId,
    pub(crate) groups: IdSet,
    pub(crate) roles: Levels,
    pub(crate) scope: Levels,
    pub(crate) memberships: IdMap<Membership>,
    pub(crate) reach: Reach,
}

/// Permissions that do not depend on one organization.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    pub(crate) site: Arc<Table>,
    pub(crate) user: Arc<Table>,
    /// The highest votes over all memberships, for questions about any organization.
    pub(crate) any: OrganizationTables,
}

/// Permissions in one organization.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationTables {
    pub(crate) org: Arc<Table>,
    pub(crate) member: Arc<Table>,
}

/// A membership of an organization, with what roles and scopes permit there.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) roles: OrganizationTables,
    pub(crate) scope: OrganizationTables,
}

/// Equal tables are kept once: most organizations of a subject permit the same.
struct Interner<'a> {
    catalogue: &'a Catalogue,
    known: HashSet<Arc<Table>, FixedState>,
}

impl Interner<'_> {
    fn intern(&mut self, table: Table) -> Arc<Table> {
        if let Some(known) = self.known.get(&table) {
            return Arc::clone(known);
        }
        let table = Arc::new(table);
        self.known.insert(Arc::clone(&table));
        table
    }

    fn compile<'p>(&mut self, permissions: impl IntoIterator<Item = &'p Permission>) -> Arc<Table> {
        let table = Table::compile(self.catalogue, permissions);
        self.intern(table)
    }

    fn organization(&mut self, parts: &[&OrganizationPermissions]) -> OrganizationTables {
        OrganizationTables {
            org: self.compile(parts.iter().flat_map(|part| &part.org)),
            member: self.compile(parts.iter().flat_map(|part| &part.member)),
        }
    }

    fn highest<'t>(&mut self, all: impl Iterator<Item = &'t OrganizationTables> + Clone) -> OrganizationTables {
        let org = Table::highest(self.catalogue, all.clone().map(|tables| Some(&*tables.org)));
        let member = Table::highest(self.catalogue, all.map(|tables| Some(&*tables.member)));
        OrganizationTables { org: self.intern(org), member: self.intern(member) }
    }
}

impl Subject {
    /// Compiles a subject from expanded roles, groups, and the expanded scopes of its key.
    ///
    /// What roles have an entry for makes the subject a member there; the scopes' entries never do.
    pub fn compile(catalogue: &Arc<Catalogue>, id: Id<'_>, roles: &[Role], groups: &[OwnedId], scope: &Scope) -> Self {
        let mut interner = Interner { catalogue, known: HashSet::default() };
        let mut by_organization: BTreeMap<&OwnedId, Vec<&OrganizationPermissions>> = BTreeMap::new();
        for (organization, permissions) in roles.iter().flat_map(|role| &role.organizations) {
            by_organization.entry(organization).or_default().push(permissions);
        }
        let mut memberships = IdMap::default();
        for (organization, permissions) in by_organization {
            let scoped = scope.organizations.iter().filter(|(id, _)| id == organization);
            let scoped: Vec<&OrganizationPermissions> = scoped.map(|(_, permissions)| permissions).collect();
            let membership = Membership {
                roles: interner.organization(&permissions),
                scope: interner.organization(&scoped),
            };
            memberships.insert(organization.clone(), membership);
        }
        let roles = Levels {
            site: interner.compile(roles.iter().flat_map(|role| &role.site)),
            user: interner.compile(roles.iter().flat_map(|role| &role.user)),
            any: interner.highest(memberships.values().map(|membership| &membership.roles)),
        };
        let scope_levels = Levels {
            site: interner.compile(&scope.site),
            user: interner.compile(&scope.user),
            any: interner.highest(memberships.values().map(|membership| &membership.scope)),
        };
        Self {
            catalogue: Arc::clone(catalogue),
            id: id.to_owned_id(),
            groups: IdSet::from_ids(groups),
            roles,
            scope: scope_levels,
            memberships,
            reach: Reach::compile(catalogue, &scope.allow_list),
        }
    }

    /// Who this is.
    pub fn id(&self) -> Id<'_> {
        self.id.as_id()
    }

    /// Whether the subject is a member of that organization.
    pub fn is_member_of(&self, organization: Id<'_>) -> bool {
        self.memberships.get(organization).is_some()
    }

    /// Whether the key's scopes, whatever its allow list, could permit that on some object of the type.
    pub fn scope_permits(&self, action: Action, of: ResourceType) -> bool {
        could_permit(&self.scope, self.memberships.values().map(|membership| &membership.scope), action, of, ANY_SHAPE)
    }

    /// Whether the key's allow list, whatever its scopes, fits every object of the type, those included that are not
    /// there yet.
    pub fn allow_list_reaches(&self, of: ResourceType) -> bool {
        self.reach.fits(of, Id::None)
    }

    /// Whether the subject's roles could permit that on some object of the type, as such objects are built. It looks
    /// at no object, and at no access list.
    pub fn roles_could_permit(&self, action: Action, of: ResourceType) -> bool {
        let shape = self.catalogue.shape(of);
        let shape = Could {
            user: shape.has_owner && shape.organization != InOrganization::Always,
            org: shape.organization != InOrganization::Never,
            member: shape.organization != InOrganization::Never && shape.has_owner,
        };
        could_permit(&self.roles, self.memberships.values().map(|membership| &membership.roles), action, of, shape)
    }
}

/// Levels that objects of a type can be permitted at.
#[derive(Clone, Copy)]
struct Could {
    user: bool,
    org: bool,
    member: bool,
}

const ANY_SHAPE: Could = Could { user: true, org: true, member: true };

fn could_permit<'a>(
    levels: &Levels,
    mut organizations: impl Iterator<Item = &'a OrganizationTables>,
    action: Action,
    of: ResourceType,
    could: Could,
) -> bool {
    let allows = |table: &Table| table.vote(action, of) == Vote::Allow;
    match levels.site.vote(action, of) {
        Vote::Allow => true,
        Vote::Deny => false,
        Vote::Abstain => {
            could.user && allows(&levels.user)
                || organizations.any(|tables| {
                    let org = tables.org.vote(action, of);
                    could.org && org == Vote::Allow || could.member && org != Vote::Deny && allows(&tables.member)
                })
        }
    }
}

/// An allow list, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    everything: bool,
    /// Per type whether all of it is listed.
    whole: Box<[bool]>,
    /// Listed ids per row; row 0 is any type.
    ids: HashSet<(u16, Uuid), FixedState>,
    /// Listed ids that are no UUIDs; none is the empty id.
    texts: Box<[(u16, Option<Box<str>>)]>,
    pub(crate) list: AllowList,
}

impl Reach {
    fn compile(catalogue: &Catalogue, list: &AllowList) -> Self {
        let mut whole = vec![false; catalogue.rows()];
        let mut ids = HashSet::default();
        let mut texts = Vec::new();
        for entry in list.entries() {
            let row = entry.resource_type().map_or(0, |of| of.0);
            match (entry.id(), entry.resource_type()) {
                (None, Some(of)) => whole.get_mut(of.row()).into_iter().for_each(|whole| *whole = true),
                (None, None) => {}
                (Some(OwnedId::Uuid(id)), _) => drop(ids.insert((row, *id))),
                (Some(OwnedId::Text(text)), _) => texts.push((row, Some(text.clone()))),
                (Some(OwnedId::None), _) => texts.push((row, None)),
            }
        }
        Self { everything: list.is_everything(), whole: whole.into(), ids, texts: texts.into(), list: list.clone() }
    }

    /// Whether an entry fits an object of this type and id.
    #[inline]
    pub(crate) fn fits(&self, of: ResourceType, id: Id<'_>) -> bool {
        // No entry names the row of anything else, which is also that of entries for any type.
        let is_whole = of != ResourceType::OTHER && self.whole.get(of.row()).is_some_and(|whole| *whole);
        self.everything || is_whole || self.fits_id(of, id)
    }

    fn fits_id(&self, of: ResourceType, id: Id<'_>) -> bool {
        let row_fits = |row: u16| row == 0 || row == of.0;
        match id {
            Id::Uuid(id) => self.ids.contains(&(of.0, id)) || self.ids.contains(&(0, id)),
            Id::Text(text) => self.texts.iter().any(|(row, listed)| row_fits(*row) && listed.as_deref() == Some(text)),
            Id::None => self.texts.iter().any(|(row, listed)| row_fits(*row) && listed.is_none()),
        }
    }

    /// The ids that entries for this type, or for any, list; none when the type is listed whole.
    pub(crate) fn ids_of(&self, of: ResourceType) -> Option<Vec<OwnedId>> {
        if self.everything || self.whole.get(of.row()).is_some_and(|whole| *whole && of != ResourceType::OTHER) {
            return None;
        }
        let fits = |entry: &&AllowEntry| entry.resource_type().is_none_or(|listed| listed == of);
        let mut ids: Vec<OwnedId> = self.list.entries().iter().filter(fits).filter_map(AllowEntry::id).cloned().collect();
        ids.sort();
        ids.dedup();
        Some(ids)
    }
}

/// A map by id whose look-ups allocate nothing.
#[derive(Clone, Debug)]
pub(crate) struct IdMap<T> {
    uuids: HashMap<Uuid, T, FixedState>,
    others: Vec<(OwnedId, T)>,
}

impl<T> Default for IdMap<T> {
    fn default() -> Self {
        Self { uuids: HashMap::default(), others: Vec::new() }
    }
}

impl<T> IdMap<T> {
    fn insert(&mut self, id: OwnedId, value: T) {
        match id {
            OwnedId::Uuid(id) => drop(self.uuids.insert(id, value)),
            other => self.others.push((other, value)),
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: Id<'_>) -> Option<&T> {
        match id {
            Id::Uuid(id) => self.uuids.get(&id),
            other => self.others.iter().find(|(known, _)| known.as_id() == other).map(|(_, value)| value),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.uuids.is_empty() && self.others.is_empty()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> + Clone {
        self.uuids.values().chain(self.others.iter().map(|(_, value)| value))
    }

    /// All entries, in the order of their ids.
    pub(crate) fn sorted(&self) -> Vec<(OwnedId, &T)> {
        let uuids = self.uuids.iter().map(|(id, value)| (OwnedId::Uuid(*id), value));
        let mut all: Vec<_> = uuids.chain(self.others.iter().map(|(id, value)| (id.clone(), value))).collect();
        all.sort_by(|(left, _), (right, _)| left.cmp(right));
        all
    }
}

/// A set of ids whose look-ups allocate nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdSet(IdMap<()>);

impl IdSet {
    fn from_ids(ids: &[OwnedId]) -> Self {
        let mut map = IdMap::default();
        for id in ids {
            map.insert(id.clone(), ());
        }
        Self(map)
    }

    pub(crate) fn contains(&self, id: Id<'_>) -> bool {
        self.0.get(id).is_some()
    }

    /// All ids, in order.
    pub(crate) fn sorted(&self) -> Vec<OwnedId> {
        self.0.sorted().into_iter().map(|(id, ())| id).collect()
    }
}
