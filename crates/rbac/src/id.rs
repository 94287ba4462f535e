//! Ids of subjects and objects, which compare as texts.
use std::fmt;

use uuid::Uuid;

/// An id, borrowed.
///
/// Two ids are equal if their texts are. A canonical UUID (lower case, with hyphens) is kept as a number, because
/// numbers compare faster; [`Id::parse`] keeps every other spelling as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id<'a> {
    /// The empty id: no owner, no organization, or an object that does not exist yet.
    None,
    /// A UUID in its canonical spelling.
    Uuid(Uuid),
    /// Any other text.
    Text(TextId<&'a str>),
}

/// A text that is an id, and neither empty nor a canonical UUID: [`Id::parse`] makes it, so that no id has two forms.
///
/// ```compile_fail
/// // It would equal neither this UUID nor its text.
/// let second_form = keyfob_rbac::Id::Text("2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11");
/// ```
///
/// # Examples
/// ```
/// use keyfob_rbac::Id;
///
/// let Id::Text(text) = Id::parse("prebuilds") else { panic!("no UUID") };
/// assert_eq!(text.as_str(), "prebuilds");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId<T>(T);

impl<T: AsRef<str>> TextId<T> {
    /// The text.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Id, OwnedId};
    ///
    /// let OwnedId::Text(text) = Id::parse("prebuilds").to_owned_id() else { panic!("no UUID") };
    /// assert_eq!(text.as_str(), "prebuilds");
    /// ```
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl<'a> Id<'a> {
    /// The id with this text.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Id;
    ///
    /// assert_eq!(Id::parse(""), Id::None);
    /// assert!(matches!(Id::parse("2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11"), Id::Uuid(_)));
    /// // Upper case is another text, and so another id.
    /// assert!(matches!(Id::parse("2C8A4B92-7A2E-4F0F-9C7E-0D6F1F3D5B11"), Id::Text(_)));
    /// ```
    pub fn parse(text: &'a str) -> Self {
        if text.is_empty() {
            return Self::None;
        }
        let is_canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match Uuid::try_parse(text) {
            Ok(id) if is_canonical => Self::Uuid(id),
            _ => Self::Text(TextId(text)),
        }
    }

    /// Whether this is [`Id::None`].
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Id;
    ///
    /// assert!(Id::parse("").is_none());
    /// assert!(!Id::parse("prebuilds").is_none());
    /// ```
    pub fn is_none(self) -> bool {
        matches!(self, Self::None)
    }

    /// The same id as an owned value.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Id;
    ///
    /// assert_eq!(Id::parse("prebuilds").to_owned_id().to_string(), "prebuilds");
    /// ```
    pub fn to_owned_id(self) -> OwnedId {
        match self {
            Self::None => OwnedId::None,
            Self::Uuid(id) => OwnedId::Uuid(id),
            Self::Text(TextId(text)) => OwnedId::Text(TextId(text.into())),
        }
    }
}

impl From<Uuid> for Id<'_> {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl<'a> From<&'a str> for Id<'a> {
    fn from(text: &'a str) -> Self {
        Self::parse(text)
    }
}

/// An id, owned.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OwnedId {
    /// The empty id.
    None,
    /// A UUID in its canonical spelling.
    Uuid(Uuid),
    /// Any other text.
    Text(TextId<Box<str>>),
}

impl OwnedId {
    /// The same id as a borrowed value.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Id;
    ///
    /// let id = Id::parse("prebuilds");
    /// assert_eq!(id.to_owned_id().as_id(), id);
    /// ```
    pub fn as_id(&self) -> Id<'_> {
        match self {
            Self::None => Id::None,
            Self::Uuid(id) => Id::Uuid(*id),
            Self::Text(TextId(text)) => Id::Text(TextId(text)),
        }
    }

    /// The id as a UUID, if it is one.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Id, OwnedId};
    /// use uuid::Uuid;
    ///
    /// let id = Uuid::from_u128(7);
    /// assert_eq!(OwnedId::from(id).uuid(), Some(id));
    /// assert_eq!(Id::parse("prebuilds").to_owned_id().uuid(), None);
    /// ```
    pub fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Uuid(id) => Some(*id),
            Self::None | Self::Text(_) => None,
        }
    }
}

impl From<Uuid> for OwnedId {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl fmt::Display for OwnedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Uuid(id) => id.fmt(f),
            Self::Text(text) => text.as_str().fmt(f),
        }
    }
}
