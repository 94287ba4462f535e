//! Text that must not be printed.
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
#[cfg(feature = "openapi")]
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};

/// A password or a whole key on its way over the wire.
///
/// It serializes as a plain string, because requests and answers need it, but has neither `Debug` nor `Display`. Its
/// memory is wiped when it is dropped.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a secret has no Debug")]
pub struct SecretText(SecretString);

impl SecretText {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Wraps a secret as it stands in a file or a variable: without one newline at the end, which editors and commands
    /// put there.
    pub fn from_line(text: &str) -> Self {
        let newline = ["\r\n", "\n"].into_iter().find_map(|newline| text.strip_suffix(newline));
        Self::new(newline.unwrap_or(text))
    }

    /// Whether the secret is empty.
    pub fn is_empty(&self) -> bool {
        self.reveal().is_empty()
    }

    /// The secret itself. Search for this name to review every place that sees one.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Default for SecretText {
    fn default() -> Self {
        Self::new("")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.reveal())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for SecretText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for SecretText {}
