//! A subject, compiled: all that a decision needs, as bit tables and hash look-ups.
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use foldhash::fast::RandomState;

use crate::{
    Action, AllowEntry, AllowList, AllowReach, Catalogue, Id, InOrganization, OrganizationPermissions, OwnedId,
    ResourceType, Role, Scope, Vote,
    ids::{IdMap, IdSet},
    reach::Reach,
    table::{Pair, Place, Rows, SharedTables, Sides, Table},
};

/// The subject of an action, with all that its roles and the scopes of its key permit.
///
/// Compile one per key, and use it for many decisions: compiling takes microseconds, a decision nanoseconds.
#[derive(Clone, Debug)]
pub struct Subject {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) id: OwnedId,
    pub(crate) groups: IdSet,
    /// For objects in no organization, or in one that the subject is not a member of.
    pub(crate) outside: Table,
    pub(crate) memberships: IdMap<Table>,
    /// For questions about any organization: the highest votes over all memberships.
    pub(crate) anywhere: Table,
    pub(crate) reach: Reach,
}

/// Equal subjects get the same decisions, with the same reasons.
impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.catalogue, &other.catalogue)
            && (&self.id, &self.groups, &self.reach.list) == (&other.id, &other.groups, &other.reach.list)
            && (&self.outside, &self.anywhere) == (&other.outside, &other.anywhere)
            && self.memberships == other.memberships
    }
}

impl Subject {
    /// Compiles a subject from expanded roles, groups, and the expanded scopes of its key.
    ///
    /// The subject is a member of the organizations for which its roles have an entry; entries of scopes do not count
    /// for that. A subject with a permission that forbids something that the catalogue lacks may do nothing at all,
    /// because what is forbidden cannot be told.
    ///
    /// ```
    /// use keyfob_rbac::{Catalogue, Id, RoleName, RoleSettings, Scope, Subject, built_in_role};
    /// use uuid::Uuid;
    ///
    /// let (catalogue, organization) = (Catalogue::built_in(), Uuid::from_u128(7));
    /// let name = RoleName::in_organization("organization-auditor", organization);
    /// let auditor = built_in_role(&catalogue, &name, &RoleSettings::default())?;
    /// let subject = Subject::compile(&catalogue, Id::from("someone"), &[auditor], &[], &Scope::everything());
    /// assert!(subject.is_member_of(Id::from(organization)));
    /// # Ok::<(), keyfob_rbac::RoleLookupError>(())
    /// ```
    pub fn compile(catalogue: &Arc<Catalogue>, id: Id<'_>, roles: &[Role], groups: &[OwnedId], scope: &Scope) -> Self {
        let mut permissions = roles.iter().flat_map(Role::permissions).chain(scope.permissions());
        if permissions.any(|permission| permission.negate && !permission.is_known(catalogue)) {
            let nothing = Scope { site: Vec::new(), allow_list: AllowList::default(), ..Scope::everything() };
            return Self::compile(catalogue, id, &[], groups, &nothing);
        }
        let everywhere = Sides::of([
            Rows::compile(catalogue, roles.iter().flat_map(|role| &role.site)),
            Rows::compile(catalogue, roles.iter().flat_map(|role| &role.user)),
            Rows::compile(catalogue, &scope.site),
            Rows::compile(catalogue, &scope.user),
        ]);
        // At the member level, the empty id owns nothing.
        let compiler = Compiler { catalogue, everywhere: &everywhere, has_members_own: !id.is_none() };
        let (memberships, anywhere) = compiler.memberships(roles, scope);
        Self {
            catalogue: Arc::clone(catalogue),
            id: id.to_owned_id(),
            groups: groups.iter().cloned().collect(),
            outside: Table::outside(&everywhere),
            memberships,
            anywhere,
            reach: Reach::compile(catalogue, &scope.allow_list),
        }
    }

    /// The subject's id.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, Id, Scope, Subject};
    ///
    /// let subject = Subject::compile(&Catalogue::built_in(), Id::from("amy"), &[], &[], &Scope::everything());
    /// assert_eq!(subject.id(), Id::from("amy"));
    /// ```
    pub fn id(&self) -> Id<'_> {
        self.id.as_id()
    }

    /// Whether the subject is a member of the organization.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, Id, OrganizationPermissions, OwnedId, Role, RoleName, Scope, Subject};
    /// use uuid::Uuid;
    ///
    /// // An entry without permissions makes a member, too.
    /// let organization = Uuid::from_u128(2);
    /// let mut guest = Role::empty(RoleName::in_organization("guest", organization));
    /// guest.organizations.push((OwnedId::from(organization), OrganizationPermissions::default()));
    /// let subject = Subject::compile(&Catalogue::built_in(), Id::from("amy"), &[guest], &[], &Scope::everything());
    /// assert!(subject.is_member_of(Id::from(organization)));
    /// assert!(!subject.is_member_of(Id::from(Uuid::from_u128(3))));
    /// ```
    pub fn is_member_of(&self, organization: Id<'_>) -> bool {
        self.memberships.get(organization).is_some()
    }

    /// How many bytes the subject takes, about: for caches that are bounded by bytes. Tables that several organizations
    /// share count once.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, Id, Scope, Subject};
    ///
    /// let subject = Subject::compile(&Catalogue::built_in(), Id::from("amy"), &[], &[], &Scope::everything());
    /// assert!(subject.bytes() > size_of::<Subject>());
    /// ```
    pub fn bytes(&self) -> usize {
        let tables = self.memberships.values().chain([&self.outside, &self.anywhere]);
        let distinct: HashMap<_, _> = tables.map(|table| (table.place(), table.bytes())).collect();
        let ids = self.memberships.len() * size_of::<(u128, Table)>() + self.groups.len() * size_of::<u128>();
        let list = self.reach.list.entries().len() * 2 * size_of::<AllowEntry>();
        size_of::<Self>() + distinct.values().sum::<usize>() + ids + list
    }

    /// The same without what others have of it: a table that several subjects share is divided among them.
    pub fn own_bytes(&self) -> usize {
        let tables = self.memberships.values().chain([&self.outside, &self.anywhere]);
        let distinct: HashMap<_, _> =
            tables.map(|table| (table.place(), table.bytes() - table.bytes() / table.owners())).collect();
        self.bytes().saturating_sub(distinct.values().sum())
    }

    /// The same subject, with tables that it shares with all that have equal ones.
    #[must_use]
    pub fn sharing(mut self, tables: &SharedTables) -> Self {
        let own = |table: &mut Table| *table = tables.share(table.clone());
        self.memberships.values_mut().chain([&mut self.outside, &mut self.anywhere]).for_each(own);
        self
    }

    /// Whether the key's scopes, regardless of its allow list, could permit the action on some object of the type.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, Id, ResourceType, Scope, Subject};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let scope = Scope::expand(&catalogue, &[catalogue.scope("workspace:read")?])?;
    /// let subject = Subject::compile(&catalogue, Id::from("amy"), &[], &[], &scope);
    /// assert!(subject.scope_permits(Action::READ, ResourceType::WORKSPACE));
    /// assert!(!subject.scope_permits(Action::SSH, ResourceType::WORKSPACE));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scope_permits(&self, action: Action, of: ResourceType) -> bool {
        let (outside, anywhere) = (self.outside.cell(of).votes.scope, self.anywhere.cell(of).votes.scope);
        self.reach.knows(action, of)
            && could_permit(outside, anywhere, action, Levels { user: true, org: true, member: true })
    }

    /// Whether the key's allow list, regardless of its scopes, matches every object of the type, including those that
    /// do not exist yet.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue, Id, ResourceType, Scope, Subject};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let scope = Scope::everything().restricted_to(&AllowList::parse(&catalogue, &["workspace:*"])?);
    /// let subject = Subject::compile(&catalogue, Id::from("amy"), &[], &[], &scope);
    /// assert!(subject.allow_list_reaches(ResourceType::WORKSPACE));
    /// assert!(!subject.allow_list_reaches(ResourceType::TEMPLATE));
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn allow_list_reaches(&self, of: ResourceType) -> bool {
        self.allow_list_reach(of) == AllowReach::All
    }

    /// The objects of the type that the key's allow list matches.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, AllowReach, Catalogue, Id, OwnedId, ResourceType, Scope, Subject};
    /// use uuid::Uuid;
    ///
    /// let (catalogue, workspace) = (Catalogue::built_in(), Uuid::from_u128(7));
    /// let list = AllowList::parse(&catalogue, &[&format!("workspace:{workspace}")])?;
    /// let scope = Scope::everything().restricted_to(&list);
    /// let subject = Subject::compile(&catalogue, Id::from("amy"), &[], &[], &scope);
    /// let one = AllowReach::Some(vec![OwnedId::from(workspace)]);
    /// assert_eq!(subject.allow_list_reach(ResourceType::WORKSPACE), one);
    /// assert_eq!(subject.allow_list_reach(ResourceType::TEMPLATE), AllowReach::None);
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn allow_list_reach(&self, of: ResourceType) -> AllowReach {
        self.reach.of(of)
    }

    /// Whether the subject's roles could permit the action on some object of the type, given the shape of such objects.
    /// It does not look at objects or access lists.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, Id, ResourceType, RoleName, RoleSettings, Scope, Subject, built_in_role};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let auditor = built_in_role(&catalogue, &RoleName::site("auditor"), &RoleSettings::default())?;
    /// let subject = Subject::compile(&catalogue, Id::from("amy"), &[auditor], &[], &Scope::everything());
    /// assert!(subject.roles_could_permit(Action::READ, ResourceType::AUDIT_LOG));
    /// assert!(!subject.roles_could_permit(Action::DELETE, ResourceType::WORKSPACE));
    /// # Ok::<(), keyfob_rbac::RoleLookupError>(())
    /// ```
    pub fn roles_could_permit(&self, action: Action, of: ResourceType) -> bool {
        let shape = self.catalogue.shape(of);
        let in_organization = shape.organization != InOrganization::Never;
        let levels = Levels {
            user: shape.has_owner && shape.organization != InOrganization::Always,
            org: in_organization,
            member: in_organization && shape.has_owner,
        };
        self.reach.knows(action, of)
            && could_permit(self.outside.cell(of).votes.roles, self.anywhere.cell(of).votes.roles, action, levels)
    }
}

/// The levels besides site at which roles can permit something on objects of a type.
#[derive(Clone, Copy)]
struct Levels {
    user: bool,
    org: bool,
    member: bool,
}

/// The highest votes over all memberships are enough here: they permit what any organization permits.
fn could_permit(outside: Pair, anywhere: Pair, action: Action, levels: Levels) -> bool {
    let org = anywhere.all.vote(action);
    match outside.all.vote(action) {
        Vote::Allow => true,
        Vote::Deny => false,
        Vote::Abstain => {
            levels.user && outside.own.vote(action) == Vote::Allow
                || levels.org && org == Vote::Allow
                || levels.member && org != Vote::Deny && anywhere.own.vote(action) == Vote::Allow
        }
    }
}

/// The permissions of roles and scopes in one organization.
#[derive(PartialEq, Eq, Hash)]
struct Sources<'a> {
    roles: Vec<&'a OrganizationPermissions>,
    scope: Vec<&'a OrganizationPermissions>,
    /// Whether the organization's id is the empty one.
    is_outside: bool,
}

impl Sources<'_> {
    fn sides(&self, catalogue: &Catalogue) -> Box<[Sides]> {
        Sides::of([
            Rows::compile(catalogue, self.roles.iter().flat_map(|at| &at.org)),
            Rows::compile(catalogue, self.roles.iter().flat_map(|at| &at.member)),
            Rows::compile(catalogue, self.scope.iter().flat_map(|at| &at.org)),
            Rows::compile(catalogue, self.scope.iter().flat_map(|at| &at.member)),
        ])
    }
}

struct Compiler<'a> {
    catalogue: &'a Catalogue,
    everywhere: &'a [Sides],
    has_members_own: bool,
}

impl Compiler<'_> {
    /// The table of each organization, and the one for questions about any.
    ///
    /// Most subjects have the same permissions in all their organizations, so equal tables are compiled and kept once.
    fn memberships(&self, roles: &[Role], scope: &Scope) -> (IdMap<Table>, Table) {
        let all = sources(roles, scope);
        let mut known: HashMap<&Sources<'_>, Table, RandomState> = HashMap::default();
        // Comparing with the one before is cheaper than hashing.
        let mut latest: Option<(&Sources<'_>, Table)> = None;
        let mut memberships = IdMap::default();
        let mut highest: Option<Box<[Sides]>> = None;
        for (organization, sources) in &all {
            let seen = latest.as_ref().filter(|(seen, _)| *seen == sources).map(|(_, table)| table.clone());
            let table = seen.unwrap_or_else(|| match known.entry(sources) {
                Entry::Occupied(seen) => seen.get().clone(),
                Entry::Vacant(new) => {
                    let sides = sources.sides(self.catalogue);
                    highest = Some(highest.take().map_or_else(|| sides.clone(), |highest| higher(&highest, &sides)));
                    new.insert(self.table(&sides, sources.is_outside)).clone()
                }
            });
            latest = Some((sources, table.clone()));
            memberships.insert((*organization).clone(), table);
        }
        let only = known.iter().next().filter(|(sources, _)| known.len() == 1 && !sources.is_outside);
        let anywhere = match (only, highest) {
            (Some((_, only)), _) => only.clone(),
            (None, Some(highest)) => self.table(&highest, false),
            (None, None) => self.table(&vec![Sides::default(); self.everywhere.len()], false),
        };
        (memberships, anywhere)
    }

    fn table(&self, there: &[Sides], is_outside: bool) -> Table {
        Table::inside(self.everywhere, there, Place { is_outside, has_members_own: self.has_members_own })
    }
}

fn higher(left: &[Sides], right: &[Sides]) -> Box<[Sides]> {
    left.iter().zip(right).map(|(left, right)| left.higher(right)).collect()
}

fn sources<'a>(roles: &'a [Role], scope: &'a Scope) -> BTreeMap<&'a OwnedId, Sources<'a>> {
    let mut all: BTreeMap<&OwnedId, Sources<'_>> = BTreeMap::new();
    for (id, permissions) in roles.iter().flat_map(|role| &role.organizations) {
        let empty = || Sources { roles: Vec::new(), scope: Vec::new(), is_outside: *id == OwnedId::None };
        all.entry(id).or_insert_with(empty).roles.push(permissions);
    }
    for (id, permissions) in &scope.organizations {
        // Entries of scopes do not make the subject a member.
        all.get_mut(id).into_iter().for_each(|sources| sources.scope.push(permissions));
    }
    all
}
