//! The text of a key: ten letters and digits that name it, a hyphen, and its secret.
use keyfob_store::KeyId;

/// The length of every secret, in characters.
pub(crate) const SECRET_LENGTH: usize = 22;

/// The two halves of a key.
pub(super) struct KeyText<'a> {
    /// None where no key can have that id.
    pub(super) id: Option<KeyId>,
    pub(super) secret: &'a str,
}

impl<'a> KeyText<'a> {
    /// Takes a key apart.
    ///
    /// # Errors
    /// What is wrong with its form, in the words that clients of Coder know (`docs/compatibility.md`).
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let mut parts = text.split('-');
        let (Some(id), Some(secret), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("incorrect amount of API key parts, expected 2 got {}", text.split('-').count()));
        };
        if id.len() != KeyId::LENGTH {
            return Err(format!("invalid API key ID length, expected {} got {}", KeyId::LENGTH, id.len()));
        }
        if secret.len() != SECRET_LENGTH {
            return Err(format!("invalid API key secret length, expected {SECRET_LENGTH} got {}", secret.len()));
        }
        Ok(Self { id: KeyId::parse(id), secret })
    }
}

/// Whether a text has the form of a key: other values beside one that has are ignored.
pub fn is_key_shaped(text: &str) -> bool {
    KeyText::parse(text)
        .is_ok_and(|parts| parts.id.is_some() && parts.secret.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
