//! One newtype for each kind of id.
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[doc = $doc:literal] $name:ident),* $(,)?) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_id! {
    /// The id of a user; it is never reused.
    UserId,
    /// The id of an organization; it is never reused.
    OrganizationId,
    /// The id of a group; it is never reused.
    GroupId,
    /// The id of a registered resource, unique among those of its type; it is never reused.
    ResourceId,
}

/// The id of an API key: the part before the hyphen.
///
/// Invariant: ten letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The length of an id, in characters.
    pub const LENGTH: usize = 10;

    /// Parses an id; none if the text cannot be the id of a key.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == Self::LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        valid.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
