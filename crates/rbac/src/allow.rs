//! Allow lists: the objects that a key reaches.
use std::{cmp::Ordering, collections::HashSet, fmt, sync::Arc};

use uuid::Uuid;

use crate::{Catalogue, Id, OwnedId, ResourceType};

/// The maximum number of entries of a list.
///
/// # Examples
/// ```
/// use keyfob_rbac::{AllowList, AllowListError, Catalogue, MAX_ENTRIES};
///
/// let too_many = vec!["workspace:*"; MAX_ENTRIES + 1];
/// let error = AllowList::parse(&Catalogue::built_in(), &too_many).unwrap_err();
/// assert_eq!(error, AllowListError::TooMany(MAX_ENTRIES + 1, MAX_ENTRIES));
/// ```
pub const MAX_ENTRIES: usize = 128;

/// One entry: a type or `*`, and an id or `*`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AllowEntry {
    /// None is `*`.
    resource_type: Option<ResourceType>,
    /// The type's name, for display.
    name: Arc<str>,
    /// None is `*`.
    id: Option<OwnedId>,
}

/// Why a text is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowEntryError {
    /// It is not of the form `<type>:<id>`.
    #[error("invalid allow_list entry {0:?}: want <type>:<id>")]
    Malformed(String),
    /// The type does not exist.
    #[error("unknown resource type {0:?}")]
    UnknownType(String),
    /// Its id is neither `*` nor a UUID.
    #[error("invalid {resource_type} ID (must be UUID): {id:?}")]
    NotAUuid {
        /// The type.
        resource_type: String,
        /// The id.
        id: String,
    },
}

/// Why texts are no allow list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowListError {
    /// There are too many entries, counted before the list is normalised.
    #[error("allow_list has {0} entries; max allowed is {1}")]
    TooMany(usize, usize),
    /// One of the texts is no entry.
    #[error(transparent)]
    Entry(#[from] AllowEntryError),
}

impl AllowEntry {
    /// `*:*`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(keyfob_rbac::AllowEntry::everything().to_string(), "*:*");
    /// ```
    pub fn everything() -> Self {
        Self { resource_type: None, name: Arc::from("*"), id: None }
    }

    /// An entry from its parts; none is `*`, and the empty id is that of an object that does not exist yet.
    ///
    /// # Errors
    /// [`AllowEntryError`] when the catalogue does not have the type, or the id is the text `*`, which would read as
    /// every id.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, Catalogue, Id, ResourceType};
    /// use uuid::Uuid;
    ///
    /// let catalogue = Catalogue::built_in();
    /// let every_template = AllowEntry::new(&catalogue, Some(ResourceType::TEMPLATE), None)?;
    /// assert_eq!(every_template.to_string(), "template:*");
    ///
    /// let id = Uuid::from_u128(7);
    /// let one = AllowEntry::new(&catalogue, Some(ResourceType::TEMPLATE), Some(Id::from(id)))?;
    /// assert_eq!(one.to_string(), format!("template:{id}"));
    ///
    /// // An unknown type is not every type.
    /// assert!(AllowEntry::new(&catalogue, Some(ResourceType::OTHER), None).is_err());
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    pub fn new(
        catalogue: &Catalogue,
        resource_type: Option<ResourceType>,
        id: Option<Id<'_>>,
    ) -> Result<Self, AllowEntryError> {
        let name = resource_type.map_or_else(|| Arc::from("*"), |of| catalogue.shared_type_name(of));
        if resource_type.is_some_and(|of| !catalogue.has_type(of)) {
            return Err(AllowEntryError::UnknownType(name.to_string()));
        }
        if id == Some(Id::from("*")) {
            return Err(AllowEntryError::NotAUuid { resource_type: name.to_string(), id: "*".to_owned() });
        }
        Ok(Self { resource_type, name, id: id.map(Id::to_owned_id) })
    }

    /// Parses the entry `<type>:<id>` of a request. Blanks around it are dropped; ids become canonical UUIDs.
    ///
    /// # Errors
    /// [`AllowEntryError`] says what is wrong.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, AllowEntryError, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let entry = AllowEntry::parse(&catalogue, " workspace:2C8A4B92-7A2E-4F0F-9C7E-0D6F1F3D5B11 ")?;
    /// assert_eq!(entry.to_string(), "workspace:2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11");
    ///
    /// let unknown = AllowEntry::parse(&catalogue, "spaceship:*").unwrap_err();
    /// assert_eq!(unknown, AllowEntryError::UnknownType("spaceship".to_owned()));
    /// # Ok::<(), AllowEntryError>(())
    /// ```
    pub fn parse(catalogue: &Catalogue, text: &str) -> Result<Self, AllowEntryError> {
        let text = text.trim();
        let halves = text.split_once(':').filter(|(of, id)| !of.is_empty() && !id.is_empty());
        let (of, id) = halves.ok_or_else(|| AllowEntryError::Malformed(text.to_owned()))?;
        Self::from_names(catalogue, of, id)
    }

    /// The entry of this type name and this id; either may be `*`.
    ///
    /// # Errors
    /// [`AllowEntryError`] says what is wrong.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, Catalogue};
    ///
    /// let entry = AllowEntry::from_names(&Catalogue::built_in(), "workspace", "*")?;
    /// assert_eq!(entry.to_string(), "workspace:*");
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    pub fn from_names(catalogue: &Catalogue, of: &str, id: &str) -> Result<Self, AllowEntryError> {
        let unknown = || AllowEntryError::UnknownType(of.to_owned());
        let resource_type = if of == "*" { None } else { Some(catalogue.resource_type(of).ok_or_else(unknown)?) };
        let bad_id = |_| AllowEntryError::NotAUuid { resource_type: of.to_owned(), id: id.to_owned() };
        let id = if id == "*" { None } else { Some(Id::Uuid(Uuid::try_parse(id).map_err(bad_id)?)) };
        Self::new(catalogue, resource_type, id)
    }

    /// The type; none is `*`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, Catalogue, ResourceType};
    ///
    /// let entry = AllowEntry::parse(&Catalogue::built_in(), "workspace:*")?;
    /// assert_eq!(entry.resource_type(), Some(ResourceType::WORKSPACE));
    /// assert_eq!(AllowEntry::everything().resource_type(), None);
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    pub fn resource_type(&self) -> Option<ResourceType> {
        self.resource_type
    }

    /// The id; none is `*`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, Catalogue, OwnedId};
    /// use uuid::Uuid;
    ///
    /// let id = Uuid::from_u128(7);
    /// let entry = AllowEntry::parse(&Catalogue::built_in(), &format!("workspace:{id}"))?;
    /// assert_eq!(entry.id(), Some(&OwnedId::from(id)));
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    pub fn id(&self) -> Option<&OwnedId> {
        self.id.as_ref()
    }

    /// Whether this entry matches every object that the other matches.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let whole = AllowEntry::parse(&catalogue, "workspace:*")?;
    /// let one = AllowEntry::parse(&catalogue, "workspace:2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11")?;
    /// assert!(whole.contains(&one));
    /// assert!(!one.contains(&whole));
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    pub fn contains(&self, other: &Self) -> bool {
        let type_fits = self.resource_type.is_none() || self.resource_type == other.resource_type;
        type_fits && (self.id.is_none() || self.id == other.id)
    }

    /// Whether the entry matches an object of this type and id.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, Catalogue, Id, ResourceType};
    /// use uuid::Uuid;
    ///
    /// let workspaces = AllowEntry::parse(&Catalogue::built_in(), "workspace:*")?;
    /// let id = Id::from(Uuid::from_u128(7));
    /// assert!(workspaces.fits(ResourceType::WORKSPACE, id));
    /// assert!(!workspaces.fits(ResourceType::TEMPLATE, id));
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    pub fn fits(&self, of: ResourceType, id: Id<'_>) -> bool {
        self.resource_type.is_none_or(|own| own == of) && self.id.as_ref().is_none_or(|own| own.as_id() == id)
    }

    /// The entry for the objects that both match: of each half the more specific side.
    fn intersection(&self, other: &Self) -> Option<Self> {
        let narrower = if self.resource_type.is_some() { self } else { other };
        let types_meet =
            self.resource_type.is_none() || other.resource_type.is_none() || self.resource_type == other.resource_type;
        let ids_meet = self.id.is_none() || other.id.is_none() || self.id == other.id;
        (types_meet && ids_meet).then(|| Self {
            resource_type: narrower.resource_type,
            name: Arc::clone(&narrower.name),
            id: self.id.clone().or_else(|| other.id.clone()),
        })
    }

    fn is_everything(&self) -> bool {
        self.resource_type.is_none() && self.id.is_none()
    }

    fn sort_key(&self) -> (&str, String) {
        (&self.name, self.id.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string))
    }
}

impl fmt::Display for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            None => write!(f, "{}:*", self.name),
            Some(id) => write!(f, "{}:{id}", self.name),
        }
    }
}

impl fmt::Debug for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialOrd for AllowEntry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AllowEntry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sort_key().cmp(&other.sort_key())
    }
}

/// An allow list. An empty one matches no object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<AllowEntry>);

impl AllowList {
    /// The list `*:*`, which matches every object.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::AllowList;
    ///
    /// assert!(AllowList::everything().is_everything());
    /// ```
    pub fn everything() -> Self {
        Self(vec![AllowEntry::everything()])
    }

    /// A list of these entries, not normalised.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, AllowList};
    ///
    /// let twice = AllowList::from_entries(vec![AllowEntry::everything(), AllowEntry::everything()]);
    /// assert_eq!(twice.entries().len(), 2);
    /// assert_eq!(twice.normalised().entries().len(), 1);
    /// ```
    pub fn from_entries(entries: Vec<AllowEntry>) -> Self {
        Self(entries)
    }

    /// Parses a list and normalises it. Entries are parsed in order; those after `*:*` are not parsed.
    ///
    /// # Errors
    /// [`AllowListError`] when one of the texts is no entry, or when there are more than [`MAX_ENTRIES`].
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let list = AllowList::parse(&catalogue, &["workspace:*", "template:*", "workspace:*"])?;
    /// assert_eq!(format!("{:?}", list.entries()), "[template:*, workspace:*]");
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn parse(catalogue: &Catalogue, texts: &[&str]) -> Result<Self, AllowListError> {
        Self::parse_at_most(catalogue, texts, MAX_ENTRIES)
    }

    /// The same with another maximum number of entries.
    ///
    /// # Errors
    /// [`AllowListError`] when one of the texts is no entry, or when there are more than `max`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, AllowListError, Catalogue};
    ///
    /// let texts = ["workspace:*", "template:*"];
    /// let error = AllowList::parse_at_most(&Catalogue::built_in(), &texts, 1).unwrap_err();
    /// assert_eq!(error, AllowListError::TooMany(2, 1));
    /// ```
    pub fn parse_at_most(catalogue: &Catalogue, texts: &[&str], max: usize) -> Result<Self, AllowListError> {
        if texts.len() > max {
            return Err(AllowListError::TooMany(texts.len(), max));
        }
        let mut entries = Vec::new();
        for text in texts {
            let entry = AllowEntry::parse(catalogue, text)?;
            if entry.is_everything() {
                return Ok(Self::everything());
            }
            entries.push(entry);
        }
        Ok(Self(entries).normalised())
    }

    /// The list for the entries of a request; no entries mean `*:*`.
    ///
    /// # Errors
    /// [`AllowListError::TooMany`] when there are more than [`MAX_ENTRIES`], counted before normalising.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::AllowList;
    ///
    /// assert!(AllowList::from_request(Vec::new())?.is_everything());
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn from_request(entries: Vec<AllowEntry>) -> Result<Self, AllowListError> {
        match entries.len() {
            0 => Ok(Self::everything()),
            many if many > MAX_ENTRIES => Err(AllowListError::TooMany(many, MAX_ENTRIES)),
            _ => Ok(Self(entries).normalised()),
        }
    }

    /// The entries.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let list = AllowList::parse(&Catalogue::built_in(), &["workspace:*"])?;
    /// let texts: Vec<String> = list.entries().iter().map(ToString::to_string).collect();
    /// assert_eq!(texts, ["workspace:*"]);
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn entries(&self) -> &[AllowEntry] {
        &self.0
    }

    /// Whether the list matches every object.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// assert!(AllowList::parse(&catalogue, &["workspace:*", "*:*"])?.is_everything());
    /// assert!(!AllowList::parse(&catalogue, &["workspace:*"])?.is_everything());
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn is_everything(&self) -> bool {
        self.0.iter().any(AllowEntry::is_everything)
    }

    /// The same list in its shortest form, sorted: `*:*` replaces all entries, `<type>:*` those of its type, and there
    /// are no duplicates.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, AllowList, Catalogue, Id, ResourceType};
    /// use uuid::Uuid;
    ///
    /// let catalogue = Catalogue::built_in();
    /// let whole = AllowEntry::new(&catalogue, Some(ResourceType::WORKSPACE), None)?;
    /// let one = AllowEntry::new(&catalogue, Some(ResourceType::WORKSPACE), Some(Id::from(Uuid::from_u128(7))))?;
    /// assert_eq!(AllowList::from_entries(vec![one, whole.clone()]).normalised().entries(), [whole]);
    /// # Ok::<(), keyfob_rbac::AllowEntryError>(())
    /// ```
    #[must_use]
    pub fn normalised(&self) -> Self {
        if self.is_everything() {
            return Self::everything();
        }
        let whole = self.0.iter().filter(|entry| entry.id.is_none()).filter_map(|entry| entry.resource_type);
        let whole: HashSet<ResourceType> = whole.collect();
        let swallowed =
            |entry: &AllowEntry| entry.id.is_some() && entry.resource_type.is_some_and(|of| whole.contains(&of));
        let mut entries: Vec<AllowEntry> = self.0.iter().filter(|entry| !swallowed(entry)).cloned().collect();
        entries.sort();
        entries.dedup();
        Self(entries)
    }

    /// The list that matches what any of these lists matches.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let workspaces = AllowList::parse(&catalogue, &["workspace:*"])?;
    /// let templates = AllowList::parse(&catalogue, &["template:*"])?;
    /// assert_eq!(format!("{:?}", AllowList::union([&workspaces, &templates]).entries()), "[template:*, workspace:*]");
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn union<'a>(lists: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0.iter().cloned()).collect()).normalised()
    }

    /// The list that matches what both the scopes' list and the key's list match. If one of them is empty, it matches
    /// nothing.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let both = AllowList::parse(&catalogue, &["workspace:*", "template:*"])?;
    /// let workspaces = AllowList::parse(&catalogue, &["workspace:*"])?;
    /// assert_eq!(both.intersection(&workspaces), workspaces);
    /// assert_eq!(AllowList::everything().intersection(&AllowList::default()), AllowList::default());
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    #[must_use]
    pub fn intersection(&self, key: &Self) -> Self {
        match (self.is_everything(), key.is_everything()) {
            _ if key.0.is_empty() || self.0.is_empty() => Self::default(),
            (true, true) => Self::everything(),
            (true, false) => key.clone(),
            (false, true) => self.clone(),
            (false, false) => {
                let pairs = self.0.iter().flat_map(|own| key.0.iter().filter_map(|other| own.intersection(other)));
                Self(pairs.collect()).normalised()
            }
        }
    }

    /// Whether an entry of this list matches every object that the given entry matches.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowEntry, AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let list = AllowList::parse(&catalogue, &["workspace:*", "template:*"])?;
    /// assert!(list.contains_entry(&AllowEntry::parse(&catalogue, "template:*")?));
    /// assert!(!list.contains_entry(&AllowEntry::everything()));
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn contains_entry(&self, entry: &AllowEntry) -> bool {
        self.0.iter().any(|own| own.contains(entry))
    }

    /// Whether this list matches every object that the other matches.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let both = AllowList::parse(&catalogue, &["workspace:*", "template:*"])?;
    /// let workspaces = AllowList::parse(&catalogue, &["workspace:*"])?;
    /// assert!(both.contains(&workspaces));
    /// assert!(!workspaces.contains(&both));
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|entry| self.contains_entry(entry))
    }

    /// The entries of a requested list that this one does not contain.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{AllowList, Catalogue};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let held = AllowList::parse(&catalogue, &["workspace:*"])?;
    /// let requested = AllowList::parse(&catalogue, &["workspace:*", "template:*"])?;
    /// assert_eq!(format!("{:?}", held.exceeding(&requested)), "[template:*]");
    /// # Ok::<(), keyfob_rbac::AllowListError>(())
    /// ```
    pub fn exceeding(&self, requested: &Self) -> Vec<AllowEntry> {
        requested.0.iter().filter(|entry| !self.contains_entry(entry)).cloned().collect()
    }
}
