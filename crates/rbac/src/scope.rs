//! Scopes: the limits of what a key may do.
use std::fmt;

use crate::{Action, AllowList, Catalogue, OrganizationPermissions, OwnedId, Permission, ResourceType, table::Rows};

/// The name of a scope that exists in its catalogue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ScopeName(String);

impl ScopeName {
    /// The name as text.
    ///
    /// # Examples
    /// ```
    /// let scope = keyfob_rbac::Catalogue::built_in().scope("workspace:read")?;
    /// assert_eq!(scope.as_str(), "workspace:read");
    /// # Ok::<(), keyfob_rbac::UnknownScope>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name without a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scope named {0:?}")]
pub struct UnknownScope(pub String);

/// A name that no token may ask for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid or unsupported API key scope: {0:?}")]
pub struct NotRequestable(pub String);

/// A key without scopes may do nothing, so there is nothing to expand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scopes provided")]
pub struct NoScopes;

/// Types, each with some of its actions.
type Grants = &'static [(ResourceType, &'static [Action])];

/// The composite scopes, with their permissions.
const COMPOSITE: &[(&str, Grants)] = {
    use Action as A;
    use ResourceType as T;
    &[
        ("coder:apikeys.manage_self", &[(T::API_KEY, &[A::CREATE, A::DELETE, A::READ, A::UPDATE])]),
        (
            "coder:templates.author",
            &[
                (T::FILE, &[A::CREATE, A::READ]),
                (T::TEMPLATE, &[A::CREATE, A::DELETE, A::READ, A::UPDATE, A::VIEW_INSIGHTS]),
            ],
        ),
        (
            "coder:templates.build",
            &[(T::FILE, &[A::CREATE, A::READ]), (T::PROVISIONER_JOBS, &[A::READ]), (T::TEMPLATE, &[A::READ])],
        ),
        (
            "coder:workspaces.access",
            &[
                (T::ORGANIZATION_MEMBER, &[A::READ]),
                (T::TEMPLATE, &[A::READ]),
                (T::WORKSPACE, &[A::APPLICATION_CONNECT, A::READ, A::SSH]),
            ],
        ),
        (
            "coder:workspaces.create",
            &[
                (T::ORGANIZATION_MEMBER, &[A::READ]),
                (T::TEMPLATE, &[A::READ, A::USE]),
                (T::WORKSPACE, &[A::CREATE, A::READ, A::START, A::STOP, A::UPDATE]),
            ],
        ),
        (
            "coder:workspaces.delete",
            &[
                (T::ORGANIZATION_MEMBER, &[A::READ]),
                (T::TEMPLATE, &[A::READ, A::USE]),
                (T::WORKSPACE, &[A::DELETE, A::READ]),
            ],
        ),
        (
            "coder:workspaces.operate",
            &[
                (T::ORGANIZATION_MEMBER, &[A::READ]),
                (T::TEMPLATE, &[A::READ]),
                (T::WORKSPACE, &[A::READ, A::START, A::STOP, A::UPDATE]),
            ],
        ),
    ]
};

const ALL: &str = "coder:all";
const APPLICATION_CONNECT: &str = "coder:application_connect";
/// A scope for the server's own use: everything except users.
const NO_USER_DATA: &str = "no_user_data";

/// Older names, accepted from requests.
const ALIASES: &[(&str, &str)] = &[("all", ALL), ("application_connect", APPLICATION_CONNECT)];

/// The `<type>:<action>` names of built-in types that a token may ask for.
const LOW_LEVEL: &[(&str, &[&str])] = &[
    ("api_key", &["*", "create", "delete", "read", "update"]),
    ("file", &["*", "create", "read"]),
    ("organization", &["*", "delete", "read", "update"]),
    ("task", &["*", "create", "delete", "read", "update"]),
    ("template", &["*", "create", "delete", "read", "update", "use"]),
    ("user", &["*", "read", "read_personal", "update_personal"]),
    ("user_secret", &["*", "create", "delete", "read", "update"]),
    ("user_skill", &["*", "create", "delete", "read", "update"]),
    ("workspace", &["*", "application_connect", "create", "delete", "read", "ssh", "start", "stop", "update"]),
];

impl Catalogue {
    /// The scope with this name, whether tokens may ask for it or not. Older names are not accepted.
    ///
    /// # Errors
    /// [`UnknownScope`] when there is no scope with this name.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, UnknownScope};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.scope("coder:all")?.as_str(), "coder:all");
    /// assert_eq!(catalogue.scope("all"), Err(UnknownScope("all".to_owned())));
    /// # Ok::<(), UnknownScope>(())
    /// ```
    pub fn scope(&self, name: &str) -> Result<ScopeName, UnknownScope> {
        match self.scope_permissions(name) {
            Some(_) => Ok(ScopeName(name.to_owned())),
            None => Err(UnknownScope(name.to_owned())),
        }
    }

    /// The scope with this name, or this older name, if tokens may ask for it.
    ///
    /// # Errors
    /// [`NotRequestable`] when tokens may not ask for it.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, NotRequestable};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert_eq!(catalogue.requestable_scope("all")?.as_str(), "coder:all");
    /// assert!(catalogue.requestable_scope("audit_log:read").is_err());
    /// # Ok::<(), NotRequestable>(())
    /// ```
    pub fn requestable_scope(&self, name: &str) -> Result<ScopeName, NotRequestable> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, stands_for)| stands_for);
        if self.is_requestable(name) { Ok(ScopeName(name.to_owned())) } else { Err(NotRequestable(name.to_owned())) }
    }

    /// Whether a token may ask for this name; older names count.
    ///
    /// # Examples
    /// ```
    /// let catalogue = keyfob_rbac::Catalogue::built_in();
    /// assert!(catalogue.is_requestable("workspace:ssh"));
    /// assert!(!catalogue.is_requestable("audit_log:read"));
    /// ```
    pub fn is_requestable(&self, name: &str) -> bool {
        if [ALL, APPLICATION_CONNECT].contains(&name)
            || ALIASES.iter().any(|(alias, _)| *alias == name)
            || COMPOSITE.iter().any(|(composite, _)| *composite == name)
        {
            return true;
        }
        let Some((of, action)) = name.split_once(':') else { return false };
        let built_in = LOW_LEVEL.iter().any(|(known, actions)| *known == of && actions.contains(&action));
        let is_custom = || self.resource_type(of).is_some_and(|of| self.is_custom(of));
        built_in || (is_custom() && self.scope_permissions(name).is_some())
    }

    /// The names that a token may ask for, sorted; older names are not among them.
    ///
    /// # Examples
    /// ```
    /// let names = keyfob_rbac::Catalogue::built_in().requestable_scopes();
    /// assert!(names.contains(&"coder:workspaces.access".to_owned()));
    /// assert!(names.is_sorted());
    /// ```
    pub fn requestable_scopes(&self) -> Vec<String> {
        let built_in =
            LOW_LEVEL.iter().flat_map(|(of, actions)| actions.iter().map(move |action| format!("{of}:{action}")));
        let special = [ALL, APPLICATION_CONNECT].into_iter().chain(COMPOSITE.iter().map(|(name, _)| *name));
        let custom = self.resource_types().filter(|of| self.is_custom(*of)).flat_map(|of| {
            let actions = self.actions_of(of).map(|action| self.action_name(action)).chain(["*"]);
            actions.map(move |action| format!("{}:{action}", self.type_name(of))).collect::<Vec<_>>()
        });
        let mut names: Vec<String> = built_in.chain(special.map(str::to_owned)).chain(custom).collect();
        names.sort();
        names
    }

    /// The permissions of a scope.
    pub(crate) fn scope_permissions(&self, name: &str) -> Option<Vec<Permission>> {
        match name {
            ALL => return Some(vec![Permission::EVERYTHING]),
            APPLICATION_CONNECT => {
                return Some(vec![Permission::allow(ResourceType::WORKSPACE, Action::APPLICATION_CONNECT)]);
            }
            NO_USER_DATA => {
                let others = self.resource_types().filter(|of| *of != ResourceType::USER);
                return Some(
                    others.map(|of| Permission { resource_type: Some(of), action: None, negate: false }).collect(),
                );
            }
            _ => {}
        }
        if let Some((_, grants)) = COMPOSITE.iter().find(|(composite, _)| *composite == name) {
            let each =
                grants.iter().flat_map(|(of, actions)| actions.iter().map(|action| Permission::allow(*of, *action)));
            return Some(each.collect());
        }
        match name.split_once(':')? {
            ("*", "*") => Some(vec![Permission::EVERYTHING]),
            ("*", _) => None,
            (of, action) => {
                Permission::check(self, of, action).ok()?;
                Permission::named(self, of, action, false).map(|permission| vec![permission])
            }
        }
    }
}

/// Scopes, expanded: permissions like those of a role, and an allow list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The permissions at the site level; scopes by name have only these.
    pub site: Vec<Permission>,
    /// The permissions on the subject's own objects that are in no organization.
    pub user: Vec<Permission>,
    /// The permissions in organizations, for members.
    pub organizations: Vec<(OwnedId, OrganizationPermissions)>,
    /// The objects that it reaches.
    pub allow_list: AllowList,
}

impl Scope {
    /// The scope of `coder:all`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Permission, Scope};
    ///
    /// let scope = Scope::everything();
    /// assert_eq!(scope.site, [Permission::EVERYTHING]);
    /// assert_eq!(scope.allow_list, AllowList::everything());
    /// ```
    pub fn everything() -> Self {
        Self {
            site: vec![Permission::EVERYTHING],
            user: Vec::new(),
            organizations: Vec::new(),
            allow_list: AllowList::everything(),
        }
    }

    /// Expands these scopes; their permissions add up.
    ///
    /// # Errors
    /// [`NoScopes`] when there are none.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, NoScopes, Permission, ResourceType, Scope};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let scope = Scope::expand(&catalogue, &[catalogue.scope("workspace:read")?])?;
    /// assert_eq!(scope.site, [Permission::allow(ResourceType::WORKSPACE, Action::READ)]);
    /// assert_eq!(Scope::expand(&catalogue, &[]), Err(NoScopes));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expand(catalogue: &Catalogue, names: &[ScopeName]) -> Result<Self, NoScopes> {
        if names.is_empty() {
            return Err(NoScopes);
        }
        let mut site: Vec<Permission> = Vec::new();
        for permission in names.iter().filter_map(|name| catalogue.scope_permissions(name.as_str())).flatten() {
            if !site.contains(&permission) {
                site.push(permission);
            }
        }
        Ok(Self { site, ..Self::everything() })
    }

    /// Its permissions of all levels.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &Permission> {
        let organizations = self.organizations.iter().flat_map(|(_, at)| at.permissions());
        self.site.iter().chain(&self.user).chain(organizations)
    }

    /// Restricts the objects to those that the key's allow list also matches.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue, Scope};
    ///
    /// let workspaces = AllowList::parse(&Catalogue::built_in(), &["workspace:*"])?;
    /// assert_eq!(Scope::everything().restricted_to(&workspaces).allow_list, workspaces);
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    #[must_use]
    pub fn restricted_to(mut self, key: &AllowList) -> Self {
        self.allow_list = self.allow_list.intersection(key);
        self
    }
}

/// Those of the requested scopes that permit something that the held scopes together do not permit, or that the
/// catalogue lacks.
///
/// Actions that a type may get later count, too: all present actions of a type are less than its `*`.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Catalogue, scopes_exceeding};
///
/// let catalogue = Catalogue::built_in();
/// let held = [catalogue.scope("workspace:read")?, catalogue.scope("template:read")?];
/// let requested = [catalogue.scope("workspace:read")?, catalogue.scope("workspace:ssh")?];
/// assert_eq!(scopes_exceeding(&catalogue, &held, &requested), [catalogue.scope("workspace:ssh")?]);
/// # Ok::<(), keyfob_rbac::UnknownScope>(())
/// ```
pub fn scopes_exceeding(catalogue: &Catalogue, held: &[ScopeName], requested: &[ScopeName]) -> Vec<ScopeName> {
    let permissions = |name: &ScopeName| catalogue.scope_permissions(name.as_str());
    let held: Vec<Permission> = held.iter().filter_map(permissions).flatten().collect();
    let held = Rows::compile(catalogue, &held);
    let is_held = |name: &ScopeName| {
        permissions(name).is_some_and(|requested| Rows::compile(catalogue, &requested).is_within(&held))
    };
    requested.iter().filter(|name| !is_held(name)).cloned().collect()
}
