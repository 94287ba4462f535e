//! Allow lists: the objects that a key reaches.
use std::{cmp::Ordering, fmt, sync::Arc};

use uuid::Uuid;

use crate::{Catalogue, Id, OwnedId, ResourceType};

/// The maximum number of entries of a list.
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
    pub fn everything() -> Self {
        Self { resource_type: None, name: Arc::from("*"), id: None }
    }

    /// An entry from its parts; none is `*`, and the empty id is that of an object that does not exist yet.
    pub fn new(catalogue: &Catalogue, resource_type: Option<ResourceType>, id: Option<Id<'_>>) -> Self {
        let name = resource_type.map_or_else(|| Arc::from("*"), |of| catalogue.shared_type_name(of));
        Self { resource_type, name, id: id.map(Id::to_owned_id) }
    }

    /// Parses the entry `<type>:<id>` of a request. Blanks around it are dropped; ids become canonical UUIDs.
    ///
    /// # Errors
    /// [`AllowEntryError`] says what is wrong.
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
    pub fn from_names(catalogue: &Catalogue, of: &str, id: &str) -> Result<Self, AllowEntryError> {
        let unknown = || AllowEntryError::UnknownType(of.to_owned());
        let resource_type = if of == "*" { None } else { Some(catalogue.resource_type(of).ok_or_else(unknown)?) };
        let bad_id = |_| AllowEntryError::NotAUuid { resource_type: of.to_owned(), id: id.to_owned() };
        let id = if id == "*" { None } else { Some(Id::Uuid(Uuid::try_parse(id).map_err(bad_id)?)) };
        Ok(Self::new(catalogue, resource_type, id))
    }

    /// The type; none is `*`.
    pub fn resource_type(&self) -> Option<ResourceType> {
        self.resource_type
    }

    /// The id; none is `*`.
    pub fn id(&self) -> Option<&OwnedId> {
        self.id.as_ref()
    }

    /// Whether this entry matches every object that the other matches.
    pub fn contains(&self, other: &Self) -> bool {
        let type_fits = self.resource_type.is_none() || self.resource_type == other.resource_type;
        type_fits && (self.id.is_none() || self.id == other.id)
    }

    /// Whether the entry matches an object of this type and id.
    pub fn fits(&self, of: ResourceType, id: Id<'_>) -> bool {
        self.resource_type.is_none_or(|own| own == of) && self.id.as_ref().is_none_or(|own| own.as_id() == id)
    }

    /// The entry for the objects that both match: of each half the more specific side.
    fn meet(&self, other: &Self) -> Option<Self> {
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
    pub fn everything() -> Self {
        Self(vec![AllowEntry::everything()])
    }

    /// A list of these entries, not normalised.
    pub fn from_entries(entries: Vec<AllowEntry>) -> Self {
        Self(entries)
    }

    /// Parses a list and normalises it. Entries are parsed in order; those after `*:*` are not parsed.
    ///
    /// # Errors
    /// [`AllowListError`] when one of the texts is no entry, or when there are more than [`MAX_ENTRIES`].
    pub fn parse(catalogue: &Catalogue, texts: &[&str]) -> Result<Self, AllowListError> {
        Self::parse_at_most(catalogue, texts, MAX_ENTRIES)
    }

    /// The same with another maximum number of entries.
    ///
    /// # Errors
    /// [`AllowListError`] when one of the texts is no entry, or when there are more than `max`.
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
    pub fn from_request(entries: Vec<AllowEntry>) -> Result<Self, AllowListError> {
        match entries.len() {
            0 => Ok(Self::everything()),
            many if many > MAX_ENTRIES => Err(AllowListError::TooMany(many, MAX_ENTRIES)),
            _ => Ok(Self(entries).normalised()),
        }
    }

    /// The entries.
    pub fn entries(&self) -> &[AllowEntry] {
        &self.0
    }

    /// Whether the list matches every object.
    pub fn is_everything(&self) -> bool {
        self.0.iter().any(AllowEntry::is_everything)
    }

    /// The same list in its shortest form, sorted: `*:*` replaces all entries, `<type>:*` those of its type, and there
    /// are no duplicates.
    #[must_use]
    pub fn normalised(&self) -> Self {
        if self.is_everything() {
            return Self::everything();
        }
        let whole = |of: ResourceType| self.0.iter().any(|entry| entry.id.is_none() && entry.resource_type == Some(of));
        let swallowed = |entry: &AllowEntry| entry.id.is_some() && entry.resource_type.is_some_and(whole);
        let mut entries: Vec<AllowEntry> = self.0.iter().filter(|entry| !swallowed(entry)).cloned().collect();
        entries.sort();
        entries.dedup();
        Self(entries)
    }

    /// The list that matches what any of these lists matches.
    pub fn union<'a>(lists: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0.iter().cloned()).collect()).normalised()
    }

    /// The list that matches what both the scopes' list and the key's list match. If one of them is empty, it matches
    /// nothing.
    #[must_use]
    pub fn intersection(&self, key: &Self) -> Self {
        match (self.is_everything(), key.is_everything()) {
            _ if key.0.is_empty() || self.0.is_empty() => Self::default(),
            (true, true) => Self::everything(),
            (true, false) => key.clone(),
            (false, true) => self.clone(),
            (false, false) => {
                let pairs = self.0.iter().flat_map(|own| key.0.iter().filter_map(|other| own.meet(other)));
                Self(pairs.collect()).normalised()
            }
        }
    }

    /// Whether an entry of this list matches every object that the given entry matches.
    pub fn contains_entry(&self, entry: &AllowEntry) -> bool {
        self.0.iter().any(|own| own.contains(entry))
    }

    /// Whether this list matches every object that the other matches.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|entry| self.contains_entry(entry))
    }

    /// The entries of a requested list that this one does not contain.
    pub fn exceeding(&self, requested: &Self) -> Vec<AllowEntry> {
        requested.0.iter().filter(|entry| !self.contains_entry(entry)).cloned().collect()
    }
}
