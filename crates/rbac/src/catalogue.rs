//! The catalogue: the resource types, the actions on their objects, and the shape of these objects.
mod built_in;
mod custom;
mod origin;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, LazyLock},
};

pub use custom::CatalogueError;
pub(crate) use custom::CustomGrants;
pub(crate) use origin::{Marked, Origin, Refused};

/// A resource type: the number of its row in the permission tables of its catalogue. A type of one catalogue is no type
/// of another; the built-in types are in all of them.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Catalogue, ResourceType};
///
/// assert_eq!(Catalogue::built_in().resource_type("workspace"), Some(ResourceType::WORKSPACE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ResourceType(pub(crate) Marked);

impl ResourceType {
    /// An unknown type, or `*`, in a request: only permissions on `*` match it.
    pub const OTHER: Self = Self::built_in(0);

    const fn built_in(row: u16) -> Self {
        Self(Marked::built_in(row))
    }

    /// The row, which means this type only in a catalogue that has it.
    pub(crate) fn row(self) -> usize {
        usize::try_from(self.0.number()).unwrap_or(usize::MAX)
    }
}

/// An action: the number of its column in the permission tables of its catalogue. An action of one catalogue is no
/// action of another; the built-in actions are in all of them.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Action, Catalogue};
///
/// assert_eq!(Catalogue::built_in().action("ssh"), Some(Action::SSH));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Action(pub(crate) Marked);

impl Action {
    /// An unknown action, or `*`, in a request: only permissions for `*` match it.
    pub const OTHER: Self = Self::built_in(0);

    const fn built_in(column: u16) -> Self {
        Self(Marked::built_in(column))
    }

    /// The column as a bit, which means this action only in a catalogue that has it.
    pub(crate) fn bit(self) -> u64 {
        // A catalogue has no more columns than a number has bits.
        1 << (self.0.number() & 63)
    }
}

/// The shape of the objects of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether existing objects have an id.
    pub has_id: bool,
    /// Whether objects are owned by users.
    pub has_owner: bool,
    /// Whether objects are in organizations.
    pub organization: InOrganization,
    /// Whether objects may have an access list.
    pub has_acl: bool,
}

/// Whether the objects of a type are in organizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InOrganization {
    /// No object is.
    Never,
    /// Some objects are.
    Sometimes,
    /// All objects are.
    Always,
}

/// A name that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInCatalogue {
    /// The type does not exist.
    #[error("invalid type {0:?}")]
    Type(String),
    /// The type has no such action.
    #[error("invalid action {action:?} for type {resource_type:?}")]
    Action {
        /// The name.
        action: String,
        /// The type.
        resource_type: String,
    },
}

/// A type in the catalogue.
#[derive(Clone, Debug)]
struct Entry {
    name: Arc<str>,
    /// One bit for each action.
    actions: u64,
    shape: Shape,
}

/// The types and actions of a deployment: the built-in ones, and its own.
pub struct Catalogue {
    types: Vec<Entry>,
    actions: Vec<Arc<str>>,
    types_by_name: HashMap<Arc<str>, ResourceType>,
    actions_by_name: HashMap<Arc<str>, Action>,
    /// The rows from here on are the deployment's own types.
    first_custom: usize,
    /// The roles' permissions on the deployment's own types.
    pub(crate) custom_grants: CustomGrants,
    /// Marks the types and actions of this catalogue.
    origin: Origin,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("types", &self.types.len())
            .field("actions", &self.actions.len())
            .finish_non_exhaustive()
    }
}

static BUILT_IN: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::new_built_in()));

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, ResourceType};
    ///
    /// assert!(Catalogue::built_in().has_action(ResourceType::WORKSPACE, Action::SSH));
    /// ```
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    fn new_built_in() -> Self {
        let mut catalogue = Self {
            types: Vec::new(),
            actions: Vec::new(),
            types_by_name: HashMap::new(),
            actions_by_name: HashMap::new(),
            first_custom: built_in::TYPES.len() + 1,
            custom_grants: CustomGrants::default(),
            origin: Origin::BUILT_IN,
        };
        for name in built_in::ACTIONS {
            catalogue.actions.push(Arc::from(*name));
        }
        let named = built_in::ACTIONS.iter().zip(0..).skip(1);
        catalogue.actions_by_name = named.map(|(name, column)| (Arc::from(*name), Action::built_in(column))).collect();
        let nothing = Shape { has_id: false, has_owner: false, organization: InOrganization::Never, has_acl: false };
        catalogue.types.push(Entry { name: Arc::from("*"), actions: 0, shape: nothing });
        for row in built_in::TYPES {
            let actions = row.actions.split(' ').filter_map(|action| catalogue.action(action));
            let actions = actions.fold(0, |bits, action| bits | action.bit());
            catalogue.push_type(row.name, actions, row.shape);
        }
        catalogue
    }

    /// Adds a type; none if no row is left.
    fn push_type(&mut self, name: &str, actions: u64, shape: Shape) -> Option<ResourceType> {
        let name: Arc<str> = Arc::from(name);
        let of = ResourceType(Marked::new(u16::try_from(self.types.len()).ok()?, self.origin));
        self.types_by_name.insert(Arc::clone(&name), of);
        self.types.push(Entry { name, actions, shape });
        Some(of)
    }

    /// The type of this name.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, ResourceType};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.resource_type("template"), Some(ResourceType::TEMPLATE));
    /// assert_eq!(catalogue.resource_type("spaceship"), None);
    /// ```
    pub fn resource_type(&self, name: &str) -> Option<ResourceType> {
        self.types_by_name.get(name).copied()
    }

    /// The action of this name.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.action("read"), Some(Action::READ));
    /// assert_eq!(catalogue.action("fly"), None);
    /// ```
    pub fn action(&self, name: &str) -> Option<Action> {
        self.actions_by_name.get(name).copied()
    }

    /// The type for a name in a request; [`ResourceType::OTHER`] if it is unknown.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, ResourceType};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.requested_type("workspace"), ResourceType::WORKSPACE);
    /// assert_eq!(catalogue.requested_type("spaceship"), ResourceType::OTHER);
    /// ```
    pub fn requested_type(&self, name: &str) -> ResourceType {
        self.resource_type(name).unwrap_or(ResourceType::OTHER)
    }

    /// The action for a name in a request; [`Action::OTHER`] if it is unknown.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.requested_action("read"), Action::READ);
    /// assert_eq!(catalogue.requested_action("fly"), Action::OTHER);
    /// ```
    pub fn requested_action(&self, name: &str) -> Action {
        self.action(name).unwrap_or(Action::OTHER)
    }

    /// The type's row; none for [`ResourceType::OTHER`], and for a type of another catalogue.
    fn entry(&self, of: ResourceType) -> Option<&Entry> {
        let is_own = of != ResourceType::OTHER && of.0.origin().is_within(self.origin);
        self.types.get(of.row()).filter(|_| is_own)
    }

    /// Whether it is a type of this catalogue.
    pub(crate) fn has_type(&self, of: ResourceType) -> bool {
        self.entry(of).is_some()
    }

    /// Whether it is an action of this catalogue.
    pub(crate) fn knows_action(&self, action: Action) -> bool {
        action != Action::OTHER && action.0.origin().is_within(self.origin)
    }

    /// What marks the types and actions of this catalogue.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// A type's name; `*` for [`ResourceType::OTHER`], and for a type of another catalogue.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, ResourceType};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.type_name(ResourceType::AUDIT_LOG), "audit_log");
    /// assert_eq!(catalogue.type_name(ResourceType::OTHER), "*");
    /// ```
    pub fn type_name(&self, of: ResourceType) -> &str {
        self.entry(of).map_or("*", |entry| &entry.name)
    }

    pub(crate) fn shared_type_name(&self, of: ResourceType) -> Arc<str> {
        self.entry(of).map_or_else(|| Arc::from("*"), |entry| Arc::clone(&entry.name))
    }

    /// An action's name; `*` for [`Action::OTHER`], and for an action of another catalogue.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.action_name(Action::VIEW_INSIGHTS), "view_insights");
    /// assert_eq!(catalogue.action_name(Action::OTHER), "*");
    /// ```
    pub fn action_name(&self, action: Action) -> &str {
        self.name_of(action).map_or("*", |name| name)
    }

    pub(crate) fn shared_action_name(&self, action: Action) -> Arc<str> {
        self.name_of(action).map_or_else(|| Arc::from("*"), Arc::clone)
    }

    fn name_of(&self, action: Action) -> Option<&Arc<str>> {
        let column = usize::try_from(action.0.number()).ok()?;
        self.actions.get(column).filter(|_| self.knows_action(action))
    }

    /// All types, by name.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Catalogue;
    ///
    /// let catalogue = Catalogue::built_in();
    /// let names: Vec<&str> = catalogue.resource_types().map(|of| catalogue.type_name(of)).collect();
    /// assert!(names.contains(&"workspace"));
    /// assert!(names.is_sorted());
    /// ```
    pub fn resource_types(&self) -> impl Iterator<Item = ResourceType> + '_ {
        let mut all: Vec<ResourceType> = self.types_by_name.values().copied().collect();
        all.sort_by_key(|of| self.type_name(*of));
        all.into_iter()
    }

    /// All actions of a type, by name.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, ResourceType};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let actions = catalogue.actions_of(ResourceType::API_KEY).map(|action| catalogue.action_name(action));
    /// assert_eq!(actions.collect::<Vec<_>>(), ["create", "delete", "read", "update"]);
    /// ```
    pub fn actions_of(&self, of: ResourceType) -> impl Iterator<Item = Action> + '_ {
        let mut all: Vec<Action> =
            self.actions_by_name.values().copied().filter(|action| self.has_action(of, *action)).collect();
        all.sort_by_key(|action| self.action_name(*action));
        all.into_iter()
    }

    /// Whether the type has the action.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, ResourceType};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert!(catalogue.has_action(ResourceType::WORKSPACE, Action::START));
    /// assert!(!catalogue.has_action(ResourceType::TEMPLATE, Action::START));
    /// ```
    pub fn has_action(&self, of: ResourceType, action: Action) -> bool {
        self.knows_action(action) && self.entry(of).is_some_and(|entry| entry.actions & action.bit() != 0)
    }

    /// Checks that these are the names of a type and of one of its actions, for callers that treat unknown names as a
    /// mistake.
    ///
    /// # Errors
    /// [`NotInCatalogue`] says which name is unknown; `*` counts as unknown.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, NotInCatalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// catalogue.check("workspace", "start")?;
    /// let error = catalogue.check("template", "start").unwrap_err();
    /// assert_eq!(error.to_string(), r#"invalid action "start" for type "template""#);
    /// # Ok::<(), NotInCatalogue>(())
    /// ```
    pub fn check(&self, resource_type: &str, action: &str) -> Result<(), NotInCatalogue> {
        let of = match self.resource_type(resource_type) {
            Some(of) => of,
            None if resource_type == "*" => ResourceType::OTHER,
            None => return Err(NotInCatalogue::Type(resource_type.to_owned())),
        };
        if self.action(action).is_some_and(|action| self.has_action(of, action)) {
            return Ok(());
        }
        Err(NotInCatalogue::Action { action: action.to_owned(), resource_type: resource_type.to_owned() })
    }

    /// The shape of the objects of a type.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, InOrganization, ResourceType};
    ///
    /// let shape = Catalogue::built_in().shape(ResourceType::WORKSPACE);
    /// assert!(shape.has_owner && shape.has_acl);
    /// assert_eq!(shape.organization, InOrganization::Always);
    /// ```
    pub fn shape(&self, of: ResourceType) -> Shape {
        let other = Shape { has_id: true, has_owner: true, organization: InOrganization::Sometimes, has_acl: true };
        self.entry(of).map_or(other, |entry| entry.shape)
    }

    /// Whether it is one of the deployment's own types.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, ResourceType};
    ///
    /// let catalogue = Catalogue::with_types("[types.build_cache]\nactions = ['read']")?;
    /// assert!(catalogue.is_custom(catalogue.requested_type("build_cache")));
    /// assert!(!catalogue.is_custom(ResourceType::WORKSPACE));
    /// # Ok::<(), keyfob_rbac::CatalogueError>(())
    /// ```
    pub fn is_custom(&self, of: ResourceType) -> bool {
        self.has_type(of) && of.row() >= self.first_custom
    }

    /// The number of rows of a permission table.
    pub(crate) fn rows(&self) -> usize {
        self.types.len()
    }
}
